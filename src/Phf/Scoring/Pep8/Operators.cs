namespace Phf.Scoring.Pep8;

/// <summary>Python's operators, brackets and punctuation.</summary>
internal static class Operators
{
    private static readonly TokenTraits[] SingleTraits = [.. Enumerable.Range(0, 128).Select(static c => TraitsOfSingle((char)c))];

    /// <summary>Characters of the operator that <paramref name="text"/> begins with; 0 if it begins with none.</summary>
    public static int Length(ReadOnlySpan<char> text)
    {
        char next = text.Length > 1 ? text[1] : '\0';
        switch (text[0])
        {
            case '(' or ')' or '[' or ']' or '{' or '}' or ',' or ';' or '~':
                return 1;
            case '*' or '/' or '<' or '>' when next == text[0]:
                return text.Length > 2 && text[2] == '=' ? 3 : 2;
            case '-' when next == '>':
                return 2;
            case '+' or '-' or '*' or '/' or '%' or '@' or '&' or '|' or '^' or '<' or '>' or '=' or ':':
                return next == '=' ? 2 : 1;
            case '!':
                return next == '=' ? 2 : 0;
            case '.':
                return next == '.' && text.Length > 2 && text[2] == '.' ? 3 : 1;
            default:
                return 0;
        }
    }

    public static TokenTraits Traits(ReadOnlySpan<char> text)
    {
        if (text.Length == 1) return SingleTraits[text[0]];
        return text switch
        {
            "@=" or "..." => TokenTraits.None,
            "**" or ">>" => TokenTraits.NeedsEvenBlanks | TokenTraits.MayBeSign,
            "//" or "<<" => TokenTraits.NeedsEvenBlanks,
            _ => TokenTraits.NeedsBlanks,
        };
    }

    private static TokenTraits TraitsOfSingle(char c) => c switch
    {
        '(' or '[' or '{' => TokenTraits.Opens,
        ')' or ']' or '}' => TokenTraits.Closes,
        ',' or ';' or ':' => TokenTraits.Punctuation,
        '<' or '>' or '=' => TokenTraits.NeedsBlanks,
        '*' or '+' or '-' => TokenTraits.NeedsEvenBlanks | TokenTraits.MayBeSign,
        '/' or '%' or '@' or '&' or '|' or '^' => TokenTraits.NeedsEvenBlanks,
        _ => TokenTraits.None,
    };
}
