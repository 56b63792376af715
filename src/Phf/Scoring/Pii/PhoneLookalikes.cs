namespace Phf.Scoring.Pii;

/// <summary>Digits that look like a telephone number and are a date, a time or the pages of an article.</summary>
internal static class PhoneLookalikes
{
    /// <summary>Somewhere d/d/dd or d/dd/dd, the middle at most 39: 3/10/2011, 31/10/96.</summary>
    public static bool HasSlashedDate(ReadOnlySpan<char> text)
    {
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] != '/' || !char.IsDigit(text[i - 1])) continue;
            if (IsDigit(text, i + 1) && EndsDate(text, i + 2)) return true;
            if (IsInRange(text, i + 1, '3') && IsDigit(text, i + 2) && EndsDate(text, i + 3)) return true;
        }
        return false;
    }

    private static bool EndsDate(ReadOnlySpan<char> text, int at) =>
        at < text.Length && text[at] == '/' && IsDigit(text, at + 1) && IsDigit(text, at + 2);

    /// <summary>The candidate ends like "2012-01-02 08" and ":00" follows. Read from right to left, as only the end is fixed.</summary>
    public static bool IsTimestamp(ReadOnlySpan<char> text, ReadOnlySpan<char> following)
    {
        if (following.Length < 3 || following[0] != ':' || !IsInRange(following, 1, '5') || !IsDigit(following, 2)) return false;
        int at = text.Length - 3;
        if (at < 0 || !IsDigit(text, at + 2) || !IsInRange(text, at + 1, '2') || text[at] != ' ') return false;
        while (at >= 0 && text[at] == ' ') at--;
        if (!TakeTwo(text, ref at, '0', '3')) return false;
        if (at >= 0 && text[at] is '-' or '/') at--;
        if (!TakeTwo(text, ref at, '0', '1')) return false;
        if (at >= 0 && text[at] is '-' or '/') at--;
        return at >= 3 && IsDigit(text, at) && IsDigit(text, at - 1) && IsDigit(text, at - 2) && text[at - 3] is '1' or '2';
    }

    /// <summary>Going left: any digit, then one between <paramref name="low"/> and <paramref name="high"/>.</summary>
    private static bool TakeTwo(ReadOnlySpan<char> text, ref int at, char low, char high)
    {
        if (at < 1 || !char.IsDigit(text[at]) || text[at - 1] < low || text[at - 1] > high) return false;
        at -= 2;
        return true;
    }

    /// <summary>Somewhere "211-227 (2003": pages and the year of a publication. Up to five digits on both sides of the hyphens.</summary>
    public static bool HasPages(ReadOnlySpan<char> text)
    {
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] != '(' || !IsDigit(text, i + 1)) continue;
            int at = i - 1, blanks = 0, digits = 0;
            for (; at >= 0 && PythonText.IsWhite(text[at]); at--) blanks++;
            for (; at >= 0 && char.IsDigit(text[at]); at--) digits++;
            if (blanks > 4 || digits is 0 or > 5 || at < 0 || text[at] != '-') continue;
            while (at >= 0 && text[at] == '-') at--;
            if (at >= 0 && char.IsDigit(text[at])) return true;
        }
        return false;
    }

    private static bool IsDigit(ReadOnlySpan<char> text, int at) => at < text.Length && char.IsDigit(text[at]);

    private static bool IsInRange(ReadOnlySpan<char> text, int at, char high) => at < text.Length && text[at] >= '0' && text[at] <= high;
}
