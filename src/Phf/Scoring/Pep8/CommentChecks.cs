using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>How comments begin (E261, E262, E265, E266) and how long lines of comments and docstrings are (W505).</summary>
internal static class CommentChecks
{
    public static void Check(LogicalLine line)
    {
        if (line.Has(LineFeatures.Comment)) CheckBeginning(line);
        if (line.Options.MaxDocLength is { } limit && !line.IsExempt) CheckLength(line, limit);
    }

    private static void CheckBeginning(LogicalLine line)
    {
        int endRow = 0, endColumn = 0;
        foreach (ref readonly PythonToken token in line.Tokens)
        {
            if (token.Kind == TokenKind.Comment)
            {
                bool isInline = !PythonSource.Trim(line.Source.LineOf(token)[..token.StartColumn]).IsEmpty;
                if (isInline && endRow == token.StartRow && token.StartColumn < endColumn + 2) line.Report(endRow, endColumn, "E261");
                string? code = CodeOf(line.Source.TextOf(token), isInline, token.StartRow);
                if (code is not null) line.Report(token.StartRow, token.StartColumn, code);
            }
            else if (token.Kind != TokenKind.LineBreak) (endRow, endColumn) = (token.EndRow, token.EndColumn);
        }
    }

    private static string? CodeOf(ReadOnlySpan<char> comment, bool isInline, int row)
    {
        int blank = comment.IndexOf(' ');
        ReadOnlySpan<char> symbol = blank < 0 ? comment : comment[..blank];
        ReadOnlySpan<char> words = blank < 0 ? default : comment[(blank + 1)..];
        bool isPlain = symbol is "#" or "#:";
        if (isInline) return !isPlain || (!words.IsEmpty && words[0] is ' ' or '\t') ? "E262" : null;
        if (isPlain) return null;
        ReadOnlySpan<char> afterHashes = symbol.TrimStart('#');
        if (afterHashes.IsEmpty) return words.IsEmpty ? null : "E266";
        return afterHashes[0] == '!' && row == 1 ? null : "E265";
    }

    private static void CheckLength(LogicalLine line, int limit)
    {
        PythonSource source = line.Source;
        bool hasCode = false;
        foreach (ref readonly PythonToken token in line.Tokens)
            hasCode |= !token.IsLayout && token.Kind is not (TokenKind.Comment or TokenKind.Error or TokenKind.String);
        TokenKind? previous = null;
        foreach (ref readonly PythonToken token in line.Tokens)
        {
            if (token.Kind == TokenKind.String && hasCode) continue; // and does not count as the token before
            bool isFirst = previous is null or TokenKind.NewLine or TokenKind.LineBreak or TokenKind.Indent or TokenKind.Dedent;
            if (isFirst && token.Kind is TokenKind.String or TokenKind.Comment && !CheckLines(line, token, source.LineOf(token), limit)) return;
            previous = token.Kind;
        }
    }

    /// <summary>False if the rest must not be looked at: the text begins with the name of an interpreter.</summary>
    private static bool CheckLines(LogicalLine line, in PythonToken token, ReadOnlySpan<char> text, int limit)
    {
        const int longestPrefix = 72;
        for (int row = token.StartRow; !text.IsEmpty; row++)
        {
            int end = text.IndexOfAny("\n\v\f\r\u001C\u001D\u001E\u0085\u2028\u2029");
            ReadOnlySpan<char> physical = end < 0 ? text : text[..end];
            bool crLf = end >= 0 && end + 1 < text.Length && text[end] == '\r' && text[end + 1] == '\n';
            text = end < 0 ? default : text[(end + (crLf ? 2 : 1))..];
            if (row == 1 && line.Source.LineOf(token).StartsWith("#!")) return false;
            (int words, int lastLength) = Words(physical);
            bool isShort = physical.Length - lastLength < longestPrefix;
            if (token.Kind == TokenKind.Comment && words == 2 && isShort) continue;
            if (words == 1 && !text.IsEmpty && isShort) continue;
            if (physical.Length > limit) line.Report(row, limit, "W505");
        }
        return true;
    }

    private static (int Count, int LastLength) Words(ReadOnlySpan<char> text)
    {
        int count = 0, last = 0;
        for (int at = PythonText.SkipWhite(text, 0); at < text.Length; at = PythonText.SkipWhite(text, at))
        {
            int start = at;
            while (at < text.Length && !PythonText.IsWhite(text[at])) at++;
            (count, last) = (count + 1, at - start);
        }
        return (count, last);
    }
}
