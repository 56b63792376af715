using System.Buffers;
using System.Globalization;
using System.Text;

namespace Phf.Text;

/// <summary>A token that is cut out of the text before the model sees it.</summary>
/// <param name="Content">What is looked for in the text.</param>
/// <param name="Id">Its id: the vocabulary's where the vocabulary has it, else the next free one.</param>
/// <param name="Special">Dropped by a decode that skips special tokens.</param>
/// <param name="Normalized">Looked for in a second pass, in the normalized text between the tokens that are not.</param>
internal sealed record AddedToken(string Content, int Id, bool Special, bool Normalized)
{
    /// <summary>Takes all white space before it with it.</summary>
    public bool StripsLeft { get; init; }

    /// <summary>Takes all white space behind it with it.</summary>
    public bool StripsRight { get; init; }

    /// <summary>Found only where neither neighbour is a letter, mark, digit or connector.</summary>
    public bool SingleWord { get; init; }
}

/// <summary>An added token in a text.</summary>
/// <param name="Start">Where it begins, with the white space that it strips.</param>
/// <param name="End">Where it ends, exclusive, with the white space that it strips.</param>
/// <param name="SearchFrom">Where its content ends, and the search for the next one begins.</param>
internal readonly record struct AddedMatch(AddedToken Token, int Start, int End, int SearchFrom);

/// <summary>Finds the tokens of one pass in a text: the leftmost, and of those that begin there the longest.</summary>
internal sealed class AddedTokenFinder
{
    private readonly (string Pattern, AddedToken Token)[] _longestFirst;
    private readonly SearchValues<string> _patterns;

    private AddedTokenFinder((string Pattern, AddedToken Token)[] longestFirst)
    {
        _longestFirst = longestFirst;
        _patterns = SearchValues.Create(Array.ConvertAll(longestFirst, token => token.Pattern), StringComparison.Ordinal);
    }

    /// <summary>A finder of the tokens of one pass; null when there are none.</summary>
    /// <param name="normalize">What a token's content looks like in the text that is searched.</param>
    public static AddedTokenFinder? Of(IEnumerable<AddedToken> tokens, Func<string, string> normalize)
    {
        (string Pattern, AddedToken)[] sorted =
        [
            .. tokens.Select(token => (Pattern: normalize(token.Content), token)).Where(pair => pair.Pattern.Length > 0)
                .OrderByDescending(pair => pair.Pattern.Length),
        ];
        return sorted.Length == 0 ? null : new AddedTokenFinder(sorted);
    }

    /// <summary>Finds the next token.</summary>
    /// <param name="searchFrom">Where to begin: 0, or <see cref="AddedMatch.SearchFrom"/> of the one before.</param>
    /// <param name="taken">How much of the text is taken: 0, or <see cref="AddedMatch.End"/> of the one before; white space before is not taken twice.</param>
    public bool TryFind(ReadOnlySpan<char> text, int searchFrom, int taken, out AddedMatch match)
    {
        for (int found; (found = text[searchFrom..].IndexOfAny(_patterns)) >= 0;)
        {
            int start = searchFrom + found;
            (string pattern, AddedToken token) = At(text[start..]);
            int end = searchFrom = start + pattern.Length;
            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..]))) continue;
            if (token.StripsLeft) start = Math.Max(text[..start].TrimEnd().Length, taken);
            if (token.StripsRight) end = text.Length - text[end..].TrimStart().Length;
            if (start >= end) continue; // white space that the match before has taken with it
            match = new AddedMatch(token, start, end, searchFrom);
            return true;
        }
        match = default;
        return false;
    }

    private (string, AddedToken) At(ReadOnlySpan<char> text)
    {
        foreach ((string Pattern, AddedToken Token) candidate in _longestFirst)
            if (text.StartsWith(candidate.Pattern, StringComparison.Ordinal)) return candidate;
        throw new InvalidOperationException("a pattern was found that is none of the tokens'");
    }

    private static bool StartsWithWord(ReadOnlySpan<char> text) => !text.IsEmpty && Rune.DecodeFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool EndsWithWord(ReadOnlySpan<char> text) => !text.IsEmpty && Rune.DecodeLastFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    /// <summary>Unicode's word characters (UTS 18, annex C): alphabetic, marks, decimal digits, connectors and joiners.</summary>
    private static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        <= UnicodeCategory.LetterNumber => true, // letters, marks, Nd and Nl
        UnicodeCategory.ConnectorPunctuation => true,
        _ => rune.Value is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
    };
}
