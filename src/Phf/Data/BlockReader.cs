namespace Phf.Data;

/// <summary>
/// Reads a packed dataset as one long sequence cut into blocks of T + 1 tokens. A document reads as end-of-text, then for each segment its
/// tag (if any; or one tag for the whole document) and its tokens; the next document follows at once. Consecutive blocks share one token (the last of a block is the first of
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
    private float _score;
    private int[] _tag = [];
    private int _tagAt;      // the tag's next token
    private float _tagScore;
    private int _tagTokens;  // of the document so far

    // The last token of the previous block, first of the next; its place is _carryAt.
    private bool _hasCarry;
    private (int Token, float Score, TokenKind Kind) _carry;
    private (long Epoch, long Index, int Offset) _carryAt;
    private int _carryTagTokens; // of its document up to it, itself included

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
        start ??= new DataCursor(options.Lane / dataset.DocumentCount, options.Lane % dataset.DocumentCount, 0);
        (_epoch, _index) = (start.Epoch, start.Index);
        if (start.Epoch < 0 || start.Index < 0 || start.Index >= dataset.DocumentCount || start.Offset < 0)
            throw ForeignCursor(start);
        _order = new Permutation(dataset.DocumentCount, options.Seed, _epoch);
        _carryAt = (start.Epoch, start.Index, start.Offset);
        if (start.Offset > 0) SkipTo(start);
    }

    /// <summary>Documents that pass the filter.</summary>
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
            _carryAt = (_epoch, _index, _offset - 1);
            _carryTagTokens = _tagTokens;
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

    /// <summary>Writes the next end-of-text, run of a tag's tokens or run of one segment's tokens; returns how many.</summary>
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
            count = Math.Min(tokens.Length, _tag.Length - _tagAt);
            _tag.AsSpan(_tagAt, count).CopyTo(tokens);
            scores[..count].Fill(_tagScore);
            kinds[..count].Fill(TokenKind.ControlTag);
            PassTag(count);
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
        if (_options.Tags is not { } tags || (tags.IsPerDocument && segment > _firstSegment) || DropsTag(tags)) return;
        double score = tags.IsPerDocument ? _dataset.DocumentScores[(int)_document] : _score;
        (_pending, _tag, _tagAt, _tagScore) = (TokenKind.ControlTag, tags.Of(score), 0, (float)score);
    }

    private void PassTag(int count)
    {
        _tagAt += count;
        _tagTokens += count;
        if (_tagAt == _tag.Length) _pending = TokenKind.Text;
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
        _tagTokens = 0;
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
            int left = cursor.Offset - _offset, count;
            if (_pending == TokenKind.ControlTag)
            {
                count = Math.Min(left, _tag.Length - _tagAt);
                PassTag(count);
            }
            else
            {
                count = (int)Math.Min(left, _tokenEnd - _token);
                _token += count;
                if (_token == _tokenEnd) OpenSegment(_segment + 1);
            }
            _offset += count;
        }
        if (_shard is null) throw ForeignCursor(cursor);
        _carryTagTokens = _tagTokens + (_pending == TokenKind.ControlTag ? 1 : 0);
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
        options.Tags?.Validate();
    }

    private InvalidDataException ForeignCursor(DataCursor cursor) => new(
        $"{_dataset.Directory}: no token at epoch {cursor.Epoch}, place {cursor.Index}, offset {cursor.Offset}; "
        + "the position was saved for other data or other options, resume with those");
}
