using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>Checks of a line as it stands in the file: its length (E501), indentation (E101, W191), end (W291, W293) and the file's end (W391, W292).</summary>
internal static class PhysicalLineChecks
{
    public static void Check(LogicalLine context, ReadOnlySpan<char> line, bool insideString, ReadOnlySpan<char> exemptLine)
    {
        CheckLength(context, line, insideString, exemptLine);
        CheckIndent(context, line);
        CheckEndOfFile(context, line);
        CheckEnd(context, line);
    }

    private static void CheckLength(LogicalLine context, ReadOnlySpan<char> line, bool insideString, ReadOnlySpan<char> exemptLine)
    {
        int limit = context.Options.MaxLineLength;
        if (line.Length <= limit) return;
        line = PythonSource.TrimEnd(line);
        if (line.Length <= limit || NoQa.IsIn(exemptLine)) return;
        (int words, int lastWord) = Words(line);
        bool cannotBreak = (words == 1 && insideString) || (words == 2 && FirstWord(line) is "#");
        if (cannotBreak && lastWord < limit - 7) return;
        if (context.LineNumber == 1 && line.StartsWith("#!")) return;
        context.Report(context.LineNumber, limit, "E501");
    }

    private static void CheckIndent(LogicalLine context, ReadOnlySpan<char> line)
    {
        int length = 0;
        while (length < line.Length && line[length] == ' ') length++;
        bool hasTab = length < line.Length && line[length] == '\t';
        if (!hasTab && (length == 0 || context.IndentCharacter == ' ')) return;
        while (length < line.Length && line[length] is ' ' or '\t') length++;
        ReadOnlySpan<char> indent = line[..length];
        int tab = indent.IndexOf('\t');
        if (tab >= 0) context.Report(context.LineNumber, tab, "W191");
        if (!context.Reports("E101")) return;
        int other = indent.IndexOfAnyExcept(context.IndentCharacter);
        if (other < 0) return;
        context.Report(context.LineNumber, other, "E101");
        context.IndentCharacter = line[0];
    }

    private static void CheckEndOfFile(LogicalLine context, ReadOnlySpan<char> line)
    {
        if (context.LineNumber != context.Source.LineCount) return;
        ReadOnlySpan<char> stripped = line.TrimEnd("\r\n");
        if (!line.IsEmpty && stripped.IsEmpty) context.Report(context.LineNumber, 0, "W391");
        else if (stripped.Length == line.Length)
            context.Report(context.LineNumber, context.Source.Line(context.Source.LineCount).Length, "W292");
    }

    private static void CheckEnd(LogicalLine context, ReadOnlySpan<char> line)
    {
        int end = line.EndsWith('\n') ? line.Length - 1 : line.Length;
        if (end == 0 || line[end - 1] > ' ') return;
        line = line.TrimEnd('\n').TrimEnd('\r').TrimEnd('\f');
        ReadOnlySpan<char> stripped = line.TrimEnd(" \t\v");
        if (stripped.Length == line.Length) return;
        context.Report(context.LineNumber, stripped.Length, stripped.IsEmpty ? "W293" : "W291");
    }

    /// <summary>The number of words between white space and the offset of the last one.</summary>
    private static (int Count, int Last) Words(ReadOnlySpan<char> line)
    {
        int count = 0, last = 0;
        for (int at = PythonText.SkipWhite(line, 0); at < line.Length; at = PythonText.SkipWhite(line, at))
        {
            (count, last) = (count + 1, at);
            while (at < line.Length && !PythonText.IsWhite(line[at])) at++;
        }
        return (count, last);
    }

    private static ReadOnlySpan<char> FirstWord(ReadOnlySpan<char> line)
    {
        int start = PythonText.SkipWhite(line, 0), end = start;
        while (end < line.Length && !PythonText.IsWhite(line[end])) end++;
        return line[start..end];
    }
}
