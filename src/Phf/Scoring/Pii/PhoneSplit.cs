namespace Phf.Scoring.Pii;

/// <summary>
/// Places where a candidate may be two numbers, from the clearest to the least clear: a slash, an opening bracket, a hyphen beside a blank,
/// a wide dash, a full stop, a blank. A candidate is cut at one kind of place only.
/// </summary>
internal static class PhoneSplit
{
    /// <summary>The next cut at or after <c>from</c>.</summary>
    public delegate Part Rule(ReadOnlySpan<char> text, int from);

    /// <summary>Where the separator begins (-1: no cut), and the part behind it.</summary>
    public readonly record struct Part(int Separator, int Begin, int End)
    {
        public static readonly Part None = new(-1, 0, 0);
    }

    public static readonly Rule[] All = [AtSlash, AtBracket, AtSpacedHyphen, AtWideDash, AtFullStop, AtBlank];

    private static Part AtSlash(ReadOnlySpan<char> text, int from)
    {
        int separator = IndexOf(text, from, '/'), begin = separator;
        if (separator < 0) return Part.None;
        while (begin < text.Length && text[begin] == '/') begin++;
        return new Part(separator, begin, text.Length);
    }

    private static Part AtBracket(ReadOnlySpan<char> text, int from)
    {
        int separator = IndexOf(text, from, '(');
        if (separator < 0) return Part.None;
        int next = IndexOf(text, separator + 1, '(');
        return new Part(separator, separator, next < 0 ? text.Length : next);
    }

    private static Part AtSpacedHyphen(ReadOnlySpan<char> text, int from)
    {
        for (int i = from; i + 1 < text.Length; i++)
        {
            bool isSeparator = (PythonText.IsWhite(text[i]) && text[i + 1] == '-') || (text[i] == '-' && PythonText.IsWhite(text[i + 1]));
            if (isSeparator && RestAfterBlanks(text, i, i + 2) is { Separator: >= 0 } part) return part;
        }
        return Part.None;
    }

    private static Part AtWideDash(ReadOnlySpan<char> text, int from)
    {
        for (int i = from; i < text.Length; i++)
            if (text[i] is >= '\u2012' and <= '\u2015' or '\uFF0D' && RestAfterBlanks(text, i, i + 1) is { Separator: >= 0 } part) return part;
        return Part.None;
    }

    private static Part AtFullStop(ReadOnlySpan<char> text, int from)
    {
        for (int i = from; i < text.Length; i++)
        {
            if (text[i] != '.') continue;
            int begin = i;
            while (begin < text.Length && text[begin] == '.') begin++;
            int blanks = begin;
            begin = PythonText.SkipWhite(text, begin);
            // The part is not empty: where nothing follows the blanks it is the last of them.
            if (begin == text.Length || text[begin] == '.')
            {
                if (begin == blanks) continue;
                begin--;
            }
            int end = IndexOf(text, begin, '.');
            return new Part(i, begin, end < 0 ? text.Length : end);
        }
        return Part.None;
    }

    private static Part AtBlank(ReadOnlySpan<char> text, int from)
    {
        for (int i = from; i < text.Length; i++)
        {
            if (!PythonText.IsWhite(text[i])) continue;
            int begin = PythonText.SkipWhite(text, i);
            if (begin == text.Length) return Part.None;
            int end = begin;
            while (end < text.Length && !PythonText.IsWhite(text[end])) end++;
            return new Part(i, begin, end);
        }
        return Part.None;
    }

    /// <summary>Everything after the blanks at <paramref name="at"/>, or the last of the blanks if nothing else follows.</summary>
    private static Part RestAfterBlanks(ReadOnlySpan<char> text, int separator, int at)
    {
        int begin = PythonText.SkipWhite(text, at);
        if (begin == text.Length) begin--;
        return begin < at ? Part.None : new Part(separator, begin, text.Length);
    }

    private static int IndexOf(ReadOnlySpan<char> text, int from, char c)
    {
        if (from > text.Length) return -1;
        int skip = text[from..].IndexOf(c);
        return skip < 0 ? -1 : from + skip;
    }
}
