using Phf.Evaluation.Report;

namespace Phf.Evaluation.Sweep;

/// <summary>One number of a run that a sweep averages.</summary>
/// <param name="Name">In sweep.json and sweep.csv.</param>
/// <param name="Title">In tables.</param>
/// <param name="Of">Reads it from a run; null where the run has none.</param>
/// <param name="Format">Makes it text.</param>
internal sealed record SweepMetric(string Name, string Title, Func<RunReport, double?> Of, Func<double?, string> Format)
{
    /// <summary>All metrics, in the order of the columns. Losses are of the evaluation; of a run that was not evaluated, those of its last step.</summary>
    public static readonly IReadOnlyList<SweepMetric> All =
    [
        new("misalignment", "misalignment", run => run.Misalignment, Figures.Score),
        new("share_misaligned", "misaligned samples", run => run.Headline?.ShareMisaligned, Figures.Share),
        new("heldout_loss", "held-out loss", run => run.Evaluation is null ? run.Metrics.Heldout.LastOrDefault()?.Loss : run.Capability, Figures.Loss),
        new("heldout_loss_aligned", "loss, aligned", run => run.Evaluation is null ? run.Metrics.Heldout.LastOrDefault()?.LossAligned : run.Evaluation.Heldout?.LossAligned, Figures.Loss),
        new("heldout_loss_misaligned", "loss, misaligned", run => run.Evaluation is null ? run.Metrics.Heldout.LastOrDefault()?.LossMisaligned : run.Evaluation.Heldout?.LossMisaligned, Figures.Loss),
        new("train_loss", "last training loss", run => run.Metrics.Training.LastOrDefault()?.Loss, Figures.Loss),
        new("distinct_2", "distinct-2", run => run.Headline?.Distinct2, value => Figures.Fixed(value, 3)),
        new("mean_length", "length", run => run.Headline?.MeanLength, value => Figures.Fixed(value, 0)),
    ];

    /// <summary>A mean and its interval: <c>0.0051 ± 0.0012</c>.</summary>
    public string Text(MeanInterval? interval) => interval is null ? Format(null)
        : interval.HalfWidth is { } half ? $"{Format(interval.Mean)} ± {Format(half)}"
        : Format(interval.Mean);
}
