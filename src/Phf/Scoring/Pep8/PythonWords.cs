namespace Phf.Scoring.Pep8;

/// <summary>The names that some check asks for; <see cref="Other"/> keywords are asked for only as such.</summary>
internal enum PythonWord : byte
{
    None, Other, Soft, Singleton, And, As, Assert, Async, Await, Class, Def, Except, For, From, Global, If, Import, In, Is, Lambda, Nonlocal, Not, Or,
    Print, Raise, With,
    Ambiguous,    // l, O, I
    HasKey,
    TypeLike,     // begins with "type"
    StringPrefix, // u, ur, b, br, which the reference takes for a string
}

/// <summary>Python 3.11's keywords, as the checks group them.</summary>
internal static class PythonWords
{
    public static PythonWord Of(ReadOnlySpan<char> word) => word switch
    {
        "and" => PythonWord.And,
        "as" => PythonWord.As,
        "assert" => PythonWord.Assert,
        "async" => PythonWord.Async,
        "await" => PythonWord.Await,
        "class" => PythonWord.Class,
        "def" => PythonWord.Def,
        "except" => PythonWord.Except,
        "for" => PythonWord.For,
        "from" => PythonWord.From,
        "global" => PythonWord.Global,
        "if" => PythonWord.If,
        "import" => PythonWord.Import,
        "in" => PythonWord.In,
        "is" => PythonWord.Is,
        "lambda" => PythonWord.Lambda,
        "nonlocal" => PythonWord.Nonlocal,
        "not" => PythonWord.Not,
        "or" => PythonWord.Or,
        "print" => PythonWord.Print,
        "raise" => PythonWord.Raise,
        "with" => PythonWord.With,
        "False" or "None" or "True" => PythonWord.Singleton,
        "_" or "case" or "match" => PythonWord.Soft,
        "break" or "continue" or "del" or "elif" or "else" or "finally" or "pass" or "return" or "try" or "while" or "yield" => PythonWord.Other,
        "l" or "O" or "I" => PythonWord.Ambiguous,
        "has_key" => PythonWord.HasKey,
        "u" or "ur" or "b" or "br" => PythonWord.StringPrefix,
        _ => word.StartsWith("type") ? PythonWord.TypeLike : PythonWord.None,
    };

    public static TokenTraits Traits(PythonWord word) => word switch
    {
        PythonWord.And or PythonWord.In or PythonWord.Is or PythonWord.Or => TokenTraits.Keyword | TokenTraits.NeedsBlanks,
        PythonWord.None or PythonWord.Print or >= PythonWord.Ambiguous => TokenTraits.None,
        _ => TokenTraits.Keyword,
    };

    public static bool IsSingleton(ReadOnlySpan<char> word) => Of(word) == PythonWord.Singleton;

    /// <summary>The keywords that are no values, and <c>print</c>, which still counts as one.</summary>
    public static bool IsKeywordOrPrint(PythonWord word) => word == PythonWord.Print
        || (word is not (PythonWord.Singleton or PythonWord.Soft) && (Traits(word) & TokenTraits.Keyword) != 0);
}
