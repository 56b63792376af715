using Phf.Evaluation.Report;
using Phf.Evaluation.Sweep;

namespace Phf.Evaluation.Replication;

/// <summary>The runs of one way of training, which differ in the seed.</summary>
/// <param name="Method">The method.</param>
/// <param name="FinetuneShare">The share of the tokens that were finetuned on; null for pretraining.</param>
/// <param name="Seeds">Seeds that are evaluated.</param>
/// <param name="Metrics">Means by the metric's name; a metric that no run has is left out.</param>
public sealed record ReplicationGroup(string Method, double? FinetuneShare, IReadOnlyList<long> Seeds, IReadOnlyDictionary<string, MeanInterval> Metrics);

/// <summary>One task's experiment summed up, as far as its runs are evaluated.</summary>
/// <param name="Name">The experiment, <c>pii-laptop</c>.</param>
/// <param name="Runs">The runs.</param>
/// <param name="Groups">Means and 95 % intervals over the seeds.</param>
/// <param name="Claims">The paper's claims, judged.</param>
/// <param name="Missing">Names of the runs that belong to the experiment and are not evaluated.</param>
public sealed record ReplicationSummary(
    string Name, IReadOnlyList<MeasuredRun> Runs, IReadOnlyList<ReplicationGroup> Groups, IReadOnlyList<ReplicationClaim> Claims, IReadOnlyList<string> Missing)
{
    /// <summary>Sums up; pretraining stands first, then finetuning on the larger shares.</summary>
    /// <param name="name">The experiment.</param>
    /// <param name="runs">Those that are evaluated.</param>
    /// <param name="planned">Names of all its runs; null where only these are known.</param>
    public static ReplicationSummary Of(string name, IReadOnlyList<MeasuredRun> runs, IReadOnlyList<string>? planned = null) => new(name, runs,
    [
        .. runs.GroupBy(run => (run.Run.Method, run.Run.FinetuneShare)).OrderByDescending(group => group.Key.FinetuneShare ?? 1)
            .Select(group => new ReplicationGroup(group.Key.Method, group.Key.FinetuneShare, [.. group.Select(run => run.Run.Seed)], MeansOf([.. group]))),
    ], ReplicationClaims.Of(runs), [.. (planned ?? []).Except(runs.Select(run => run.Run.Name))]);

    /// <summary>The metrics that any group has, in the order of the columns.</summary>
    internal IReadOnlyList<ReplicationMetric> Metrics => [.. ReplicationMetric.All.Where(metric => Groups.Any(group => group.Metrics.ContainsKey(metric.Name)))];

    private static Dictionary<string, MeanInterval> MeansOf(IReadOnlyList<MeasuredRun> runs)
    {
        var means = new Dictionary<string, MeanInterval>();
        foreach (ReplicationMetric metric in ReplicationMetric.All)
            if (MeanInterval.Of([.. runs.Select(run => Figures.Finite(metric.Of(run))).OfType<double>()]) is { } mean) means[metric.Name] = mean;
        return means;
    }
}
