using System.Buffers;
using System.Globalization;
using System.Text;

namespace Phf.Scoring.Pii;

/// <summary>A part of a text that looks like a telephone number: is it one, or does it hold one?</summary>
internal readonly ref struct PhoneCandidate(ReadOnlySpan<char> text, int begin, int end)
{
    private const int MinDigits = 7; // no valid number without a plus has fewer
    private readonly ReadOnlySpan<char> _text = text;

    /// <summary>Opening brackets and plus signs: what may stand before the first digit.</summary>
    public static bool IsLead(char c) => IsOpening(c) || PhoneNumber.IsPlus(c);

    /// <summary>Tries the whole, then its parts. Each part tried in vain costs one of <paramref name="tries"/>.</summary>
    public bool TryMatch(ref int tries, out Finding match)
    {
        match = default;
        var candidate = _text[begin..end];
        if (PhoneLookalikes.HasSlashedDate(candidate) || PhoneLookalikes.IsTimestamp(candidate, _text[end..])) return false;
        if (IsNumber(begin, end, ref match)) return true;
        foreach (var split in PhoneSplit.All)
            if (TryParts(split, ref tries, ref match)) return true;
        return false;
    }

    private bool TryParts(PhoneSplit.Rule split, ref int tries, ref Finding match)
    {
        bool isFirst = true;
        for (int from = 0; tries > 0; isFirst = false)
        {
            var part = split(_text[begin..end], from);
            if (part.Separator < 0) return false;
            if (isFirst)
            {
                if (IsNumber(begin, begin + part.Separator, ref match, trim: true)) return true;
                tries--;
            }
            if (IsNumber(begin + part.Begin, begin + part.End, ref match, trim: true)) return true;
            tries--;
            from = part.Separator + 1;
        }
        return false;
    }

    private bool IsNumber(int first, int last, ref Finding match, bool trim = false)
    {
        var candidate = _text[first..last];
        if (trim)
        {
            candidate = PhoneNumber.TrimEnd(candidate);
            last = first + candidate.Length;
        }
        if (!HasEnoughDigits(candidate) || !HasMatchingBrackets(candidate) || PhoneLookalikes.HasPages(candidate)) return false;
        if (first > 0 && !IsLead(candidate[0]) && IsWordOrMoney(BeforeIndex(first))) return false;
        if (last < _text.Length && IsWordOrMoney(last)) return false;
        if (PhoneNumber.Parse(candidate, PhoneRegions.UnitedStates, out var number) != PhoneParse.Ok) return false;
        if (!PhoneRegions.IsValid(number.CallingCode, number.National) || !HasOnlyMeaningfulX(candidate, number)) return false;
        match = new Finding(first, last, PhoneDetector.Name);
        return true;
    }

    private static bool HasEnoughDigits(ReadOnlySpan<char> candidate)
    {
        int digits = 0;
        foreach (char c in candidate)
        {
            if (PhoneNumber.IsPlus(c) || (char.IsDigit(c) && ++digits >= MinDigits)) return true;
        }
        return false;
    }

    /// <summary>
    /// Brackets are closed, except one that opens the number (or whose opening was left out); after the first digits only up to three pairs
    /// may follow, directly one behind the other.
    /// </summary>
    private static bool HasMatchingBrackets(ReadOnlySpan<char> candidate)
    {
        int at = IsOpening(candidate[0]) ? 1 : 0;
        if (SkipPlain(candidate, ref at) == 0) return false;
        if (at < candidate.Length && IsClosing(candidate[at]))
        {
            at++;
            if (SkipPlain(candidate, ref at) == 0) return false;
        }
        for (int pairs = 0; pairs < 3 && at < candidate.Length && IsOpening(candidate[at]); pairs++)
        {
            at++;
            if (SkipPlain(candidate, ref at) == 0 || at == candidate.Length || !IsClosing(candidate[at])) return false;
            at++;
        }
        SkipPlain(candidate, ref at);
        return at == candidate.Length;
    }

    private static int SkipPlain(ReadOnlySpan<char> text, ref int at)
    {
        int begin = at;
        while (at < text.Length && !IsOpening(text[at]) && !IsClosing(text[at])) at++;
        return at - begin;
    }

    private static bool IsOpening(char c) => c is '(' or '[' or '\uFF08' or '\uFF3B';

    private static bool IsClosing(char c) => c is ')' or ']' or '\uFF09' or '\uFF3D';

    private int BeforeIndex(int at) => at >= 2 && char.IsLowSurrogate(_text[at - 1]) && char.IsHighSurrogate(_text[at - 2]) ? at - 2 : at - 1;

    /// <summary>A Latin letter (or a mark upon one), a percent or a currency sign: the digits beside it are no telephone number.</summary>
    private bool IsWordOrMoney(int at)
    {
        char c = _text[at];
        if (c == '%') return true;
        if (char.IsSurrogate(c))
            return Rune.DecodeFromUtf16(_text[at..], out var rune, out _) == OperationStatus.Done
                && Rune.GetUnicodeCategory(rune) == UnicodeCategory.CurrencySymbol;
        var category = CharUnicodeInfo.GetUnicodeCategory(c);
        if (category == UnicodeCategory.CurrencySymbol) return true;
        bool isLatinBlock = c is < '\u0250' or (>= '\u0300' and <= '\u036F') or (>= '\u1E00' and <= '\u1EFF');
        return isLatinBlock && category is <= UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark;
    }

    /// <summary>An 'x' stands before the extension, "xx" before the number (for a carrier's code); elsewhere it speaks against a number.</summary>
    private static bool HasOnlyMeaningfulX(ReadOnlySpan<char> candidate, PhoneNumber number)
    {
        for (int i = 0; i < candidate.Length - 1; i++)
        {
            if (candidate[i] is not ('x' or 'X')) continue;
            if (candidate[i + 1] is 'x' or 'X')
            {
                i++;
                if (!number.IsSameNational(candidate[i..])) return false;
            }
            else if (PhoneNumber.Normalize(candidate[i..], lettersAreDigits: false) != number.Extension) return false;
        }
        return true;
    }
}
