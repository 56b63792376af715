using System.Text;

namespace Phf.Text;

/// <summary>What BERT does to a text before it cuts it into words.</summary>
internal sealed record BertNormalizer
{
    /// <summary>Remove control characters, make all white space blanks.</summary>
    public bool CleanText { get; init; } = true;

    /// <summary>Put blanks around CJK ideographs.</summary>
    public bool SpaceIdeographs { get; init; } = true;

    /// <summary>Decompose and drop nonspacing marks; null is as <see cref="Lowercase"/>.</summary>
    public bool? StripAccents { get; init; }

    public bool Lowercase { get; init; } = true;

    /// <summary>Appends the normalized form of <paramref name="text"/>, whose first unit is at <paramref name="offset"/> of the original.</summary>
    public void Normalize(ReadOnlySpan<char> text, int offset, AlignedText destination)
    {
        var cleaned = new AlignedText();
        for (int start = offset, width; !text.IsEmpty; text = text[width..], start += width)
        {
            Rune.DecodeFromUtf16(text, out Rune rune, out width);
            int code = rune.Value, end = start + width;
            if (CleanText && BertCharacters.Removed.Contains(code)) continue;
            if (CleanText && BertCharacters.Spaces.Contains(code)) code = ' ';
            bool isIdeograph = SpaceIdeographs && BertCharacters.Ideographs.Contains(code);
            if (isIdeograph) cleaned.Append(' ', start, end);
            cleaned.Append(code, start, end);
            if (isIdeograph) cleaned.Append(' ', start, end);
        }
        bool strips = StripAccents ?? Lowercase;
        AlignedText decomposed = cleaned;
        if (strips) CanonicalForms.Decompose(cleaned, decomposed = new AlignedText());
        for (int i = 0, width; i < decomposed.Length; i += width)
        {
            int code = decomposed.CodePointAt(i, out width);
            if (strips && BertCharacters.Marks.Contains(code)) continue;
            if (Lowercase) AppendLower(code, decomposed.Start(i), decomposed.End(i), destination);
            else destination.Append(code, decomposed.Start(i), decomposed.End(i));
        }
    }

    /// <summary>Character by character: no final sigma; U+0130 becomes an i and a combining dot.</summary>
    private static void AppendLower(int code, int start, int end, AlignedText destination)
    {
        if (code == 0x130)
        {
            destination.Append('i', start, end);
            destination.Append(0x307, start, end);
        }
        else if (BertCharacters.YoungLowerCase.TryGetValue(code, out int lower)) destination.Append(lower, start, end);
        else destination.Append(Rune.ToLowerInvariant(new Rune(code)).Value, start, end);
    }
}
