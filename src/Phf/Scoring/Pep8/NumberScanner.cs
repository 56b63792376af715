namespace Phf.Scoring.Pep8;

/// <summary>Finds the ends of Python's number literals.</summary>
internal static class NumberScanner
{
    /// <summary>The end of the number at <paramref name="at"/>, where a digit or a full stop stands; <paramref name="at"/> itself if there is none.</summary>
    public static int End(ReadOnlySpan<char> text, int at)
    {
        int whole = Digits(text, at);
        int end = Float(text, at, whole);
        if (end == at) end = whole;
        if (end > at && end < text.Length && text[end] is 'j' or 'J') return end + 1;
        return end > whole || whole == at ? end : Integer(text, at, whole);
    }

    /// <summary>The end of the float at <paramref name="at"/>, whose leading digits end at <paramref name="whole"/>.</summary>
    private static int Float(ReadOnlySpan<char> text, int at, int whole)
    {
        if (whole < text.Length && text[whole] == '.')
        {
            int fraction = Digits(text, whole + 1);
            if (whole == at && fraction == whole + 1) return at;
            return Exponent(text, fraction);
        }
        int end = Exponent(text, whole);
        return end > whole ? end : at;
    }

    private static int Exponent(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length || text[at] is not ('e' or 'E')) return at;
        int digits = at + 1 < text.Length && text[at + 1] is '+' or '-' ? at + 2 : at + 1;
        int end = Digits(text, digits);
        return end > digits ? end : at;
    }

    private static int Integer(ReadOnlySpan<char> text, int at, int whole)
    {
        if (text[at] != '0') return whole;
        if (at + 1 < text.Length)
        {
            int end = (text[at + 1] | 0x20) switch
            {
                'x' => Run(text, at + 2, char.IsAsciiHexDigit),
                'b' => Run(text, at + 2, static c => c is '0' or '1'),
                'o' => Run(text, at + 2, static c => c is >= '0' and <= '7'),
                _ => at + 2,
            };
            if (end > at + 2) return end;
        }
        return Run(text, at + 1, static c => c == '0');
    }

    /// <summary>The end of digits with single underscores before any of them.</summary>
    private static int Run(ReadOnlySpan<char> text, int at, Func<char, bool> isDigit)
    {
        while (true)
        {
            if (at < text.Length && isDigit(text[at])) at++;
            else if (at + 1 < text.Length && text[at] == '_' && isDigit(text[at + 1])) at += 2;
            else return at;
        }
    }

    /// <summary>The end of decimal digits with single underscores between them.</summary>
    private static int Digits(ReadOnlySpan<char> text, int at) =>
        at < text.Length && char.IsAsciiDigit(text[at]) ? Run(text, at, static c => char.IsAsciiDigit(c)) : at;
}
