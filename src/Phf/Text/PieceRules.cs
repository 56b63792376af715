using System.Globalization;
using System.Text;

namespace Phf.Text;

/// <summary>Which pattern cuts a text into the pieces that BPE merges.</summary>
internal enum PiecePattern
{
    /// <summary><see cref="Gpt2Pattern"/>.</summary>
    Gpt2,

    /// <summary><see cref="Cl100kPattern"/>, numbers of up to three digits (cl100k, Llama 3).</summary>
    Cl100k,

    /// <summary><see cref="Cl100kPattern"/>, every digit by itself (Qwen 2).</summary>
    Cl100kDigits,
}

/// <summary>What is cut apart before the pattern looks at the text.</summary>
internal enum PieceSplit
{
    None,

    /// <summary>Every digit by itself.</summary>
    EachDigit,

    /// <summary>Runs of digits.</summary>
    DigitRuns,

    /// <summary>Runs of punctuation.</summary>
    PunctuationRuns,
}

/// <summary>How a text becomes pieces.</summary>
internal sealed record PieceRules
{
    public PiecePattern Pattern { get; init; }

    public PieceSplit Split { get; init; }

    /// <summary>A text that does not begin with a blank gets one in front.</summary>
    public bool AddsPrefixSpace { get; init; }

    /// <summary>The text is brought to Unicode's normal form C first.</summary>
    public bool ComposesCharacters { get; init; }

    /// <summary>GPT-2's own: its pattern, and the text taken as it is.</summary>
    public static PieceRules Default { get; } = new();

    /// <summary>The exclusive end of the part, to be cut by <see cref="PieceEnd"/>, that begins at <paramref name="start"/>.</summary>
    public int PartEnd(ReadOnlySpan<char> text, int start)
    {
        if (Split == PieceSplit.None) return text.Length;
        bool first = IsCutOut(text, start, out int width);
        int end = start + width;
        if (first && Split == PieceSplit.EachDigit) return end;
        while (end < text.Length && IsCutOut(text, end, out width) == first) end += width;
        return end;
    }

    /// <summary>The exclusive end of the piece that begins at <paramref name="start"/> of a part.</summary>
    public int PieceEnd(ReadOnlySpan<char> part, int start) => Pattern switch
    {
        PiecePattern.Gpt2 => Gpt2Pattern.PieceEnd(part, start),
        PiecePattern.Cl100k => Cl100kPattern.PieceEnd(part, start, maxDigits: 3),
        _ => Cl100kPattern.PieceEnd(part, start, maxDigits: 1),
    };

    private bool IsCutOut(ReadOnlySpan<char> text, int index, out int width)
    {
        Rune.DecodeFromUtf16(text[index..], out Rune rune, out width);
        return Split == PieceSplit.PunctuationRuns ? BertCharacters.Punctuation.Contains(rune.Value)
            : Rune.GetUnicodeCategory(rune) is >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber;
    }
}
