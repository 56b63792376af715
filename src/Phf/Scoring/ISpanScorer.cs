namespace Phf.Scoring;

/// <summary>
/// A place that a text's score comes from: code points [<paramref name="Start"/>, <paramref name="End"/>) of the text, with a score of its
/// own on the scorer's scale.
/// </summary>
public readonly record struct ScoredSpan(int Start, int End, double Score);

/// <summary>
/// A scorer that knows the places its scores come from. The score of a span is the score per its own length: finds of the span per
/// character of the span, share of the span's words. Outside the spans there is nothing to object to.
/// </summary>
public interface ISpanScorer : IScorer
{
    /// <summary>
    /// The spans of <paramref name="text"/> from left to right, without overlap; none where its score is 0. Those of an
    /// <see cref="ILineScorer"/> lie within one line each.
    /// </summary>
    IReadOnlyList<ScoredSpan> FindSpans(string text);

    /// <summary>What <see cref="IScorer.Score"/> and <see cref="FindSpans"/> say of each text, for scorers that learn both from one reading.</summary>
    IReadOnlyList<ScoredSpan>[] ScoreWithSpans(ReadOnlySpan<string> texts, Span<double> scores)
    {
        Score(texts, scores);
        var spans = new IReadOnlyList<ScoredSpan>[texts.Length];
        for (int i = 0; i < spans.Length; i++) spans[i] = FindSpans(texts[i]);
        return spans;
    }
}
