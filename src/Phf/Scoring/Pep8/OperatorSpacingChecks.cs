namespace Phf.Scoring.Pep8;

/// <summary>Blanks around operators: needed (E225), or the same on both sides (E226 arithmetic, E227 bitwise, E228 modulo).</summary>
internal static class OperatorSpacingChecks
{
    private enum Need { None, Both, AsBefore }

    public static void Check(LogicalLine line)
    {
        if (!line.Has(LineFeatures.TightOperator)) return;
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
            if (token.Single == '(' || token.Word == PythonWord.Lambda) depth++;
            else if (token.Single == ')') depth--;
            bool touches = token.Touches(previous);
            if (need != Need.None)
            {
                if (!touches)
                {
                    if (need == Need.AsBefore && !spaceBefore) line.Report(opened.EndRow, opened.EndColumn, "E225");
                    need = Need.None;
                }
                else if (!IsTolerated(previous, token))
                {
                    if (need == Need.Both || spaceBefore) line.Report(previous.EndRow, previous.EndColumn, "E225");
                    else if (!source.Is(previous, "**")) line.Report(opened.EndRow, opened.EndColumn, OptionalCode(source, previous));
                    need = Need.None;
                }
            }
            else if (any)
            {
                need = NeedOf(token, previous, depth);
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
    private static bool IsTolerated(in PythonToken previous, in PythonToken token) =>
        (token.Single == '>' && previous.Single is '-' or '<')
        || (previous.Single == '/' && token.Single is ',' or ')' or ':')
        || (previous.Single == ')' && token.Single == ':');

    private static string OptionalCode(PythonSource source, in PythonToken operation) => operation.Single switch
    {
        '%' => "E228",
        '*' or '/' or '+' or '-' or '@' => "E226",
        _ => source.Is(operation, "//") ? "E226" : "E227",
    };

    private static Need NeedOf(in PythonToken token, in PythonToken previous, int depth)
    {
        if (token.Has(TokenTraits.NeedsBlanks)) return token.Single == '=' && depth != 0 ? Need.None : Need.Both;
        if (!token.Has(TokenTraits.NeedsEvenBlanks)) return Need.None;
        return !token.Has(TokenTraits.MayBeSign) || IsOperand(previous) ? Need.AsBefore : Need.None;
    }

    /// <summary>Whether this ends something that an operator can be applied to.</summary>
    public static bool IsOperand(in PythonToken token) => token.Kind == TokenKind.Operator ? token.Closes
        : token.Word != PythonWord.Print && (token.Word == PythonWord.Singleton || !token.Has(TokenTraits.Keyword));
}
