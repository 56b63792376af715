using Phf.Scoring.Pii;

namespace Phf.Scoring.Pep8;

/// <summary>What Python 3 has dropped: has_key, raise with a comma, &lt;&gt;, back-ticks, unknown escapes, async and await as names (W601 to W606).</summary>
internal static class DeprecationChecks
{
    public static void CheckText(LogicalLine line)
    {
        if (line.Has(LineFeatures.HasKey) && !line.IsExempt && line.Text.IndexOf(".has_key(") is >= 0 and var hasKey) line.Report(hasKey, "W601");
        if (line.FirstWord == PythonWord.Raise) CheckRaise(line, line.Text);
        if (line.Has(LineFeatures.Inequality) && line.Text.IndexOf("<>") is >= 0 and var unequal) line.Report(unequal, "W603");
        if (line.Features == LineFeatures.Unclear && line.Text.IndexOf('`') is >= 0 and var tick) line.Report(tick, "W604");
    }

    public static void CheckTokens(LogicalLine line)
    {
        if (line.Has(LineFeatures.Async)) CheckAsync(line);
        if (line.IsExempt || !line.Has(LineFeatures.Escape)) return;
        foreach (ref readonly PythonToken token in line.Tokens)
            if (token.Kind == TokenKind.String && token.Has(TokenTraits.HasBackslash)) CheckEscapes(line, token);
    }

    /// <summary>"raise X, ..." unless a traceback, a third name, ends the statement.</summary>
    private static void CheckRaise(LogicalLine line, ReadOnlySpan<char> text)
    {
        if (!text.StartsWith("raise")) return;
        int word = PythonText.SkipWhite(text, 5), end = word;
        while (PythonText.WordLength(text, end) > 0) end++;
        int comma = PythonText.SkipWhite(text, end);
        if (word == 5 || end == word || comma >= text.Length || text[comma] != ',') return;
        ReadOnlySpan<char> rest = PythonSource.TrimEnd(text[(comma + 1)..]);
        int name = rest.Length;
        while (name > 0 && PythonText.WordLength(rest, name - 1) > 0) name--;
        bool hasTraceback = name < rest.Length && PythonSource.TrimEnd(rest[..name]).EndsWith(',');
        if (!hasTraceback) line.Report(comma, "W602");
    }

    private static void CheckEscapes(LogicalLine line, in PythonToken token)
    {
        PythonSource source = line.Source;
        ReadOnlySpan<char> text = source.TextOf(token);
        char quote = text[^1];
        int open = text.IndexOf(quote);
        if (text[..open].ContainsAny('r', 'R')) return;
        int quotes = text.EndsWith([quote, quote, quote]) ? 3 : 1;
        int row = token.StartRow, end = text.Length - quotes;
        for (int i = open + quotes; i + 1 < text.Length; i++)
        {
            if (text[i] == '\n') row++;
            if (text[i] != '\\') continue;
            if (i >= end) return;
            i++;
            if (!IsEscape(text[i])) line.Report(row, token.Start + i - 1 - source.LineStart(row), "W605");
            if (text[i] == '\n') row++;
        }
    }

    private static bool IsEscape(char c) => c is '\n' or '\\' or '\'' or '"' or 'a' or 'b' or 'f' or 'n' or 'r' or 't' or 'v'
        or (>= '0' and <= '7') or 'x' or 'N' or 'u' or 'U';

    private static void CheckAsync(LogicalLine line)
    {
        const string code = "W606";
        PythonToken waiting = default; // async, await, def or for, which the next token must fit
        char state = '\0';
        foreach (ref readonly PythonToken token in line.Tokens)
        {
            if (token.Kind == TokenKind.LineBreak) continue;
            ReadOnlySpan<char> text = token.Kind == TokenKind.Name ? line.Source.TextOf(token) : default;
            if (state == '\0')
            {
                state = text switch { "async" => 'a', "await" => 'w', "def" or "for" => 'd', _ => '\0' };
                if (state != '\0') waiting = token;
                continue;
            }
            bool fits = state switch
            {
                'a' => text is "def" or "with" or "for",
                'w' => token.Kind == TokenKind.Name || token.IsOperator('('),
                _ => text is not ("async" or "await"),
            };
            if (!fits) line.Report(waiting.StartRow, waiting.StartColumn, code);
            state = '\0';
        }
        if (state != '\0') line.Report(waiting.StartRow, waiting.StartColumn, code);
    }
}
