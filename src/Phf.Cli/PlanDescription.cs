using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Training;

namespace Phf.Cli;

/// <summary>What a run is about to do, in a few lines.</summary>
internal static class PlanDescription
{
    public static void Write(TextWriter output, RunPlan plan, IBackend backend)
    {
        output.WriteLine($"model     {new ParameterLayout(plan.Model).Count:N0} parameters: layers {plan.Model.Layers}, heads {plan.Model.Heads}, "
            + $"width {plan.Model.Channels}, vocabulary {plan.Model.VocabularySize:N0}, sequences of {plan.SequenceLength}"
            + (plan.Config.Model.FromScratch ? "" : $", from {plan.StartDirectory}"));
        output.WriteLine($"data      {plan.Data.DocumentCount:N0} documents, {plan.Data.TokenCount:N0} tokens, scorer {plan.Data.Manifest.Scorer ?? "not named"}, "
            + (plan.HeldOut is { } heldOut ? $"{heldOut.DocumentCount:N0} documents held out" : "none held out")
            + (plan.Start.Description is { } begins ? $"; reading begins {begins}" : ""));
        output.WriteLine($"objective {plan.Objective.Name}"
            + (plan.Blocks.FilterThreshold is { } limit ? $", documents with mean score above {limit:G4}{Percentile(plan.Config.Dataset.FilterThreshold)} left out" : "")
            + (plan.Config.Objective.ScoreThreshold is { IsPercentile: true } own ? $", score_threshold is the segments' {own.Unrecorded}" : ""));
        if (plan.Blocks.Tags is { } tags) output.WriteLine($"tags      {DescribeTags(plan, tags)}");
        foreach (string reading in DescribeReading(plan.Blocks)) output.WriteLine($"reading   {reading}");
        output.WriteLine($"steps     {plan.TotalSteps:N0} of {plan.TokensPerStep:N0} tokens on {backend.Name}, about {plan.MemoryBytes / 1e6:N0} MB"
            + (plan.Start.TokensBefore > 0 ? $"; the model has seen {plan.Start.TokensBefore:N0} tokens before" : ""));
    }

    private static IEnumerable<string> DescribeReading(BlockOptions blocks)
    {
        if (blocks.Upsample is { } upsample)
            yield return $"documents {string.Join(", ", upsample.Weights.Select(weight => $"{weight:G4}"))} times an epoch, by mean score below, between and above "
                + string.Join(", ", upsample.Thresholds.Select(threshold => $"{threshold:G4}"));
        if (blocks.Spans == SpanUse.Score) yield return "tokens have the scores of their spans, others 0";
        if (blocks.Spans == SpanUse.Mask) yield return $"tokens of spans with a score above {blocks.SpanThreshold:G4} are left out of the loss";
        if (blocks.Reference is { } order) yield return $"in the reference's order, shuffled among {order.ShuffleBuffer:N0} sequences";
    }

    private static string DescribeTags(RunPlan plan, ControlTags tags)
    {
        IReadOnlyList<Threshold> bounds = plan.Config.Dataset.ConditionalTrainingConfig!.Bounds;
        IEnumerable<string> upTo = tags.Thresholds.Select((threshold, i) => $"{plan.Tags.Texts[i]} up to {threshold:G4}{Percentile(bounds[i])}");
        return $"{string.Join(", ", upTo)}, {plan.Tags.Texts[^1]} above, "
            + (tags.IsPerDocument ? "one for each document by its mean score" : "before each segment by its score")
            + (plan.TaggedSteps is { } last ? $"; none after step {last:N0}" : "");
    }

    /// <summary>" (p50)" behind a number that was given so.</summary>
    private static string Percentile(Threshold? threshold) => threshold is { IsPercentile: true } given ? $" ({given.Unrecorded})" : "";
}
