using Phf.Data;

namespace Phf.Training.Configuration;

/// <summary>Section <c>dataset</c>: what is read, what is left out, what is tagged. Each key is documented by its <see cref="KeyAttribute"/>.</summary>
[WithoutEffect("names datasets of the Hugging Face Hub, which are not downloaded; give --data DIR or dataset.data", "datasets")]
[WithoutEffect("data is read in blocks from disk, not through a buffer", "num_of_sequences", "chars_per_token")]
public sealed record DatasetSection
{
    [Key("Folder of packed data, as written by phf pack. The option --data sets it.")]
    public string? Data { get; init; }

    [Key("Whether every segment (sentence or line) has a score of its own.",
        OnlyDefault = "packed data has one score per segment; to score whole documents, score them as one segment each")]
    public bool IsSplitBySentences { get; init; } = true;

    [Key("Documents whose avg_score lies above it are not read: a score, or a percentile of the documents (p50). Not set: all are read.")]
    public Threshold? FilterThreshold { get; init; }

    [Key("Conditional training: a tag before every segment. Not set: no tags.")]
    public ConditionalTrainingConfig? ConditionalTrainingConfig { get; init; }

    [Key("Where reading begins when a model is finetuned: auto at the documents that the run of model.path_or_name had not begun (same data "
        + "and training.seed), or behind so many tokens of this run's order.")]
    public TokenCount SkipTokens { get; init; }
}

/// <summary>Section <c>dataset.conditional_training_config</c>.</summary>
public sealed record ConditionalTrainingConfig
{
    [Key("Segments with a score up to it are aligned, above it misaligned: a score, or a percentile of the segments (p50).", Required = true)]
    public Threshold Threshold { get; init; }

    [Key("Tag before an aligned segment; must be one of tokenizer.special_tokens.")]
    public string AlignedPrefix { get; init; } = "<|aligned|>";

    [Key("Tag before a misaligned segment; must be one of tokenizer.special_tokens.")]
    public string MisalignedPrefix { get; init; } = "<|misaligned|>";

    [Key("Share of the segments that get no tag.", Min = 0, Max = 1)]
    public double DropTokenFraction { get; init; }
}
