using System.Globalization;

namespace Phf.Text;

/// <summary>What the patterns of pre-tokenizers tell apart.</summary>
internal enum CharacterClass : byte
{
    Other,
    Letter,
    Number,
    Space,
}

/// <summary>
/// GPT-2's pre-tokenizer as a hand-written scanner of the pattern
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.
/// The classes are those of the runtime's Unicode tables; .NET 10 has Unicode 16.0, as tokenizers 0.23 (a test compares every code point).
/// A lone surrogate counts as U+FFFD, that is neither letter, number nor white space.
/// </summary>
internal static class Gpt2Pattern
{
    private static readonly CharacterClass[] ClassOfChar = MakeClasses();

    /// <summary>The exclusive end of the piece that begins at <paramref name="start"/>, which must lie inside the text.</summary>
    public static int PieceEnd(ReadOnlySpan<char> text, int start)
    {
        if (text[start] == '\'')
        {
            int contraction = ContractionLength(text[start..]);
            if (contraction > 0) return start + contraction;
        }
        int position = start;
        CharacterClass kind = ClassAt(text, position, out int width);
        if (text[position] == ' ' && position + 1 < text.Length)
        {
            CharacterClass next = ClassAt(text, position + 1, out int nextWidth);
            if (next != CharacterClass.Space) (position, kind, width) = (position + 1, next, nextWidth); // the optional blank before a word
        }
        position += width;
        while (position < text.Length && ClassAt(text, position, out width) == kind) position += width;
        // White space before a word leaves its last character to the next piece. All white space is one UTF-16 unit wide.
        return kind == CharacterClass.Space && position < text.Length && position - start > 1 ? position - 1 : position;
    }

    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text.Length < 2) return 0;
        if (text[1] is 's' or 't' or 'm' or 'd') return 2;
        return text.Length >= 3 && (text[1], text[2]) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    /// <summary>The class of the character at <paramref name="position"/> and its width in UTF-16 units.</summary>
    public static CharacterClass ClassAt(ReadOnlySpan<char> text, int position, out int width)
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

    private static CharacterClass Classify(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => CharacterClass.Letter,
        >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber => CharacterClass.Number,
        _ => CharacterClass.Other,
    };

    private static CharacterClass[] MakeClasses()
    {
        var classes = new CharacterClass[0x10000];
        for (int unit = 0; unit < classes.Length; unit++)
            classes[unit] = char.IsWhiteSpace((char)unit) ? CharacterClass.Space : Classify(CharUnicodeInfo.GetUnicodeCategory((char)unit));
        return classes;
    }
}
