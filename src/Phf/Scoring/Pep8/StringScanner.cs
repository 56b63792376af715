namespace Phf.Scoring.Pep8;

/// <summary>Finds the ends of Python strings within a line, in time linear in the line's length however many strings in it have no end.</summary>
internal sealed class StringScanner
{
    /// <summary>Offsets of the characters that a scan without success went over, in a line, for each kind of quote; a scan that meets one fails.</summary>
    private readonly HashSet<int> _deadSingle = [], _deadDouble = [];
    private string _text = "";

    /// <summary>Whether a backslash was met since this was last set to false.</summary>
    public bool MetBackslash { get; set; }

    public void Start(string text)
    {
        _text = text;
        _deadSingle.Clear();
        _deadDouble.Clear();
    }

    /// <summary>Offset of the quote of the string that begins at <paramref name="at"/>, behind a prefix such as <c>rb</c>; -1 if there is none.</summary>
    public static int QuoteAt(ReadOnlySpan<char> text, int at)
    {
        char first = text[at];
        if (first is '"' or '\'') return at;
        if (at + 1 >= text.Length) return -1;
        char second = text[at + 1];
        if (second is '"' or '\'') return at + 1;
        if (at + 2 >= text.Length || text[at + 2] is not ('"' or '\'')) return -1;
        bool pair = (first, second) is ('b' or 'B' or 'f' or 'F', 'r' or 'R') or ('r' or 'R', 'b' or 'B' or 'f' or 'F');
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
            ReadOnlySpan<char> rest = _text.AsSpan(at, lineEnd - at);
            int found = rest.IndexOfAny(quote, '\\', '\n');
            at = found < 0 ? lineEnd : at + found;
            if (found < 0 || rest[found] == '\n') break;
            if (rest[found] == quote) return at + 1;
            MetBackslash = true;
            if (dead.Count > 0 && dead.Contains(at)) break;
            if (rest[found..] is "\\\n" or "\\\r\n")
            {
                continued = true;
                return -1;
            }
            at += 2;
        }
        MarkDead(dead, begin, Math.Min(at, lineEnd));
        return -1;
    }

    /// <summary>The end of a string between triple quotes whose inside goes on at <paramref name="at"/>; -1 if it does not end in this line.</summary>
    public int TripleEnd(int at, int lineEnd, char quote)
    {
        while (at < lineEnd)
        {
            ReadOnlySpan<char> rest = _text.AsSpan(at, lineEnd - at);
            int found = rest.IndexOfAny(quote, '\\');
            if (found < 0) return -1;
            at += found;
            if (rest[found] == '\\')
            {
                MetBackslash = true;
                at += 2;
            }
            else if (found + 2 < rest.Length && rest[found + 1] == quote && rest[found + 2] == quote) return at + 3;
            else at++;
        }
        return -1;
    }

    private void MarkDead(HashSet<int> dead, int at, int end)
    {
        for (; at < end; at++)
            if (_text[at] == '\\') dead.Add(at++);
    }
}
