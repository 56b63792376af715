using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>Several imports in one statement (E401) and imports behind other code (E402).</summary>
internal static class ImportChecks
{
    public static void Check(LogicalLine line)
    {
        bool isImport = line.FirstWord is PythonWord.Import or PythonWord.From;
        bool mayBeMisplaced = line.IndentLevel == 0 && !line.IsExempt;
        if (!isImport && (!mayBeMisplaced || line.SeenCode)) return;
        ReadOnlySpan<char> text = line.Text;
        if (text.StartsWith("import "))
        {
            int comma = text.IndexOf(',');
            if (comma >= 0 && !text[..comma].Contains(';')) line.Report(comma, "E401");
        }
        if (mayBeMisplaced) CheckPlace(line, text);
    }

    private static void CheckPlace(LogicalLine line, ReadOnlySpan<char> text)
    {
        if (text.StartsWith("import ") || text.StartsWith("from "))
        {
            if (line.SeenCode) line.Report(0, "E402");
        }
        else if (IsDunderAssignment(text) || MayGuardImports(text)) return;
        else if (IsString(text) && !line.SeenDocstring) line.SeenDocstring = true;
        else line.SeenCode = true;
    }

    private static bool MayGuardImports(ReadOnlySpan<char> text) => text.StartsWith("try") || text.StartsWith("except") || text.StartsWith("else")
        || text.StartsWith("finally") || text.StartsWith("with") || text.StartsWith("if") || text.StartsWith("elif");

    private static bool IsString(ReadOnlySpan<char> text)
    {
        int at = text[0] is 'u' or 'U' or 'b' or 'B' ? 1 : 0;
        if (at < text.Length && text[at] is 'r' or 'R') at++;
        return at < text.Length && text[at] is '"' or '\'';
    }

    /// <summary><c>__name__ = </c>, with an annotation of letters, dots and square brackets or without.</summary>
    private static bool IsDunderAssignment(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith("__")) return false;
        int end = 2;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_')) end++;
        if (end < 5 || !text[..end].EndsWith("__")) return false;
        text = text[end..];
        if (text.StartsWith(" = ")) return true;
        int at = PythonText.SkipWhite(text, 0);
        if (at >= text.Length || text[at] != ':') return false;
        int start = PythonText.SkipWhite(text, at + 1);
        for (at = start; at < text.Length && (char.IsAsciiLetter(text[at]) || text[at] is '.' or '[' or ']');) at++;
        return at > start && text[at..].StartsWith(" = ");
    }
}
