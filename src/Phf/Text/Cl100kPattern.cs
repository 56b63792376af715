namespace Phf.Text;

/// <summary>
/// The pre-tokenizer of cl100k (and of Llama 3 and Qwen 2, which took it over) as a hand-written scanner of the pattern
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>.
/// Classes as in <see cref="Gpt2Pattern"/>.
/// </summary>
internal static class Cl100kPattern
{
    /// <summary>The exclusive end of the piece that begins at <paramref name="start"/>, which must lie inside the text.</summary>
    /// <param name="maxDigits">Most digits of a number.</param>
    public static int PieceEnd(ReadOnlySpan<char> text, int start, int maxDigits)
    {
        if (text[start] == '\'')
        {
            int contraction = ContractionLength(text[(start + 1)..]);
            if (contraction > 0) return start + 1 + contraction;
        }
        CharacterClass kind = Gpt2Pattern.ClassAt(text, start, out int width);
        int next = start + width;
        if (kind == CharacterClass.Letter) return RunEnd(text, next, CharacterClass.Letter);
        if (kind == CharacterClass.Number)
        {
            for (int digits = 1; digits < maxDigits && next < text.Length && Gpt2Pattern.ClassAt(text, next, out width) == CharacterClass.Number; digits++) next += width;
            return next;
        }
        if (!IsLineEnd(text[start]) && next < text.Length)
        {
            CharacterClass following = Gpt2Pattern.ClassAt(text, next, out _);
            if (following == CharacterClass.Letter) return RunEnd(text, next, CharacterClass.Letter);
            if (text[start] == ' ' && following == CharacterClass.Other) kind = CharacterClass.Other; // the blank goes with what follows
        }
        if (kind == CharacterClass.Other)
        {
            int end = RunEnd(text, next, CharacterClass.Other);
            while (end < text.Length && IsLineEnd(text[end])) end++;
            return end;
        }
        return SpaceEnd(text, start);
    }

    /// <summary>White space: up to its last line end; else all of it, but its last character belongs to a word that follows.</summary>
    private static int SpaceEnd(ReadOnlySpan<char> text, int start)
    {
        int end = RunEnd(text, start, CharacterClass.Space);
        int lineEnd = text[start..end].LastIndexOfAny('\r', '\n');
        if (lineEnd >= 0) return start + lineEnd + 1;
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }

    private static int RunEnd(ReadOnlySpan<char> text, int position, CharacterClass kind)
    {
        while (position < text.Length && Gpt2Pattern.ClassAt(text, position, out int width) == kind) position += width;
        return position;
    }

    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return 0;
        char first = Fold(text[0]);
        if (first is 's' or 't' or 'm' or 'd') return 1;
        return text.Length >= 2 && (first, Fold(text[1])) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 2 : 0;
    }

    /// <summary>Case folding as far as the contractions need it: ASCII, and the long s.</summary>
    private static char Fold(char unit) => unit == '\u017F' ? 's' : char.IsAsciiLetterUpper(unit) ? (char)(unit | 0x20) : unit;

    private static bool IsLineEnd(char unit) => unit is '\r' or '\n';
}
