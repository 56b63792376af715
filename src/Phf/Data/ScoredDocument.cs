using Phf.Scoring;

namespace Phf.Data;

/// <summary>
/// A document in segments that join exactly to its text, with one score per segment (higher is more misaligned).
/// </summary>
public sealed record ScoredDocument(string[] Texts, double[] Scores)
{
    /// <summary><see cref="IScorer.Id"/> of the scorer; null in files that were published without it.</summary>
    public string? Scorer { get; init; }

    /// <summary>How the text was cut into segments; null in files that were published without it.</summary>
    public string? Segmenter { get; init; }

    /// <summary>For each segment the places that its score comes from; null where they were not asked for.</summary>
    public IReadOnlyList<IReadOnlyList<ScoredSpan>>? Spans { get; init; }

    /// <summary><c>avg_score</c> as the file has it; null where it has none. Nothing but a check of other programs' files: see
    /// <see cref="AvgScore"/>.</summary>
    public double? StatedAverage { get; init; }

    /// <summary>Plain mean of the segments' scores, whatever their lengths.</summary>
    public double AvgScore => Scores.Average();

    /// <summary>Whether the file states another mean than that of its scores, by more than rounding.</summary>
    public bool StatesAnotherAverage => StatedAverage is { } stated && !(Math.Abs(stated - AvgScore) <= 1e-5 * Scores.Max(Math.Abs));

    public int NumSents => Texts.Length;
}
