using Phf.Data;

namespace Phf.Training.Configuration;

/// <summary>The whole configuration of a run, in the reference's schema (YAML): seven sections, each a record with documented defaults.</summary>
public sealed record RunConfig
{
    [Key("What is read.")]
    public DatasetSection Dataset { get; init; } = new();

    [Key("How text becomes tokens.")]
    public TokenizerSection Tokenizer { get; init; } = new();

    [Key("The model and where it starts.")]
    public ModelSection Model { get; init; } = new();

    [Key("The loss.")]
    public ObjectiveSection Objective { get; init; } = new();

    [Key("Steps, optimizer, log and checkpoints.")]
    public TrainingSection Training { get; init; } = new();

    [Key("What is sampled and scored.")]
    public GenerationSection Generation { get; init; } = new();

    [Key("How the distance to a reference LM is estimated.")]
    public KlSection KlGpt3Callback { get; init; } = new();

    /// <summary>
    /// The same configuration with every threshold replaced; <paramref name="map"/> is told whether it is one of documents' mean scores
    /// (true) or of segments' scores.
    /// </summary>
    internal RunConfig WithThresholds(Func<Threshold, bool, Threshold> map)
    {
        ConditionalTrainingConfig? tags = Dataset.ConditionalTrainingConfig;
        return this with
        {
            Dataset = Dataset with
            {
                FilterThreshold = Dataset.FilterThreshold is { } limit ? map(limit, true) : null,
                Upsample = Dataset.Upsample is { } upsample ? upsample with { Thresholds = [.. upsample.Thresholds.Select(bound => map(bound, true))] } : null,
                ConditionalTrainingConfig = tags is null ? null : tags with
                {
                    Threshold = tags.Threshold is { } only ? map(only, tags.IsPerDocument) : null,
                    Thresholds = [.. tags.Thresholds.Select(bound => map(bound, tags.IsPerDocument))],
                },
            },
            Objective = Objective with { ScoreThreshold = Objective.ScoreThreshold is { } own ? map(own, false) : null },
        };
    }

    /// <summary>The resolved configuration as YAML: every key that has a value. <see cref="ConfigLoader.Load"/> reads it back to the same.</summary>
    public string ToYaml() => ConfigWriter.Write(this);
}
