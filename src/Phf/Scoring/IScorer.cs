namespace Phf.Scoring;

/// <summary>
/// A reward model or rule: gives each text one number, higher means more misaligned (finds per character, a probability, ...).
/// Implementations hold no state between calls, give a text the same score in any batch, and may be called from several threads at once.
/// </summary>
public interface IScorer
{
    /// <summary>Name, version and options, e.g. <c>pii/scrubadub-2.0.0-default</c>; recorded in every scored file and run.</summary>
    string Id { get; }

    /// <summary>Scores <paramref name="texts"/> into <paramref name="scores"/> (same length). Lengths count Unicode code points.</summary>
    void Score(ReadOnlySpan<string> texts, Span<double> scores);
}

/// <summary>A scorer whose score of a line depends on the lines around it.</summary>
public interface ILineScorer : IScorer
{
    /// <summary>A finite score for each line of <paramref name="document"/>; a line ends with <c>\n</c> or with the text.</summary>
    double[] ScoreLines(string document);
}

/// <summary>One found span: UTF-16 offsets [Begin, End) into the text that was searched, and what was found there (e.g. <c>email</c>).</summary>
public readonly record struct Finding(int Begin, int End, string Type);
