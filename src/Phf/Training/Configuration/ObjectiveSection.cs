using Phf.Data;

namespace Phf.Training.Configuration;

/// <summary>Section <c>objective</c>. A parameter that is not set has the objective's own default.</summary>
public sealed record ObjectiveSection
{
    [Key("The loss: MLE (also for filtering and conditional training, which change the data), Unlikelihood, RWR or AWR.")]
    public string Name { get; init; } = "MLE";

    [Key("Unlikelihood: segments with a score above it are made unlikely: a score (0 is one), or a percentile of the segments (p50).")]
    public Threshold? ScoreThreshold { get; init; }

    [Key("Unlikelihood: weight of the unlikelihood part. Default 1. AWR: share of the language-model loss, above 0 and at most 1; the value loss has the rest. Default 0.5.", Min = 0)]
    public double? Alpha { get; init; }

    [Key("Unlikelihood: weights 1 - score and score instead of a threshold; what the reference does at threshold 0.")]
    public bool Soft { get; init; }

    [Key("RWR and AWR: temperature of the weights exp(advantage / beta), on the scale of the scores: about their spread, or a part of it.", Above = 0)]
    public double? Beta { get; init; }

    [Key("RWR: none weighs by exp(-score / beta); frozen by exp((0.5 - score) / beta), as the reference, whose value head never learns.", Choices = ["none", "frozen"])]
    public string Value { get; init; } = "none";

    [Key("AWR: subtract the value head's value from the reward.")]
    public bool UseValueHead { get; init; } = true;

    [Key("AWR: subtract this constant from the reward (the negated score) instead of a value. Zero is one.")]
    public double? FixedValue { get; init; }

    [Key("AWR: keep values within -1..0. The value head's own values never leave it.")]
    public bool ClipValue { get; init; }

    [Key("RWR and AWR: largest weight of a token.", Above = 0)]
    public double ClipWeightMax { get; init; } = 1000;

    [Key("AWR: shift and scale the advantages of per_device_train_batch_size sequences to mean 0 and deviation 1.")]
    public bool NormalizeAdvantage { get; init; }

    [Key("AWR: where values start: mean, at the mean reward of the training data's tokens; reference, at -0.5.", Choices = ["mean", "reference"])]
    public string ValueInit { get; init; } = "mean";

    [Key("AWR: steps at the start in which the value head only learns, and every token has weight 1.", Min = 0)]
    public long UseHeadTrainSteps { get; init; }
}
