namespace Phf.Scoring.Pep8;

/// <summary>Python 3.11's keywords, as the checks group them.</summary>
internal static class PythonWords
{
    public static bool IsSingleton(ReadOnlySpan<char> word) => word is "False" or "None" or "True";

    public static bool IsKeyword(ReadOnlySpan<char> word) => word.Length is >= 2 and <= 8 && (IsSingleton(word) || word is "and" or "as" or "assert"
        or "async" or "await" or "break" or "class" or "continue" or "def" or "del" or "elif" or "else" or "except" or "finally" or "for"
        or "from" or "global" or "if" or "import" or "in" or "is" or "lambda" or "nonlocal" or "not" or "or" or "pass" or "raise" or "return"
        or "try" or "while" or "with" or "yield");

    /// <summary>The keywords that are no values, and <c>print</c>, which still counts as one.</summary>
    public static bool IsKeywordOrPrint(ReadOnlySpan<char> word) => word is "print" || (IsKeyword(word) && !IsSingleton(word));

    public static bool IsSoftKeyword(ReadOnlySpan<char> word) => word is "_" or "case" or "match";
}
