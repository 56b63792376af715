namespace Phf.Scoring.Pep8;

/// <summary>What can be said about Python text without a parser.</summary>
internal static class PythonSyntax
{
    /// <summary>
    /// Whether the tokenizer of Python 3.11 reads the text to its end: every character belongs to a token, strings and brackets are closed, indentation
    /// returns to an open block. A text for which this is false does not compile; one for which it is true may still not.
    /// </summary>
    public static bool CanBeTokenized(string text)
    {
        var source = new PythonSource();
        var tokens = new TokenList();
        source.Read(text);
        var tokenizer = new PythonTokenizer(source, tokens);
        tokenizer.Start();
        TokenizerState state;
        do state = tokenizer.ReadLine();
        while (state == TokenizerState.More);
        if (state == TokenizerState.Failed) return false;
        for (int i = 0; i < tokens.Count; i++)
            if (tokens[i].Kind == TokenKind.Error) return false;
        return true;
    }
}
