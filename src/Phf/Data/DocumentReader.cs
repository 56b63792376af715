namespace Phf.Data;

/// <summary>
/// Reads one document after the other as the model sees them: end-of-text, then for each segment its tag (if any; or one tag for the whole
/// document) and its tokens. Whether a tag is dropped is a hash of seed, epoch, document, copy and segment. Reading allocates nothing.
/// Not safe for several threads.
/// </summary>
internal sealed class DocumentReader(PackedDataset dataset, BlockOptions options)
{
    private readonly int _vocabularySize = dataset.Manifest.Tokenizer.VocabularySize;

    private PackedShard? _shard; // null when no document is open
    private long _epoch, _document, _copy;
    private int _firstSegment, _segment, _segmentEnd; // numbers in the shard
    private long _token, _tokenEnd;                   // of the current segment
    private TokenKind _pending;                       // what comes next: end-of-text, a tag or text
    private float _score;
    private int[] _tag = [];
    private int _tagAt;      // the tag's next token
    private float _tagScore;

    /// <summary>False behind a document's last token.</summary>
    public bool IsOpen => _shard is not null;

    /// <summary>Place on disk of the document that was opened last.</summary>
    public long Document => _document;

    /// <summary>Tokens of text and end-of-text in the open document.</summary>
    public long Length => 1 + _shard!.Tokens(_segmentEnd - 1).End - _shard.Tokens(_firstSegment).Begin;

    /// <summary>Tokens read or skipped of the document; its length when it has been read.</summary>
    public int Offset { get; private set; }

    /// <summary>How many of them were tags'.</summary>
    public int TagTokens { get; private set; }

    /// <summary>Whether the next token is a tag's.</summary>
    public bool IsInTag => _pending == TokenKind.ControlTag;

    /// <summary>Begins a document; <paramref name="copy"/> counts its readings in the epoch from 0.</summary>
    public void Open(long epoch, long document, long copy)
    {
        (_epoch, _document, _copy) = (epoch, document, copy);
        (_shard, int place) = dataset.Find(document);
        (_firstSegment, _segmentEnd) = _shard.Segments(place);
        _pending = TokenKind.EndOfText;
        (Offset, TagTokens) = (0, 0);
    }

    /// <summary>Forgets the document.</summary>
    public void Close() => (_shard, Offset) = (null, 0);

    /// <summary>Moves to token <paramref name="offset"/> of the document that was just opened by walking over its segments; reads no tokens.
    /// False if it has no such token.</summary>
    public bool SkipTo(int offset)
    {
        if (offset == 0) return true;
        OpenSegment(_firstSegment);
        Offset = 1;
        while (Offset < offset && _shard is not null)
        {
            int left = offset - Offset, count;
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
            Offset += count;
        }
        return _shard is not null;
    }

    /// <summary>Writes the next end-of-text, run of a tag's tokens or run of one segment's tokens; returns how many.</summary>
    public int Read(Span<int> tokens, Span<float> scores, Span<TokenKind> kinds)
    {
        int count = 1;
        kinds[0] = _pending;
        if (_pending == TokenKind.EndOfText)
        {
            tokens[0] = options.EndOfTextId;
            OpenSegment(_firstSegment);
            scores[0] = options.Reference is null ? 0 : TokenScore;
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
            scores[..count].Fill(TokenScore);
            kinds[..count].Fill(TokenKind.Text);
            if (options.Spans != SpanUse.Ignore) ApplySpans(scores[..count], kinds[..count]);
            _token += count;
            if (_token == _tokenEnd) OpenSegment(_segment + 1);
        }
        Offset += count;
        return count;
    }

    /// <summary>What a token of the segment has where no span says otherwise.</summary>
    private float TokenScore => options.Spans == SpanUse.Score ? 0 : _score;

    /// <summary>Scores or masks the tokens of spans in the run that begins at the current token.</summary>
    private void ApplySpans(Span<float> scores, Span<TokenKind> kinds)
    {
        ReadOnlySpan<ulong> starts = _shard!.SpanStarts, ends = _shard.SpanEnds;
        ReadOnlySpan<float> spanScores = _shard.SpanScores;
        for (int span = _shard.FirstSpanFrom(_token); span < starts.Length && (long)starts[span] < _token + scores.Length; span++)
        {
            int from = (int)Math.Max(0, (long)starts[span] - _token), to = (int)Math.Min(scores.Length, (long)ends[span] - _token);
            if (options.Spans == SpanUse.Score) scores[from..to].Fill(spanScores[span]);
            else if (spanScores[span] > options.SpanThreshold) kinds[from..to].Fill(TokenKind.Masked);
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
        if (options.Tags is not { } tags || (tags.IsPerDocument && segment > _firstSegment) || DropsTag(tags)) return;
        double score = tags.IsPerDocument ? dataset.DocumentScores[(int)_document] : _score;
        (_pending, _tag, _tagAt, _tagScore) = (TokenKind.ControlTag, tags.Of(score), 0, options.Spans == SpanUse.Score ? 0 : (float)score);
    }

    private void PassTag(int count)
    {
        _tagAt += count;
        TagTokens += count;
        if (_tagAt == _tag.Length) _pending = TokenKind.Text;
    }

    private bool DropsTag(ControlTags tags)
        => Hash64.ToUnit(Hash64.Of(options.Seed, (ulong)_epoch, (ulong)_document, (uint)(_segment - _firstSegment) | ((ulong)_copy << 32)))
            < tags.DropTokenFraction;
}
