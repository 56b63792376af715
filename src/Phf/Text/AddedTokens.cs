using System.Buffers;

namespace Phf.Text;

/// <summary>A token that is cut out of the text before BPE sees it.</summary>
/// <param name="Content">What is looked for in the text.</param>
/// <param name="Id">Its id: the vocabulary's where the vocabulary has it, else the next free one.</param>
/// <param name="Special">Dropped by a decode that skips special tokens.</param>
/// <param name="Normalized">Looked for in a second pass, after the tokens that are not.</param>
internal sealed record AddedToken(string Content, int Id, bool Special, bool Normalized);

/// <summary>Finds the tokens of one pass in a text: the leftmost, and of those that begin there the longest.</summary>
internal sealed class AddedTokenFinder
{
    private readonly AddedToken[] _longestFirst;
    private readonly SearchValues<string> _contents;

    private AddedTokenFinder(AddedToken[] longestFirst)
    {
        _longestFirst = longestFirst;
        _contents = SearchValues.Create(Array.ConvertAll(longestFirst, token => token.Content), StringComparison.Ordinal);
    }

    /// <summary>A finder of these tokens; null when there are none.</summary>
    public static AddedTokenFinder? Of(IEnumerable<AddedToken> tokens)
    {
        AddedToken[] sorted = [.. tokens.OrderByDescending(token => token.Content.Length)];
        return sorted.Length == 0 ? null : new AddedTokenFinder(sorted);
    }

    /// <summary>The index of the first added token in <paramref name="text"/> and which it is; -1 when there is none.</summary>
    public int Find(ReadOnlySpan<char> text, out AddedToken? found)
    {
        int index = text.IndexOfAny(_contents);
        found = null;
        if (index < 0) return -1;
        foreach (AddedToken token in _longestFirst)
            if (text[index..].StartsWith(token.Content, StringComparison.Ordinal))
            {
                found = token;
                break;
            }
        return index;
    }
}
