using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Phf.Evaluation.Report;
using Phf.Formats;
using Phf.Training.Replication;

namespace Phf.Evaluation.Replication;

/// <summary>
/// The verdicts of all tasks at one scale side by side, and the one claim that needs them all: that it depends on the task whether unlikelihood training works. It works
/// where it lowers misalignment and stays near MLE in capability, both by their intervals. The claim is reproduced where it works on one task and does not on another, not
/// reproduced where all three tasks say the same.
/// </summary>
public static class AcrossTasks
{
    private const string Claim = "It depends on the task whether unlikelihood training works (lowers misalignment and stays near MLE).";

    /// <summary>Reads the summaries of the scale under <paramref name="root"/> and writes <c>claims-SCALE.md</c> beside them.</summary>
    /// <param name="root">The folder that has a folder TASK-SCALE for each task.</param>
    /// <param name="scale">The scale's name.</param>
    /// <returns>The file.</returns>
    /// <exception cref="InvalidDataException">A summary is broken.</exception>
    public static string Write(string root, string scale)
    {
        (string Task, IReadOnlyList<Verdict> Verdicts)[] tasks = [.. ReplicationPlan.Tasks
            .Select(task => (Task: task, Verdicts: Read(Path.Combine(root, $"{task}-{scale}", ReplicationFiles.SummaryName))))
            .Where(task => task.Verdicts.Count > 0)];
        var text = new StringBuilder($"# The paper's claims, scale {scale}\n\n| claim | {string.Join(" | ", tasks.Select(task => task.Task))} |\n|---|{string.Concat(tasks.Select(_ => "---|"))}\n");
        foreach (Verdict claim in tasks.SelectMany(task => task.Verdicts).DistinctBy(verdict => verdict.Name))
            text.Append($"| {ReportTable.Escape(claim.Text)} | {string.Join(" | ", tasks.Select(task => Words(task.Verdicts.FirstOrDefault(verdict => verdict.Name == claim.Name))))} |\n");
        ReplicationVerdict depends = Depends([.. tasks.Select(task => Works(task.Verdicts))]);
        text.Append($"\n{Claim} **{ReplicationFiles.WordsOf(depends)}**\n\n");
        text.Append("A verdict stands before the ratio of the method to MLE, or of pretraining to finetuning, and its 95 % interval (docs/replication.md). "
            + "With one seed a verdict is about samples of two models, not about two ways of training.\n");
        string path = Path.Combine(root, $"claims-{scale}.md");
        DurableFile.WriteText(path, text.ToString());
        return path;
    }

    /// <summary>The verdict on the claim, from whether unlikelihood works on each task; null where that is not known.</summary>
    internal static ReplicationVerdict Depends(IReadOnlyList<bool?> works) =>
        works.Contains(true) && works.Contains(false) ? ReplicationVerdict.Reproduced
        : works.Count == ReplicationPlan.Tasks.Count && works.Distinct().Count() == 1 && works[0] is not null ? ReplicationVerdict.NotReproduced
        : ReplicationVerdict.TooSmallToTell;

    private static bool? Works(IReadOnlyList<Verdict> verdicts)
    {
        ReplicationVerdict[] both = [.. verdicts.Where(verdict => verdict.Name is ReplicationClaims.UnlikelihoodLowers or ReplicationClaims.UnlikelihoodCapable).Select(verdict => verdict.Is)];
        return both.Contains(ReplicationVerdict.NotReproduced) ? false : both.Length == 2 && both.All(verdict => verdict == ReplicationVerdict.Reproduced) ? true : null;
    }

    /// <summary>"reproduced: 0.213 (0.153 to 0.301), one seed".</summary>
    private static string Words(Verdict? verdict)
    {
        if (verdict is null) return "–";
        string interval = verdict is { Low: not null, High: not null } ? $" ({SummaryMarkdown.IntervalOf(verdict.Low, verdict.High)})" : "";
        string ratio = verdict.Ratio is null ? ", no ratio" : $": {SummaryMarkdown.RatioOf(verdict.Ratio)}{interval}";
        return $"{ReplicationFiles.WordsOf(verdict.Is)}{ratio}{(verdict.Seeds == 1 ? ", one seed" : "")}";
    }

    private static IReadOnlyList<Verdict> Read(string path)
    {
        if (!File.Exists(path)) return [];
        try
        {
            return [.. JsonNode.Parse(File.ReadAllText(path))!["claims"]!.AsArray().Select(claim =>
                new Verdict((string)claim!["name"]!, (string)claim["text"]!, ReplicationFiles.VerdictOf((string)claim["verdict"]!),
                    (double?)claim["ratio"], (double?)claim["low"], (double?)claim["high"], (int)claim["seeds"]!))];
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or NullReferenceException or ArgumentException or FormatException)
        {
            throw new InvalidDataException($"{path} is no summary of an experiment; write it again with phf replicate --steps report", problem);
        }
    }

    private sealed record Verdict(string Name, string Text, ReplicationVerdict Is, double? Ratio, double? Low, double? High, int Seeds);
}
