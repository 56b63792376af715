using System.Text;

namespace Phf.Text;

/// <summary>
/// Byte-level BPE without its added tokens: normalization, cutting into pieces, merging, and back. Immutable and safe to use from several threads at
/// once; each thread keeps its own buffers and cache.
/// </summary>
internal sealed class ByteLevelBpe : ISubwordModel
{
    private readonly ThreadLocal<BpeMerger> _merger;
    private readonly bool _isGpt2;

    public ByteLevelBpe(BpeModel model, PieceRules rules)
    {
        (Model, Rules, _isGpt2) = (model, rules, rules == PieceRules.Default);
        _merger = new ThreadLocal<BpeMerger>(() => new BpeMerger(model));
    }

    public BpeModel Model { get; }

    public PieceRules Rules { get; }

    public string[] Tokens => Model.Tokens;

    public bool TryGetId(string token, out int id) => Model.TryGetId(token, out id);

    /// <summary>The buffers and the cache of the calling thread.</summary>
    public BpeMerger Merger => _merger.Value!;

    /// <summary>
    /// Most tokens that a text of so many bytes can have: one per byte; with a blank in front of every text between added tokens, twice that and one; and
    /// normal form C makes three times as many bytes at most (Unicode Standard Annex 15).
    /// </summary>
    public int MostTokens(int bytes)
    {
        int normalized = Rules.ComposesCharacters ? 3 * bytes : bytes;
        return Rules.AddsPrefixSpace ? (2 * normalized) + 1 : normalized;
    }

    /// <summary>Writes the ids of a text without added tokens into <paramref name="ids"/> and returns how many there are.</summary>
    /// <exception cref="ArgumentException">There is not enough room.</exception>
    public int Encode(BpeMerger merger, ReadOnlySpan<char> text, Span<int> ids)
    {
        if (!Rules.ComposesCharacters) return EncodeNormalized(merger, text, ids);
        var normalized = new AlignedText();
        Normalize(text, 0, normalized);
        return EncodeNormalized(merger, normalized.Units, ids);
    }

    /// <summary>The same for a text that <see cref="Normalize"/> made.</summary>
    public int EncodeNormalized(BpeMerger merger, ReadOnlySpan<char> text, Span<int> ids)
    {
        if (_isGpt2) return merger.Encode(text, ids);
        if (Rules.AddsPrefixSpace && !text.IsEmpty && text[0] != ' ') text = $" {text}";
        int count = 0;
        for (int partStart = 0, partEnd; partStart < text.Length; partStart = partEnd)
        {
            partEnd = partStart + Rules.PartEnd(text[partStart..], 0);
            ReadOnlySpan<char> part = text[partStart..partEnd];
            for (int start = 0, end; start < part.Length; start = end)
            {
                end = Rules.PieceEnd(part, start);
                count += BpeMerger.Copy(merger.EncodePiece(part, start, end), ids[count..]);
            }
        }
        return count;
    }

    public void Normalize(ReadOnlySpan<char> text, int offset, AlignedText destination)
    {
        if (!Rules.ComposesCharacters)
        {
            destination.AppendOriginal(text, offset);
            return;
        }
        var original = new AlignedText();
        original.AppendOriginal(text, offset);
        CanonicalForms.Compose(original, destination);
    }

    public void Encode(AlignedText text, int start, int end, List<PlacedToken> tokens)
    {
        if (start == end) return;
        AlignedText source = text;
        if (Rules.AddsPrefixSpace && text.Units[start] != ' ')
        {
            source = new AlignedText();
            source.Append(' ', text.Start(start), text.End(start)); // the new blank has the place of the first character
            for (int i = start, width; i < end; i += width) source.Append(text.CodePointAt(i, out width), text.Start(i), text.End(i));
            (start, end) = (0, source.Length);
        }
        BpeMerger merger = Merger;
        for (int partStart = start, partEnd; partStart < end; partStart = partEnd)
        {
            partEnd = partStart + Rules.PartEnd(source.Units[partStart..end], 0);
            for (int pieceStart = partStart, pieceEnd; pieceStart < partEnd; pieceStart = pieceEnd)
            {
                pieceEnd = partStart + Rules.PieceEnd(source.Units[partStart..partEnd], pieceStart - partStart);
                Place(source, pieceStart, pieceEnd, merger.EncodePiece(source.Units, pieceStart, pieceEnd), tokens);
            }
        }
    }

    public string Decode(IReadOnlyList<(int Id, string? Added)> tokens)
    {
        var bytes = new List<byte>(4 * tokens.Count);
        foreach ((int id, string? added) in tokens) bytes.AddRange(ByteAlphabet.ToBytesOrUtf8(added ?? Tokens[id]));
        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>Appends the tokens of a piece: each stands for the characters that its bytes belong to.</summary>
    private void Place(AlignedText source, int start, int end, ReadOnlySpan<int> ids, List<PlacedToken> tokens)
    {
        var unitOfByte = new List<int>(3 * (end - start));
        for (int i = start, width; i < end; i += width)
        {
            int code = source.CodePointAt(i, out width);
            for (int n = new Rune(code).Utf8SequenceLength; n > 0; n--) unitOfByte.Add(i);
        }
        int position = 0;
        foreach (int id in ids)
        {
            ReadOnlySpan<char> spelled = Tokens[id]; // one character per byte
            char blank = ByteAlphabet.ToChar((byte)' ');
            int leading = spelled.Length - spelled.TrimStart(blank).Length, trailing = spelled.Length - spelled.TrimEnd(blank).Length;
            int first = unitOfByte[position], last = unitOfByte[position + spelled.Length - 1];
            tokens.Add(new PlacedToken(id, source.Start(first), source.End(last), leading, trailing));
            position += spelled.Length;
        }
    }
}
