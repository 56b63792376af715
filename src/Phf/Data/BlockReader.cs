namespace Phf.Data;

/// <summary>
/// Reads a packed dataset as one long sequence cut into blocks of T + 1 tokens; a <see cref="DocumentReader"/> says how a document reads, the next
/// one follows at once. Consecutive blocks share one token (the last of a block is the first of the next), so every token is predicted exactly
/// once. A reader of one of several lanes takes every n-th place. Order, dropped tags and draws of <see cref="Upsampling"/> are computed from
/// seed, epoch and numbers of documents, so <see cref="Cursor"/> is the whole state: a reader started from it gives the same blocks, bit for
/// bit. With <see cref="BlockOptions.Reference"/> the blocks are those of <see cref="ReferenceBlocks"/> instead. Not safe for several threads.
/// </summary>
public sealed class BlockReader
{
    private const ulong UpsampleSalt = 0x7570_7361_6D70_6C65; // keeps these draws independent of the dropped tags

    private readonly PackedDataset _dataset;
    private readonly BlockOptions _options;
    private readonly ReferenceBlocks? _blocks; // null but in the reference's order
    private readonly DocumentReader _documents;
    private readonly long _places; // in an epoch's order: of each document as many as it may be read times

    // Place of the document in the epoch's order, or of the next block in the reference's.
    private long _epoch, _index;
    private Permutation _order;

    // The last token of the previous block, first of the next; its place is _carryAt.
    private bool _hasCarry;
    private (int Token, float Score, TokenKind Kind) _carry;
    private (long Epoch, long Index, int Offset) _carryAt;
    private int _carryTagTokens; // of its document up to it, itself included

    private HashSet<long>? _opened; // collects the documents that are opened; null for none

    /// <param name="dataset">Stays open as long as the reader is used.</param>
    /// <param name="options">Checked here.</param>
    /// <param name="start">Null starts at the beginning.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="InvalidDataException">The filter leaves no document, or the cursor belongs to other data or options.</exception>
    public BlockReader(PackedDataset dataset, BlockOptions options, DataCursor? start = null)
        : this(dataset, options, start, options.Reference is null ? null : new ReferenceBlocks(dataset, options))
    {
    }

    private BlockReader(PackedDataset dataset, BlockOptions options, DataCursor? start, ReferenceBlocks? blocks)
    {
        (_dataset, _options, _blocks, _documents) = (dataset, options, blocks, new DocumentReader(dataset, options));
        Check(dataset, options);
        DocumentsPerEpoch = CountDocuments();
        _places = PlacesOf(dataset, options);
        DataCursor from = start ?? (blocks is null ? DataCursor.AtPlace(options.Lane, _places) : new DataCursor(0, options.Lane, 0));
        (_epoch, _index) = (from.Epoch, from.Index);
        if (from.Epoch < 0 || from.Index < 0 || from.Offset < 0 || (blocks is null ? from.Index >= _places : from.Offset > 0))
            throw ForeignCursor(from);
        _order = new Permutation(_places, options.Seed, _epoch);
        _carryAt = (from.Epoch, from.Index, from.Offset);
        if (from.Offset > 0) SkipTo(from);
    }

    /// <summary>One reader for each of <paramref name="lanes"/> lanes; together they read the data once in an epoch.</summary>
    /// <param name="dataset">Stays open as long as the readers are used.</param>
    /// <param name="options">Checked here; lanes are set here.</param>
    /// <param name="lanes">At least 1.</param>
    /// <param name="starts">A cursor for each lane; null starts at the beginning.</param>
    public static BlockReader[] OfLanes(PackedDataset dataset, BlockOptions options, int lanes, IReadOnlyList<DataCursor>? starts = null)
    {
        ReferenceBlocks? blocks = options.Reference is null ? null : new ReferenceBlocks(dataset, options);
        return [.. Enumerable.Range(0, lanes).Select(lane => new BlockReader(dataset, options with { Lanes = lanes, Lane = lane }, starts?[lane], blocks))];
    }

    /// <summary>Documents that pass the filter and have a weight.</summary>
    public long DocumentsPerEpoch { get; }

    /// <summary>Tokens handed out by this reader to be predicted: T per block, without padding.</summary>
    public long TokensRead { get; private set; }

    /// <summary>The first token of the next block.</summary>
    public DataCursor Cursor => new(_carryAt.Epoch, _carryAt.Index, _carryAt.Offset);

    /// <summary>
    /// The same place for a reader without tags. Where a tag is the first token of the next block, it is the last token before it that
    /// is none: every token of text is predicted once all the same.
    /// </summary>
    public DataCursor CursorWithoutTags => Cursor with { Offset = _carryAt.Offset - _carryTagTokens };

    /// <summary>Places in an epoch's order.</summary>
    internal static long PlacesOf(PackedDataset dataset, BlockOptions options) =>
        dataset.DocumentCount * (options.Upsample is { } upsample ? (long)Math.Ceiling(upsample.Weights.Max()) : 1);

    /// <summary>Places on disk of the documents that a block reads from.</summary>
    /// <param name="dataset">The data.</param>
    /// <param name="options">How it was read.</param>
    /// <param name="start">The block's first token.</param>
    public static IReadOnlySet<long> DocumentsOfBlock(PackedDataset dataset, BlockOptions options, DataCursor start)
    {
        var reader = new BlockReader(dataset, options, start); // read again: who reads blocks need not keep the names
        reader._opened = reader._documents.IsOpen ? [reader._documents.Document] : [];
        int length = options.BlockLength + 1;
        reader.Next(new int[length], new float[length], new TokenKind[length]);
        return reader._opened;
    }

    /// <summary>
    /// The start of the first document (in the reference's order, the block) behind <paramref name="tokens"/> tokens of text and end-of-text;
    /// tags do not count. Reads no tokens. The reader is of no use afterwards.
    /// </summary>
    internal DataCursor CursorBehind(long tokens)
    {
        if (_blocks is not null) return new DataCursor(0, _index + tokens / (_options.BlockLength + 1) * _options.Lanes, 0);
        for (long passed = 0; passed < tokens && OpenNextDocument(); _index += _options.Lanes)
        {
            passed += _documents.Length;
            _documents.Close();
        }
        return new DataCursor(_epoch + _index / _places, _index % _places, 0);
    }

    /// <summary>Reads the next block. Allocates nothing.</summary>
    /// <param name="tokens">(T + 1) token ids; predict [1..] from [..T].</param>
    /// <param name="scores">(T + 1) score of the segment that a token or tag belongs to, or of the span (<see cref="SpanUse.Score"/>); 0 for
    /// end-of-text (in the reference's order the first segment's) and padding.</param>
    /// <param name="kinds">(T + 1) what each token is.</param>
    /// <returns>False when <see cref="BlockOptions.MaxEpochs"/> are read. The last block is padded with end-of-text tokens of kind
    /// <see cref="TokenKind.Padding"/>.</returns>
    public bool Next(Span<int> tokens, Span<float> scores, Span<TokenKind> kinds)
    {
        int length = _options.BlockLength + 1;
        if (tokens.Length != length || scores.Length != length || kinds.Length != length)
            throw new ArgumentException(
                $"a block has {length} tokens, scores and kinds, not {tokens.Length}, {scores.Length} and {kinds.Length}");
        if (_blocks is not null) return NextOfReference(_blocks, tokens, scores, kinds);
        int filled = 0;
        if (_hasCarry)
        {
            (tokens[0], scores[0], kinds[0]) = _carry;
            filled = 1;
        }
        while (filled < length && (_documents.IsOpen || OpenNextDocument()))
            filled += _documents.Read(tokens[filled..], scores[filled..], kinds[filled..]);
        if (filled <= 1) return false; // the end; a single token predicts nothing
        TokensRead += filled - 1;
        if (filled == length)
        {
            _hasCarry = true;
            _carry = (tokens[^1], scores[^1], kinds[^1]);
            _carryAt = (_epoch, _index, _documents.Offset - 1);
            _carryTagTokens = _documents.TagTokens;
            return true;
        }
        tokens[filled..].Fill(_options.EndOfTextId);
        scores[filled..].Clear();
        kinds[filled..].Fill(TokenKind.Padding);
        _hasCarry = false;
        _carryAt = (_epoch, 0, 0);
        _carryTagTokens = 0;
        return true;
    }

    /// <summary>The next block of the reference's order; its documents follow each other in the file.</summary>
    private bool NextOfReference(ReferenceBlocks blocks, Span<int> tokens, Span<float> scores, Span<TokenKind> kinds)
    {
        while (!(_epoch >= _options.MaxEpochs) && _index >= blocks.Count(_epoch)) _index -= blocks.Count(_epoch++);
        if (_epoch >= _options.MaxEpochs) return false;
        (int document, int offset) = blocks.Find(_epoch, _index);
        Open(document, copy: 0);
        _documents.SkipTo(offset);
        for (int filled = 0; filled < tokens.Length;)
        {
            while (!_documents.IsOpen)
                if (_options.WeightOf(_dataset.DocumentScores[++document]) > 0) Open(document, copy: 0);
            filled += _documents.Read(tokens[filled..], scores[filled..], kinds[filled..]);
        }
        TokensRead += _options.BlockLength;
        _index += _options.Lanes;
        _carryAt = (_epoch, _index, 0);
        return true;
    }

    /// <summary>Opens the document at the current place or the first one behind it that is to be read; false behind the last
    /// epoch.</summary>
    private bool OpenNextDocument()
    {
        // After a document has been read, its offset is its length; at the start of a place it is 0.
        if (_documents.Offset > 0) _index += _options.Lanes;
        _documents.Close();
        while (true)
        {
            while (_index >= _places)
            {
                _index -= _places;
                _epoch++;
                _order = new Permutation(_places, _options.Seed, _epoch);
            }
            if (_epoch >= _options.MaxEpochs) return false;
            (long copy, long document) = Math.DivRem(_options.Shuffle ? _order[_index] : _index, _dataset.DocumentCount);
            if (copy < Copies(document))
            {
                Open(document, copy);
                return true;
            }
            _index += _options.Lanes;
        }
    }

    private void Open(long document, long copy)
    {
        _documents.Open(_epoch, document, copy);
        _opened?.Add(document);
    }

    /// <summary>How often the document is read in this epoch.</summary>
    private long Copies(long document)
    {
        double weight = _options.WeightOf(_dataset.DocumentScores[(int)document]);
        long whole = (long)weight;
        return weight > whole && Hash64.ToUnit(Hash64.Of(_options.Seed, UpsampleSalt, (ulong)_epoch, (ulong)document)) < weight - whole ? whole + 1 : whole;
    }

    private void SkipTo(DataCursor cursor)
    {
        if (!OpenNextDocument() || _index != cursor.Index || _epoch != cursor.Epoch || !_documents.SkipTo(cursor.Offset)) throw ForeignCursor(cursor);
        _carryTagTokens = _documents.TagTokens + (_documents.IsInTag ? 1 : 0);
    }

    private long CountDocuments()
    {
        long passing = 0, weighed = 0;
        double perEpoch = 0, lowest = double.PositiveInfinity, highest = double.NegativeInfinity;
        foreach (double score in _dataset.DocumentScores)
        {
            double weight = _options.WeightOf(score);
            if (!(score > _options.FilterThreshold)) passing++;
            if (weight > 0) weighed++;
            perEpoch += weight;
            (lowest, highest) = (Math.Min(lowest, score), Math.Max(highest, score));
        }
        string range = $"their mean scores lie between {lowest} and {highest}, choose a threshold in this range or a percentile such as p50";
        if (passing == 0)
            throw new InvalidDataException(
                $"{_dataset.Directory}: filter_threshold {_options.FilterThreshold} leaves none of the {_dataset.DocumentCount} documents; {range}");
        if (perEpoch < 1)
            throw new InvalidDataException($"{_dataset.Directory}: upsample leaves on average {perEpoch} of {passing} documents per epoch, "
                + $"at least 1 was expected; {range}, or raise a weight");
        return weighed;
    }

    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="InvalidDataException">The data has no scores of spans, and they are asked for.</exception>
    internal static void Check(PackedDataset dataset, BlockOptions options)
    {
        if (options.BlockLength < 1) throw new ArgumentException($"block length {options.BlockLength}; at least 1 was expected");
        if (options.Lanes < 1 || options.Lane < 0 || options.Lane >= options.Lanes)
            throw new ArgumentException($"lane {options.Lane} of {options.Lanes}; a lane from 0 up to the number of lanes was expected");
        if (options.Lanes > 1 && !options.Shuffle) throw new ArgumentException("several lanes need a shuffled order");
        if (options.MaxEpochs < 1)
            throw new ArgumentException($"{options.MaxEpochs} epochs; at least 1 was expected, or none given for no end");
        if (options.FilterThreshold is { } filter && double.IsNaN(filter)) throw new ArgumentException("filter_threshold is not a number");
        options.Upsample?.Check();
        if (options is { Reference: not null, Upsample: not null }) throw new ArgumentException("the reference's order reads each document once; it has no upsampling");
        if (options.Spans != SpanUse.Ignore && dataset.Manifest.Spans is null)
            throw new InvalidDataException($"{dataset.Directory} has no scores of spans; score again with phf score --spans and pack again, "
                + "or leave dataset.span_scores out");
        options.Tags?.Validate();
    }

    private InvalidDataException ForeignCursor(DataCursor cursor) => new(
        $"{_dataset.Directory}: no token at epoch {cursor.Epoch}, place {cursor.Index}, offset {cursor.Offset}; "
        + "the position was saved for other data or other options, resume with those");
}
