using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Phf.Text;

/// <summary>
/// GPT-2's byte-level BPE, id for id as Hugging Face tokenizers computes it (ByteLevel, add_prefix_space = false; no post-processor, truncation or padding).
/// Immutable and safe to use from several threads at once; each thread keeps its own buffers and cache.
/// </summary>
/// <remarks>
/// Text is UTF-16 here and bytes there: a lone surrogate is encoded as the bytes of U+FFFD. Every other text decodes to itself.
/// </remarks>
public sealed class BpeTokenizer
{
    /// <summary>The token that separates documents.</summary>
    public const string EndOfText = "<|endoftext|>";

    private const string Llama3EndOfText = "<|end_of_text|>";

    private readonly byte[] _decoded; // the bytes of all tokens, one after another
    private readonly int[] _decodedEnds;
    private readonly bool[] _isSpecial;
    private readonly AddedTokenFinder? _rawFinder;
    private readonly AddedTokenFinder? _normalizedFinder;
    private readonly ByteLevelBpe _bytes;

    internal BpeTokenizer(BpeModel model, AddedToken[] added, string source) : this(new TokenizerDefinition
    {
        Model = new ByteLevelBpe(model, PieceRules.Default),
        Added = added,
        Source = source,
    })
    {
    }

    internal BpeTokenizer(TokenizerDefinition definition)
    {
        Definition = definition;
        _bytes = definition.Model as ByteLevelBpe
            ?? throw new InvalidDataException($"{definition.Source}: a WordPiece vocabulary, which is for classifiers; expected a byte-level BPE, such as GPT-2's");
        AddedToken[] added = definition.Added;
        BpeModel model = _bytes.Model;
        (_rawFinder, _normalizedFinder) = definition.Finders();

        var contents = new List<string>(model.Tokens);
        foreach (AddedToken token in added)
            if (token.Id >= contents.Count) contents.Add(token.Content);
        VocabularySize = contents.Count;
        _isSpecial = new bool[VocabularySize];
        foreach (AddedToken token in added) _isSpecial[token.Id] = token.Special;

        _decodedEnds = new int[VocabularySize];
        var bytes = new List<byte>(8 * VocabularySize);
        for (int id = 0; id < VocabularySize; id++)
        {
            bytes.AddRange(ByteAlphabet.ToBytesOrUtf8(contents[id]));
            _decodedEnds[id] = bytes.Count;
        }
        _decoded = [.. bytes];

        (EndOfTextName, EndOfTextId) = FindEndOfText(definition);
        Fingerprint = model.Fingerprint(EndOfTextId, _bytes.Rules);
    }

    internal TokenizerDefinition Definition { get; }

    internal PieceRules Rules => _bytes.Rules;

    /// <summary>How the end-of-text token is spelled.</summary>
    internal string EndOfTextName { get; }

    internal BpeModel Model => _bytes.Model;

    /// <summary>In order of id for those beyond the vocabulary of the model; the array is never changed.</summary>
    internal AddedToken[] Added => Definition.Added;

    /// <summary>How many ids there are, added tokens included: 0 to <c>VocabularySize - 1</c>.</summary>
    public int VocabularySize { get; }

    /// <summary>The id of <see cref="EndOfText"/>; where there is none, of Llama 3's or of the token that tokenizer_config.json says ends a text.</summary>
    public int EndOfTextId { get; }

    /// <summary>
    /// SHA-256 in hexadecimal over the BPE vocabulary, the merges and the end-of-text id; NOT over tokens added later, so that a tokenizer with control
    /// tokens still fits the shards packed without them.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>
    /// Reads <c>tokenizer.json</c>, else <c>vocab.json</c> and <c>merges.txt</c> (with <c>added_tokens.json</c> where there is one), else OpenAI's
    /// <c>encoder.json</c> and <c>vocab.bpe</c>.
    /// </summary>
    /// <exception cref="FileNotFoundException">None of these is there.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or asks for something that byte-level BPE as above does not do; the message names it.</exception>
    public static BpeTokenizer FromDirectory(string directory) => new(TokenizerReader.Read(directory));

    /// <summary>The ids of <paramref name="text"/>. Added tokens in the text become their own ids.</summary>
    public List<int> Encode(string text)
    {
        var ids = new List<int>();
        CollectionsMarshal.SetCount(ids, _bytes.MostTokens(Encoding.UTF8.GetByteCount(text)));
        int count = Encode(text, CollectionsMarshal.AsSpan(ids));
        ids.RemoveRange(count, ids.Count - count);
        return ids;
    }

    /// <summary>
    /// Writes the ids of <paramref name="text"/> into <paramref name="ids"/> and returns how many there are. Room for the UTF-8 length of the text
    /// (at most three times its UTF-16 length) is always enough for GPT-2's rules; a blank in front or normalization may take more. Allocates nothing once the buffers of the calling thread have grown.
    /// </summary>
    /// <exception cref="ArgumentException">There is not enough room; what was written so far is left there.</exception>
    public int Encode(ReadOnlySpan<char> text, Span<int> ids)
    {
        BpeMerger merger = _bytes.Merger;
        int count = 0, searchFrom = 0, taken = 0;
        while (_rawFinder is not null && _rawFinder.TryFind(text, searchFrom, taken, out AddedMatch match))
        {
            if (taken < match.Start) count += EncodeGap(merger, text[taken..match.Start], ids[count..]);
            count += Write(match.Token.Id, ids[count..]);
            (searchFrom, taken) = (match.SearchFrom, match.End);
        }
        return count + EncodeGap(merger, text[taken..], ids[count..]);
    }

    /// <summary>
    /// The text of these ids: their bytes one after another, with U+FFFD for each maximal run that is no UTF-8. Ids outside the vocabulary are dropped,
    /// and special tokens too if <paramref name="skipSpecialTokens"/>.
    /// </summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        int length = 0;
        foreach (int id in ids)
            if (IsDecoded(id, skipSpecialTokens)) length += ByteLength(id);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        Span<byte> rest = bytes;
        foreach (int id in ids)
        {
            if (!IsDecoded(id, skipSpecialTokens)) continue;
            int count = ByteLength(id);
            _decoded.AsSpan(_decodedEnds[id] - count, count).CopyTo(rest);
            rest = rest[count..];
        }
        string text = Encoding.UTF8.GetString(bytes.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(bytes);
        return text;
    }

    /// <summary>UTF-8 bytes that token <paramref name="id"/> stands for.</summary>
    public int ByteLength(int id) => _decodedEnds[id] - (id == 0 ? 0 : _decodedEnds[id - 1]);

    /// <summary>
    /// Code points that token <paramref name="id"/> begins: of tokens that hold parts of a character, the one with its first byte has it. Those of a
    /// text's tokens add up to the text's.
    /// </summary>
    public int CodePointCount(int id)
    {
        int count = 0;
        foreach (byte value in _decoded.AsSpan(_decodedEnds[id] - ByteLength(id), ByteLength(id)))
            if ((value & 0xC0) != 0x80) count++; // all but the bytes inside a character
        return count;
    }

    /// <summary>The id of a token as the files spell it: in the byte alphabet, or an added token's own text.</summary>
    public bool TryGetId(string token, out int id) => Definition.TryGetId(token, out id);

    /// <summary>
    /// This tokenizer with more special tokens, e.g. <c>&lt;|aligned|&gt;</c>: new ones get the next ids in the order given, those already there keep theirs.
    /// </summary>
    /// <exception cref="ArgumentException">A token is empty.</exception>
    public BpeTokenizer WithAddedTokens(params string[] tokens)
    {
        var added = new List<AddedToken>(Added);
        int next = VocabularySize;
        foreach (string token in tokens)
        {
            if (token.Length == 0) throw new ArgumentException("an added token must not be empty", nameof(tokens));
            if (added.Exists(other => other.Content == token)) continue;
            int id = Model.TryGetId(token, out int known) ? known : next++;
            added.Add(new AddedToken(token, id, Special: true, Normalized: false));
        }
        return new BpeTokenizer(Definition with { Added = [.. added], Source = "the tokenizer" });
    }

    /// <summary>
    /// Writes tokenizer.json, tokenizer_config.json, special_tokens_map.json, vocab.json and merges.txt as transformers opens them, each beside and then
    /// renamed. Creates the directory.
    /// </summary>
    /// <param name="maxLength">Most tokens of a text, <c>model_max_length</c>; without it, what the files said that this was read from.</param>
    public void Save(string directory, int? maxLength = null) => TokenizerWriter.Write(this, directory, maxLength ?? Definition.MaxLength);

    private static (string Name, int Id) FindEndOfText(TokenizerDefinition definition)
    {
        foreach (string? token in (ReadOnlySpan<string?>)[EndOfText, Llama3EndOfText, definition.Roles[TokenRoles.End]])
            if (token is not null && definition.TryGetId(token, out int id)) return (token, id);
        throw new InvalidDataException($"{definition.Source}: no token {EndOfText} or {Llama3EndOfText}, and no tokenizer_config.json that names a token of the vocabulary as eos_token; "
            + "one of them must separate documents");
    }

    /// <summary>Text between tokens of the first pass.</summary>
    private int EncodeGap(BpeMerger merger, ReadOnlySpan<char> text, Span<int> ids)
    {
        if (_normalizedFinder is null) return _bytes.Encode(merger, text, ids);
        if (!_bytes.Rules.ComposesCharacters) return EncodeNormalized(merger, text, ids);
        var normalized = new AlignedText();
        _bytes.Normalize(text, 0, normalized);
        return EncodeNormalized(merger, normalized.Units, ids);
    }

    private int EncodeNormalized(BpeMerger merger, ReadOnlySpan<char> text, Span<int> ids)
    {
        int count = 0, searchFrom = 0, taken = 0;
        while (_normalizedFinder!.TryFind(text, searchFrom, taken, out AddedMatch match))
        {
            if (taken < match.Start) count += _bytes.EncodeNormalized(merger, text[taken..match.Start], ids[count..]);
            count += Write(match.Token.Id, ids[count..]);
            (searchFrom, taken) = (match.SearchFrom, match.End);
        }
        return count + _bytes.EncodeNormalized(merger, text[taken..], ids[count..]);
    }

    private bool IsDecoded(int id, bool skipsSpecialTokens) => (uint)id < (uint)VocabularySize && !(skipsSpecialTokens && _isSpecial[id]);

    private static int Write(int id, Span<int> ids)
    {
        if (ids.IsEmpty) throw BpeMerger.NoRoom(nameof(ids));
        ids[0] = id;
        return 1;
    }
}
