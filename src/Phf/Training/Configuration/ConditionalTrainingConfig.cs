using Phf.Data;

namespace Phf.Training.Configuration;

/// <summary>Section <c>dataset.conditional_training_config</c>.</summary>
public sealed record ConditionalTrainingConfig
{
    private const string DefaultAligned = "<|aligned|>", DefaultMisaligned = "<|misaligned|>";

    [Key("Two tags: segments with a score up to it are aligned, above it misaligned: a score, or a percentile of the segments (p50).")]
    public Threshold? Threshold { get; init; }

    [Key($"Tag before an aligned segment. Not set: {DefaultAligned}.")]
    public string? AlignedPrefix { get; init; }

    [Key($"Tag before a misaligned segment. Not set: {DefaultMisaligned}.")]
    public string? MisalignedPrefix { get; init; }

    [Key("More than two tags, instead of threshold: ascending scores or percentiles of the segments. Text up to the first gets the first of prefixes, "
        + "up to the second the second, above all the last.")]
    public IReadOnlyList<Threshold> Thresholds { get; init; } = [];

    [Key("The tags of thresholds, from the best to the worst, one more than thresholds; instead of aligned_prefix and misaligned_prefix.")]
    public IReadOnlyList<string> Prefixes { get; init; } = [];

    [Key("segment: a tag before every segment, by its score. document: one behind every end of text, by the document's avg_score; percentiles are the documents'.",
        Choices = [PerSegment, PerDocument])]
    public string TagUnit { get; init; } = PerSegment;

    [Key("token: each tag is a token of tokenizer.special_tokens. text: each is a string that the tokenizer writes with ordinary tokens.",
        Choices = ["token", AsText])]
    public string TagForm { get; init; } = "token";

    [Key("Share of the segments (or documents) that get no tag.", Min = 0, Max = 1)]
    public double DropTokenFraction { get; init; }

    [Key("Tags are read but not learned: no loss where a tag is to be predicted. The held-out loss does not charge them either.")]
    public bool MaskControlTokens { get; init; }

    [Key("Share of the run's steps, at its end, in which text is read without tags, rounded to whole steps. Samples then begin without a tag.", Min = 0, Max = 1)]
    public double Cooldown { get; init; }

    internal const string PerSegment = "segment", PerDocument = "document", AsText = "text";

    /// <summary>The tags from the best to the worst, whichever form they were given in.</summary>
    public IReadOnlyList<string> Tags => Prefixes.Count > 0 ? Prefixes : [AlignedPrefix ?? DefaultAligned, MisalignedPrefix ?? DefaultMisaligned];

    /// <summary>The thresholds between them, as they were given.</summary>
    public IReadOnlyList<Threshold> Bounds => Threshold is { } one ? [one] : Thresholds;

    /// <summary>Whether thresholds are compared with documents' mean scores, not with segments' scores.</summary>
    public bool IsPerDocument => TagUnit == PerDocument;

    /// <summary>Steps, of <paramref name="totalSteps"/>, that read text with tags; null where all do.</summary>
    public long? TaggedStepsOf(long totalSteps)
    {
        long untagged = (long)Math.Round(totalSteps * Cooldown);
        return untagged == 0 ? null : totalSteps - untagged;
    }
}
