namespace Phf.Data;

/// <summary>
/// Reads a packed dataset as one long sequence cut into blocks of T + 1 tokens. A document reads as end-of-text, then for each segment its
/// tag (if any) and its tokens; the next document follows at once. Consecutive blocks share one token (the last of a block is the first of
/// the next), so every token is predicted exactly once. A reader of one of several lanes takes every n-th place. Order, dropped tags and draws of
/// <see cref="Upsampling"/> are computed from seed, epoch and numbers of documents, so <see cref="Cursor"/> is the whole state: a reader started from it gives the
/// same blocks, bit for bit. Not safe for several threads.
/// </summary>
public sealed class BlockReader
{
    private const ulong UpsampleSalt = 0x7570_7361_6D70_6C65; // keeps these draws independent of the dropped tags

    private readonly PackedDataset _dataset;
    private readonly BlockOptions _options;
    private readonly int _vocabularySize;
    private readonly long _places; // in an epoch's order: of each document as many as it may be read times

    // Where we are: place of the document in the epoch's order, and the next token of it.
    private long _epoch, _index;
    private int _offset;
    private Permutation _order;

    // The open document; null between documents.
    private PackedShard? _shard;
    private long _document, _copy;
    private int _firstSegment, _segment, _segmentEnd; // numbers in the shard
    private long _token, _tokenEnd;                   // of the current segment
    private TokenKind _pending;                       // what comes next: end-of-text, a tag or text
    private int _tag;
    private float _score;

    // The last token of the previous block, first of the next; its place is _carryAt.
    private bool _hasCarry;
    private (int Token, float Score, TokenKind Kind) _carry;
    private (long Epoch, long Index, int Offset) _carryAt;

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
        Check(dataset, options);
        DocumentsPerEpoch = CountDocuments();
        _places = dataset.DocumentCount * (options.Upsample is { } upsample ? (long)Math.Ceiling(upsample.Weights.Max()) : 1);
        start ??= new DataCursor(options.Lane / _places, options.Lane % _places, 0);
        (_epoch, _index) = (start.Epoch, start.Index);
        if (start.Epoch < 0 || start.Index < 0 || start.Index >= _places || start.Offset < 0)
            throw ForeignCursor(start);
        _order = new Permutation(_places, options.Seed, _epoch);
        _carryAt = (start.Epoch, start.Index, start.Offset);
        if (start.Offset > 0) SkipTo(start);
    }

    /// <summary>Documents that pass the filter and have a weight.</summary>
    public long DocumentsPerEpoch { get; }

    /// <summary>Tokens handed out by this reader to be predicted: T per block, without padding.</summary>
    public long TokensRead { get; private set; }

    /// <summary>The first token of the next block.</summary>
    public DataCursor Cursor => new(_carryAt.Epoch, _carryAt.Index, _carryAt.Offset);

    /// <summary>Reads the next block. Allocates nothing.</summary>
    /// <param name="tokens">(T + 1) token ids; predict [1..] from [..T].</param>
    /// <param name="scores">(T + 1) score of the segment that a token or tag belongs to, or of the span (<see cref="SpanUse.Score"/>); 0 for
    /// end-of-text and padding.</param>
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
            return true;
        }
        tokens[filled..].Fill(_options.EndOfTextId);
        scores[filled..].Clear();
        kinds[filled..].Fill(TokenKind.Padding);
        _hasCarry = false;
        _carryAt = (_epoch, 0, 0);
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
            scores[0] = TokenScore;
            _pending = TokenKind.Text;
        }
        else
        {
            count = (int)Math.Min(tokens.Length, _tokenEnd - _token);
            _shard!.CopyTokens(_token, tokens[..count], _vocabularySize);
            scores[..count].Fill(TokenScore);
            kinds[..count].Fill(TokenKind.Text);
            if (_options.Spans != SpanUse.Ignore) ApplySpans(scores[..count], kinds[..count]);
            _token += count;
            if (_token == _tokenEnd) OpenSegment(_segment + 1);
        }
        _offset += count;
        return count;
    }

    /// <summary>What a token of the segment has where no span says otherwise.</summary>
    private float TokenScore => _options.Spans == SpanUse.Score ? 0 : _score;

    /// <summary>Scores or masks the tokens of spans in the run that begins at the current token.</summary>
    private void ApplySpans(Span<float> scores, Span<TokenKind> kinds)
    {
        ReadOnlySpan<ulong> starts = _shard!.SpanStarts, ends = _shard.SpanEnds;
        ReadOnlySpan<float> spanScores = _shard.SpanScores;
        for (int span = _shard.FirstSpanFrom(_token); span < starts.Length && (long)starts[span] < _token + scores.Length; span++)
        {
            int from = (int)Math.Max(0, (long)starts[span] - _token), to = (int)Math.Min(scores.Length, (long)ends[span] - _token);
            if (_options.Spans == SpanUse.Score) scores[from..to].Fill(spanScores[span]);
            else if (spanScores[span] > _options.SpanThreshold) kinds[from..to].Fill(TokenKind.Masked);
        }
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
        => Hash64.ToUnit(Hash64.Of(_options.Seed, (ulong)_epoch, (ulong)_document, (uint)(_segment - _firstSegment) | ((ulong)_copy << 32)))
            < tags.DropTokenFraction;

    /// <summary>Opens the document at the current place or the first one behind it that is to be read; false behind the last
    /// epoch.</summary>
    private bool OpenNextDocument()
    {
        // After a document has been read, _offset is its length; at the start of a place it is 0.
        if (_offset > 0) _index += _options.Lanes;
        _offset = 0;
        while (true)
        {
            while (_index >= _places)
            {
                _index -= _places;
                _epoch++;
                _order = new Permutation(_places, _options.Seed, _epoch);
            }
            if (_epoch >= _options.MaxEpochs) return false;
            (_copy, _document) = Math.DivRem(_options.Shuffle ? _order[_index] : _index, _dataset.DocumentCount);
            if (_copy < Copies(_document)) break;
            _index += _options.Lanes;
        }
        (_shard, int document) = _dataset.Find(_document);
        (_firstSegment, _segmentEnd) = _shard.Segments(document);
        _pending = TokenKind.EndOfText;
        return true;
    }

    /// <summary>How often the document is read in this epoch.</summary>
    private long Copies(long document)
    {
        double weight = _options.WeightOf(_dataset.DocumentScores[(int)document]);
        long whole = (long)weight;
        return weight > whole && Hash64.ToUnit(Hash64.Of(_options.Seed, UpsampleSalt, (ulong)_epoch, (ulong)document)) < weight - whole ? whole + 1 : whole;
    }

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
        if (options.Spans != SpanUse.Ignore && dataset.Manifest.Spans is null)
            throw new InvalidDataException($"{dataset.Directory} has no scores of spans; score again with phf score --spans and pack again, "
                + "or leave dataset.span_scores out");
        if (options.Tags is not { } tags) return;
        if (float.IsNaN(tags.Threshold)) throw new ArgumentException("the tags' threshold is not a number");
        if (!(tags.DropTokenFraction >= 0 && tags.DropTokenFraction <= 1))
            throw new ArgumentException($"drop_token_fraction is {tags.DropTokenFraction}; 0 to 1 was expected");
    }

    private InvalidDataException ForeignCursor(DataCursor cursor) => new(
        $"{_dataset.Directory}: no token at epoch {cursor.Epoch}, place {cursor.Index}, offset {cursor.Offset}; "
        + "the position was saved for other data or other options, resume with those");
}
