using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>Classes of characters for the tokenizer: a table for ASCII, Python's own classes beyond it.</summary>
internal static class Characters
{
    private const byte Word = 1, Blank = 2, StringBegin = 4, NumberBegin = 8;

    private static readonly byte[] Table = MakeTable();

    /// <summary>Blank, tab or form feed: what may stand between tokens.</summary>
    public static bool IsBlank(char c) => c < 128 && (Table[c] & Blank) != 0;

    /// <summary>A quote, or a letter of a string's prefix.</summary>
    public static bool MayBeginString(char c) => c < 128 && (Table[c] & StringBegin) != 0;

    /// <summary>A decimal digit or a full stop.</summary>
    public static bool MayBeginNumber(char c) => c < 128 && (Table[c] & NumberBegin) != 0;

    /// <summary>The end of the run of word characters (<c>\w</c>) at <paramref name="at"/>.</summary>
    public static int WordEnd(ReadOnlySpan<char> text, int at)
    {
        byte[] table = Table;
        while ((uint)at < (uint)text.Length)
        {
            char c = text[at];
            if (c < table.Length ? (table[c] & Word) == 0 : PythonText.WordLength(text, at) == 0) break;
            at++;
        }
        return at;
    }

    private static byte[] MakeTable()
    {
        byte[] table = new byte[128];
        for (char c = '\0'; c < table.Length; c++)
        {
            if (char.IsAsciiLetterOrDigit(c) || c == '_') table[c] |= Word;
            if (c is ' ' or '\t' or '\f') table[c] |= Blank;
            if ("\"'bBrRuUfF".Contains(c)) table[c] |= StringBegin;
            if (char.IsAsciiDigit(c) || c == '.') table[c] |= NumberBegin;
        }
        return table;
    }
}
