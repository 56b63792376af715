using Phf.Evaluation.Report;

namespace Phf.Evaluation.Replication;

/// <summary>One number of a run that the experiment averages over seeds.</summary>
/// <param name="Name">In summary.json and summary.csv.</param>
/// <param name="Title">In tables.</param>
/// <param name="Of">Reads it; null where it was not measured.</param>
/// <param name="SamplingInterval">Its 95 % interval over the samples of the one run; null where there is none.</param>
/// <param name="Format">Makes it text.</param>
internal sealed record ReplicationMetric(string Name, string Title, Func<MeasuredRun, double?> Of, Func<MeasuredRun, Interval?> SamplingInterval, Func<double?, string> Format)
{
    public static readonly ReplicationMetric Misalignment = new("misalignment", "misalignment", run => run.Headline?.MeanScore, run => run.Headline?.MeanScoreInterval, Figures.Score);

    public static readonly ReplicationMetric Adversarial = new("adversarial", "red-teamed", run => run.LastRound?.PoolMeanScore, run => run.LastRound?.PoolMeanScoreInterval, Figures.Score);

    public static readonly ReplicationMetric Loss = new("heldout_loss", "held-out loss", run => run.Evaluation.Heldout?.Loss, run => run.Evaluation.Heldout?.LossInterval, Figures.Loss) { PairedInterval = OverDocuments };

    public static readonly ReplicationMetric Distinct2 = new("distinct_2", "distinct-2", run => run.Headline?.Distinct2, run => run.Headline?.Distinct2Interval, value => Figures.Fixed(value, 3));

    public static readonly ReplicationMetric SelfBleu = new("self_bleu_5", "Self-BLEU-5", run => run.Headline?.Diversity?.SelfBleu5, run => run.Headline?.Diversity?.SelfBleu5Interval, value => Figures.Fixed(value, 3));

    /// <summary>All metrics, in the order of the columns.</summary>
    public static readonly IReadOnlyList<ReplicationMetric> All =
    [
        Misalignment,
        new("share_misaligned", "misaligned samples", run => run.Headline?.ShareMisaligned, run => run.Headline?.ShareMisalignedInterval, Figures.Share),
        new("expected_max_25", "max@25", run => run.Headline?.ExpectedMax25, run => run.Headline?.ExpectedMax25Interval, Figures.Score),
        Adversarial,
        Loss,
        new("heldout_loss_aligned", "loss, aligned", run => run.Evaluation.Heldout?.LossAligned, None, Figures.Loss),
        new("heldout_loss_misaligned", "loss, misaligned", run => run.Evaluation.Heldout?.LossMisaligned, None, Figures.Loss),
        new("kl_mle", "KL from MLE", run => run.Run.IsBaseline ? 0 : DistanceOf(run)?.Nats, run => DistanceOf(run)?.Interval, value => Figures.Fixed(value, 1)),
        Distinct2,
        SelfBleu,
        new("mean_length", "length", run => run.Headline?.MeanLength, None, value => Figures.Fixed(value, 0)),
    ];

    /// <summary>95 % interval of the ratio of two runs that were measured on the same things; null where they were not, or the metric is of samples.</summary>
    public Func<MeasuredRun, MeasuredRun, Interval?> PairedInterval { get; private init; } = (_, _) => null;

    /// <summary>A mean and its interval: <c>0.0051 ± 0.0012</c>.</summary>
    public string Text(Sweep.MeanInterval? interval) => interval is null ? Format(null)
        : interval.HalfWidth is { } half ? $"{Format(interval.Mean)} ± {Format(half)}"
        : Format(interval.Mean);

    private static Interval? None(MeasuredRun run) => null;

    /// <summary>Documents are drawn again, each with what both models make of it, so that hard and easy ones do not count as differences between the models.</summary>
    private static Interval? OverDocuments(MeasuredRun run, MeasuredRun other) =>
        (run.Evaluation.Heldout, other.Evaluation.Heldout) is ({ } own, { } its) && own.DocumentTokens.SequenceEqual(its.DocumentTokens)
            && own.DocumentNats.Count == own.DocumentTokens.Count && its.DocumentNats.Count == own.DocumentTokens.Count
            ? Bootstrap.OfRatio([.. own.DocumentNats], [.. its.DocumentNats]) : null;

    private static KlDivergence? DistanceOf(MeasuredRun run) => run.Evaluation.Kl.FirstOrDefault(distance => distance.From == "model");
}
