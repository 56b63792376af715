using System.Text;

namespace Phf.Text;

/// <summary>The parts of a WordPiece tokenizer besides its vocabulary.</summary>
internal sealed record WordPieceOptions
{
    public BertNormalizer Normalizer { get; init; } = new();

    /// <summary>The token of a word that cannot be cut into known pieces.</summary>
    public string Unknown { get; init; } = "[UNK]";

    /// <summary>Begins the pieces that do not begin a word.</summary>
    public string Prefix { get; init; } = "##";

    /// <summary>Longer words, in code points after normalization, are unknown.</summary>
    public int MaxWordLength { get; init; } = 100;

    /// <summary>Decoding removes the blank before punctuation and English contractions.</summary>
    public bool CleansUp { get; init; } = true;
}

/// <summary>BERT's WordPiece: words between white space and punctuation, each cut from the left into the longest known pieces.</summary>
internal sealed class WordPieceModel : ISubwordModel
{
    private readonly Dictionary<string, int> _idOfToken;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly BertNormalizer _normalizer;
    private readonly string _prefix;
    private readonly int _maxWordLength, _longest;
    private readonly bool _cleansUp;

    /// <param name="tokens">By id, all different.</param>
    /// <param name="source">Where the tokens come from, for messages.</param>
    /// <exception cref="InvalidDataException">A token twice, or no token for unknown words.</exception>
    public WordPieceModel(string[] tokens, WordPieceOptions options, string source)
    {
        Tokens = tokens;
        (_normalizer, _prefix, _maxWordLength, _cleansUp) = (options.Normalizer, options.Prefix, options.MaxWordLength, options.CleansUp);
        _idOfToken = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (int id = 0; id < tokens.Length; id++)
            if (!_idOfToken.TryAdd(tokens[id], id))
                throw new InvalidDataException($"{source}: the token '{tokens[id]}' occurs twice, as {_idOfToken[tokens[id]]} and {id}");
        _bySpan = _idOfToken.GetAlternateLookup<ReadOnlySpan<char>>();
        _longest = tokens.Length == 0 ? 0 : tokens.Max(token => token.Length);
        UnknownId = _idOfToken.TryGetValue(options.Unknown, out int found) ? found
            : throw new InvalidDataException($"{source}: no token '{options.Unknown}' for unknown words");
    }

    /// <summary>The tokens by id.</summary>
    public string[] Tokens { get; }

    public int UnknownId { get; }

    public bool TryGetId(string token, out int id) => _idOfToken.TryGetValue(token, out id);

    public void Normalize(ReadOnlySpan<char> text, int offset, AlignedText destination) => _normalizer.Normalize(text, offset, destination);

    public void Encode(AlignedText text, int start, int end, List<PlacedToken> tokens)
    {
        int wordStart = start, position = start;
        while (position < end)
        {
            int code = text.CodePointAt(position, out int width);
            bool isSpace = BertCharacters.Spaces.Contains(code);
            if (isSpace || BertCharacters.Punctuation.Contains(code))
            {
                EncodeWord(text, wordStart, position, tokens);
                if (!isSpace) EncodeWord(text, position, position + width, tokens);
                wordStart = position + width;
            }
            position += width;
        }
        EncodeWord(text, wordStart, end, tokens);
    }

    private void EncodeWord(AlignedText text, int start, int end, List<PlacedToken> tokens)
    {
        if (start == end) return;
        int before = tokens.Count;
        bool isKnown = CodePoints(text.Units[start..end]) <= _maxWordLength;
        for (int position = start; isKnown && position < end;)
        {
            int length = LongestPiece(text.Units[position..end], isFirst: position == start, out int id);
            isKnown = length > 0;
            if (isKnown) tokens.Add(new PlacedToken(id, text.Start(position), text.End(position + length - 1)));
            position += length;
        }
        if (isKnown) return;
        tokens.RemoveRange(before, tokens.Count - before);
        tokens.Add(new PlacedToken(UnknownId, text.Start(start), text.End(end - 1)));
    }

    private int LongestPiece(ReadOnlySpan<char> rest, bool isFirst, out int id)
    {
        int prefixLength = isFirst ? 0 : _prefix.Length;
        int length = Math.Min(rest.Length, _longest - prefixLength);
        Span<char> spelled = prefixLength + length <= 256 ? stackalloc char[256] : new char[prefixLength + length];
        _prefix.AsSpan(0, prefixLength).CopyTo(spelled);
        rest[..Math.Max(length, 0)].CopyTo(spelled[prefixLength..]);
        for (; length > 0; length--)
            if (_bySpan.TryGetValue(spelled[..(prefixLength + length)], out id)) return length;
        id = UnknownId;
        return 0;
    }

    private static int CodePoints(ReadOnlySpan<char> text)
    {
        int count = 0;
        foreach (char unit in text)
            if (!char.IsLowSurrogate(unit)) count++;
        return count;
    }

    public string Decode(IReadOnlyList<(int Id, string? Added)> tokens)
    {
        var text = new StringBuilder();
        for (int i = 0; i < tokens.Count; i++)
        {
            string token = tokens[i].Added ?? Tokens[tokens[i].Id];
            if (i > 0) token = token.StartsWith(_prefix, StringComparison.Ordinal) ? token[_prefix.Length..] : " " + token;
            text.Append(_cleansUp ? CleanUp(token) : token);
        }
        return text.ToString();
    }

    /// <summary>Token by token and in this order, as tokenizers does it: the blank to be removed is the one a word begins with.</summary>
    private static string CleanUp(string token) => token
        .Replace(" .", ".").Replace(" ?", "?").Replace(" !", "!").Replace(" ,", ",").Replace(" ' ", "'").Replace(" n't", "n't")
        .Replace(" 'm", "'m").Replace(" do not", " don't").Replace(" 's", "'s").Replace(" 've", "'ve").Replace(" 're", "'re");
}
