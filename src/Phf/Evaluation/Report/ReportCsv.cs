using System.Globalization;
using System.Text;

namespace Phf.Evaluation.Report;

/// <summary>
/// Everything that a report knows as one table for other programs: a line for each run and way of sampling it, then one for each group of runs that differ in
/// the seed alone. Numbers have all their digits; what was not measured is empty.
/// </summary>
internal static class ReportCsv
{
    public static string Of(IReadOnlyList<RunReport> runs)
    {
        IReadOnlyList<RunGroup> groups = RunGroup.Of(runs);
        IReadOnlyList<Measure> measures = [.. Measure.Everything(runs).Where(measure => groups.Any(group => group.Has(measure)))];
        var text = new StringBuilder();
        Line(text, ["kind", "name", "group", "objective", "seed", "runs", "scenario", .. measures.SelectMany(measure => (string[])[measure.Name, $"{measure.Name}_low", $"{measure.Name}_high"])]);
        foreach (RunGroup group in groups)
            foreach (RunReport run in group.Runs) Lines(text, "run", new RunGroup(run.Name, [run]), group.Name, run.Identity.Seed ?? "", measures);
        foreach (RunGroup group in groups)
            if (!group.IsSingle) Lines(text, "mean", group, group.Name, "", measures);
        return text.ToString();
    }

    private static void Lines(StringBuilder text, string kind, RunGroup runs, string group, string seed, IReadOnlyList<Measure> measures)
    {
        string headline = runs.Runs.Select(run => run.Headline?.Name).FirstOrDefault(name => name is not null) ?? "";
        foreach (string? further in (string?[])[null, .. runs.FurtherScenarios])
        {
            IEnumerable<string> cells = measures.SelectMany(measure =>
                further is null || measure.IsOfScenario ? Cells(runs.Read(measure, further)) : ["", "", ""]);
            Line(text, [kind, runs.Name, group, runs.Objective, seed, runs.Runs.Count.ToString(CultureInfo.InvariantCulture), further ?? headline, .. cells]);
        }
    }

    private static string[] Cells(Reading? reading) => [Number(reading?.Value), Number(reading?.Interval?.Low), Number(reading?.Interval?.High)];

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    private static void Line(StringBuilder text, IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(Quoted)).Append('\n');

    private static string Quoted(string cell) => cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"")}\"";
}
