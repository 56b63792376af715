using System.Buffers;
using System.Globalization;
using System.Text;

namespace Phf.Scoring.Pii;

/// <summary>
/// Telephone numbers as libphonenumber's matcher finds them in a text of region US at leniency VALID. Foreign numbers need "+" or 011.
/// This class reads the text and keeps the budget; <see cref="PhoneCandidate"/> judges what looks like a number.
/// </summary>
internal static class PhoneDetector
{
    public const string Name = "phone";
    private const int MaxLeadPunctuation = 4, MaxPunctuation = 4, MaxBlock = 20, MaxBlocks = 21, MaxLead = 2 * (1 + MaxLeadPunctuation);
    private const int MaxTries = 65535; // candidates that turn out to be no number, in one text

    /// <summary>The decimal digits of every script.</summary>
    public static readonly SearchValues<char> Digits = SearchValues.Create(
        Enumerable.Range(0, char.MaxValue + 1).Select(c => (char)c).Where(char.IsDigit).ToArray());

    public static void Find(ReadOnlySpan<char> text, List<Finding> found)
    {
        if (HasDigitBeyondBmp(text)) FindFolded(text, found);
        else FindPlain(text, found);
    }

    private static void FindPlain(ReadOnlySpan<char> text, List<Finding> found)
    {
        bool latin = !text.ContainsAnyExceptInRange('\0', '\u065F'); // no digits of other scripts below U+0660
        int at = 0, tries = MaxTries;
        while (tries > 0)
        {
            int skip = latin ? text[at..].IndexOfAnyInRange('0', '9') : text[at..].IndexOfAny(Digits);
            if (skip < 0) return;
            int digit = at + skip;
            int begin = LeadBegin(text, at, digit);
            int end = BlocksEnd(text, digit);
            int extension = PhoneExtension.FindEnd(text, end);
            if (extension > 0) end = extension;
            end = begin + PhoneNumber.TrimSecondNumber(text[begin..end]).Length;
            var candidate = new PhoneCandidate(text, begin, end);
            if (candidate.TryMatch(ref tries, out var match))
            {
                found.Add(match);
                at = match.End;
            }
            else
            {
                at = end;
                tries--;
            }
        }
    }

    /// <summary>
    /// The leftmost place from which only opening brackets or plus signs (at most two, each with up to four punctuation characters behind it)
    /// lead to <paramref name="digit"/>.
    /// </summary>
    private static int LeadBegin(ReadOnlySpan<char> text, int from, int digit)
    {
        for (int begin = Math.Max(from, digit - MaxLead); begin < digit; begin++)
        {
            if (!PhoneCandidate.IsLead(text[begin])) continue;
            if (IsPunctuation(text, begin + 1, digit)) return begin;
            for (int second = begin + 1; second < digit; second++)
            {
                if (!PhoneCandidate.IsLead(text[second])) continue;
                if (IsPunctuation(text, begin + 1, second) && IsPunctuation(text, second + 1, digit)) return begin;
            }
        }
        return digit;
    }

    private static bool IsPunctuation(ReadOnlySpan<char> text, int begin, int end) =>
        end - begin <= MaxLeadPunctuation && !text[begin..end].ContainsAnyExcept(PhoneNumber.Punctuation);

    private static int BlocksEnd(ReadOnlySpan<char> text, int at)
    {
        int end = at;
        for (int block = 0; block < MaxBlocks; block++)
        {
            int next = end;
            while (block > 0 && next - end < MaxPunctuation && next < text.Length && PhoneNumber.Punctuation.Contains(text[next])) next++;
            int begin = next;
            while (next < text.Length && next - begin < MaxBlock && char.IsDigit(text[next])) next++;
            if (next == begin) break;
            end = next;
        }
        return end;
    }

    private static bool HasDigitBeyondBmp(ReadOnlySpan<char> text)
    {
        for (int at = 0; ; at++)
        {
            int skip = text[at..].IndexOfAnyInRange('\uD800', '\uDBFF');
            if (skip < 0) return false;
            at += skip;
            if (PythonText.DigitLength(text, at) == 2) return true;
        }
    }

    /// <summary>
    /// Digits beyond U+FFFF (mathematical ones) are rare: they are searched as full-width digits in a copy with one char per code point.
    /// </summary>
    private static void FindFolded(ReadOnlySpan<char> text, List<Finding> found)
    {
        var folded = new char[text.Length];
        var offsets = new int[text.Length + 1];
        int count = 0, at = 0;
        while (at < text.Length)
        {
            offsets[count] = at;
            var status = Rune.DecodeFromUtf16(text[at..], out var rune, out int length);
            folded[count++] = status != OperationStatus.Done || rune.IsBmp ? text[at]
                : Rune.IsDigit(rune) ? (char)('\uFF10' + (int)Rune.GetNumericValue(rune))
                : Rune.GetUnicodeCategory(rune) == UnicodeCategory.CurrencySymbol ? '\u00A4' : '\uFFFD';
            at += length;
        }
        offsets[count] = at;
        int first = found.Count;
        FindPlain(folded.AsSpan(0, count), found);
        for (int i = first; i < found.Count; i++) found[i] = new Finding(offsets[found[i].Begin], offsets[found[i].End], Name);
    }
}
