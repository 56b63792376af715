namespace Phf.Evaluation.Report;

/// <summary>A small chart of one number: a bar for each group of runs, with its interval and dots for its runs. As wide as a phone.</summary>
internal static class BarPanel
{
    private const double Width = 350, RowHeight = 21, NameWidth = 124, ValueWidth = 50, Top = 4, LabelSize = 12;

    /// <summary>Draws the groups that have the number; null if none has. <paramref name="level"/>: a value to compare with, drawn as a line.</summary>
    public static string? Draw(IReadOnlyList<RunGroup> groups, Measure measure, ChartTheme theme, (string Name, double Value)? level = null)
    {
        (RunGroup Group, int Index, Reading Reading)[] rows =
            [.. groups.Select((group, i) => (group, i, group.Read(measure))).Where(row => row.Item3 is not null).Select(row => (row.group, row.i, row.Item3!))];
        if (rows.Length == 0) return null;
        double bottom = Top + rows.Length * RowHeight;
        var svg = new Svg(Width, bottom + (level is null ? 4 : 20), theme);
        double[] ends = [0, .. rows.SelectMany(row => Values(row.Group, measure, row.Reading)), .. level is { } known ? [known.Value] : (double[])[]];
        (double low, double high) = (ends.Min(), ends.Max());
        if (high <= low) high = low + 1;
        double X(double value) => NameWidth + Math.Clamp((value - low) / (high - low), 0, 1) * (Width - NameWidth - ValueWidth);

        svg.Line(X(0), Top, X(0), bottom, theme.Muted);
        for (int i = 0; i < rows.Length; i++)
        {
            (RunGroup group, int index, Reading reading) = rows[i];
            double middle = Top + (i + 0.5) * RowHeight;
            svg.Text(NameWidth - 7, middle + 4, Svg.Fit(group.Name, LabelSize, NameWidth - 9), theme.Ink, LabelSize, "end");
            svg.Rectangle(Math.Min(X(0), X(reading.Value)), middle - 6, Math.Max(Math.Abs(X(reading.Value) - X(0)), 1), 12, theme.Colour(index), 0.8);
            foreach (RunReport run in group.IsSingle ? [] : group.Runs)
                if (measure.Of(run, run.Headline) is { } single) svg.Ring(X(single.Value), middle, 2.5, theme.Ink);
            if (reading.Bar is { } bar) svg.Line(X(bar.Low), middle, X(bar.High), middle, theme.Ink, 1.5);
            svg.Text(Width, middle + 4, measure.Format(reading.Value), theme.Ink, LabelSize, "end");
        }
        if (level is { } line)
        {
            svg.Line(X(line.Value), Top, X(line.Value), bottom + 3, theme.Ink, 1.25, "4 3");
            svg.Text(X(line.Value), bottom + 16, $"{line.Name}, {measure.Format(line.Value)}", theme.Muted, 11, X(line.Value) < NameWidth + 20 ? "start" : "end");
        }
        return svg.ToString($"{measure.Title}: {string.Join(", ", rows.Select(row => $"{row.Group.Name} {measure.Format(row.Reading.Value)}"))}");
    }

    private static IEnumerable<double> Values(RunGroup group, Measure measure, Reading reading)
    {
        yield return reading.Value;
        if (reading.Bar is { } bar) yield return Math.Min(bar.High, reading.Value * 2); // a long interval leaves the panel rather than flatten the bars
        foreach (RunReport run in group.Runs)
            if (measure.Of(run, run.Headline) is { } single) yield return single.Value;
    }
}
