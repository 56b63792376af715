namespace Phf.Scoring.Pii;

/// <summary>
/// Credit card numbers written as digits only, directly after white space: Visa, MasterCard, American Express, Diners Club, Discover, JCB.
/// Nothing is asked of what follows, so a longer run of digits is cut at the card's length; the Luhn check decides then.
/// </summary>
internal static class CreditCardDetector
{
    public const string Name = "credit_card";

    public static void Find(ReadOnlySpan<char> text, List<Finding> found)
    {
        for (int at = 0; ; at++)
        {
            int skip = text[at..].IndexOfAnyInRange('0', '9');
            if (skip < 0) return;
            at += skip;
            if (at == 0 || !PythonText.IsWhite(text[at - 1])) continue;
            int end = End(text, at);
            if (end < 0) continue;
            if (HasLuhnSum(text[at..end])) found.Add(new Finding(at, end, Name));
            at = end - 1;
        }
    }

    /// <summary>The first kind of card that fits, in the reference's order; only JCB accepts digits of other scripts (after its prefix).</summary>
    private static int End(ReadOnlySpan<char> text, int begin)
    {
        var card = text[begin..];
        int digits = 1;
        while (digits < 16 && digits < card.Length && char.IsAsciiDigit(card[digits])) digits++;
        int length = card[0] switch
        {
            '4' => digits >= 16 ? 16 : 13,
            '5' when digits >= 2 && card[1] is >= '1' and <= '5' => 16,
            '2' when digits >= 4 && int.Parse(card[..4]) is >= 2221 and <= 2720 => 16,
            '3' when digits >= 2 && card[1] is '4' or '7' => 15,
            '3' when digits >= 3 && (card[1] is '6' or '8' || (card[1] == '0' && card[2] <= '5')) => 14,
            '6' when card.StartsWith("6011") || card.StartsWith("65") => 16,
            _ => int.MaxValue,
        };
        return digits >= length ? begin + length : JcbEnd(text, begin);
    }

    private static int JcbEnd(ReadOnlySpan<char> text, int begin)
    {
        var card = text[begin..];
        int prefix = card.StartsWith("2131") || card.StartsWith("1800") ? 4 : card.StartsWith("35") ? 2 : 0;
        if (prefix == 0) return -1;
        int at = begin + prefix;
        for (int left = prefix == 4 ? 11 : 14; left > 0; left--)
        {
            int length = PythonText.DigitLength(text, at);
            if (length == 0) return -1;
            at += length;
        }
        return at;
    }

    /// <summary>Luhn's sum over the ASCII digits.</summary>
    private static bool HasLuhnSum(ReadOnlySpan<char> text)
    {
        int sum = 0;
        bool twice = false;
        for (int i = text.Length - 1; i >= 0; i--)
        {
            if (!char.IsAsciiDigit(text[i])) continue;
            int digit = text[i] - '0';
            sum += twice ? (digit * 2 / 10) + (digit * 2 % 10) : digit;
            twice = !twice;
        }
        return sum % 10 == 0;
    }
}
