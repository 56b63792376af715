using System.Runtime.CompilerServices;
using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>Classes of characters for the tokenizer: a table for ASCII, Python's own classes beyond it.</summary>
internal static class Characters
{
    private const byte Word = 1, Blank = 2, StringBegin = 4, NumberBegin = 8, PlainName = 16, Operator = 32, OperatorTail = 64;

    private static readonly byte[] Table = MakeTable();

    /// <summary>Blank, tab or form feed: what may stand between tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBlank(char c) => c < 128 && (Table[c] & Blank) != 0;

    /// <summary>A quote, or a letter of a string's prefix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool MayBeginString(char c) => c < 128 && (Table[c] & StringBegin) != 0;

    /// <summary>A decimal digit or a full stop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool MayBeginNumber(char c) => c < 128 && (Table[c] & NumberBegin) != 0;

    /// <summary>A letter or underscore that begins no string's prefix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool BeginsPlainName(char c) => c < 128 && (Table[c] & PlainName) != 0;

    /// <summary>An operator, bracket or punctuation of one character, which does not go on with <paramref name="next"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPlainOperator(char c, char next) => c < 128 && (Table[c] & Operator) != 0
        && (c == '.' ? next != '.' && !char.IsAsciiDigit(next) : next >= 128 || (Table[next] & OperatorTail) == 0);

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
            if ((char.IsAsciiLetter(c) || c == '_') && (table[c] & StringBegin) == 0) table[c] |= PlainName;
            if ("()[]{},;:.~+-*/%@&|^<>=".Contains(c)) table[c] |= Operator;
            if ("=<>*/".Contains(c)) table[c] |= OperatorTail;
            if (char.IsAsciiDigit(c) || c == '.') table[c] |= NumberBegin;
        }
        return table;
    }
}
