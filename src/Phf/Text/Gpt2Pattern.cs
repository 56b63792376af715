using System.Globalization;

namespace Phf.Text;

/// <summary>
/// GPT-2's pre-tokenizer as a hand-written scanner of the pattern
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.
/// The classes are those of the runtime's Unicode tables; .NET 10 has Unicode 16.0, as tokenizers 0.23 (a test compares every code point).
/// A lone surrogate counts as U+FFFD, that is neither letter, number nor white space.
/// </summary>
internal static class Gpt2Pattern
{
    private const byte Other = 0;
    private const byte Letter = 1;
    private const byte Number = 2;
    private const byte Space = 3;

    private static readonly byte[] ClassOfChar = MakeClasses();

    /// <summary>The exclusive end of the piece that begins at <paramref name="start"/>, which must lie inside the text.</summary>
    public static int PieceEnd(ReadOnlySpan<char> text, int start)
    {
        if (text[start] == '\'')
        {
            int contraction = ContractionLength(text[start..]);
            if (contraction > 0) return start + contraction;
        }
        int position = start;
        byte kind = ClassAt(text, position, out int width);
        if (text[position] == ' ' && position + 1 < text.Length)
        {
            byte next = ClassAt(text, position + 1, out int nextWidth);
            if (next != Space) (position, kind, width) = (position + 1, next, nextWidth); // the optional blank before a word
        }
        position += width;
        while (position < text.Length && ClassAt(text, position, out width) == kind) position += width;
        // White space before a word leaves its last character to the next piece. All white space is one UTF-16 unit wide.
        return kind == Space && position < text.Length && position - start > 1 ? position - 1 : position;
    }

    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text.Length < 2) return 0;
        if (text[1] is 's' or 't' or 'm' or 'd') return 2;
        return text.Length >= 3 && (text[1], text[2]) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    private static byte ClassAt(ReadOnlySpan<char> text, int position, out int width)
    {
        char unit = text[position];
        if (!char.IsHighSurrogate(unit) || position + 1 == text.Length || !char.IsLowSurrogate(text[position + 1]))
        {
            width = 1;
            return ClassOfChar[unit];
        }
        width = 2;
        return Classify(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(unit, text[position + 1])));
    }

    private static byte Classify(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => Letter,
        >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber => Number,
        _ => Other,
    };

    private static byte[] MakeClasses()
    {
        var classes = new byte[0x10000];
        for (int unit = 0; unit < classes.Length; unit++)
            classes[unit] = char.IsWhiteSpace((char)unit) ? Space : Classify(CharUnicodeInfo.GetUnicodeCategory((char)unit));
        return classes;
    }
}
