namespace Phf.Evaluation;

/// <summary>What a model reached in one task, e.g. the cloze test LAMBADA.</summary>
public sealed record TaskResult
{
    /// <summary>Short name, unique in an evaluation, e.g. <c>lambada_openai</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What was asked and how, one sentence.</summary>
    public required string Description { get; init; }

    /// <summary>Items behind the metrics.</summary>
    public required int Items { get; init; }

    /// <summary>Numbers by name, e.g. <c>accuracy</c>, <c>perplexity</c>, <c>pass@1</c>.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>95 % intervals of those metrics that have one, by the same names.</summary>
    public IReadOnlyDictionary<string, Interval> Intervals { get; init; } = new Dictionary<string, Interval>();
}
