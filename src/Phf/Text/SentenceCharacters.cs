using System.Globalization;

namespace Phf.Text;

/// <summary>What a character may do in spaCy's English tokenizer patterns; several at once.</summary>
[Flags]
internal enum SentenceTrait : ushort
{
    None = 0,

    /// <summary>White space, as Python's str.isspace says.</summary>
    Space = 1,

    /// <summary>Category P*.</summary>
    Punctuation = 2,

    /// <summary>Ends a sentence when it is a whole token.</summary>
    Terminator = 4,

    /// <summary>Cut from the front of a word.</summary>
    Prefix = 8,

    /// <summary>Cut from the end of a word.</summary>
    Suffix = 16,

    /// <summary>A symbol that is cut out anywhere.</summary>
    Icon = 32,

    /// <summary>Quotes and brackets, which stand for a letter of either case next to a full stop inside a word.</summary>
    Quote = 64,

    /// <summary>A full stop after it is cut off the end of a word.</summary>
    BeforeFinalStop = 128,

    Lower = 256,
    Upper = 512,
    Digit = 1024,
}

/// <summary>The traits of every character.</summary>
internal static class SentenceCharacters
{
    private const string CutFromBothEnds = "!\"#&'()*,:;<>?[]_`{}¡«´·»¿،؛؟٪۔।–—‘’‚“”„…〈〉⟦⟧、。〈〉《》「」『』【】〔〕！（），：；？～";
    private const string CutFromFront = "$%=£¥§฿﷼";
    private const string QuotesAndBrackets = "\"',`«´»‘’‚“”„〈〉⟦⟧「」『』（）〔〕【】《》〈〉";
    private const string BeforeStopToo = "%+-|²";

    private static readonly SentenceTrait[] OfUnit = MakeTable();

    private static readonly (int First, int Last, SentenceTrait Traits)[] AstralRanges =
    [
        .. AstralOf(SentenceData.Terminators, SentenceTrait.Terminator),
        .. AstralOf(SentenceData.Icons, SentenceTrait.Icon | SentenceTrait.Prefix | SentenceTrait.Suffix),
        .. AstralOf(SentenceData.Uncased, SentenceTrait.Lower | SentenceTrait.Upper | SentenceTrait.BeforeFinalStop),
    ];

    public static SentenceTrait Of(char unit) => OfUnit[unit];

    /// <summary>The traits of the code point at <paramref name="index"/> and how many UTF-16 units it has.</summary>
    public static SentenceTrait At(ReadOnlySpan<char> text, int index, out int width)
    {
        char unit = text[index];
        width = 1;
        if (!char.IsHighSurrogate(unit) || index + 1 == text.Length || !char.IsLowSurrogate(text[index + 1])) return OfUnit[unit];
        width = 2;
        return OfAstral(char.ConvertToUtf32(unit, text[index + 1]));
    }

    /// <summary>The traits of the code point that ends before <paramref name="end"/>.</summary>
    public static SentenceTrait Before(ReadOnlySpan<char> text, int end, out int width)
    {
        bool pair = end >= 2 && char.IsLowSurrogate(text[end - 1]) && char.IsHighSurrogate(text[end - 2]);
        return At(text, end - (pair ? 2 : 1), out width);
    }

    private static SentenceTrait OfAstral(int codePoint)
    {
        SentenceTrait traits = IsPunctuation(CharUnicodeInfo.GetUnicodeCategory(codePoint)) ? SentenceTrait.Punctuation : SentenceTrait.None;
        foreach ((int first, int last, SentenceTrait more) in AstralRanges)
            if (codePoint >= first && codePoint <= last) traits |= more;
        return traits;
    }

    private static IEnumerable<(int, int, SentenceTrait)> AstralOf(string list, SentenceTrait traits) =>
        CodePointSet.Ranges(list).Where(range => range.Last > 0xFFFF).Select(range => (range.First, range.Last, traits));

    private static bool IsPunctuation(UnicodeCategory category) =>
        category is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;

    private static SentenceTrait[] MakeTable()
    {
        var table = new SentenceTrait[0x10000];
        for (int unit = 0; unit < table.Length; unit++)
        {
            UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory((char)unit);
            if (char.IsWhiteSpace((char)unit) || unit is >= 0x1C and <= 0x1F) table[unit] |= SentenceTrait.Space;
            if (IsPunctuation(category)) table[unit] |= SentenceTrait.Punctuation;
            if (char.IsAsciiDigit((char)unit)) table[unit] |= SentenceTrait.Digit | SentenceTrait.BeforeFinalStop;
            if (!IsCasedScript(unit)) continue;
            if (category == UnicodeCategory.LowercaseLetter) table[unit] |= SentenceTrait.Lower | SentenceTrait.BeforeFinalStop;
            if (category == UnicodeCategory.UppercaseLetter) table[unit] |= SentenceTrait.Upper;
        }
        AddRanges(SentenceData.Terminators, SentenceTrait.Terminator);
        AddRanges(SentenceData.Icons, SentenceTrait.Icon | SentenceTrait.Prefix | SentenceTrait.Suffix);
        AddRanges(SentenceData.Uncased, SentenceTrait.Lower | SentenceTrait.Upper | SentenceTrait.BeforeFinalStop);
        AddAll(CutFromBothEnds, SentenceTrait.Prefix | SentenceTrait.Suffix);
        AddAll(CutFromFront, SentenceTrait.Prefix);
        for (char currency = '\u20A0'; currency <= '\u20BF'; currency++) table[currency] |= SentenceTrait.Prefix;
        AddAll(QuotesAndBrackets, SentenceTrait.Quote | SentenceTrait.BeforeFinalStop);
        AddAll("!#&()*:;<>?[]_{}¡·¿،؛؟٪…，！：；？～。、।۔" + BeforeStopToo, SentenceTrait.BeforeFinalStop);
        return table;

        void AddAll(string characters, SentenceTrait traits)
        {
            foreach (char unit in characters) table[unit] |= traits;
        }

        void AddRanges(string list, SentenceTrait traits)
        {
            foreach ((int first, int last) in CodePointSet.Ranges(list))
                for (int unit = first; unit <= Math.Min(last, 0xFFFF); unit++) table[unit] |= traits;
        }
    }

    /// <summary>Latin, Greek and Cyrillic, the scripts with case that the patterns know.</summary>
    private static bool IsCasedScript(int unit) =>
        unit is < 0xB5 or (> 0xB5 and < 0x460) or (>= 0x490 and < 0x500) or (>= 0x1D00 and < 0x1F00) or (>= 0x2C60 and < 0x2C80)
            or (>= 0xA720 and < 0xA800) or (>= 0xAB30 and < 0xAB65) or (>= 0xFF21 and < 0xFF5B);
}
