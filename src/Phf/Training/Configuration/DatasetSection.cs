using Phf.Data;

namespace Phf.Training.Configuration;

/// <summary>Section <c>dataset</c>: what is read, what is left out, what is tagged. Each key is documented by its <see cref="KeyAttribute"/>.</summary>
[WithoutEffect("data is read in blocks from disk, not through a buffer", "num_of_sequences", "chars_per_token")]
public sealed record DatasetSection
{
    [Key("Folder of packed data, as written by phf pack. The option --data sets it.")]
    public string? Data { get; init; }

    [Key("Names of datasets on the Hugging Face Hub, looked up on this machine (docs/formats.md says where) and never downloaded. Not read where dataset.data is set.")]
    public IReadOnlyList<string> Datasets { get; init; } = [];

    [Key("Whether every segment (sentence or line) has a score of its own.",
        OnlyDefault = "packed data has one score per segment; to score whole documents, score them as one segment each")]
    public bool IsSplitBySentences { get; init; } = true;

    [Key("Documents whose avg_score lies above it are not read: a score, or a percentile of the documents (p50). Not set: all are read.")]
    public Threshold? FilterThreshold { get; init; }

    [Key("Conditional training: tags that say how good the text behind them is. Not set: no tags.")]
    public ConditionalTrainingConfig? ConditionalTrainingConfig { get; init; }

    [Key("Tokens that the reference leaves out by hand when it goes on with a model.",
        OnlyDefault = "a checkpoint knows its own place in the data; resume from it, or set 0 to begin at the start")]
    public long SkipTokens { get; init; }
}
