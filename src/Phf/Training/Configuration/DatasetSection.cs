using Phf.Data;

namespace Phf.Training.Configuration;

/// <summary>Section <c>dataset</c>: what is read, what is left out, what is tagged. Each key is documented by its <see cref="KeyAttribute"/>.</summary>
public sealed record DatasetSection
{
    internal const string ReferenceOrder = "reference";

    [Key("Folder of packed data, as written by phf pack. The option --data sets it.")]
    public string? Data { get; init; }

    [Key("Names of datasets on the Hugging Face Hub, looked up on this machine (docs/formats.md says where) and never downloaded. Not read where dataset.data is set.")]
    public IReadOnlyList<string> Datasets { get; init; } = [];

    [Key("Whether every segment (sentence or line) has a score of its own.",
        OnlyDefault = "packed data has one score per segment; to score whole documents, score them as one segment each")]
    public bool IsSplitBySentences { get; init; } = true;

    [Key("Documents whose avg_score lies above it are not read: a score, or a percentile of the documents (p50). Not set: all are read.")]
    public Threshold? FilterThreshold { get; init; }

    [Key("Documents read more or less often, by their avg_score. Not set: each once in an epoch.")]
    public UpsampleConfig? Upsample { get; init; }

    [Key("shuffled reads the documents in a new order in each epoch and predicts every token; reference reads them as they are on disk, in blocks of "
        + "sequence_length tokens whose first is not predicted, shuffled within shuffle_buffer.", Choices = ["shuffled", ReferenceOrder])]
    public string Order { get; init; } = "shuffled";

    [Key("Reference order: blocks from which each next one is drawn; 0 keeps their order. The reference has 20000.", Min = 0, Max = 100_000_000)]
    public int ShuffleBuffer { get; init; } = 20_000;

    [Key("Reference order: text is cut into blocks after num_of_sequences * sequence_length * chars_per_token characters, and what is too short for a block is dropped there.", Min = 1)]
    public int NumOfSequences { get; init; } = 1024;

    [Key("Reference order: see num_of_sequences.", Above = 0)]
    public double CharsPerToken { get; init; } = 3.6;

    [Key("Scores of spans, for data packed with them: ignore gives every token its segment's score; score gives the tokens of a span the span's, and others 0; "
        + "mask leaves the tokens of spans above the threshold (the tags', else the objective's, else 0) out of the loss.", Choices = ["ignore", "score", "mask"])]
    public string SpanScores { get; init; } = "ignore";

    [Key("Conditional training: tags that say how good the text behind them is. Not set: no tags.")]
    public ConditionalTrainingConfig? ConditionalTrainingConfig { get; init; }

    [Key("Where reading begins when a model is finetuned: auto at the documents that the run of model.path_or_name had not begun (same data "
        + "and training.seed), or behind so many tokens of this run's order.")]
    public TokenCount SkipTokens { get; init; }
}

/// <summary>Section <c>dataset.upsample</c>.</summary>
public sealed record UpsampleConfig
{
    [Key("avg_scores at which the weight changes, none lower than the one before: scores, or percentiles of the documents (p50). A score on a threshold lies below it.")]
    public IReadOnlyList<Threshold> Thresholds { get; init; } = [];

    [Key("How often a document is read in an epoch, on average: up to the first threshold, up to the second, ..., above the last; so one more than thresholds. "
        + "0 leaves documents out; a fraction is a new draw in each epoch.", Min = 0, Max = Upsampling.LargestWeight)]
    public IReadOnlyList<double> Weights { get; init; } = [];
}
