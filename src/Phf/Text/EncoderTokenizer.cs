namespace Phf.Text;

/// <summary>
/// A tokenizer with everything around it that models of the BERT family want: their special tokens, pairs of texts, token types, truncation, and where
/// each token is in the text. WordPiece (BERT, DistilBERT) or byte-level BPE (RoBERTa, GPT-2, Llama 3), token for token as Hugging Face tokenizers.
/// Immutable and safe to use from several threads at once.
/// </summary>
public sealed class EncoderTokenizer
{
    private readonly TokenizerDefinition _definition;
    private readonly AddedTokenFinder? _rawFinder, _normalizedFinder;
    private readonly Dictionary<int, AddedToken> _addedById;

    internal EncoderTokenizer(TokenizerDefinition definition)
    {
        _definition = definition;
        (_rawFinder, _normalizedFinder) = definition.Finders();
        _addedById = definition.Added.ToDictionary(token => token.Id);
        VocabularySize = Math.Max(definition.Model.Tokens.Length, definition.Added.Select(token => token.Id + 1).DefaultIfEmpty().Max());
        PadId = ((string?[])[definition.Roles[TokenRoles.Padding], "[PAD]", "<pad>"])
            .Select(token => token is not null && definition.TryGetId(token, out int id) ? id : (int?)null).FirstOrDefault(id => id is not null);
    }

    /// <summary>How many ids there are, added tokens included.</summary>
    public int VocabularySize { get; }

    /// <summary>A vocabulary of words and their parts, as BERT's; else one of bytes, as a <see cref="BpeTokenizer"/> has it.</summary>
    public bool IsWordPiece => _definition.Model is WordPieceModel;

    /// <summary><c>model_max_length</c> of the files: most tokens of a text, special ones included; null for any number. <c>Encode</c> is told its own.</summary>
    public int? MaxLength => _definition.MaxLength;

    /// <summary>The id that pads a batch; null when the files name none.</summary>
    public int? PadId { get; }

    /// <summary>
    /// Reads <c>tokenizer.json</c>, else <c>vocab.txt</c> (BERT), else <c>vocab.json</c> with <c>merges.txt</c> (RoBERTa, GPT-2), each with the
    /// <c>tokenizer_config.json</c> beside it.
    /// </summary>
    /// <exception cref="FileNotFoundException">None of these is there.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or asks for something that is not supported; the message names it.</exception>
    public static EncoderTokenizer FromDirectory(string directory) => new(TokenizerReader.Read(directory));

    /// <summary>The same tokenizer as language models take it: without the special tokens around a text.</summary>
    /// <exception cref="InvalidDataException">It is a WordPiece, or no token ends a text.</exception>
    public BpeTokenizer ForLanguageModels() => new(_definition);

    /// <summary>The tokens of a text, or of a pair of texts.</summary>
    /// <param name="maxLength">Most tokens, special ones included; of a pair the longer text is cut first.</param>
    /// <exception cref="ArgumentException">The special tokens alone are more than <paramref name="maxLength"/>.</exception>
    public EncodedText Encode(string text, string? pair = null, int? maxLength = null) => Encode(text, pair, new EncodeOptions { MaxLength = maxLength });

    /// <inheritdoc cref="Encode(string, string?, int?)"/>
    public EncodedText Encode(string text, string? pair, EncodeOptions options)
    {
        TokenTemplate template = options.AddSpecialTokens ? _definition.Template
            : TokenTemplate.Nothing with { TrimsOffsets = _definition.Template.TrimsOffsets, HasPrefixSpace = _definition.Template.HasPrefixSpace };
        var assembly = new TokenAssembly(template, text, Tokens(text), pair, pair is null ? null : Tokens(pair));
        return assembly.Make(options);
    }

    /// <summary>A batch at one length.</summary>
    /// <exception cref="InvalidOperationException">The files name no token for padding.</exception>
    public EncodedText[] Pad(IReadOnlyList<EncodedText> texts, PaddingOptions options) => EncodedText.Pad(texts,
        PadId ?? throw new InvalidOperationException($"{_definition.Source} names no token for padding; take texts of one length, or one at a time"), options);

    /// <summary>The text of these ids; unknown ids are dropped, and special tokens too if <paramref name="skipSpecialTokens"/>.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        var tokens = new List<(int, string?)>(ids.Length);
        foreach (int id in ids)
        {
            bool isAdded = _addedById.TryGetValue(id, out AddedToken? added);
            if ((!isAdded && (uint)id >= (uint)_definition.Model.Tokens.Length) || (skipSpecialTokens && isAdded && added!.Special)) continue;
            tokens.Add((id, added?.Content));
        }
        return _definition.Model.Decode(tokens);
    }

    /// <summary>The id of a token as the files spell it.</summary>
    public bool TryGetId(string token, out int id) => _definition.TryGetId(token, out id);

    private List<PlacedToken> Tokens(string text)
    {
        var tokens = new List<PlacedToken>(text.Length / 3);
        int searchFrom = 0, taken = 0;
        while (_rawFinder is not null && _rawFinder.TryFind(text, searchFrom, taken, out AddedMatch match))
        {
            if (taken < match.Start) EncodeGap(text, taken, match.Start, tokens);
            tokens.Add(Place(match, text.AsSpan(match.Start, match.End - match.Start), match.Start, match.End));
            (searchFrom, taken) = (match.SearchFrom, match.End);
        }
        if (taken < text.Length) EncodeGap(text, taken, text.Length, tokens);
        return tokens;
    }

    /// <summary>Text between tokens of the first pass.</summary>
    private void EncodeGap(string text, int start, int end, List<PlacedToken> tokens)
    {
        var normalized = new AlignedText();
        _definition.Model.Normalize(text.AsSpan(start, end - start), start, normalized);
        int searchFrom = 0, taken = 0;
        while (_normalizedFinder is not null && _normalizedFinder.TryFind(normalized.Units, searchFrom, taken, out AddedMatch match))
        {
            if (taken < match.Start) _definition.Model.Encode(normalized, taken, match.Start, tokens);
            tokens.Add(Place(match, normalized.Units[match.Start..match.End], normalized.Start(match.Start), normalized.End(match.End - 1)));
            (searchFrom, taken) = (match.SearchFrom, match.End);
        }
        _definition.Model.Encode(normalized, taken, normalized.Length, tokens);
    }

    private static PlacedToken Place(AddedMatch match, ReadOnlySpan<char> taken, int start, int end) =>
        new(match.Token.Id, start, end, taken.Length - taken.TrimStart().Length, taken.Length - taken.TrimEnd().Length);
}
