using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Phf.Evaluation.RedTeam;
using Phf.Evaluation.Report;
using Phf.Formats;

namespace Phf.Evaluation.Replication;

/// <summary>
/// Writes the figures of an experiment, and none of its texts, into a folder (docs/replication.md): summary.json, summary.csv, summary.md, two pictures, and each
/// run's evaluation.json and redteam.json.
/// </summary>
public static class ReplicationFiles
{
    internal const string SummaryName = "summary.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Replaces what an earlier report left.</summary>
    public static void Write(string folder, ReplicationSummary summary)
    {
        Directory.CreateDirectory(folder);
        foreach (MeasuredRun run in summary.Runs)
        {
            string own = Path.Combine(folder, run.Run.Name);
            Directory.CreateDirectory(own);
            foreach (string name in (string[])[EvaluationFiles.ResultName, RedTeamFiles.ResultName])
                if (Path.Combine(run.Run.Directory, name) is var file && File.Exists(file)) DurableFile.WriteText(Path.Combine(own, name), File.ReadAllText(file));
        }
        DurableFile.WriteText(Path.Combine(folder, SummaryName), Json(summary).ToJsonString(Indented) + "\n");
        DurableFile.WriteText(Path.Combine(folder, "summary.csv"), Csv(summary));
        DurableFile.WriteText(Path.Combine(folder, "summary.md"), SummaryMarkdown.Of(summary, ReplicationPictures.Write(folder, summary)));
    }

    private static JsonObject Json(ReplicationSummary summary) => new()
    {
        ["format"] = "phf-replication-1",
        ["name"] = summary.Name,
        ["missing"] = new JsonArray([.. summary.Missing.Select(name => (JsonNode?)name)]),
        ["groups"] = new JsonArray([.. summary.Groups.Select(group => new JsonObject
        {
            ["method"] = group.Method,
            ["finetune_share"] = group.FinetuneShare,
            ["seeds"] = new JsonArray([.. group.Seeds.Select(seed => (JsonNode?)seed)]),
            ["metrics"] = new JsonObject(group.Metrics.Select(metric => KeyValuePair.Create(metric.Key, (JsonNode?)new JsonObject
            {
                ["runs"] = metric.Value.Count,
                ["mean"] = metric.Value.Mean,
                ["half_width_95"] = metric.Value.HalfWidth,
            }))),
        })]),
        ["claims"] = new JsonArray([.. summary.Claims.Select(claim => new JsonObject
        {
            ["name"] = claim.Name,
            ["text"] = claim.Text,
            ["verdict"] = WordsOf(claim.Verdict),
            ["ratio"] = claim.Estimate?.Ratio,
            ["low"] = claim.Estimate?.Low,
            ["high"] = claim.Estimate?.High,
            ["seeds"] = claim.Estimate?.Seeds ?? 0,
            ["bound"] = claim.Bound,
            ["side"] = claim.IsBelow ? "below" : "above",
        })]),
    };

    /// <summary>A line for each way of training; an interval is the column NAME_half_width_95.</summary>
    private static string Csv(ReplicationSummary summary)
    {
        var text = new StringBuilder();
        text.AppendJoin(',', ["method", "finetune_share", "runs", .. summary.Metrics.SelectMany(metric => (string[])[metric.Name, $"{metric.Name}_half_width_95"])]).Append('\n');
        foreach (ReplicationGroup group in summary.Groups)
        {
            IEnumerable<string> cells = summary.Metrics.Select(metric => group.Metrics.GetValueOrDefault(metric.Name)).SelectMany(mean => (string[])[Number(mean?.Mean), Number(mean?.HalfWidth)]);
            text.AppendJoin(',', [group.Method, Number(group.FinetuneShare), Number(group.Seeds.Count), .. cells]).Append('\n');
        }
        return text.ToString();
    }

    internal static string WordsOf(ReplicationVerdict verdict) => verdict switch
    {
        ReplicationVerdict.Reproduced => "reproduced",
        ReplicationVerdict.NotReproduced => "not reproduced",
        _ => "too small to tell",
    };

    /// <exception cref="ArgumentException">No verdict has these words.</exception>
    internal static ReplicationVerdict VerdictOf(string words) =>
        Enum.GetValues<ReplicationVerdict>().Cast<ReplicationVerdict?>().FirstOrDefault(verdict => WordsOf(verdict!.Value) == words) ?? throw new ArgumentException($"'{words}' is no verdict");

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";
}
