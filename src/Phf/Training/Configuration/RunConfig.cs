namespace Phf.Training.Configuration;

/// <summary>The whole configuration of a run, in the reference's schema (YAML): six sections, each a record with documented defaults.</summary>
[WithoutEffect("GPT-3 is not asked; phf evaluate estimates the KL to a model on disk", "kl_gpt3_callback")]
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

    /// <summary>The resolved configuration as YAML: every key that has a value. <see cref="ConfigLoader.Load"/> reads it back to the same.</summary>
    public string ToYaml() => ConfigWriter.Write(this);
}
