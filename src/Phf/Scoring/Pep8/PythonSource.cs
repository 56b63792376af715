using System.Globalization;
using System.Text;
using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>
/// A text in physical lines, which end at <c>\n</c> alone. Each character is one code point: those beyond U+FFFF are replaced with one
/// character of the same kind (letter, digit, mark, other), so that offsets count code points. A byte order mark at the beginning is left out.
/// </summary>
internal sealed class PythonSource
{
    private int[] _lineStarts = new int[128];

    public string Text { get; private set; } = "";

    public int LineCount { get; private set; }

    /// <summary>Takes the place of the text before.</summary>
    public void Read(string text)
    {
        int mark = text.StartsWith('\uFEFF') ? 1 : text.StartsWith("\u00EF\u00BB\u00BF", StringComparison.Ordinal) ? 3 : 0;
        string rest = mark == 0 ? text : text[mark..];
        Text = HasSurrogatePair(rest) ? OneCharacterEach(rest) : rest;
        LineCount = 0;
        if (text.Length > 0) AddLine(0);
        ReadOnlySpan<char> characters = Text;
        for (int at = 0; characters[at..].IndexOf('\n') is >= 0 and var length;)
        {
            at += length + 1;
            if (at == characters.Length) break;
            AddLine(at);
        }
        AddLine(Text.Length);
        LineCount--;
    }

    /// <summary>Offset of line <paramref name="row"/> (from 1); the row behind the last line begins at the end of the text.</summary>
    public int LineStart(int row) => _lineStarts[row - 1];

    /// <summary>Line <paramref name="row"/> (from 1) with its end.</summary>
    public ReadOnlySpan<char> Line(int row) => Text.AsSpan(_lineStarts[row - 1].._lineStarts[row]);

    public ReadOnlySpan<char> TextOf(in PythonToken token) => Text.AsSpan(token.Start, token.End - token.Start);

    public bool Is(in PythonToken token, string text) => TextOf(token).SequenceEqual(text);

    /// <summary>The physical line of a token; the lines, if the token goes over several.</summary>
    public ReadOnlySpan<char> LineOf(in PythonToken token) => Text.AsSpan(token.LineStart, token.LineEnd - token.LineStart);

    private void AddLine(int start)
    {
        if (LineCount == _lineStarts.Length) Array.Resize(ref _lineStarts, 2 * LineCount);
        _lineStarts[LineCount++] = start;
    }

    /// <summary>
    /// Columns of white space that a line begins with. Tabs go to the next multiple of 8, but only if the line has one; without any, every kind
    /// of white space counts as one column.
    /// </summary>
    public static int Indentation(ReadOnlySpan<char> line)
    {
        int width = 0;
        while (width < line.Length && line[width] == ' ') width++;
        if (width == line.Length || (line[width] > ' ' && char.IsAscii(line[width]))) return width;
        line = line.TrimEnd("\r\n");
        width = 0;
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == ' ') width++;
            else if (line[i] == '\t') width = (width / 8 * 8) + 8;
            else if (!PythonText.IsWhite(line[i]) || line.Contains('\t')) return width;
            else return PythonText.SkipWhite(line, i);
        }
        return width;
    }

    public static ReadOnlySpan<char> TrimEnd(ReadOnlySpan<char> text)
    {
        int end = text.Length;
        while (end > 0 && PythonText.IsWhite(text[end - 1])) end--;
        return text[..end];
    }

    public static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text) => TrimEnd(text[PythonText.SkipWhite(text, 0)..]);

    /// <summary><c>str.isidentifier</c>.</summary>
    public static bool IsIdentifier(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || !IsIdentifierStart(text[0])) return false;
        foreach (char c in text[1..])
            if (!IsIdentifierStart(c) && CharUnicodeInfo.GetUnicodeCategory(c) is not (UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation)) return false;
        return true;
    }

    /// <summary>Whether a name may begin with <paramref name="c"/>: letters and letter numbers but those that lose it when normalised.</summary>
    public static bool IsIdentifierStart(char c)
    {
        if (c < 128) return char.IsAsciiLetter(c) || c == '_';
        if (CharUnicodeInfo.GetUnicodeCategory(c) is not (<= UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber)) return false;
        return c is not ('\u037A' or '\u0E33' or '\u0EB3' or '\u2E2F' or (>= '\uFC5E' and <= '\uFC63') or '\uFDFA' or '\uFDFB'
            or '\uFE70' or '\uFE72' or '\uFE74' or '\uFE76' or '\uFE78' or '\uFE7A' or '\uFE7C' or '\uFE7E' or '\uFF9E' or '\uFF9F');
    }

    private static bool HasSurrogatePair(string text)
    {
        int at = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDBFF');
        if (at < 0) return false;
        for (; at + 1 < text.Length; at++)
            if (char.IsSurrogatePair(text[at], text[at + 1])) return true;
        return false;
    }

    private static string OneCharacterEach(string text)
    {
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (i + 1 == text.Length || !char.IsSurrogatePair(text, i)) result.Append(text[i]);
            else
            {
                result.Append(CharUnicodeInfo.GetUnicodeCategory(text, i) switch
                {
                    <= UnicodeCategory.OtherLetter => '\u4E00',
                    UnicodeCategory.LetterNumber => '\u2160',
                    UnicodeCategory.DecimalDigitNumber => '\u0660',
                    UnicodeCategory.OtherNumber => '\u00B2',
                    UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark => '\u0301',
                    _ => '\u2603',
                });
                i++;
            }
        }
        return result.ToString();
    }
}
