namespace Phf.Scoring.Pep8;

/// <summary>Names that look like digits: l, O and I for variables (E741), classes (E742) and functions (E743).</summary>
internal static class NameChecks
{
    public static void Check(LogicalLine line)
    {
        if (!line.Has(LineFeatures.AmbiguousName)) return;
        PythonSource source = line.Source;
        ReadOnlySpan<PythonToken> tokens = line.Tokens;
        bool inDef = false;
        int callDepth = 0;
        for (int i = 1; i < tokens.Length; i++)
        {
            ref readonly PythonToken token = ref tokens[i], previous = ref tokens[i - 1];
            ReadOnlySpan<char> before = source.TextOf(previous);
            bool behindDef = before is "def";
            inDef |= behindDef;
            bool isOperator = token.Kind == TokenKind.Operator;
            if (isOperator && token.Single == '(' && (callDepth > 0 || previous.Kind == TokenKind.Name)) callDepth++;
            else if (isOperator && token.Single == ')' && callDepth > 0) callDepth--;
            int named = -1;
            if (isOperator && callDepth == 0 && IsAmbiguous(previous) && source.TextOf(token).Contains('=')) named = i - 1;
            if (IsAmbiguous(token))
            {
                if (inDef || before is "as" or "for" or "global" or "nonlocal") named = i;
                if (before is "class") line.Report(token.StartRow, token.StartColumn, "E742");
                if (behindDef) line.Report(token.StartRow, token.StartColumn, "E743");
            }
            if (named >= 0) line.Report(tokens[named].StartRow, tokens[named].StartColumn, "E741");
        }
    }

    private static bool IsAmbiguous(in PythonToken token) => token.Single is 'l' or 'O' or 'I';
}
