using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Phf.Formats;

namespace Phf.Data;

/// <summary>Writes one split of a packed dataset; holds one shard in memory.</summary>
internal sealed class SplitWriter(string directory, int vocabularySize, long maxShardTokens)
{
    private readonly List<int> _tokens = [];
    private readonly List<ulong> _segmentStarts = [], _documentStarts = [];
    private readonly List<float> _scores = [];
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
        SafetensorsWriter.Write(path,
        [
            new(PackedShard.TokensName, TokenType, [_tokens.Count], WriteTokens),
            new(PackedShard.SegmentStartsName, SafetensorsType.U64, [_segmentStarts.Count],
                stream => SafetensorsTensor.WriteValues<ulong>(stream, CollectionsMarshal.AsSpan(_segmentStarts))),
            new(PackedShard.ScoresName, SafetensorsType.F32, [_scores.Count],
                stream => SafetensorsTensor.WriteValues<float>(stream, CollectionsMarshal.AsSpan(_scores))),
            new(PackedShard.DocumentStartsName, SafetensorsType.U64, [_documentStarts.Count],
                stream => SafetensorsTensor.WriteValues<ulong>(stream, CollectionsMarshal.AsSpan(_documentStarts))),
        ]);
        using (FileStream file = File.OpenRead(path))
        {
            string sha256 = Convert.ToHexStringLower(SHA256.HashData(file));
            _shards.Add(new ShardInfo(name, file.Length, sha256, _documentStarts.Count, _scores.Count, _tokens.Count));
        }
        _tokens.Clear();
        _segmentStarts.Clear();
        _documentStarts.Clear();
        _scores.Clear();
    }

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

/// <summary>A document in tokens; a segment ends where the next one starts.</summary>
internal sealed record TokenizedDocument(List<int> Tokens, int[] SegmentStarts, float[] Scores);
