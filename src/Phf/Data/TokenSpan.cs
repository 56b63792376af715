using System.Text;
using Phf.Scoring;
using Phf.Text;

namespace Phf.Data;

/// <summary>Tokens [<paramref name="Start"/>, <paramref name="End"/>) with a score of their own.</summary>
internal readonly record struct TokenSpan(int Start, int End, float Score);

/// <summary>Turns places in a segment's text into places in its tokens.</summary>
internal static class TokenSpans
{
    /// <summary>
    /// Adds the token spans of one segment, from left to right and without overlap. A token belongs to a span if any of its bytes does: a blank
    /// before a word, a part of a character. Where spans share a token it has the highest of their scores, and neighbours of one score are
    /// one span.
    /// </summary>
    /// <param name="text">The segment.</param>
    /// <param name="spans">In code points of the text, in any order.</param>
    /// <param name="ids">The segment's tokens.</param>
    /// <param name="tokenizer">Made them.</param>
    /// <param name="offset">Number of the first token, added to the places.</param>
    /// <param name="destination">Receives the spans.</param>
    /// <exception cref="InvalidDataException">The tokens do not stand for the bytes of the text one after another.</exception>
    public static void Add(
        string text, IReadOnlyList<ScoredSpan> spans, List<int> ids, BpeTokenizer tokenizer, int offset, List<TokenSpan> destination)
    {
        if (spans.Count == 0) return;
        int[] bytes = ByteOffsets(text), tokens = TokenOffsets(ids, tokenizer);
        if (tokens[^1] != bytes[^1])
            throw new InvalidDataException($"a segment of {bytes[^1]} bytes became tokens of {tokens[^1]}: this tokenizer changes the text "
                + "(a blank in front, normalization, or added tokens whose bytes are not their text), so the places of spans are not known; use another tokenizer, or pack scores without spans");
        var scores = new float?[ids.Count];
        foreach (ScoredSpan span in spans)
        {
            int from = bytes[span.Start], to = bytes[span.End];
            int token = Array.BinarySearch(tokens, from);
            if (token < 0) token = ~token - 1; // the token that began before
            for (; token < ids.Count && tokens[token] < to; token++)
                if (!(scores[token] >= (float)span.Score)) scores[token] = (float)span.Score;
        }
        for (int start = 0, end; start < scores.Length; start = end)
        {
            for (end = start + 1; end < scores.Length && scores[end] == scores[start]; end++) { }
            if (scores[start] is { } score) destination.Add(new TokenSpan(offset + start, offset + end, score));
        }
    }

    /// <summary>Where each code point begins in the UTF-8 of <paramref name="text"/>, and at the end the number of bytes.</summary>
    private static int[] ByteOffsets(string text)
    {
        var offsets = new List<int>(text.Length + 1) { 0 };
        foreach (Rune rune in text.EnumerateRunes()) offsets.Add(offsets[^1] + rune.Utf8SequenceLength);
        return [.. offsets];
    }

    private static int[] TokenOffsets(List<int> ids, BpeTokenizer tokenizer)
    {
        int[] offsets = new int[ids.Count + 1];
        for (int i = 0; i < ids.Count; i++) offsets[i + 1] = offsets[i] + tokenizer.ByteLength(ids[i]);
        return offsets;
    }
}
