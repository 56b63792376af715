using System.Buffers;

namespace Phf.Scoring.Pii;

/// <summary>
/// The domain of an e-mail address: a letter or digit, then one or more groups up to a word boundary. A group has a dot ahead, with only
/// letters, digits and hyphens before that dot; it is at most 251 items (a letter, digit, hyphen, dot, or white-"dot"-white) and one last
/// letter or digit, as long as possible.
/// </summary>
internal static class EmailDomain
{
    private const int MaxGroup = 252;

    /// <summary>The end of the domain that begins at <paramref name="begin"/>, or -1.</summary>
    public static int End(ReadOnlySpan<char> text, int begin)
    {
        if (begin >= text.Length || !PythonText.IsLetterOrDigitIgnoringCase(text[begin])) return -1;
        int at = begin + 1;
        while (at < text.Length && IsLabel(text[at])) at++;
        if (!IsDot(text, at)) return -1;

        // Up to 252 items one group can end wherever two could: the last letter or digit before a boundary.
        int end = -1, items = 0;
        at = begin + 1;
        for (int length; (length = ItemLength(text, at)) > 0; at += length)
        {
            if (++items > MaxGroup) return LongEnd(text, begin + 1);
            if (length == 1 && IsEnd(text, at)) end = at + 1;
        }
        return end;
    }

    /// <summary>
    /// The same for more items than one group holds: goes from right to left and keeps, for each letter or digit at which a group can end,
    /// where the whole domain then ends. That is the order of a backtracking search (longest group first) without its repetitions.
    /// </summary>
    private static int LongEnd(ReadOnlySpan<char> text, int begin)
    {
        int count = 0;
        for (int at = begin, length; (length = ItemLength(text, at)) > 0; at += length) count++;
        int[] starts = ArrayPool<int>.Shared.Rent(count + 1), ends = ArrayPool<int>.Shared.Rent(count + 1);
        for (int i = 0, at = begin; i <= count; at += ItemLength(text, at), i++) starts[i] = at;

        // ends[i]: the end of the domain if a group ends after item i - 1; 0 if none does. i = 0 is the beginning.
        bool dotAhead = false;
        for (int i = count; i >= 0; i--)
        {
            if (i < count) dotAhead = IsDot(text, starts[i]) || (dotAhead && IsLabel(text[starts[i]]));
            ends[i] = 0;
            if (i > 0 && !PythonText.IsLetterOrDigitIgnoringCase(text[starts[i] - 1])) continue;
            for (int group = Math.Min(count, i + MaxGroup); dotAhead && ends[i] == 0 && group > i; group--) ends[i] = ends[group];
            if (ends[i] == 0 && i > 0 && IsEnd(text, starts[i] - 1)) ends[i] = starts[i];
        }
        int end = ends[0] == 0 ? -1 : ends[0];
        ArrayPool<int>.Shared.Return(starts);
        ArrayPool<int>.Shared.Return(ends);
        return end;
    }

    private static bool IsLabel(char c) => c == '-' || PythonText.IsLetterOrDigitIgnoringCase(c);

    private static bool IsEnd(ReadOnlySpan<char> text, int at) =>
        PythonText.IsLetterOrDigitIgnoringCase(text[at]) && PythonText.WordLength(text, at + 1) == 0;

    private static bool IsDot(ReadOnlySpan<char> text, int at) => at < text.Length && (text[at] == '.' || IsSpelledDot(text, at));

    private static bool IsSpelledDot(ReadOnlySpan<char> text, int at) =>
        at + 4 < text.Length && PythonText.IsWhite(text[at]) && PythonText.IsWhite(text[at + 4])
        && PythonText.StartsWithIgnoringCase(text, at + 1, "dot");

    private static int ItemLength(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length) return 0;
        if (text[at] == '.' || IsLabel(text[at])) return 1;
        return IsSpelledDot(text, at) ? 5 : 0;
    }
}
