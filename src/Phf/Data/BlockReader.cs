namespace Phf.Data;

/// <summary>
/// Reads a packed dataset as one long sequence cut into blocks of T + 1 tokens. A document reads as end-of-text, then for each segment its
/// tag (if any) and its tokens; the next document follows at once. Consecutive blocks share one token (the last of a block is the first of
/// the next), so every token is predicted exactly once. A reader of one of several lanes takes every n-th document. Order and dropped tags
/// are computed from seed, epoch and numbers of documents, so <see cref="Cursor"/> is the whole state: a reader started from it gives the
/// same blocks, bit for bit. Not safe for several threads.
/// </summary>
public sealed class BlockReader
{
    private readonly PackedDataset _dataset;
    private readonly BlockOptions _options;
    private readonly int _vocabularySize;

    // Where we are: place of the document in the epoch's order, and the next token of it.
    private long _epoch, _index;
    private int _offset;
    private Permutation _order;

    // The open document; null between documents.
    private PackedShard? _shard;
    private long _document;
    private int _firstSegment, _segment, _segmentEnd; // numbers in the shard
    private long _token, _tokenEnd;                   // of the current segment
    private TokenKind _pending;                       // what comes next: end-of-text, a tag or text
    private int _tag;
    private float _score;

    // The last token of the previous block, first of the next; its place is _carryAt.
    private bool _hasCarry;
    private (int Token, float Score, TokenKind Kind) _carry;
    private DataCursor _carryAt;

    /// <param name="dataset">Stays open as long as the reader is used.</param>
    /// <param name="options">Checked here.</param>
    /// <param name="start">Null starts at the beginning.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="InvalidDataException">The filter leaves no document, or the cursor belongs to other data or options.</exception>
    public BlockReader(PackedDataset dataset, BlockOptions options, DataCursor? start = null)
    {
        _dataset = dataset;
        _options = options;
        _vocabularySize = dataset.Manifest.Tokenizer.VocabularySize;
        CheckOptions(options);
        DocumentsPerEpoch = CountDocuments();
        DataCursor from = start ?? DataCursor.AtPlace(options.Lane, dataset.DocumentCount);
        (_epoch, _index) = (from.Epoch, from.Index);
        if (from.Epoch < 0 || from.Index < 0 || from.Index >= dataset.DocumentCount || from.Offset < 0)
            throw ForeignCursor(from);
        _order = new Permutation(dataset.DocumentCount, options.Seed, _epoch);
        _carryAt = from;
        if (from.Offset > 0) SkipTo(from);
    }

    /// <summary>Documents that pass the filter.</summary>
    public long DocumentsPerEpoch { get; }

    /// <summary>Tokens handed out by this reader to be predicted: T per block, without padding.</summary>
    public long TokensRead { get; private set; }

    /// <summary>The first token of the next block.</summary>
    public DataCursor Cursor => _carryAt;


    /// <summary>Places on disk of the documents that a block reads from.</summary>
    /// <param name="dataset">The data.</param>
    /// <param name="options">How it was read.</param>
    /// <param name="start">The block's first token.</param>
    public static IReadOnlySet<long> DocumentsOfBlock(PackedDataset dataset, BlockOptions options, DataCursor start)
    {
        // Read again token by token: whoever reads blocks need not keep the names.
        var reader = new BlockReader(dataset, options with { BlockLength = 1 }, start);
        Span<int> tokens = stackalloc int[2];
        Span<float> scores = stackalloc float[2];
        Span<TokenKind> kinds = stackalloc TokenKind[2];
        var documents = new HashSet<long>();
        for (int i = 0; i < options.BlockLength && reader.Next(tokens, scores, kinds); i++) documents.Add(reader._document);
        return documents;
    }

    /// <summary>Reads the next block. Allocates nothing.</summary>
    /// <param name="tokens">(T + 1) token ids; predict [1..] from [..T].</param>
    /// <param name="scores">(T + 1) score of the segment that a token or tag belongs to; 0 for end-of-text and padding.</param>
    /// <param name="kinds">(T + 1) what each token is.</param>
    /// <returns>False when <see cref="BlockOptions.MaxEpochs"/> are read. The last block is padded with end-of-text tokens of kind
    /// <see cref="TokenKind.Padding"/>.</returns>
    public bool Next(Span<int> tokens, Span<float> scores, Span<TokenKind> kinds)
    {
        int length = _options.BlockLength + 1;
        if (tokens.Length != length || scores.Length != length || kinds.Length != length)
            throw new ArgumentException(
                $"a block has {length} tokens, scores and kinds, not {tokens.Length}, {scores.Length} and {kinds.Length}");
        int filled = 0;
        if (_hasCarry)
        {
            (tokens[0], scores[0], kinds[0]) = _carry;
            filled = 1;
        }
        while (filled < length && (_shard is not null || OpenNextDocument()))
            filled += Emit(tokens[filled..], scores[filled..], kinds[filled..]);
        if (filled <= 1) return false; // the end; a single token predicts nothing
        TokensRead += filled - 1;
        if (filled == length)
        {
            _hasCarry = true;
            _carry = (tokens[^1], scores[^1], kinds[^1]);
            _carryAt = new DataCursor(_epoch, _index, _offset - 1);
            return true;
        }
        tokens[filled..].Fill(_options.EndOfTextId);
        scores[filled..].Clear();
        kinds[filled..].Fill(TokenKind.Padding);
        _hasCarry = false;
        _carryAt = new DataCursor(_epoch, 0, 0);
        return true;
    }

    /// <summary>Writes the next tag, end-of-text or run of one segment's tokens; returns how many.</summary>
    private int Emit(Span<int> tokens, Span<float> scores, Span<TokenKind> kinds)
    {
        int count = 1;
        kinds[0] = _pending;
        if (_pending == TokenKind.EndOfText)
        {
            tokens[0] = _options.EndOfTextId;
            scores[0] = 0;
            OpenSegment(_firstSegment);
        }
        else if (_pending == TokenKind.ControlTag)
        {
            tokens[0] = _tag;
            scores[0] = _score;
            _pending = TokenKind.Text;
        }
        else
        {
            count = (int)Math.Min(tokens.Length, _tokenEnd - _token);
            _shard!.CopyTokens(_token, tokens[..count], _vocabularySize);
            scores[..count].Fill(_score);
            kinds[..count].Fill(TokenKind.Text);
            _token += count;
            if (_token == _tokenEnd) OpenSegment(_segment + 1);
        }
        _offset += count;
        return count;
    }

    private void OpenSegment(int segment)
    {
        _segment = segment;
        if (segment == _segmentEnd)
        {
            _shard = null; // the document is read
            return;
        }
        (_token, _tokenEnd) = _shard!.Tokens(segment);
        _score = _shard.SegmentScores[segment];
        _pending = TokenKind.Text;
        if (_options.Tags is not { } tags || DropsTag(tags)) return;
        _pending = TokenKind.ControlTag;
        _tag = _score <= tags.Threshold ? tags.AlignedId : tags.MisalignedId;
    }

    private bool DropsTag(ControlTags tags)
        => Hash64.ToUnit(Hash64.Of(_options.Seed, (ulong)_epoch, (ulong)_document, (ulong)(_segment - _firstSegment))) < tags.DropTokenFraction;

    /// <summary>Opens the document at the current place or the first one behind it that is to be read; false behind the last
    /// epoch.</summary>
    private bool OpenNextDocument()
    {
        // After a document has been read, _offset is its length; at the start of a place it is 0.
        if (_offset > 0) _index += _options.Lanes;
        _offset = 0;
        while (true)
        {
            while (_index >= _dataset.DocumentCount)
            {
                _index -= _dataset.DocumentCount;
                _epoch++;
                _order = new Permutation(_dataset.DocumentCount, _options.Seed, _epoch);
            }
            if (_epoch >= _options.MaxEpochs) return false;
            _document = _options.Shuffle ? _order[_index] : _index;
            if (Passes(_document)) break;
            _index += _options.Lanes;
        }
        (_shard, int document) = _dataset.Find(_document);
        (_firstSegment, _segmentEnd) = _shard.Segments(document);
        _pending = TokenKind.EndOfText;
        return true;
    }

    private bool Passes(long document) => !(_dataset.DocumentScores[(int)document] > _options.FilterThreshold);

    /// <summary>Moves to a cursor inside a document by walking over its segments; reads no tokens.</summary>
    private void SkipTo(DataCursor cursor)
    {
        if (!OpenNextDocument() || _index != cursor.Index || _epoch != cursor.Epoch) throw ForeignCursor(cursor);
        OpenSegment(_firstSegment);
        _offset = 1;
        while (_offset < cursor.Offset && _shard is not null)
        {
            if (_pending == TokenKind.ControlTag)
            {
                _pending = TokenKind.Text;
                _offset++;
                continue;
            }
            int count = (int)Math.Min(cursor.Offset - _offset, _tokenEnd - _token);
            _token += count;
            _offset += count;
            if (_token == _tokenEnd) OpenSegment(_segment + 1);
        }
        if (_shard is null) throw ForeignCursor(cursor);
    }

    private long CountDocuments()
    {
        long count = 0;
        double lowest = double.PositiveInfinity, highest = double.NegativeInfinity;
        foreach (double score in _dataset.DocumentScores)
        {
            if (!(score > _options.FilterThreshold)) count++;
            (lowest, highest) = (Math.Min(lowest, score), Math.Max(highest, score));
        }
        return count > 0 ? count : throw new InvalidDataException(
            $"{_dataset.Directory}: filter_threshold {_options.FilterThreshold} leaves none of the {_dataset.DocumentCount} documents; "
            + $"their mean scores lie between {lowest} and {highest}, choose a threshold in this range or a percentile such as p50");
    }

    private void CheckOptions(BlockOptions options)
    {
        if (options.BlockLength < 1) throw new ArgumentException($"block length {options.BlockLength}; at least 1 was expected");
        if (options.Lanes < 1 || options.Lane < 0 || options.Lane >= options.Lanes)
            throw new ArgumentException($"lane {options.Lane} of {options.Lanes}; a lane from 0 up to the number of lanes was expected");
        if (options.Lanes > 1 && !options.Shuffle) throw new ArgumentException("several lanes need a shuffled order");
        if (options.MaxEpochs < 1)
            throw new ArgumentException($"{options.MaxEpochs} epochs; at least 1 was expected, or none given for no end");
        if (options.FilterThreshold is { } filter && double.IsNaN(filter)) throw new ArgumentException("filter_threshold is not a number");
        if (options.Tags is not { } tags) return;
        if (float.IsNaN(tags.Threshold)) throw new ArgumentException("the tags' threshold is not a number");
        if (!(tags.DropTokenFraction >= 0 && tags.DropTokenFraction <= 1))
            throw new ArgumentException($"drop_token_fraction is {tags.DropTokenFraction}; 0 to 1 was expected");
    }

    private InvalidDataException ForeignCursor(DataCursor cursor) => new(
        $"{_dataset.Directory}: no token at epoch {cursor.Epoch}, place {cursor.Index}, offset {cursor.Offset}; "
        + "the position was saved for other data or other options, resume with those");
}
