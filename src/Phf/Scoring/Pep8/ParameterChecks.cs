namespace Phf.Scoring.Pep8;

/// <summary>Blanks around the equals sign of parameters (E251, E252), before brackets (E211), and backslashes between brackets (E502).</summary>
internal static class ParameterChecks
{
    public static void Check(LogicalLine line)
    {
        if (line.Has(LineFeatures.LooseEquals)) CheckEquals(line);
        if (line.Has(LineFeatures.DetachedBracket)) CheckBracket(line);
        if (line.HasBackslash) CheckBackslash(line);
    }

    private static void CheckEquals(LogicalLine line)
    {
        bool inDef = Statement.IsDef(line.Text), annotated = false, noBlank = false, needsBlank = false;
        int depth = 0;
        PythonToken previous = default;
        foreach (ref readonly PythonToken token in line.Tokens)
        {
            if (token.Kind == TokenKind.LineBreak) continue;
            bool touches = token.Touches(previous);
            if (noBlank && !touches) line.Report(previous.EndRow, previous.EndColumn, "E251");
            if (needsBlank && touches) line.Report(previous.EndRow, previous.EndColumn, "E252");
            noBlank = needsBlank = false;
            if (token.Kind == TokenKind.Operator)
            {
                if (token.Single is '(' or '[') depth++;
                else if (token.Single is ')' or ']') depth--;
                else if (inDef && token.Single == ':' && depth == 1) annotated = true;
                else if (depth == 1 && token.Single == ',') annotated = false;
                else if (depth != 0 && token.Single == '=')
                {
                    needsBlank = annotated && depth == 1;
                    noBlank = !needsBlank;
                    if (touches == needsBlank) line.Report(previous.EndRow, previous.EndColumn, needsBlank ? "E252" : "E251");
                }
                if (depth == 0) annotated = false;
            }
            previous = token;
        }
    }

    private static void CheckBracket(LogicalLine line)
    {
        ReadOnlySpan<PythonToken> tokens = line.Tokens;
        for (int i = 1; i < tokens.Length; i++)
        {
            ref readonly PythonToken token = ref tokens[i], previous = ref tokens[i - 1];
            if (!token.IsOperator('(') && !token.IsOperator('[')) continue;
            if (token.Touches(previous)) continue;
            bool isCallee = previous.Kind == TokenKind.Name || previous.Single is '}' or ']' or ')' || previous.End == previous.Start;
            if (!isCallee || (i >= 2 && tokens[i - 2].Word == PythonWord.Class)) continue;
            if (!previous.Has(TokenTraits.Keyword)) line.Report(previous.EndRow, previous.EndColumn, "E211");
        }
    }

    private static void CheckBackslash(LogicalLine line)
    {
        int row = 0, lastRow = 0, depth = 0;
        bool comment = false;
        (int Row, int Column)? backslash = null;
        foreach (ref readonly PythonToken token in line.Tokens)
        {
            comment |= token.Kind == TokenKind.Comment;
            if (token.StartRow != row && depth != 0 && !comment && backslash is { } place) line.Report(place.Row, place.Column, "E502");
            if (token.EndRow == lastRow) row = token.StartRow;
            else
            {
                ReadOnlySpan<char> text = line.Source.LineOf(token);
                backslash = text.TrimEnd("\r\n").EndsWith('\\') ? (token.EndRow, LastLineLength(text.TrimEnd("\r\n")) - 1) : null;
                row = lastRow = token.EndRow;
            }
            if (token.Opens) depth++;
            else if (token.Closes) depth--;
        }
    }

    /// <summary>Length behind the last of all the line ends that <c>str.splitlines</c> knows.</summary>
    private static int LastLineLength(ReadOnlySpan<char> text) =>
        text.Length - 1 - text.LastIndexOfAny("\n\v\f\r\u001C\u001D\u001E\u0085\u2028\u2029");
}
