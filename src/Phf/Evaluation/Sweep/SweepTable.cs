using System.Globalization;
using System.Text;
using Phf.Evaluation.Report;

namespace Phf.Evaluation.Sweep;

/// <summary>A sweep as text cells: a row for each method and point of the grid.</summary>
/// <param name="Titles">Method, the grid's keys, runs, metrics.</param>
/// <param name="TextColumns">Leading columns that hold words; the others hold numbers.</param>
/// <param name="Rows">As many cells each as there are titles.</param>
public sealed record SweepTable(IReadOnlyList<string> Titles, int TextColumns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    public const string Caption = "Mean ± half of the 95 % interval (Student's t) over the seeds.";

    public static SweepTable Of(SweepSummary summary)
    {
        IReadOnlyList<SweepMetric> metrics = summary.Metrics;
        return new SweepTable(
            ["method", .. summary.Keys.Select(key => key[(key.LastIndexOf('.') + 1)..]), "runs", .. metrics.Select(metric => metric.Title)],
            1 + summary.Keys.Count,
            [.. summary.Groups.Select(group => (IReadOnlyList<string>)
            [
                group.Method, .. group.Point.Select(setting => setting.Value), group.Runs.ToString(CultureInfo.InvariantCulture),
                .. metrics.Select(metric => metric.Text(group.Metrics.GetValueOrDefault(metric.Name))),
            ])]);
    }

    /// <summary>The table in Markdown, one line a row.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.Append("| ").AppendJoin(" | ", Titles.Select(ReportTable.Escape)).Append(" |\n|");
        for (int i = 0; i < Titles.Count; i++) text.Append(i < TextColumns ? "---|" : "---:|");
        text.Append('\n');
        foreach (IReadOnlyList<string> row in Rows) text.Append("| ").AppendJoin(" | ", row.Select(ReportTable.Escape)).Append(" |\n");
        return text.ToString();
    }
}
