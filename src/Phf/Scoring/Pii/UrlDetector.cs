using System.Buffers;

namespace Phf.Scoring.Pii;

/// <summary>
/// URLs: lower-case <c>http://</c> or <c>https://</c> with an optional <c>www.</c>, or <c>www.</c> alone; then 2 to 256 domain characters,
/// a dot and two lower-case letters; then everything that can stand in a path. The pattern's last part takes every character that its
/// middle takes, so a URL always ends where the run of path characters ends, and only the dot has to be looked for.
/// </summary>
internal static class UrlDetector
{
    public const string Name = "url";
    private const int MinDomain = 2, MaxDomain = 256; // code points before the dot
    private static readonly SearchValues<string> Starts = SearchValues.Create(["http", "www."], StringComparison.Ordinal);

    public static void Find(ReadOnlySpan<char> text, List<Finding> found) => Find(text, found, MinDomain);

    /// <summary>The same with case ignored, and with names of one letter before the dot.</summary>
    public static void FindFixed(ReadOnlySpan<char> text, List<Finding> found)
    {
        if (!text.ContainsAnyInRange('A', 'Z'))
        {
            Find(text, found, minDomain: 1);
            return;
        }
        char[] lower = ArrayPool<char>.Shared.Rent(text.Length);
        text.ToLowerInvariant(lower);
        Find(lower.AsSpan(0, text.Length), found, minDomain: 1);
        ArrayPool<char>.Shared.Return(lower);
    }

    private static void Find(ReadOnlySpan<char> text, List<Finding> found, int minDomain)
    {
        for (int at = 0; ; at++)
        {
            int skip = text[at..].IndexOfAny(Starts);
            if (skip < 0) return;
            at += skip;
            int end = End(text, at, minDomain);
            if (end < 0) continue;
            found.Add(new Finding(at, end, Name));
            at = end - 1;
        }
    }

    private static int End(ReadOnlySpan<char> text, int begin, int minDomain)
    {
        int domain = DomainStart(text[begin..]);
        if (domain == 0) return -1;
        domain += begin;
        bool hasDot = HasDotAndLetters(text, domain, minDomain)
            || (text[begin] == 'h' && text[domain..].StartsWith("www.") && HasDotAndLetters(text, domain + 4, minDomain));
        if (!hasDot) return -1;
        int end = domain;
        for (int length; (length = CharacterLength(text, end, inPath: true)) > 0; end += length) ;
        return end;
    }

    private static int DomainStart(ReadOnlySpan<char> text) =>
        text.StartsWith("www.") ? 4 : text.StartsWith("http://") ? 7 : text.StartsWith("https://") ? 8 : 0;

    private static bool HasDotAndLetters(ReadOnlySpan<char> text, int domain, int minDomain)
    {
        int at = domain;
        for (int count = 0; count <= MaxDomain; count++)
        {
            if (count >= minDomain && text[at..] is ['.', >= 'a' and <= 'z', >= 'a' and <= 'z', ..]) return true;
            int length = CharacterLength(text, at, inPath: false);
            if (length == 0) return false;
            at += length;
        }
        return false;
    }

    private static int CharacterLength(ReadOnlySpan<char> text, int at, bool inPath)
    {
        int word = PythonText.WordLength(text, at);
        if (word > 0 || at >= text.Length) return word;
        return text[at] is '-' or '@' or ':' or '%' or '.' or '+' or '~' or '#' or '=' || (inPath && text[at] is '?' or '&' or '/') ? 1 : 0;
    }
}
