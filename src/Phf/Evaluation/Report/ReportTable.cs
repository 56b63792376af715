using System.Text;

namespace Phf.Evaluation.Report;

/// <summary>A cell: its text, and an interval or the like in small print; null without.</summary>
public sealed record ReportCell(string Text, string? Detail = null);

/// <summary>
/// One row of the table. A row of a further scenario of the run above it is not a headline and leaves the model's numbers empty. <paramref name="Series"/>
/// is the number of the run, or group of runs, in charts.
/// </summary>
public sealed record ReportRow(bool IsHeadline, int Series, IReadOnlyList<ReportCell> Cells);

/// <summary>Runs, or groups of runs, and their scenarios as plain text cells, for console, Markdown and page alike.</summary>
public sealed record ReportTable(IReadOnlyList<string> Titles, IReadOnlyList<ReportRow> Rows)
{
    /// <summary>The leading columns that hold words; the others hold numbers and are aligned right.</summary>
    public const int TextColumns = 2;

    private const double RoundingError = 1e-12; // of a mean of equal numbers

    /// <summary>What stands in small print where runs are averaged.</summary>
    public const string MeansCaption = "Means over runs that differ in the seed alone, ± half of the 95 % interval (Student's t; wide with two or three runs).";

    /// <summary>A row for each run, then one for each further scenario of it.</summary>
    public static ReportTable Of(IReadOnlyList<RunReport> runs)
    {
        IReadOnlyList<RunGroup> groups = RunGroup.Of(runs);
        return Of(runs, [.. groups.SelectMany((group, i) => group.Runs.Select(run => (new RunGroup(run.Name, [run]), i)))], showRuns: false);
    }

    /// <summary>The same with a row for each group of runs that differ in the seed alone; null where there is no such group.</summary>
    public static ReportTable? OfMeans(IReadOnlyList<RunReport> runs)
    {
        IReadOnlyList<RunGroup> groups = RunGroup.Of(runs);
        return groups.All(group => group.IsSingle) ? null : Of(runs, [.. groups.Select((group, i) => (group, i))], showRuns: true);
    }

    /// <summary>The other tables of the page, with their titles.</summary>
    public static IReadOnlyList<(string Title, ReportTable Table)> Further(IReadOnlyList<RunReport> runs)
    {
        (string Title, ReportTable? Table)[] all =
        [
            ("Held-out text in bits per byte", FurtherTables.Losses(runs)), ("The worst samples", FurtherTables.Tails(runs)), ("Lengths of the samples, in characters", FurtherTables.Lengths(runs)),
            ("Attacks", FurtherTables.Attacks(runs)), ("Control tokens where segments begin, and their embeddings", FurtherTables.ControlTokens(runs)),
            ("Metrics as the reference implementation computes them", FurtherTables.OfReference(runs)),
        ];
        return [.. all.Where(one => one.Table is not null).Select(one => (one.Title, one.Table!))];
    }

    /// <summary>The table in Markdown, one line a row, small print in brackets.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        AppendHead(text, Titles, TextColumns);
        foreach (ReportRow row in Rows)
        {
            IEnumerable<string> cells = row.Cells.Select(cell => Escape(cell.Detail is null ? cell.Text : $"{cell.Text} ({cell.Detail})"));
            text.Append("| ").Append(row.IsHeadline ? "" : "– ").AppendJoin(" | ", cells).Append(" |\n");
        }
        return text.ToString();
    }

    internal static string Escape(string cell) => cell.Replace("&", "&amp;").Replace("<", "&lt;").Replace("|", "\\|").ReplaceLineEndings(" ");

    private static void AppendHead(StringBuilder text, IReadOnlyList<string> titles, int textColumns)
    {
        text.Append("| ").AppendJoin(" | ", titles.Select(Escape)).Append(" |\n|");
        for (int i = 0; i < titles.Count; i++) text.Append(i < textColumns ? "---|" : "---:|");
        text.Append('\n');
    }

    private static ReportTable Of(IReadOnlyList<RunReport> runs, IReadOnlyList<(RunGroup Group, int Series)> groups, bool showRuns)
    {
        Measure share = Measure.ShareMisaligned with { Title = ScorerWords.Of(runs).ShareTitle };
        Measure[] measures =
        [
            Measure.Misalignment, share, Measure.HeldoutLoss, Measure.LossAligned, Measure.LossMisaligned, .. Measure.Distances(runs), Measure.Distinct2,
            Measure.Length, .. Measure.Facts,
        ];
        return Of(groups, measures, showRuns);
    }

    /// <summary>A row for each group, then one for each further way of sampling it.</summary>
    internal static ReportTable Of(IReadOnlyList<(RunGroup Group, int Series)> groups, IReadOnlyList<Measure> measures, bool showRuns)
    {
        var rows = new List<ReportRow>();
        foreach ((RunGroup group, int series) in groups)
        {
            string objective = showRuns && !group.IsSingle ? $"{group.Objective}, {group.Runs.Count} runs" : group.Objective;
            rows.Add(new ReportRow(IsHeadline: true, series, [new(group.Name), new(objective), .. measures.Select(measure => Cell(group, measure, null))]));
            foreach (string further in group.FurtherScenarios)
                rows.Add(new ReportRow(IsHeadline: false, series,
                    [new(further), new(""), .. measures.Select(measure => measure.IsOfScenario ? Cell(group, measure, further) : new ReportCell(""))]));
        }
        return new ReportTable(["run", "objective", .. measures.Select(measure => measure.Title)], rows);
    }

    /// <summary>A number of a group, or of a further way of sampling it, with its interval.</summary>
    internal static ReportCell Cell(RunGroup group, Measure measure, string? further)
    {
        Reading? reading = group.Read(measure, further);
        string text = measure.Format(reading?.Value);
        if (reading?.Interval is not { } interval || Measure.Facts.Contains(measure)) return new ReportCell(text);
        double half = (interval.High - interval.Low) / 2;
        if (half < Math.Abs(reading.Value) * RoundingError) half = 0;
        string? range = reading.Count > 1 ? $"± {measure.Format(half)}" : reading.Range(measure.Format);
        return new ReportCell(text, range);
    }
}
