using Phf.Evaluation.Kl;
using Phf.Training.Configuration;

namespace Phf.Evaluation;

/// <summary>What is measured, and how.</summary>
public sealed record EvaluationRequest
{
    /// <summary>Ways of sampling; the first one is the headline.</summary>
    public required IReadOnlyList<SamplingScenario> Scenarios { get; init; }

    /// <summary>Same seed, same samples.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The reference's metrics to report besides.</summary>
    public IReadOnlyList<MetricConfig> Metrics { get; init; } = [];

    /// <summary>Distances to other language models; null for none.</summary>
    public KlRequest? Kl { get; init; }
}
