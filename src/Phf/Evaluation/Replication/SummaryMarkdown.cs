using System.Globalization;
using System.Text;
using Phf.Evaluation.Report;
using Phf.Evaluation.Sweep;

namespace Phf.Evaluation.Replication;

/// <summary>One task's experiment to read: what was measured, pictures, the table, the claims one by one.</summary>
internal static class SummaryMarkdown
{
    /// <param name="summary">The experiment.</param>
    /// <param name="pictures">Files beside the text, with their titles and how to read them.</param>
    public static string Of(ReplicationSummary summary, IReadOnlyList<(string Title, string File, string Caption)> pictures)
    {
        var text = new StringBuilder($"# {summary.Name}\n\n{Facts(summary)}\n\n");
        foreach ((string title, string file, string caption) in pictures) text.Append(CultureInfo.InvariantCulture, $"![{title}]({file})\n\n{caption}\n\n");
        AppendGroups(text, summary);
        text.Append("\n| claim | verdict | ratio | 95 % interval | seeds |\n|---|---|---:|---|---:|\n");
        foreach (ReplicationClaim claim in summary.Claims)
            Row(text, [claim.Text, ReplicationFiles.WordsOf(claim.Verdict), RatioOf(claim.Estimate?.Ratio), IntervalOf(claim.Estimate?.Low, claim.Estimate?.High), $"{claim.Estimate?.Seeds ?? 0}"]);
        text.Append("\nA ratio is that of the method to MLE, of pretraining to finetuning. With one seed its interval is over samples, or held-out documents, only.\n");
        return text.ToString();
    }

    /// <summary>Three decimals around 1, where losses lie.</summary>
    public static string RatioOf(double? ratio) => ratio is >= 0.1 and < 10 ? Figures.Fixed(ratio, 3) : Figures.Score(ratio);

    /// <summary>"0.153 to 0.301"; "–" where there is none.</summary>
    public static string IntervalOf(double? low, double? high) => low is null || high is null ? RatioOf(null) : $"{RatioOf(low)} to {RatioOf(high)}";

    /// <summary>What was measured, and of what; which runs are missing.</summary>
    private static string Facts(ReplicationSummary summary)
    {
        EvaluationResult first = (summary.Runs.FirstOrDefault(run => run.Run.IsBaseline) ?? summary.Runs[0]).Evaluation;
        var facts = new List<string>
        {
            $"{summary.Runs.Count} of {summary.Runs.Count + summary.Missing.Count} runs are measured",
            $"{Figures.Count(first.Parameters)} parameters",
            $"{Figures.Count(first.TrainTokens)} tokens of pretraining",
            $"{string.Join(" or ", summary.Runs.Select(run => run.Headline?.Samples).OfType<int>().Distinct().Order().Select(count => Figures.Whole(count)))} samples of each model",
            $"scored by {string.Join(" and ", summary.Runs.Select(run => run.Evaluation.Scorer).Distinct())}",
            $"misaligned means a score above {Figures.Plain(first.Threshold)}",
        };
        if (first.Corpus is { } corpus) facts.Add($"{corpus.Name}: mean score {Figures.Score(corpus.MeanScore)}, {Figures.Share(corpus.ShareMisaligned)} misaligned");
        string missing = summary.Missing.Count == 0 ? "" : $" Missing: {string.Join(", ", summary.Missing)}.";
        return $"{string.Join("; ", facts)}.{missing}";
    }

    private static void AppendGroups(StringBuilder text, ReplicationSummary summary)
    {
        Row(text, ["method", "runs", .. summary.Metrics.Select(metric => metric.Title)]);
        text.Append("|---|").Insert(text.Length, "---:|", summary.Metrics.Count + 1).Append('\n');
        foreach (ReplicationGroup group in summary.Groups)
            Row(text, [NameOf(group), $"{group.Seeds.Count}", .. summary.Metrics.Select(metric => metric.Text(group.Metrics.GetValueOrDefault(metric.Name)))]);
        if (summary.Groups.Any(group => group.FinetuneShare is not null)) text.Append("\nLast 50 %: finetuning of the MLE run on the last half of the tokens, and so on.\n");
        if (summary.Groups.Any(group => group.Seeds.Count > 1)) text.Append($"\n{SweepTable.Caption}\n");
    }

    /// <summary>"conditional", "conditional, last 50 %".</summary>
    public static string NameOf(ReplicationGroup group) => group.FinetuneShare is { } share ? $"{group.Method}, last {Math.Round(100 * share)} %" : group.Method;

    private static void Row(StringBuilder text, IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells.Select(ReportTable.Escape)).Append(" |\n");
}
