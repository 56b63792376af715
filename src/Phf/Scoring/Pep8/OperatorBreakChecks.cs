namespace Phf.Scoring.Pep8;

/// <summary>Line breaks before (W503) and behind (W504) binary operators.</summary>
internal static class OperatorBreakChecks
{
    public static void Check(LogicalLine line)
    {
        bool mayBreak = line.Tokens[0].StartRow < line.Tokens[^1].EndRow || line.Features == LineFeatures.Unclear; // a carriage return alone breaks too
        if (!mayBreak || (!line.Reports("W503") && !line.Reports("W504"))) return;
        bool lineBreak = false, unary = true, afterOperator = false;
        PythonToken previous = default;
        foreach (ref readonly PythonToken token in line.Tokens)
        {
            if (token.Kind == TokenKind.Comment) continue;
            ReadOnlySpan<char> text = line.Source.TextOf(token);
            if (token.Kind != TokenKind.String && text.ContainsAny('\n', '\r'))
            {
                lineBreak = true;
                continue;
            }
            bool isOperator = IsBinary(token, text);
            if (lineBreak && !unary && isOperator && !afterOperator) line.Report(token.StartRow, token.StartColumn, "W503");
            if (lineBreak && !unary && afterOperator && !isOperator) line.Report(previous.StartRow, previous.StartColumn, "W504");
            unary = text.IsEmpty || token.Single is '(' or '[' or '{' or ',' or ';';
            (lineBreak, afterOperator, previous) = (false, isOperator, token);
        }
    }

    private static bool IsBinary(in PythonToken token, ReadOnlySpan<char> text) => text is "and" or "or"
        || (token.Kind == TokenKind.Operator && text is not ("(" or ")" or "[" or "]" or "{" or "}" or "," or ":" or "." or ";" or "@" or "=" or "%"
            or "~" or "..."));
}
