namespace Phf.Scoring.Pep8;

/// <summary>Finds the ends of Python strings within a line, in time linear in the line's length however many strings in it have no end.</summary>
internal sealed class StringScanner(string text)
{
    /// <summary>Offsets of the characters that a scan without success went over, in a line, for each kind of quote; a scan that meets one fails.</summary>
    private readonly HashSet<int> _deadSingle = [], _deadDouble = [];

    /// <summary>Offset of the quote of the string that begins at <paramref name="at"/>, behind a prefix such as <c>rb</c>; -1 if there is none.</summary>
    public static int QuoteAt(string text, int at)
    {
        char first = text[at];
        if (first is '"' or '\'') return at;
        first = char.ToLowerInvariant(first);
        if (first is not ('b' or 'r' or 'u' or 'f') || at + 1 >= text.Length || text[at] > 127) return -1;
        char second = text[at + 1];
        if (second is '"' or '\'') return at + 1;
        if (at + 2 >= text.Length || text[at + 2] is not ('"' or '\'')) return -1;
        bool pair = (first, second) is ('b' or 'f', 'r' or 'R') or ('r', 'b' or 'B' or 'f' or 'F');
        return pair ? at + 2 : -1;
    }

    /// <summary>
    /// The end of a string between single quotes whose inside begins at <paramref name="at"/>; -1 if it does not end in this line, then
    /// <paramref name="continued"/> says whether a backslash takes it over the line's end.
    /// </summary>
    public int SingleEnd(int at, int lineEnd, char quote, out bool continued)
    {
        HashSet<int> dead = quote == '"' ? _deadDouble : _deadSingle;
        int begin = at;
        continued = false;
        while (at < lineEnd)
        {
            char c = text[at];
            if (c == quote) return at + 1;
            if (c == '\n' || (c == '\\' && dead.Count > 0 && dead.Contains(at))) break;
            if (c != '\\') at++;
            else
            {
                ReadOnlySpan<char> rest = text.AsSpan(at..lineEnd);
                if (rest is "\\\n" or "\\\r\n")
                {
                    continued = true;
                    return -1;
                }
                at += 2;
            }
        }
        MarkDead(dead, begin, Math.Min(at, lineEnd));
        return -1;
    }

    /// <summary>The end of a string between triple quotes whose inside goes on at <paramref name="at"/>; -1 if it does not end in this line.</summary>
    public int TripleEnd(int at, int lineEnd, char quote)
    {
        for (; at + 2 < lineEnd; at++)
        {
            if (text[at] == '\\') at++;
            else if (text[at] == quote && text[at + 1] == quote && text[at + 2] == quote) return at + 3;
        }
        return -1;
    }

    private void MarkDead(HashSet<int> dead, int at, int end)
    {
        for (; at < end; at++)
            if (text[at] == '\\') dead.Add(at++);
    }
}
