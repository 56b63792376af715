namespace Phf.Evaluation.Report;

/// <summary>What is known of a model's control tokens, as numbers of a report. Of embeddings those of the newest checkpoint.</summary>
internal static class TagMeasures
{
    /// <summary>Share of segment starts where the data's tag is the likeliest of the tags.</summary>
    public static readonly Measure Accuracy = Of("accuracy", Figures.Share, facts => facts.Accuracy);

    /// <summary>Mean norm of all embeddings, for scale.</summary>
    public static readonly Measure MeanNorm = Of("mean_norm", Figures.Score, facts => facts.Embeddings.LastOrDefault()?.MeanNorm);

    /// <summary>Cosine between the best and the worst tag.</summary>
    public static readonly Measure Cosine = Of("cosine", Figures.Score, facts => facts.Embeddings.LastOrDefault()?.Cosine);

    /// <summary>Segments of held-out text that begin with a tag.</summary>
    public static Measure Places(string tag) => Of($"places/{tag}", Figures.Count, facts => At(facts, tag)?.Places);

    /// <summary>Mean probability of <paramref name="other"/> where the data has <paramref name="tag"/>.</summary>
    public static Measure Probability(string tag, string other) =>
        Of($"probability/{tag}/{other}", Figures.Score, facts => Number(At(facts, tag)?.MeanProbabilities, facts, other));

    /// <summary>Norm of a tag's embedding.</summary>
    public static Measure Norm(string tag) => Of($"norm/{tag}", Figures.Score, facts => NormOf(facts, facts.Embeddings.LastOrDefault(), tag));

    /// <summary>Norm of a tag's embedding at one step; null where it is not known.</summary>
    public static double? NormOf(ControlTokenFacts facts, TagEmbeddings? embeddings, string tag) => Number(embeddings?.Norms, facts, tag);

    /// <summary>The tags of models, best first.</summary>
    public static IReadOnlyList<string> Tags(IEnumerable<RunReport> runs) => [.. runs.SelectMany(run => run.Evaluation?.ControlTokens?.Tags ?? []).Distinct()];

    /// <summary>Everything, of all tags.</summary>
    public static IReadOnlyList<Measure> All(IReadOnlyList<RunReport> runs)
    {
        IReadOnlyList<string> tags = Tags(runs);
        return tags.Count == 0 ? []
            : [.. tags.SelectMany(tag => (Measure[])[Places(tag), .. tags.Select(other => Probability(tag, other))]), Accuracy, .. tags.Select(Norm), MeanNorm, Cosine];
    }

    private static Measure Of(string name, Func<double?, string> format, Func<ControlTokenFacts, double?> value) =>
        new($"tags/{name}", name, format, (run, _) => run.Evaluation?.ControlTokens is { } facts ? Reading.Of(value(facts)) : null);

    private static TagProbabilities? At(ControlTokenFacts facts, string tag) => facts.AtSegmentStarts.FirstOrDefault(row => row.Tag == tag);

    /// <summary>The number that stands for a tag in a list which is in the order of the tags.</summary>
    private static double? Number(IReadOnlyList<double>? numbers, ControlTokenFacts facts, string tag)
    {
        for (int i = 0; i < Math.Min(facts.Tags.Count, numbers?.Count ?? 0); i++)
            if (facts.Tags[i] == tag) return numbers![i];
        return null;
    }
}
