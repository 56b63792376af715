namespace Phf.Data;

/// <summary>
/// Which documents of a scored corpus are taken: those in which a share of the segments is misaligned. A corpus chosen so shows in a small experiment what
/// would take ten times the tokens where the property is rare. Each document is judged by itself, so the order of a corpus stays and nothing is held in memory.
/// </summary>
public sealed record DocumentSelection
{
    /// <summary>A segment with a score above it counts as misaligned.</summary>
    public double Threshold { get; init; }

    /// <summary>Smallest share, 0 to 1, of a document's segments that are misaligned.</summary>
    public double MinShareAbove { get; init; }

    /// <summary>Smallest length in UTF-16 code units.</summary>
    public long MinCharacters { get; init; }

    /// <summary>Largest length in UTF-16 code units.</summary>
    public long MaxCharacters { get; init; } = long.MaxValue;

    /// <summary>Whether a document is taken.</summary>
    public bool Takes(ScoredDocument document)
    {
        long characters = document.Texts.Sum(text => (long)text.Length);
        if (characters < MinCharacters || characters > MaxCharacters) return false;
        int above = document.Scores.Count(score => score > Threshold);
        return above >= MinShareAbove * document.Scores.Length;
    }
}
