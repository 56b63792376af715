using System.Buffers;
using System.Globalization;
using System.Text;

namespace Phf.Scoring.Pii;

/// <summary>How reading a telephone number ended.</summary>
internal enum PhoneParse
{
    Ok,
    UnknownCallingCode,
    NoNumber,
}

/// <summary>A telephone number taken apart, after libphonenumber's <c>parse</c>. Not yet known to be valid.</summary>
/// <param name="CallingCode">1 for North America, 44 for Great Britain...</param>
/// <param name="National">ASCII digits after the calling code and any national prefix.</param>
/// <param name="Extension">As it was written; null if there is none.</param>
internal readonly record struct PhoneNumber(int CallingCode, string National, string? Extension)
{
    private const int MaxText = 250, MinNational = 2, MaxNational = 17, MaxCallingCode = 3;

    /// <summary>Characters that may stand between digits; 'x' as a mark for a carrier's code.</summary>
    public static readonly SearchValues<char> Punctuation = SearchValues.Create(
        "-xX\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30FC\uFF0D\uFF0E\uFF0F \u00A0\u00AD\u200B\u2060\u3000"
        + "()\uFF08\uFF09\uFF3B\uFF3D.[]/~\u2053\u223C\uFF5E");

    public static bool IsPlus(char c) => c is '+' or '\uFF0B';

    /// <summary>Reads <paramref name="text"/>; a number without a calling code is one of <paramref name="home"/>.</summary>
    public static PhoneParse Parse(ReadOnlySpan<char> text, PhoneRegion? home, out PhoneNumber number)
    {
        number = default;
        if (text.Length > MaxText) return PhoneParse.NoNumber;
        text = TrimToNumber(text);
        if (!IsViable(text)) return PhoneParse.NoNumber;
        if (home is null && !IsPlus(text[0])) return PhoneParse.UnknownCallingCode;

        string? extension = null;
        int extensionBegin = PhoneExtension.ParseBegin(text, 0);
        if (extensionBegin >= 0 && IsViable(text[..extensionBegin]))
        {
            extension = LastDigits(text);
            text = text[..extensionBegin];
        }
        var status = SplitCallingCode(text, home, out int callingCode, out string national);
        if (status == PhoneParse.UnknownCallingCode && IsPlus(text[0]))
        {
            // "+" by mistake: read on without it.
            int plus = 0;
            while (plus < text.Length && IsPlus(text[plus])) plus++;
            status = SplitCallingCode(text[plus..], home, out callingCode, out national);
            if (status == PhoneParse.Ok && callingCode == 0) status = PhoneParse.UnknownCallingCode;
        }
        if (status != PhoneParse.Ok) return status;

        var region = callingCode != 0 ? PhoneRegions.Main(callingCode)! : home!;
        if (callingCode == 0) national = Normalize(text);
        if (national.Length < MinNational) return PhoneParse.NoNumber;
        string stripped = region.StripNationalPrefix(national);
        if (region.IsCompleteOrTooLong(stripped.Length)) national = stripped;
        if (national.Length is < MinNational or > MaxNational) return PhoneParse.NoNumber;
        number = new PhoneNumber(region.CallingCode, national, extension);
        return PhoneParse.Ok;
    }

    /// <summary>From the first plus or digit to the last letter, number or '#', and not into a second extension ("x302/x2303").</summary>
    private static ReadOnlySpan<char> TrimToNumber(ReadOnlySpan<char> text)
    {
        int begin = 0;
        while (begin < text.Length && !IsPlus(text[begin]) && !char.IsDigit(text[begin])) begin++;
        return TrimSecondNumber(TrimEnd(text[begin..]));
    }

    /// <summary>Without the characters at the end that are neither letter nor number nor '#'.</summary>
    public static ReadOnlySpan<char> TrimEnd(ReadOnlySpan<char> text)
    {
        int end = text.Length;
        while (end > 0 && (text[end - 1] == '_' || (text[end - 1] != '#' && PythonText.WordLength(text, end - 1) == 0))) end--;
        return text[..end];
    }

    /// <summary>Up to a slash that is followed by blanks and an 'x': the extension of a second number.</summary>
    public static ReadOnlySpan<char> TrimSecondNumber(ReadOnlySpan<char> text)
    {
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] is not ('/' or '\\')) continue;
            int next = at + 1;
            while (next < text.Length && text[next] == ' ') next++;
            if (next < text.Length && text[next] == 'x') return text[..at];
        }
        return text;
    }

    /// <summary>At least three digits with nothing but punctuation before and between them, then also letters, then maybe an extension.</summary>
    private static bool IsViable(ReadOnlySpan<char> text)
    {
        int at = 0, digits = 0;
        while (at < text.Length && IsPlus(text[at])) at++;
        for (; digits < 3; at++)
        {
            if (at >= text.Length) return false;
            if (char.IsDigit(text[at])) digits++;
            else if (text[at] != '*' && !Punctuation.Contains(text[at])) return false;
        }
        int third = at;
        for (; at < text.Length; at++)
        {
            char c = text[at];
            if (c != '*' && !char.IsDigit(c) && !PythonText.IsLetterOrDigitIgnoringCase(c) && !Punctuation.Contains(c)) break;
        }
        return at == text.Length || PhoneExtension.ParseBegin(text, third) is >= 0 and int begin && begin <= at;
    }

    private static string LastDigits(ReadOnlySpan<char> text)
    {
        int end = text[^1] == '#' ? text.Length - 1 : text.Length, begin = end;
        while (begin > 0 && char.IsDigit(text[begin - 1])) begin--;
        return text[begin..end].ToString();
    }

    /// <summary>
    /// Finds the calling code: after a plus, after the international prefix of <paramref name="home"/>, or home's own code where the number
    /// makes sense only without it. 0 if there is none; <paramref name="national"/> is what follows it.
    /// </summary>
    private static PhoneParse SplitCallingCode(ReadOnlySpan<char> text, PhoneRegion? home, out int callingCode, out string national)
    {
        (callingCode, national) = (0, "");
        if (text.IsEmpty) return PhoneParse.Ok;
        int plus = 0;
        while (plus < text.Length && IsPlus(text[plus])) plus++;
        string digits = Normalize(text[plus..]);
        bool isInternational = plus > 0;
        if (!isInternational && home is not null && home.InternationalPrefixLength(digits) is > 0 and int prefix
            && !(prefix < digits.Length && digits[prefix] == '0'))
        {
            isInternational = true;
            digits = digits[prefix..];
        }
        if (!isInternational)
        {
            if (home is not null) SplitHomeCode(digits, home, ref callingCode, ref national);
            return PhoneParse.Ok;
        }
        if (digits.Length <= MinNational) return PhoneParse.NoNumber;
        for (int length = 1; length <= MaxCallingCode && digits[0] != '0'; length++)
        {
            int code = int.Parse(digits.AsSpan(0, length));
            if (PhoneRegions.Main(code) is null) continue;
            (callingCode, national) = (code, digits[length..]);
            return PhoneParse.Ok;
        }
        return PhoneParse.UnknownCallingCode;
    }

    private static void SplitHomeCode(string digits, PhoneRegion home, ref int callingCode, ref string national)
    {
        string code = home.CallingCode.ToString(CultureInfo.InvariantCulture);
        if (!digits.StartsWith(code, StringComparison.Ordinal)) return;
        string rest = home.StripNationalPrefix(digits[code.Length..]);
        if ((home.MatchesGeneral(digits) || !home.MatchesGeneral(rest)) && !home.IsTooLong(digits.Length)) return;
        (callingCode, national) = (home.CallingCode, rest);
    }

    /// <summary>The digits of any script as ASCII. With three or more Latin letters these count too, as on a telephone's keys.</summary>
    public static string Normalize(ReadOnlySpan<char> text, bool lettersAreDigits = true)
    {
        const string Keys = "22233344455566677778889999"; // A to Z
        int letters = 0;
        foreach (char c in text)
            if (char.IsAsciiLetter(c)) letters++;
        bool byKeys = lettersAreDigits && letters >= 3;
        var digits = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (char.IsAsciiDigit(c)) digits.Append(c);
            else if (byKeys && char.IsAsciiLetter(c)) digits.Append(Keys[(c | 0x20) - 'a']);
            else if (!byKeys && char.IsDigit(c)) digits.Append((char)('0' + (int)char.GetNumericValue(c)));
        }
        return digits.ToString();
    }

    /// <summary>
    /// Whether <paramref name="text"/>, which stands behind "xx" (a carrier's code) in the candidate, is this very number written without its
    /// calling code. Never for calling codes of no region (+800 and the like): such a number cannot be read without its code.
    /// </summary>
    public bool IsSameNational(ReadOnlySpan<char> text) =>
        PhoneRegions.Main(CallingCode) is { IsGeographical: true } region
        && Parse(text, null, out _) == PhoneParse.UnknownCallingCode
        && Parse(text, region, out var other) == PhoneParse.Ok && other == this;
}
