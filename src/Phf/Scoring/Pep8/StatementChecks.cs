using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>
/// Several statements on a line (E701, E702, E703, E704), lambdas that get a name (E731), and a bare except (E722).
/// </summary>
internal static class StatementChecks
{
    public static void Check(LogicalLine line)
    {
        if (line.Has(LineFeatures.InnerColon)) CheckColons(line, line.Text);
        if (line.Has(LineFeatures.Semicolon)) CheckSemicolons(line, line.Text);
        if (line.FirstWord == PythonWord.Except && !line.IsExempt) CheckExcept(line, line.Text);
    }

    private static void CheckSemicolons(LogicalLine line, ReadOnlySpan<char> text)
    {
        for (int at = 0; text[at..].IndexOf(';') is >= 0 and var found; at += found + 1)
            line.Report(at + found, at + found + 1 < text.Length ? "E702" : "E703");
    }

    private static void CheckExcept(LogicalLine line, ReadOnlySpan<char> text)
    {
        int colon = PythonText.SkipWhite(text, 6);
        if (colon < text.Length && text[colon] == ':') line.Report(0, "E722");
    }

    private static void CheckColons(LogicalLine line, ReadOnlySpan<char> text)
    {
        int round = 0, square = 0, curly = 0;
        int lambda = -2; // not looked for yet
        for (int i = 0; i + 1 < text.Length; i++)
        {
            switch (text[i])
            {
                case '(': round++; break;
                case ')': round--; break;
                case '[': square++; break;
                case ']': square--; break;
                case '{': curly++; break;
                case '}': curly--; break;
                case ':' when round <= 0 && square <= 0 && curly <= 0 && text[i + 1] != '=':
                    if (lambda == -2) lambda = FindWord(text, "lambda");
                    if (lambda >= 0 && lambda + 6 <= i)
                    {
                        CheckLambda(line, text[..lambda]);
                        return;
                    }
                    if (Statement.IsDef(text)) line.Report(0, "E704");
                    else if (BeginsBlock(text)) line.Report(i, "E701");
                    break;
            }
        }
    }

    private static void CheckLambda(LogicalLine line, ReadOnlySpan<char> before)
    {
        before = PythonSource.TrimEnd(before);
        if (before.EndsWith('=') && PythonSource.IsIdentifier(PythonSource.Trim(before[..^1]))) line.Report(0, "E731");
    }

    private static int FindWord(ReadOnlySpan<char> text, string word)
    {
        for (int at = 0; text[at..].IndexOf(word) is >= 0 and var found; at += found + 1)
            if (PythonText.IsBoundary(text, at + found) && PythonText.IsBoundary(text, at + found + word.Length)) return at + found;
        return -1;
    }

    private static bool BeginsBlock(ReadOnlySpan<char> text)
    {
        text = text[PythonText.SkipWhite(text, 0)..];
        ReadOnlySpan<char> word = FirstWord(text);
        if (word is "async")
        {
            ReadOnlySpan<char> rest = text[5..];
            rest = rest[PythonText.SkipWhite(rest, 0)..];
            return FirstWord(rest) is "def" or "for" or "with";
        }
        return word is "def" or "for" or "if" or "elif" or "else" or "try" or "except" or "finally" or "with" or "class" or "while";
    }

    private static ReadOnlySpan<char> FirstWord(ReadOnlySpan<char> text)
    {
        int end = 0;
        while (PythonText.WordLength(text, end) > 0) end++;
        return text[..end];
    }
}
