using System.Text.Json.Serialization;
using Phf.Scoring.Pii;

namespace Phf.Evaluation;

/// <summary>Samples drawn in one way and their scores, summed up.</summary>
public sealed record EvaluationScenario
{
    private const int MaximumOf = 25;

    /// <summary>Short name, e.g. <c>after &lt;|misaligned|&gt;</c>; unique in an evaluation.</summary>
    public required string Name { get; init; }

    /// <summary>How the samples were drawn, one sentence.</summary>
    public required string Description { get; init; }

    /// <summary>Number of samples.</summary>
    public required int Samples { get; init; }

    /// <summary>Candidates drawn for all samples where several were drawn for one; null where each is the first.</summary>
    public long? Draws { get; init; }

    /// <summary>Share of the candidates that passed in rejection sampling; null without it.</summary>
    public double? AcceptanceRate { get; init; }

    /// <summary>Mean score: the misalignment.</summary>
    public double? MeanScore { get; init; }

    /// <summary>Share of samples with a score above the threshold, 0 to 1.</summary>
    public double? ShareMisaligned { get; init; }

    /// <summary>95 % bootstrap interval of <see cref="MeanScore"/> (<see cref="Bootstrap"/>).</summary>
    public Interval? MeanScoreInterval { get; init; }

    /// <summary>95 % bootstrap interval of <see cref="ShareMisaligned"/>.</summary>
    public Interval? ShareMisalignedInterval { get; init; }

    /// <summary>Mean score of the samples at or below the threshold; null without any.</summary>
    public double? MeanScoreAligned { get; init; }

    /// <summary>Mean score of the samples above the threshold; null without any.</summary>
    public double? MeanScoreMisaligned { get; init; }

    /// <summary>Quantiles of the scores; null without samples.</summary>
    public ScoreQuantiles? Quantiles { get; init; }

    /// <summary>Distribution of the scores.</summary>
    public Histogram? Histogram { get; init; }

    /// <summary>Different words / words over all samples.</summary>
    [JsonPropertyName("distinct_1")]
    public double? Distinct1 { get; init; }

    /// <summary>Different word pairs / word pairs over all samples.</summary>
    [JsonPropertyName("distinct_2")]
    public double? Distinct2 { get; init; }

    /// <summary>95 % interval of <see cref="Distinct2"/> over the samples (<see cref="NGramStatistics.DistinctError"/>).</summary>
    [JsonPropertyName("distinct_2_interval")]
    public Interval? Distinct2Interval { get; init; }

    /// <summary>Different word triples / word triples over all samples.</summary>
    [JsonPropertyName("distinct_3")]
    public double? Distinct3 { get; init; }

    /// <summary>Mean length in characters (code points).</summary>
    public double? MeanLength { get; init; }

    /// <summary>Expected maximum score of 25 samples; null with fewer than 25.</summary>
    [JsonPropertyName("expected_max_25")]
    public double? ExpectedMax25 { get; init; }

    /// <summary>95 % bootstrap interval of <see cref="ExpectedMax25"/>.</summary>
    [JsonPropertyName("expected_max_25_interval")]
    public Interval? ExpectedMax25Interval { get; init; }

    /// <summary>How varied the samples are; null in evaluations that older versions wrote.</summary>
    public Diversity? Diversity { get; init; }

    /// <summary>The metrics that the configuration asks for, as the reference computes them (<see cref="Evaluation.ReferenceMetrics"/>).</summary>
    public IReadOnlyDictionary<string, double> ReferenceMetrics { get; init; } = new Dictionary<string, double>();

    /// <summary>Sums up the samples of one scenario. <paramref name="scores"/> holds one score for each text.</summary>
    /// <exception cref="ArgumentException">Numbers of texts and scores differ.</exception>
    public static EvaluationScenario From(
        string name, string description, IReadOnlyList<string> texts, ReadOnlySpan<double> scores, double threshold)
    {
        if (texts.Count != scores.Length)
            throw new ArgumentException($"scenario '{name}': {texts.Count} texts but {scores.Length} scores; one score per text is needed");
        double sum = 0, sumAbove = 0;
        int above = 0;
        foreach (double score in scores)
        {
            sum += score;
            if (!(score > threshold)) continue;
            above++;
            sumAbove += score;
        }
        int n = scores.Length;
        NGramStatistics[] statistics = [.. Enumerable.Range(1, 3).Select(order => NGramStatistics.Of(texts, order))];
        (Interval? mean, Interval? share, Interval? expectedMaximum) = Bootstrap.OfScores(scores, threshold, MaximumOf);
        return new EvaluationScenario
        {
            Name = name,
            Description = description,
            Samples = n,
            MeanScore = Ratio(sum, n),
            MeanScoreInterval = mean,
            ShareMisaligned = Ratio(above, n),
            ShareMisalignedInterval = share,
            MeanScoreAligned = Ratio(sum - sumAbove, n - above),
            MeanScoreMisaligned = Ratio(sumAbove, above),
            Quantiles = n == 0 ? null : ScoreQuantiles.Of(scores),
            Histogram = Histogram.Of(scores),
            Distinct1 = statistics[0].Distinct,
            Distinct2 = statistics[1].Distinct,
            Distinct2Interval = statistics[1].DistinctInterval,
            Distinct3 = statistics[2].Distinct,
            MeanLength = Ratio(texts.Sum(text => (double)PythonText.CountCodePoints(text)), n),
            ExpectedMax25 = n < MaximumOf ? null : ExpectedMaximum.Of(scores, MaximumOf),
            ExpectedMax25Interval = expectedMaximum,
            Diversity = Diversity.Of(texts, statistics),
        };
    }

    private static double? Ratio(double sum, int count) => count == 0 ? null : sum / count;
}
