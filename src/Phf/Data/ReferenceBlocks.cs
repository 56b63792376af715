using Phf.Text;

namespace Phf.Data;

/// <summary>The order in which the reference implementation reads, its <c>ConstantLengthDataset</c> and the shuffling behind it.</summary>
public sealed record ReferenceOrder
{
    /// <summary>
    /// Code points after which the documents read so far (with end-of-text and tags as they are spelled) are cut into blocks; what is too
    /// short for a block is dropped there.
    /// </summary>
    public required double BufferCharacters { get; init; }

    /// <summary>Blocks from which the next one is drawn; 0 and 1 keep their order.</summary>
    public required int ShuffleBuffer { get; init; }

    /// <summary>Knows how many code points a token stands for.</summary>
    public required BpeTokenizer Tokenizer { get; init; }
}

/// <summary>
/// Where the blocks of an epoch begin in the reference's order: the documents as they are on disk, one after the other in a buffer that is cut
/// into blocks of T + 1 tokens that share none, when it is full; the rest of each buffer is dropped. The blocks pass through a second buffer
/// from which each next one is drawn at random. Computed when an epoch is first asked for, in one pass over its tokens; the last two are kept,
/// because lanes do not end together. 8 bytes per block and epoch.
/// </summary>
internal sealed class ReferenceBlocks
{
    private const ulong ShuffleSalt = 0x7368_7566_666C_6521; // keeps these draws independent of the dropped tags

    private readonly PackedDataset _dataset;
    private readonly BlockOptions _options;
    private readonly ReferenceOrder _order;
    private readonly int[] _characters; // of each token
    private readonly (long Epoch, (int Document, int Offset)[] Starts)[] _epochs = [(-1, []), (-1, [])];

    public ReferenceBlocks(PackedDataset dataset, BlockOptions options)
    {
        (_dataset, _options) = (dataset, options);
        _order = options.Reference ?? throw new ArgumentException("the options name no reference order");
        _characters = [.. Enumerable.Range(0, _order.Tokenizer.VocabularySize).Select(_order.Tokenizer.CodePointCount)];
    }

    /// <summary>Blocks of an epoch.</summary>
    /// <exception cref="InvalidDataException">No buffer holds a whole block.</exception>
    public int Count(long epoch) => StartsOf(epoch).Length;

    /// <summary>The document on disk and the token in it, counting end-of-text and tags, with which a block begins.</summary>
    public (int Document, int Offset) Find(long epoch, long place) => StartsOf(epoch)[place];

    private (int Document, int Offset)[] StartsOf(long epoch)
    {
        int slot = (int)(epoch % _epochs.Length);
        if (_epochs[slot].Epoch != epoch) _epochs[slot] = (epoch, Shuffled(Cut(epoch), epoch));
        return _epochs[slot].Starts;
    }

    private List<(int Document, int Offset)> Cut(long epoch)
    {
        var starts = new List<(int Document, int Offset)>();
        var reader = new DocumentReader(_dataset, _options);
        int length = _options.BlockLength + 1;
        long tokens = 0, characters = 0; // in the buffer
        for (int document = 0; document < _dataset.DocumentCount; document++)
        {
            if (_options.WeightOf(_dataset.DocumentScores[document]) == 0) continue;
            reader.Open(epoch, document, copy: 0);
            characters += Characters(reader);
            for (long at = (tokens + length - 1) / length * length; at < tokens + reader.Offset; at += length) starts.Add((document, (int)(at - tokens)));
            tokens += reader.Offset;
            if (characters >= _order.BufferCharacters) DropRest();
        }
        DropRest();
        return starts.Count > 0 ? starts : throw new InvalidDataException(
            $"{_dataset.Directory}: its documents do not fill one block of {length} tokens; make training.sequence_length smaller, or pack more text");

        void DropRest()
        {
            if (tokens % length != 0) starts.RemoveAt(starts.Count - 1);
            (tokens, characters) = (0, 0);
        }
    }

    /// <summary>Reads a document to its end and returns its code points.</summary>
    private long Characters(DocumentReader reader)
    {
        Span<int> tokens = stackalloc int[1024];
        Span<float> scores = stackalloc float[tokens.Length];
        Span<TokenKind> kinds = stackalloc TokenKind[tokens.Length];
        long sum = 0;
        while (reader.IsOpen)
            foreach (int token in tokens[..reader.Read(tokens, scores, kinds)]) sum += _characters[token];
        return sum;
    }

    /// <summary>
    /// As a buffer shuffles a stream: each next block is drawn from a full buffer and replaced by the one that follows in the stream; what is
    /// left at the end is drawn without replacement.
    /// </summary>
    private (int Document, int Offset)[] Shuffled(List<(int Document, int Offset)> starts, long epoch)
    {
        int size = Math.Min(_order.ShuffleBuffer, starts.Count);
        if (size <= 1) return [.. starts];
        var shuffled = new (int Document, int Offset)[starts.Count];
        (int Document, int Offset)[] buffer = [.. starts.Take(size)];
        for (int i = 0; i < shuffled.Length; i++)
        {
            int next = i + size, held = Math.Min(size, shuffled.Length - i);
            int drawn = (int)(Hash64.ToUnit(Hash64.Of(_options.Seed, ShuffleSalt, (ulong)epoch, (ulong)i)) * held);
            shuffled[i] = buffer[drawn];
            buffer[drawn] = next < starts.Count ? starts[next] : buffer[held - 1];
        }
        return shuffled;
    }
}
