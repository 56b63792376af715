namespace Phf.Scoring.Pep8;

/// <summary>Blanks around operators: needed (E225), or the same on both sides (E226 arithmetic, E227 bitwise, E228 modulo).</summary>
internal static class OperatorSpacingChecks
{
    private enum Need { None, Both, AsBefore }

    public static void Check(LogicalLine line)
    {
        PythonSource source = line.Source;
        ReadOnlySpan<PythonToken> tokens = line.Tokens;
        int depth = 0;
        var need = Need.None;
        bool spaceBefore = false;
        PythonToken opened = default, previous = default; // the token before the operator; the token before this one
        bool any = false;
        foreach (ref readonly PythonToken token in tokens)
        {
            if (token.IsLayout || token.Kind is TokenKind.Comment or TokenKind.Error) continue;
            if (token.Single == '(' || (token.Kind == TokenKind.Name && source.Is(token, "lambda"))) depth++;
            else if (token.Single == ')') depth--;
            bool touches = token.Touches(previous);
            if (need != Need.None)
            {
                if (!touches)
                {
                    if (need == Need.AsBefore && !spaceBefore) line.Report(opened.EndRow, opened.EndColumn, "E225");
                    need = Need.None;
                }
                else if (!IsTolerated(source, previous, token))
                {
                    if (need == Need.Both || spaceBefore) line.Report(previous.EndRow, previous.EndColumn, "E225");
                    else if (!source.Is(previous, "**")) line.Report(opened.EndRow, opened.EndColumn, OptionalCode(source, previous));
                    need = Need.None;
                }
            }
            else if (any)
            {
                need = NeedOf(source, token, previous, depth);
                (opened, spaceBefore) = (previous, !touches);
                if (need == Need.Both && touches)
                {
                    line.Report(previous.EndRow, previous.EndColumn, "E225");
                    need = Need.None;
                }
            }
            previous = token;
            any = true;
        }
    }

    /// <summary>The second half of <![CDATA[<>]]>, and what follows the slash that ends positional parameters.</summary>
    private static bool IsTolerated(PythonSource source, in PythonToken previous, in PythonToken token) =>
        (token.Single == '>' && previous.Single is '-' or '<')
        || (previous.Single == '/' && token.Single is ',' or ')' or ':')
        || (previous.Single == ')' && token.Single is ',' or ')' or ':' or '=');

    private static string OptionalCode(PythonSource source, in PythonToken operation) => operation.Single switch
    {
        '%' => "E228",
        '*' or '/' or '+' or '-' or '@' => "E226",
        _ => source.Is(operation, "//") ? "E226" : "E227",
    };

    private static Need NeedOf(PythonSource source, in PythonToken token, in PythonToken previous, int depth)
    {
        ReadOnlySpan<char> text = source.TextOf(token);
        if (token.Kind == TokenKind.Name) return text is "and" or "in" or "is" or "or" ? Need.Both : Need.None;
        if (token.Kind != TokenKind.Operator || (token.Single == '=' && depth != 0)) return Need.None;
        if (text is "**=" or "*=" or "/=" or "//=" or "+=" or "-=" or "!=" or "<" or ">" or "%=" or "^=" or "&=" or "|=" or "=="
            or "<=" or ">=" or "<<=" or ">>=" or "=" or "->" or ":=") return Need.Both;
        if (text is ">>" or "**" or "*" or "+" or "-") return IsBinary(source, previous) ? Need.AsBefore : Need.None;
        return text is "/" or "//" or "@" or "^" or "&" or "|" or "<<" or "%" ? Need.AsBefore : Need.None;
    }

    /// <summary>Whether an operator that could be a sign or a star stands behind something that it can be applied to.</summary>
    private static bool IsBinary(PythonSource source, in PythonToken previous)
    {
        if (previous.Kind == TokenKind.Operator) return previous.Single is '}' or ']' or ')';
        ReadOnlySpan<char> text = source.TextOf(previous);
        return !PythonWords.IsKeywordOrPrint(text) && !PythonWords.IsSoftKeyword(text);
    }
}
