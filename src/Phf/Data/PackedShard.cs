using Phf.Formats;

namespace Phf.Data;

/// <summary>
/// One memory-mapped shard: tokens u16 or u32 [N], segment_starts u64 [S] (in tokens), segment_scores f32 [S], document_starts u64 [D] (in
/// segments). A segment or document ends where the next one starts. With scores of spans also span_starts and span_ends u64 [P] (in tokens)
/// and span_scores f32 [P].
/// </summary>
internal sealed class PackedShard : IDisposable
{
    public const string TokensName = "tokens", SegmentStartsName = "segment_starts";
    public const string ScoresName = "segment_scores", DocumentStartsName = "document_starts";
    public const string SpanStartsName = "span_starts", SpanEndsName = "span_ends", SpanScoresName = "span_scores";

    private readonly SafetensorsFile _file;
    private readonly SafetensorsEntry _tokens, _segmentStarts, _scores, _documentStarts; // looked up once: reading asks for every segment
    private readonly SafetensorsEntry? _spanStarts, _spanEnds, _spanScores; // null where spans are not known

    private PackedShard(SafetensorsFile file, bool hasSpans)
    {
        _file = file;
        _tokens = file.Entry(TokensName);
        _segmentStarts = file.Entry(SegmentStartsName);
        _scores = file.Entry(ScoresName);
        _documentStarts = file.Entry(DocumentStartsName);
        if (!hasSpans) return;
        _spanStarts = file.Entry(SpanStartsName);
        _spanEnds = file.Entry(SpanEndsName);
        _spanScores = file.Entry(SpanScoresName);
    }

    public string Path => _file.Path;
    public long TokenCount => _tokens.Count;
    public ReadOnlySpan<ulong> SegmentStarts => _file.Span<ulong>(_segmentStarts);
    public ReadOnlySpan<float> SegmentScores => _file.Span<float>(_scores);
    public ReadOnlySpan<ulong> DocumentStarts => _file.Span<ulong>(_documentStarts);

    /// <summary>First token of each span; growing. Empty where spans are not known.</summary>
    public ReadOnlySpan<ulong> SpanStarts => _spanStarts is null ? default : _file.Span<ulong>(_spanStarts);

    /// <summary>The token behind each span; at most the start of the next.</summary>
    public ReadOnlySpan<ulong> SpanEnds => _spanEnds is null ? default : _file.Span<ulong>(_spanEnds);

    public ReadOnlySpan<float> SpanScores => _spanScores is null ? default : _file.Span<float>(_spanScores);

    /// <summary>Opens a shard and checks it against its description, so that nothing read later can leave it.</summary>
    public static PackedShard Open(string directory, ShardInfo info)
    {
        // The name comes from a file; it must not lead out of the directory.
        if (info.File != System.IO.Path.GetFileName(info.File))
            throw new InvalidDataException($"{directory}: '{info.File}' is no name of a shard");
        string path = System.IO.Path.Combine(directory, info.File);
        if (!File.Exists(path)) throw new InvalidDataException($"{path} is missing; pack again");
        long bytes = InputFile.LengthOf(path);
        if (bytes != info.Bytes)
            throw new InvalidDataException(
                $"{path}: {bytes} bytes, {DatasetManifest.FileName} says {info.Bytes}; the shard was cut short or changed, pack again");
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            var shard = new PackedShard(file, info.Spans.HasValue);
            shard.Check(info);
            return shard;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Segments [Begin, End) of a document of this shard.</summary>
    public (int Begin, int End) Segments(int document)
    {
        ReadOnlySpan<ulong> starts = DocumentStarts;
        return ((int)starts[document], document + 1 < starts.Length ? (int)starts[document + 1] : SegmentScores.Length);
    }

    /// <summary>Tokens [Begin, End) of a segment of this shard.</summary>
    public (long Begin, long End) Tokens(int segment)
    {
        ReadOnlySpan<ulong> starts = SegmentStarts;
        return ((long)starts[segment], segment + 1 < starts.Length ? (long)starts[segment + 1] : TokenCount);
    }

    /// <summary>The first span that ends behind token <paramref name="token"/>; the number of spans if there is none.</summary>
    public int FirstSpanFrom(long token)
    {
        ReadOnlySpan<ulong> ends = SpanEnds;
        int low = 0, high = ends.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (ends[middle] <= (ulong)token) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>Sum of the scores that the tokens of a segment are read with, and how many of them are not masked.</summary>
    public (double Scores, long Tokens) SumOfScores(int segment, BlockOptions options)
    {
        (long begin, long end) = Tokens(segment);
        double score = SegmentScores[segment], inSpans = 0;
        long masked = 0;
        ReadOnlySpan<ulong> starts = SpanStarts, ends = SpanEnds;
        for (int span = FirstSpanFrom(begin); span < starts.Length && (long)starts[span] < end; span++)
        {
            long length = Math.Min((long)ends[span], end) - Math.Max((long)starts[span], begin);
            inSpans += (double)SpanScores[span] * length;
            if (SpanScores[span] > options.SpanThreshold) masked += length;
        }
        return options.Spans switch
        {
            SpanUse.Score => (inSpans, end - begin),
            SpanUse.Mask => (score * (end - begin - masked), end - begin - masked),
            _ => (score * (end - begin), end - begin),
        };
    }

    /// <summary>Copies tokens from place <paramref name="start"/> on, as many as fit <paramref name="destination"/>.</summary>
    public void CopyTokens(long start, Span<int> destination, int vocabularySize)
    {
        if (_tokens.Type == SafetensorsType.U16) Copy(_file.Span<ushort>(_tokens, start, destination.Length), destination);
        else Copy(_file.Span<uint>(_tokens, start, destination.Length), destination);
        // A damaged shard must not become an index outside the embedding.
        foreach (int token in destination)
            if ((uint)token >= (uint)vocabularySize)
                throw new InvalidDataException(
                    $"{Path}: token {(uint)token} near place {start}, the vocabulary has {vocabularySize}; the shard is damaged, pack again");
    }

    public void Dispose() => _file.Dispose();

    private static void Copy(ReadOnlySpan<ushort> source, Span<int> destination)
    {
        for (int i = 0; i < destination.Length; i++) destination[i] = source[i];
    }

    private static void Copy(ReadOnlySpan<uint> source, Span<int> destination)
    {
        for (int i = 0; i < destination.Length; i++) destination[i] = (int)source[i];
    }

    private void Check(ShardInfo info)
    {
        if (_tokens.Type is not (SafetensorsType.U16 or SafetensorsType.U32))
            throw new InvalidDataException($"{Path}: tensor '{TokensName}' is {_tokens.Type}, U16 or U32 was expected");
        foreach (SafetensorsEntry? entry in (SafetensorsEntry?[])[_tokens, _segmentStarts, _scores, _documentStarts, _spanStarts, _spanEnds, _spanScores])
            if (entry is { Shape.Length: not 1 }) throw new InvalidDataException($"{Path}: tensor '{entry.Name}' has not one dimension; pack again");
        if (SegmentStarts.Length != SegmentScores.Length || SegmentScores.Length != info.Segments || DocumentStarts.Length != info.Documents
            || TokenCount != info.Tokens)
            throw new InvalidDataException(
                $"{Path}: {DocumentStarts.Length} documents, {SegmentScores.Length} scores of {SegmentStarts.Length} segments, "
                + $"{TokenCount} tokens; {DatasetManifest.FileName} says {info.Documents}, {info.Segments}, {info.Tokens}; pack again");
        CheckStarts(SegmentStartsName, SegmentStarts, (ulong)TokenCount);
        CheckStarts(DocumentStartsName, DocumentStarts, (ulong)SegmentStarts.Length);
        CheckScores(ScoresName, SegmentScores);
        CheckSpans(info);
    }

    private void CheckScores(string name, ReadOnlySpan<float> scores)
    {
        foreach (float score in scores)
            if (!float.IsFinite(score)) throw new InvalidDataException($"{Path}: tensor '{name}' holds {score}; score and pack again");
    }

    /// <summary>Spans hold something, grow, do not overlap and end with the tokens.</summary>
    private void CheckSpans(ShardInfo info)
    {
        ReadOnlySpan<ulong> starts = SpanStarts, ends = SpanEnds;
        if (starts.Length != ends.Length || starts.Length != SpanScores.Length || starts.Length != (info.Spans ?? 0))
            throw new InvalidDataException($"{Path}: {starts.Length} starts, {ends.Length} ends and {SpanScores.Length} scores of spans; "
                + $"{DatasetManifest.FileName} says {info.Spans}; pack again");
        ulong end = 0;
        for (int i = 0; i < starts.Length; i++)
        {
            if (starts[i] < end || ends[i] <= starts[i] || ends[i] > (ulong)TokenCount)
                throw new InvalidDataException($"{Path}: span {i} is tokens [{starts[i]}, {ends[i]}) of {TokenCount}, the one before ends at {end}; "
                    + "the shard is damaged, pack again");
            end = ends[i];
        }
        CheckScores(SpanScoresName, SpanScores);
    }

    /// <summary>From 0 on, every document and segment holds something, so starts grow strictly.</summary>
    private void CheckStarts(string name, ReadOnlySpan<ulong> starts, ulong end)
    {
        if (starts.Length == 0 || starts[0] != 0)
            throw new InvalidDataException($"{Path}: tensor '{name}' does not start with 0; pack again");
        for (int i = 1; i <= starts.Length; i++)
            if ((i < starts.Length ? starts[i] : end) <= starts[i - 1])
                throw new InvalidDataException($"{Path}: tensor '{name}' does not grow at {i}; the shard is damaged, pack again");
    }
}
