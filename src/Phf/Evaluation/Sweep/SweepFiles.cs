using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Phf.Evaluation.Report;
using Phf.Formats;
using Phf.Training.Sweep;

namespace Phf.Evaluation.Sweep;

/// <summary>Writes the report of a sweep into its folder (docs/formats.md): sweep.json, sweep.csv, sweep.md, report.html.</summary>
public static class SweepFiles
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Replaces what an earlier report left. The page is written where any run did not fail.</summary>
    public static void Write(string folder, SweepSummary summary)
    {
        Directory.CreateDirectory(folder);
        DurableFile.WriteText(Path.Combine(folder, "sweep.json"), Json(summary).ToJsonString(Indented) + "\n");
        DurableFile.WriteText(Path.Combine(folder, "sweep.csv"), Csv(summary));
        DurableFile.WriteText(Path.Combine(folder, "sweep.md"), Markdown(summary));
        RunReport[] done = [.. summary.Outcomes.Select(outcome => outcome.Report).OfType<RunReport>()];
        if (done.Length > 0) ReportWriter.Write(done, corpus: null, Path.Combine(folder, "report.html"));
    }

    private static JsonObject Json(SweepSummary summary) => new()
    {
        ["format"] = "phf-sweep-1",
        ["groups"] = new JsonArray([.. summary.Groups.Select(group => new JsonObject
        {
            ["method"] = group.Method,
            ["point"] = Point(group.Point),
            ["runs"] = group.Runs,
            ["metrics"] = new JsonObject(group.Metrics.Select(metric => KeyValuePair.Create(metric.Key, (JsonNode?)new JsonObject
            {
                ["runs"] = metric.Value.Count,
                ["mean"] = metric.Value.Mean,
                ["half_width_95"] = metric.Value.HalfWidth,
            }))),
        })]),
        ["runs"] = new JsonArray([.. summary.Outcomes.Select(outcome => new JsonObject
        {
            ["name"] = outcome.Run.Name,
            ["method"] = outcome.Run.Method,
            ["point"] = Point(outcome.Run.Point),
            ["seed"] = outcome.Run.Seed,
            ["failure"] = outcome.Failure,
            ["metrics"] = outcome.Report is null ? null : new JsonObject(
                SweepSummary.MetricsOf(outcome.Report).Select(metric => KeyValuePair.Create(metric.Key, (JsonNode?)metric.Value))),
        })]),
    };

    private static JsonObject Point(IReadOnlyList<SweepSetting> point) =>
        new(point.Select(setting => KeyValuePair.Create(setting.Key, (JsonNode?)setting.Value)));

    /// <summary>A line for each method and point; an interval is the column NAME_half_width_95.</summary>
    private static string Csv(SweepSummary summary)
    {
        IReadOnlyList<SweepMetric> metrics = summary.Metrics;
        var text = new StringBuilder();
        Line(["method", .. summary.Keys, "runs", .. metrics.SelectMany(metric => (string[])[metric.Name, $"{metric.Name}_half_width_95"])]);
        foreach (SweepGroup group in summary.Groups)
            Line([group.Method, .. group.Point.Select(setting => setting.Value), Number(group.Runs), .. metrics.SelectMany(metric => Cells(group.Metrics.GetValueOrDefault(metric.Name)))]);
        return text.ToString();

        void Line(IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(Quoted)).Append('\n');
    }

    private static string[] Cells(MeanInterval? interval) => [Number(interval?.Mean), Number(interval?.HalfWidth)];

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    private static string Quoted(string cell) => cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"")}\"";

    private static string Markdown(SweepSummary summary)
    {
        SweepOutcome[] failed = [.. summary.Outcomes.Where(outcome => outcome.Failure is not null)];
        string failures = failed.Length == 0 ? "" : $"\nFailed:\n\n{string.Concat(failed.Select(outcome => $"- {outcome.Run.Name}: {outcome.Failure!.ReplaceLineEndings("; ")}\n"))}";
        return $"{SweepTable.Of(summary).ToMarkdown()}\n{SweepTable.Caption}\n{failures}";
    }
}
