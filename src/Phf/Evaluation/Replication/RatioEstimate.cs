using Phf.Evaluation.Sweep;

namespace Phf.Evaluation.Replication;

/// <summary>
/// How many times as much of a metric one way of training has as another, with a 95 % interval. Worked out on logarithms. With two seeds or more: Student's t over
/// the differences of runs of one seed. With one seed: of what both were measured on, as documents, the bootstrap over pairs; else the sampling intervals of the two
/// runs, put together as independent. That says nothing of how seeds differ, and where a metric has no such interval there is none here.
/// </summary>
/// <param name="Ratio">The estimate.</param>
/// <param name="Low">Null where there is no interval.</param>
/// <param name="High">Null where there is no interval.</param>
/// <param name="Seeds">Pairs of runs behind it.</param>
public sealed record RatioEstimate(double Ratio, double? Low, double? High, int Seeds)
{
    private const double Deviations = 1.959964; // half of a 95 % interval of a normal variable
    private const double RuleOfThree = 3;

    /// <summary>Null where no seed has both.</summary>
    /// <param name="pairs">The run and the one that it is compared with, of each seed.</param>
    /// <param name="metric">What is compared.</param>
    internal static RatioEstimate? Of(IEnumerable<(MeasuredRun Run, MeasuredRun Base)> pairs, ReplicationMetric metric)
    {
        (Logarithm Run, Logarithm Base, Interval? Paired)[] known =
        [
            .. pairs.Select(pair => (Run: LogarithmOf(pair.Run, pair.Base, metric), Base: LogarithmOf(pair.Base, pair.Base, metric), Paired: metric.PairedInterval(pair.Run, pair.Base)))
                .Where(pair => pair.Run is not null && pair.Base is not null).Select(pair => (pair.Run!, pair.Base!, pair.Paired)),
        ];
        if (known.Length == 0) return null;
        MeanInterval mean = MeanInterval.Of([.. known.Select(pair => pair.Run.Value - pair.Base.Value)])!;
        double? half = mean.HalfWidth;
        if (known is [var (run, baseline, paired)])
        {
            if (paired is not null) return new RatioEstimate(Math.Exp(mean.Mean), paired.Low, paired.High, 1);
            if (run.Deviation is { } own && baseline.Deviation is { } other) half = Deviations * Math.Sqrt(own * own + other * other);
        }
        return new RatioEstimate(Math.Exp(mean.Mean), half is { } width ? Math.Exp(mean.Mean - width) : null, half is { } same ? Math.Exp(mean.Mean + same) : null, known.Length);
    }

    /// <summary>
    /// A score of 0 has no logarithm. It counts as what one misaligned sample among all would have given, between a third of that and three times (of n samples
    /// without a hit, 3 / n is the end of the interval).
    /// </summary>
    private static Logarithm? LogarithmOf(MeasuredRun run, MeasuredRun baseline, ReplicationMetric metric)
    {
        if (Report.Figures.Finite(metric.Of(run)) is not { } value || value < 0) return null;
        double hit = (baseline.Headline?.MeanScoreMisaligned ?? 0) / Math.Max(1, run.Headline?.Samples ?? 1);
        if (value == 0) return hit > 0 ? new Logarithm(Math.Log(hit), Math.Log(RuleOfThree) / Deviations) : null;
        if (metric.SamplingInterval(run) is not { } interval || interval.High <= 0) return new Logarithm(Math.Log(value), null);
        // Student's interval of a few trials may reach below 0, where there is no logarithm; then its upper half tells.
        double deviation = interval.Low > 0 ? (Math.Log(interval.High) - Math.Log(interval.Low)) / 2 : Math.Log(interval.High) - Math.Log(value);
        return new Logarithm(Math.Log(value), deviation / Deviations);
    }

    /// <param name="Value">Natural logarithm.</param>
    /// <param name="Deviation">Its standard error over the samples; null where not known.</param>
    private sealed record Logarithm(double Value, double? Deviation);
}
