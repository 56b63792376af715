using System.Buffers;

namespace Phf.Scoring.Pii;

/// <summary>
/// E-mail addresses, also spelled "alice at example dot com" with one white character on each side. There is no list of top-level domains
/// and "at" may be a plain word, so "laughed at all.OK" is a find.
/// <para>A find is looked for around each "@" or " at ": its local part (at most 64 characters) can only end there, and whether a domain
/// follows does not depend on where the local part begins.</para>
/// </summary>
internal static class EmailDetector
{
    public const string Name = "email";
    private const int MaxLocal = 64;
    private const int SpelledAtLength = 4; // white, "at", white
    private static readonly SearchValues<string> WhiteAndAt =
        SearchValues.Create([.. PythonText.AllWhites.Where(char.IsAscii).Select(white => white + "at")], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<char> OtherWhites =
        SearchValues.Create([.. PythonText.AllWhites.Where(white => !char.IsAscii(white))]);
    private static readonly SearchValues<char> LocalMarks = SearchValues.Create("!#$%&'*+/=?^_`{|}~-");

    public static void Find(ReadOnlySpan<char> text, List<Finding> found)
    {
        int free = 0; // first character that is in no find yet
        bool otherWhites = text.ContainsAny(OtherWhites); // the fast search for " at " knows those of ASCII only
        int at = NextAt(text, 0), spelled = NextSpelledAt(text, 0, otherWhites);
        while (at < text.Length || spelled < text.Length)
        {
            bool isSpelled = spelled < at;
            int separator = isSpelled ? spelled : at;
            int begin = LocalBegin(text, free, separator);
            int end = begin < 0 ? -1 : EmailDomain.End(text, separator + (isSpelled ? SpelledAtLength : 1));
            if (end > 0) found.Add(new Finding(begin, free = end, Name));

            int next = Math.Max(separator + 1, free);
            if (at < next) at = NextAt(text, next);
            if (spelled < next) spelled = NextSpelledAt(text, next, otherWhites);
        }
    }

    private static int NextAt(ReadOnlySpan<char> text, int from)
    {
        int skip = text[from..].IndexOf('@');
        return skip < 0 ? text.Length : from + skip;
    }

    /// <summary>The white character before the next "at" between two of them.</summary>
    private static int NextSpelledAt(ReadOnlySpan<char> text, int from, bool otherWhites)
    {
        for (int at = from; at < text.Length; at++)
        {
            int skip = otherWhites ? text[(at + 1)..].IndexOf("at", StringComparison.OrdinalIgnoreCase) : text[at..].IndexOfAny(WhiteAndAt);
            if (skip < 0) break;
            at += skip;
            if (PythonText.IsWhite(text[at]) && at + 3 < text.Length && PythonText.IsWhite(text[at + 3])) return at;
        }
        return text.Length;
    }

    /// <summary>
    /// The leftmost place at or after <paramref name="free"/> where a local part that ends at <paramref name="separator"/> can begin, or -1.
    /// </summary>
    private static int LocalBegin(ReadOnlySpan<char> text, int free, int separator)
    {
        int first = Math.Max(free, separator - MaxLocal);
        if (separator == first || !IsLocal(text[separator - 1])) return -1;
        int begin = -1;
        for (int i = separator - 1; i >= first; i--)
        {
            if (text[i] == '.') continue;
            if (!IsLocal(text[i])) break;
            if (PythonText.IsBoundary(text, i)) begin = i;
        }
        return begin;
    }

    private static bool IsLocal(char c) => PythonText.IsLetterOrDigitIgnoringCase(c) || LocalMarks.Contains(c);
}
