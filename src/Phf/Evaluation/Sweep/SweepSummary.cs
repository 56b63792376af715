using Phf.Evaluation.Report;
using Phf.Training.Sweep;

namespace Phf.Evaluation.Sweep;

/// <summary>What became of one run of a sweep.</summary>
/// <param name="Run">The run.</param>
/// <param name="Report">What its folder tells; null where it failed.</param>
/// <param name="Failure">Why it failed; null where it did not.</param>
public sealed record SweepOutcome(SweepRun Run, RunReport? Report, string? Failure);

/// <summary>The runs of one method at one point of the grid, which differ in the seed.</summary>
/// <param name="Method">The method.</param>
/// <param name="Point">Its values of the grid.</param>
/// <param name="Runs">Runs that did not fail.</param>
/// <param name="Metrics">Means by the metric's name; a metric that no run has is left out.</param>
public sealed record SweepGroup(string Method, IReadOnlyList<SweepSetting> Point, int Runs, IReadOnlyDictionary<string, MeanInterval> Metrics);

/// <summary>A sweep summed up: means and intervals over the seeds for each method and point of the grid.</summary>
public sealed record SweepSummary(IReadOnlyList<SweepOutcome> Outcomes, IReadOnlyList<SweepGroup> Groups)
{
    /// <summary>Sums up; groups stand in the order of their first runs.</summary>
    public static SweepSummary Of(IReadOnlyList<SweepOutcome> outcomes) => new(outcomes,
    [
        .. outcomes.GroupBy(outcome => string.Join('\n', [outcome.Run.Method, .. outcome.Run.Point.Select(setting => setting.Value)])).Select(group =>
        {
            SweepRun first = group.First().Run;
            RunReport[] done = [.. group.Select(outcome => outcome.Report).OfType<RunReport>()];
            return new SweepGroup(first.Method, first.Point, done.Length, MeansOf(done));
        }),
    ]);

    /// <summary>The metrics that any group has, in the order of the columns.</summary>
    internal IReadOnlyList<SweepMetric> Metrics => [.. SweepMetric.All.Where(metric => Groups.Any(group => group.Metrics.ContainsKey(metric.Name)))];

    /// <summary>The keys of the grid, in its order.</summary>
    internal IReadOnlyList<string> Keys => [.. Groups[0].Point.Select(setting => setting.Key)];

    /// <summary>The metrics that a run has, by name.</summary>
    internal static IReadOnlyDictionary<string, double> MetricsOf(RunReport run)
    {
        var found = new Dictionary<string, double>();
        foreach (SweepMetric metric in SweepMetric.All)
            if (Figures.Finite(metric.Of(run)) is { } value) found[metric.Name] = value;
        return found;
    }

    private static Dictionary<string, MeanInterval> MeansOf(IReadOnlyList<RunReport> runs)
    {
        IReadOnlyDictionary<string, double>[] measured = [.. runs.Select(MetricsOf)];
        var means = new Dictionary<string, MeanInterval>();
        foreach (SweepMetric metric in SweepMetric.All)
        {
            double[] values = [.. measured.Where(run => run.ContainsKey(metric.Name)).Select(run => run[metric.Name])];
            if (MeanInterval.Of(values) is { } mean) means[metric.Name] = mean;
        }
        return means;
    }
}
