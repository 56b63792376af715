using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>
/// White space in a statement's text: inside brackets and before punctuation (E201, E202, E203), around operators (E221 to E224), behind
/// punctuation (E231, E241, E242).
/// </summary>
internal static class WhitespaceChecks
{
    public static void Check(LogicalLine line)
    {
        bool oddBlank = line.Has(LineFeatures.OddBlank);
        if (line.Has(LineFeatures.BlankInside)) CheckInside(line, line.Text);
        if (oddBlank) CheckOperators(line, line.Text);
        if (line.Has(LineFeatures.MissingBlank)) CheckMissing(line, line.Text);
        if (oddBlank) CheckBehindPunctuation(line, line.Text);
    }

    private static void CheckInside(LogicalLine line, ReadOnlySpan<char> text)
    {
        for (int i = 0; i + 1 < text.Length; i++)
        {
            char c = text[i], next = text[i + 1];
            if (c is '[' or '(' or '{' && next is ' ' or '\t')
            {
                line.Report(i + 1, "E201");
                i++;
            }
            else if (c is ' ' or '\t' && next is ']' or '}' or ')' or ',' or ';' or ':' && !(i + 2 < text.Length && text[i + 2] == '='))
            {
                if (text[i > 0 ? i - 1 : text.Length - 1] != ',') line.Report(i, next is ']' or '}' or ')' ? "E202" : "E203");
                i++;
            }
        }
    }

    private static void CheckOperators(LogicalLine line, ReadOnlySpan<char> text)
    {
        for (int at = 0; at < text.Length;)
        {
            if (text[at] == ',' || PythonText.IsWhite(text[at]))
            {
                at++;
                continue;
            }
            int start = PythonText.SkipWhite(text, at + 1), end = start;
            while (end < text.Length && IsOperator(text[end])) end++;
            if (end == start)
            {
                at++;
                continue;
            }
            int next = PythonText.SkipWhite(text, end);
            Report(line, at + 1, text[(at + 1)..start], "E223", "E221");
            Report(line, end, text[end..next], "E224", "E222");
            at = next;
        }
    }

    private static bool IsOperator(char c) => c is '-' or '+' or '*' or '/' or '|' or '!' or '<' or '=' or '>' or '%' or '&' or '^';

    private static void Report(LogicalLine line, int at, ReadOnlySpan<char> white, string tab, string several)
    {
        if (white.Contains('\t')) line.Report(at, tab);
        else if (white.Length > 1) line.Report(at, several);
    }

    private static void CheckMissing(LogicalLine line, ReadOnlySpan<char> text)
    {
        int square = 0, lastSquare = -1, lastCurly = -1;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            char c = text[i], next = text[i + 1];
            if (c == '[') (square, lastSquare) = (square + 1, i);
            else if (c == ']') square--;
            else if (c == '{') lastCurly = i;
            else if (c is ',' or ';' or ':' && next is not (' ' or '\t'))
            {
                bool isSlice = c == ':' && square > 0 && lastCurly < lastSquare;
                bool isAllowed = (c == ',' && next == ')') || (c == ':' && next == '=');
                if (!isSlice && !isAllowed) line.Report(i, "E231");
            }
        }
    }

    private static void CheckBehindPunctuation(LogicalLine line, ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not (',' or ';' or ':')) continue;
            ReadOnlySpan<char> white = text[(i + 1)..PythonText.SkipWhite(text, i + 1)];
            if (white.Contains('\t')) line.Report(i + 1, "E242");
            else if (white.Contains("  ", StringComparison.Ordinal)) line.Report(i + 1, "E241");
        }
    }
}
