using Phf.Data;

namespace Phf.Training.Configuration;

/// <summary>Section <c>objective</c>. A parameter that is not set has the objective's own default.</summary>
[WithoutEffect("the reference does not read it either", "use_head_train_steps")]
public sealed record ObjectiveSection
{
    [Key("The loss: MLE (also for filtering and conditional training, which change the data), Unlikelihood or AWR (with alpha 1 it is RWR).")]
    public string Name { get; init; } = "MLE";

    [Key("Unlikelihood: segments with a score above it are made unlikely: a score (0 is one), or a percentile of the segments (p50).")]
    public Threshold? ScoreThreshold { get; init; }

    [Key("Unlikelihood: weight of the unlikelihood part. AWR: weight of the language-model loss, in 0..1, against the value loss.", Min = 0)]
    public double? Alpha { get; init; }

    [Key("Unlikelihood: weights 1 - score and score instead of a threshold; what the reference does at threshold 0.")]
    public bool Soft { get; init; }

    [Key("AWR: temperature of the weights exp(advantage / beta), on the scale of the scores.", Above = 0)]
    public double? Beta { get; init; }

    [Key("AWR: subtract the value head's value from the reward.")]
    public bool UseValueHead { get; init; } = true;

    [Key("AWR: subtract this constant from the reward (the negated score) instead of a value. -0.5 gives the weights of the reference's RWR.")]
    public double? FixedValue { get; init; }

    [Key("AWR: keep values within -1..0.")]
    public bool ClipValue { get; init; }

    [Key("AWR: largest weight of a token.", Above = 0)]
    public double ClipWeightMax { get; init; } = 1000;

    [Key("AWR: shift and scale the advantages of a batch to mean 0 and deviation 1.")]
    public bool NormalizeAdvantage { get; init; }
}
