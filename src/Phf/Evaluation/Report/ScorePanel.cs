namespace Phf.Evaluation.Report;

/// <summary>
/// Small multiples of the score distributions. Each panel has a bar for the share of misaligned samples and, on axes common to all panels, the density
/// of the scores that are not exactly zero: zeros are half of the samples or more and would flatten everything else.
/// </summary>
internal sealed class ScorePanel
{
    private const double Width = 280, Height = 148, PlotTop = 58, PlotBottom = 118, Side = 10;

    private readonly double _maximum; // right end of the common axis: larger scores are counted in its last bin
    private readonly double _density; // top of the common axis, share of samples per unit of score

    private ScorePanel(double maximum, double density) => (_maximum, _density) = (maximum, density);

    /// <summary>Common axes for all ways of sampling of all groups.</summary>
    public static ScorePanel For(IReadOnlyList<ScoreSummary> summaries)
    {
        double maximum = summaries.Select(summary => summary.P99).DefaultIfEmpty(0).Max();
        if (maximum <= 0) maximum = summaries.Select(summary => summary.Maximum).DefaultIfEmpty(0).Max();
        var panel = new ScorePanel(maximum > 0 ? maximum : 1, 0);
        return new ScorePanel(panel._maximum, summaries.SelectMany(panel.Bars).Select(bar => bar.Density).DefaultIfEmpty(0).Max());
    }

    public string Draw(ScoreSummary summary, ChartTheme theme)
    {
        var svg = new Svg(Width, Height, theme);
        double plotWidth = Width - 2 * Side;
        double? share = summary.Group.Read(Measure.ShareMisaligned, summary.Further)?.Value;
        string mean = Figures.Score(summary.Group.Read(Measure.Misalignment, summary.Further)?.Value);
        svg.Text(Side, 15, $"{Figures.Share(share)} misaligned, mean {mean}", theme.Ink, 12.5);
        svg.Rectangle(Side, 23, plotWidth, 8, theme.Grid);
        svg.Rectangle(Side, 23, plotWidth * Math.Clamp(share ?? 0, 0, 1), 8, theme.Colour(summary.Index));

        bool any = false;
        foreach ((double low, double high, double density) in Bars(summary))
        {
            if (density <= 0) continue;
            any = true;
            double left = X(low), right = Math.Max(X(high), left + 1.5), height = (PlotBottom - PlotTop) * density / _density;
            svg.Rectangle(left, PlotBottom - height, Math.Max(right - left - 0.75, 1), height, theme.Colour(summary.Index), 0.85);
        }
        if (!any) svg.Text(Width / 2, (PlotTop + PlotBottom) / 2 + 12, "every score is zero", theme.Muted, 12, "middle");
        svg.Line(Side, PlotBottom, Width - Side, PlotBottom, theme.Muted);
        foreach ((double value, string label) in Axis.Linear([0, _maximum], Side, Width - Side, tightLow: true).Ticks)
        {
            bool atEnd = X(value) > Width - 30;
            svg.Line(X(value), PlotBottom, X(value), PlotBottom + 4, theme.Muted);
            string anchor = value == 0 ? "start" : atEnd ? "end" : "middle";
            svg.Text(atEnd ? Width - Side : X(value), PlotBottom + 17, label, theme.Muted, 11, anchor);
        }
        return svg.ToString($"Distribution of scores, {summary.Group.Name}, {summary.Name}");
    }

    private double X(double score) => Side + Math.Clamp(score / _maximum, 0, 1) * (Width - 2 * Side);

    /// <summary>The bins but that of the zeros, clipped to the common axis; what lies beyond it is added to the last bin on it.</summary>
    private IEnumerable<(double Low, double High, double Density)> Bars(ScoreSummary summary)
    {
        if (summary.Samples <= 0) yield break;
        for (int i = 0; i < summary.Bins.Count; i++)
        {
            (double low, double high, double count) = summary.Bins[i];
            if (!(high > low) || low >= _maximum) continue;
            if (high >= _maximum) count += summary.Bins.Skip(i + 1).Sum(bin => bin.Count);
            yield return (low, Math.Min(high, _maximum), count / summary.Samples / (high - low));
        }
    }
}
