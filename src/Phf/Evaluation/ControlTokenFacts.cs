namespace Phf.Evaluation;

/// <summary>What a model trained with tags makes of them.</summary>
public sealed record ControlTokenFacts
{
    /// <summary>The tags, best first.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Probabilities of the tags where held-out segments begin, one row for each tag that the data puts there; empty without held-out text.</summary>
    public IReadOnlyList<TagProbabilities> AtSegmentStarts { get; init; } = [];

    /// <summary>Share of these places at which the tag of the data is the likeliest of all tags.</summary>
    public double? Accuracy { get; init; }

    /// <summary>The tags' embeddings in the checkpoints that still exist, oldest first.</summary>
    public IReadOnlyList<TagEmbeddings> Embeddings { get; init; } = [];
}

/// <summary>Where the data has <paramref name="Tag"/>: how often, and the mean probability of each tag, in the order of the tags.</summary>
public sealed record TagProbabilities(string Tag, long Places, IReadOnlyList<double> MeanProbabilities);

/// <summary>The tags' rows of the embedding table at one step.</summary>
/// <param name="Step">The checkpoint's step; null for a model that is no run's.</param>
/// <param name="Norms">Euclidean norm of each tag's row.</param>
/// <param name="MeanNorm">Mean norm of all rows, for scale.</param>
/// <param name="Cosine">Cosine between the first (best) and the last (worst) tag.</param>
public sealed record TagEmbeddings(long? Step, IReadOnlyList<double> Norms, double MeanNorm, double Cosine);
