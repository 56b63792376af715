using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Phf.Scoring.Pii;

/// <summary>
/// Character classes as CPython's <c>re</c> sees them, over UTF-16: <c>\w</c> is every letter and every kind of number (not the marks),
/// a character beyond U+FFFF counts as one, and ignoring case folds four letters outside ASCII onto i, s and k.
/// .NET's own classes differ in all three.
/// </summary>
internal static class PythonText
{
    /// <summary>Every character of <c>\s</c>.</summary>
    public const string AllWhites =
        "\t\n\v\f\r\u001C\u001D\u001E\u001F \u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A"
        + "\u2028\u2029\u202F\u205F\u3000";

    private static readonly SearchValues<char> Whites = SearchValues.Create(AllWhites);

    /// <summary>Code points in <paramref name="text"/>; a lone surrogate counts as one.</summary>
    public static int CountCodePoints(ReadOnlySpan<char> text)
    {
        int count = text.Length;
        int at = text.IndexOfAnyInRange('\uD800', '\uDBFF');
        if (at < 0) return count;
        for (at++; at < text.Length; at++)
            if (char.IsLowSurrogate(text[at]) && char.IsHighSurrogate(text[at - 1])) count--;
        return count;
    }

    /// <summary><c>\s</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsWhite(char c) => c == ' ' || ((c < ' ' || c >= '\u0085') && Whites.Contains(c));

    public static int SkipWhite(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && IsWhite(text[at])) at++;
        return at;
    }

    /// <summary>Chars (0, 1 or 2) of the <c>\w</c> that starts at <paramref name="at"/>; 0 if there is none.</summary>
    public static int WordLength(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length) return 0;
        char c = text[at];
        if (c < 128) return char.IsAsciiLetterOrDigit(c) || c == '_' ? 1 : 0;
        if (!char.IsSurrogate(c)) return IsWordCategory(CharUnicodeInfo.GetUnicodeCategory(c)) ? 1 : 0;
        if (Rune.DecodeFromUtf16(text[at..], out var rune, out int length) != OperationStatus.Done) return 0;
        return IsWordCategory(Rune.GetUnicodeCategory(rune)) ? length : 0;
    }

    public static bool IsWordBefore(ReadOnlySpan<char> text, int at)
    {
        if (at == 0) return false;
        bool pair = at >= 2 && char.IsLowSurrogate(text[at - 1]) && char.IsHighSurrogate(text[at - 2]);
        return WordLength(text, at - (pair ? 2 : 1)) > 0;
    }

    /// <summary><c>\b</c>.</summary>
    public static bool IsBoundary(ReadOnlySpan<char> text, int at) => IsWordBefore(text, at) != WordLength(text, at) > 0;

    /// <summary>Chars (0, 1 or 2) of the <c>\d</c>, a decimal digit of any script, that starts at <paramref name="at"/>.</summary>
    public static int DigitLength(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length) return 0;
        char c = text[at];
        if (!char.IsHighSurrogate(c)) return char.IsDigit(c) ? 1 : 0;
        return Rune.DecodeFromUtf16(text[at..], out var rune, out int length) == OperationStatus.Done && Rune.IsDigit(rune) ? length : 0;
    }

    /// <summary><c>[a-z0-9]</c>, ignoring case.</summary>
    public static bool IsLetterOrDigitIgnoringCase(char c) => char.IsAsciiLetterOrDigit(c) || (c >= 128 && Fold(c) < 128);

    /// <summary>Lower case; dotted and dotless I fold onto i, the long s onto s, the Kelvin sign onto k.</summary>
    public static char Fold(char c) => c switch
    {
        < (char)128 => char.ToLowerInvariant(c),
        '\u0130' or '\u0131' => 'i',
        '\u017F' => 's',
        '\u212A' => 'k',
        _ => char.ToLowerInvariant(c),
    };

    /// <summary>Whether <paramref name="lower"/> (lower case) stands at <paramref name="at"/>, ignoring case.</summary>
    public static bool StartsWithIgnoringCase(ReadOnlySpan<char> text, int at, ReadOnlySpan<char> lower)
    {
        if (lower.Length > text.Length - at) return false;
        for (int i = 0; i < lower.Length; i++)
            if (Fold(text[at + i]) != lower[i]) return false;
        return true;
    }

    private static bool IsWordCategory(UnicodeCategory category) => category
        is <= UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}
