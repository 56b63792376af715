namespace Phf.Scoring.Pii;

/// <summary>
/// US social security numbers: 3-2-4 ASCII digits, each separator one of '-', '.', ' '; no boundary is asked for on either side.
/// Areas 000, 666 and 9xx, group 00, serial 0000 and three numbers from advertisements are no numbers, but are still stepped over.
/// </summary>
internal static class SocialSecurityNumberDetector
{
    public const string Name = "social_security_number";
    private const int Length = 11;

    public static void Find(ReadOnlySpan<char> text, List<Finding> found)
    {
        int at = 0;
        while (text.Length - at >= Length)
        {
            int skip = text[at..].IndexOfAnyInRange('0', '9');
            if (skip < 0 || text.Length - (at += skip) < Length) return;
            var candidate = text.Slice(at, Length);
            if (!HasForm(candidate))
            {
                at++;
                continue;
            }
            if (IsIssued(candidate)) found.Add(new Finding(at, at + Length, Name));
            at += Length;
        }
    }

    private static bool HasForm(ReadOnlySpan<char> text)
    {
        if (!IsSeparator(text[3]) || !IsSeparator(text[6])) return false;
        for (int i = 0; i < Length; i++)
            if (i is not (3 or 6) && !char.IsAsciiDigit(text[i])) return false;
        return true;
    }

    private static bool IsSeparator(char c) => c is '-' or '.' or ' ';

    private static bool IsIssued(ReadOnlySpan<char> text)
    {
        var area = text[..3];
        var group = text[4..6];
        var serial = text[7..];
        bool isSample = (area is "078" && group is "05" && serial is "1120")
            || (area is "457" && group is "55" && serial is "5462")
            || (area is "219" && group is "09" && serial is "9999");
        return !isSample && area is not ("000" or "666") && area[0] != '9' && group is not "00" && serial is not "0000";
    }
}
