using System.Security.Cryptography;
using System.Text;
using Phf.Text;

namespace Phf.Data;

/// <summary>
/// One split of a packed corpus (docs/formats.md), memory-mapped: opening checks the shards' structure and reads their offsets and scores,
/// not their tokens. Reading is safe from several threads.
/// </summary>
public sealed class PackedDataset : IDisposable
{
    private readonly PackedShard[] _shards;
    private readonly long[] _firstDocument; // of each shard, and at the end the number of all documents
    private readonly double[] _documentScores;

    private PackedDataset(string directory, DatasetManifest manifest, PackedShard[] shards)
    {
        (Directory, Manifest, _shards) = (directory, manifest, shards);
        _firstDocument = new long[shards.Length + 1];
        for (int i = 0; i < shards.Length; i++) _firstDocument[i + 1] = _firstDocument[i] + shards[i].DocumentStarts.Length;
        _documentScores = new double[DocumentCount];
        for (int i = 0; i < shards.Length; i++) FillDocumentScores(shards[i], _documentScores.AsSpan((int)_firstDocument[i]));
    }

    public string Directory { get; }

    public DatasetManifest Manifest { get; }

    public long DocumentCount => _firstDocument[^1];

    public long SegmentCount => Manifest.Segments;

    /// <summary>Tokens on disk: without end-of-text tokens and tags.</summary>
    public long TokenCount => Manifest.Tokens;

    /// <summary>Names the content: equal for equal shards. A run that resumes compares it.</summary>
    public string Fingerprint
        => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', Manifest.Shards.Select(shard => shard.Sha256)))));

    /// <summary>Plain mean of each document's segment scores, in the order on disk.</summary>
    public ReadOnlySpan<double> DocumentScores => _documentScores;

    /// <param name="splitDirectory">A directory with <c>dataset.json</c>, e.g. <c>data/train</c>.</param>
    /// <exception cref="InvalidDataException">No dataset, or a shard that was cut short or damaged; the message names it, what was found
    /// and expected.</exception>
    public static PackedDataset Open(string splitDirectory)
    {
        DatasetManifest manifest = DatasetManifest.Read(splitDirectory);
        var shards = new List<PackedShard>();
        try
        {
            foreach (ShardInfo info in manifest.Shards) shards.Add(PackedShard.Open(splitDirectory, info));
            if (manifest.Documents != manifest.Shards.Sum(s => s.Documents) || manifest.Segments != manifest.Shards.Sum(s => s.Segments)
                || manifest.Tokens != manifest.Shards.Sum(s => s.Tokens) || (manifest.Spans ?? 0) != manifest.Shards.Sum(s => s.Spans ?? 0)
                || manifest.Documents is 0 or > int.MaxValue)
                throw new InvalidDataException(
                    $"{splitDirectory}: the counts in {DatasetManifest.FileName} are not those of its shards; pack again");
            return new PackedDataset(splitDirectory, manifest, [.. shards]);
        }
        catch
        {
            shards.ForEach(shard => shard.Dispose());
            throw;
        }
    }

    /// <summary>Reads every shard once and compares its SHA-256; for copies of doubtful origin.</summary>
    /// <exception cref="InvalidDataException">Shards whose content changed since they were packed; the message names each.</exception>
    public void VerifyChecksums()
    {
        var changed = new List<string>();
        foreach (ShardInfo info in Manifest.Shards)
        {
            using FileStream file = File.OpenRead(Path.Combine(Directory, info.File));
            string found = Convert.ToHexStringLower(SHA256.HashData(file));
            if (found != info.Sha256) changed.Add($"{file.Name}: SHA-256 {found}, packed was {info.Sha256}; the shard changed, pack again");
        }
        if (changed.Count > 0) throw new InvalidDataException(string.Join('\n', changed));
    }

    /// <summary>Checks that <paramref name="tokenizer"/> is the one that packed this dataset; tags may have been added to it
    /// since.</summary>
    /// <exception cref="InvalidDataException">It is another one, and the ids on disk would mean other text.</exception>
    public void CheckTokenizer(BpeTokenizer tokenizer)
    {
        TokenizerInfo packed = Manifest.Tokenizer;
        if (tokenizer.Fingerprint == packed.Fingerprint && tokenizer.VocabularySize >= packed.VocabularySize) return;
        throw new InvalidDataException(
            $"{Directory} was packed with another tokenizer (fingerprint {packed.Fingerprint}, {packed.VocabularySize} tokens) "
            + $"than this one ({tokenizer.Fingerprint}, {tokenizer.VocabularySize}); "
            + $"use the one saved beside the splits in {Packer.TokenizerDirectory}, or pack again");
    }

    /// <summary>Percentile (0 to 100) of the segments' scores, interpolated linearly. Sorts a copy of all scores: call it once.</summary>
    public double SegmentScorePercentile(double percent)
    {
        float[] scores = new float[SegmentCount];
        int filled = 0;
        foreach (PackedShard shard in _shards)
        {
            shard.SegmentScores.CopyTo(scores.AsSpan(filled));
            filled += shard.SegmentScores.Length;
        }
        Array.Sort(scores);
        return Percentiles.OfSorted(scores, percent);
    }

    /// <summary>Percentile (0 to 100) of the documents' mean scores, interpolated linearly. Sorts a copy: call it once.</summary>
    public double DocumentScorePercentile(double percent)
    {
        double[] scores = [.. _documentScores];
        Array.Sort(scores);
        return Percentiles.OfSorted(scores, percent);
    }

    /// <summary>Percentiles of the scores that tell tokens apart: the segments', or of the spans and 0 where those score the tokens.</summary>
    /// <param name="options">How the data is read.</param>
    public ScoreQuantiles ScoresRead(BlockOptions options)
    {
        if (options.Spans != SpanUse.Score) return Manifest.SegmentScores;
        var sample = new ScoreSample();
        sample.Add(0);
        foreach (PackedShard shard in _shards)
            foreach (float score in shard.SpanScores) sample.Add(score);
        return sample.Quantiles();
    }

    /// <summary>
    /// Mean score of the tokens that are read in an epoch, on average over the draws of <see cref="Upsampling"/>: without end-of-text,
    /// tags and masked tokens.
    /// </summary>
    /// <param name="options">How the data is read.</param>
    public double MeanTokenScore(BlockOptions options)
    {
        double sum = 0, count = 0;
        for (long i = 0; i < DocumentCount; i++)
        {
            double weight = options.WeightOf(_documentScores[i]);
            if (weight == 0) continue;
            (PackedShard shard, int document) = Find(i);
            (int first, int end) = shard.Segments(document);
            for (int segment = first; segment < end; segment++)
            {
                (double scores, long tokens) = shard.SumOfScores(segment, options);
                sum += weight * scores;
                count += weight * tokens;
            }
        }
        return count > 0 ? sum / count : 0;
    }

    /// <summary>The tokens of one document, without end-of-text and tags; at most <paramref name="maxTokens"/> of them.</summary>
    /// <param name="document">Its place on disk, from 0.</param>
    public int[] ReadDocument(long document, int maxTokens = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)document, (ulong)DocumentCount, nameof(document));
        var (shard, place) = Find(document);
        var (first, end) = shard.Segments(place);
        long begin = shard.Tokens(first).Begin, stop = shard.Tokens(end - 1).End;
        var tokens = new int[(int)Math.Min(maxTokens, stop - begin)];
        shard.CopyTokens(begin, tokens, Manifest.Tokenizer.VocabularySize);
        return tokens;
    }

    public void Dispose()
    {
        foreach (PackedShard shard in _shards) shard.Dispose();
    }

    /// <summary>The shard of a document and the document's place in it.</summary>
    internal (PackedShard Shard, int Document) Find(long document)
    {
        int shard = Array.BinarySearch(_firstDocument, document);
        if (shard < 0) shard = ~shard - 1;
        return (_shards[shard], (int)(document - _firstDocument[shard]));
    }

    private static void FillDocumentScores(PackedShard shard, Span<double> destination)
    {
        ReadOnlySpan<float> scores = shard.SegmentScores;
        for (int document = 0; document < shard.DocumentStarts.Length; document++)
        {
            var (begin, end) = shard.Segments(document);
            double sum = 0;
            for (int segment = begin; segment < end; segment++) sum += scores[segment];
            destination[document] = sum / (end - begin);
        }
    }
}
