using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Phf.Formats;

namespace Phf.Data;

/// <summary>Writes one split of a packed dataset; holds one shard in memory.</summary>
internal sealed class SplitWriter(string directory, int vocabularySize, long maxShardTokens)
{
    private readonly List<int> _tokens = [];
    private readonly List<ulong> _segmentStarts = [], _documentStarts = [], _spanStarts = [], _spanEnds = [];
    private readonly List<float> _scores = [], _spanScores = [];
    private bool _hasSpans; // the same for all documents
    private readonly List<ShardInfo> _shards = [];
    private readonly ScoreSample _segmentSample = new(), _documentSample = new();

    public long Documents => _documentSample.Count;

    /// <summary>Adds a document of at least one segment, each of at least one token. A document is never split between shards.</summary>
    public void Add(TokenizedDocument document)
    {
        if (_tokens.Count > 0 && _tokens.Count + document.Tokens.Count > maxShardTokens) FlushShard();
        _documentStarts.Add((ulong)_scores.Count);
        double sum = 0;
        for (int segment = 0; segment < document.Scores.Length; segment++)
        {
            _segmentStarts.Add((ulong)(_tokens.Count + document.SegmentStarts[segment]));
            _scores.Add(document.Scores[segment]);
            _segmentSample.Add(document.Scores[segment]);
            sum += document.Scores[segment];
        }
        _documentSample.Add(sum / document.Scores.Length);
        _hasSpans = document.Spans is not null;
        foreach (TokenSpan span in document.Spans ?? [])
        {
            _spanStarts.Add((ulong)(_tokens.Count + span.Start));
            _spanEnds.Add((ulong)(_tokens.Count + span.End));
            _spanScores.Add(span.Score);
        }
        _tokens.AddRange(document.Tokens);
    }

    /// <summary>Writes the last shard and then <c>dataset.json</c>, which makes the split whole.</summary>
    public DatasetManifest Finish(Func<SplitTotals, DatasetManifest> describe)
    {
        FlushShard();
        DatasetManifest manifest = describe(new SplitTotals(_shards, _segmentSample.Quantiles(), _documentSample.Quantiles()));
        manifest.Write(directory);
        return manifest;
    }

    private void FlushShard()
    {
        string name = $"shard-{_shards.Count:00000}.safetensors";
        string path = Path.Combine(directory, name);
        List<SafetensorsTensor> tensors =
        [
            new(PackedShard.TokensName, TokenType, [_tokens.Count], WriteTokens),
            Places(PackedShard.SegmentStartsName, _segmentStarts), Scores(PackedShard.ScoresName, _scores),
            Places(PackedShard.DocumentStartsName, _documentStarts),
        ];
        if (_hasSpans)
            tensors.AddRange([Places(PackedShard.SpanStartsName, _spanStarts), Places(PackedShard.SpanEndsName, _spanEnds), Scores(PackedShard.SpanScoresName, _spanScores)]);
        SafetensorsWriter.Write(path, tensors);
        using (FileStream file = File.OpenRead(path))
        {
            string sha256 = Convert.ToHexStringLower(SHA256.HashData(file));
            _shards.Add(new ShardInfo(name, file.Length, sha256, _documentStarts.Count, _scores.Count, _tokens.Count,
                _hasSpans ? _spanStarts.Count : null));
        }
        _tokens.Clear();
        _segmentStarts.Clear();
        _documentStarts.Clear();
        _scores.Clear();
        _spanStarts.Clear();
        _spanEnds.Clear();
        _spanScores.Clear();
    }

    private static SafetensorsTensor Places(string name, List<ulong> values) => new(name, SafetensorsType.U64, [values.Count],
        stream => SafetensorsTensor.WriteValues<ulong>(stream, CollectionsMarshal.AsSpan(values)));

    private static SafetensorsTensor Scores(string name, List<float> values) => new(name, SafetensorsType.F32, [values.Count],
        stream => SafetensorsTensor.WriteValues<float>(stream, CollectionsMarshal.AsSpan(values)));

    /// <summary>16 bits per token where they suffice: half the disk, half the page cache.</summary>
    private SafetensorsType TokenType => vocabularySize <= 1 << 16 ? SafetensorsType.U16 : SafetensorsType.U32;

    private void WriteTokens(Stream stream)
    {
        ReadOnlySpan<int> tokens = CollectionsMarshal.AsSpan(_tokens);
        if (TokenType == SafetensorsType.U32)
        {
            SafetensorsTensor.WriteValues(stream, tokens);
            return;
        }
        ushort[] chunk = new ushort[1 << 16];
        while (tokens.Length > 0)
        {
            int count = Math.Min(chunk.Length, tokens.Length);
            for (int i = 0; i < count; i++) chunk[i] = (ushort)tokens[i];
            SafetensorsTensor.WriteValues<ushort>(stream, chunk.AsSpan(0, count));
            tokens = tokens[count..];
        }
    }
}

/// <summary>What a split holds, once its shards are written.</summary>
internal sealed record SplitTotals(IReadOnlyList<ShardInfo> Shards, ScoreQuantiles SegmentScores, ScoreQuantiles DocumentScores);

/// <summary>A document in tokens; a segment ends where the next one starts. Spans are null where they are not known.</summary>
internal sealed record TokenizedDocument(List<int> Tokens, int[] SegmentStarts, float[] Scores, List<TokenSpan>? Spans = null);
