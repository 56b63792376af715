using System.Globalization;
using System.Text.Json.Nodes;
using Phf.Data;
using Phf.Formats;

namespace Phf.Tests.Data;

public sealed class PackedDatasetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Percentiles_AreThoseOfTheScores()
    {
        using PackedDataset dataset = SmallDataset.Pack(_folder, 40);
        double[] segments = [.. Enumerable.Range(0, 40).SelectMany(i => SmallDataset.Document(i).Scores).Order()];
        double[] documents = [.. Enumerable.Range(0, 40).Select(i => SmallDataset.Document(i).AvgScore).Order()];
        foreach (double percent in (double[])[0, 12.5, 50, 99, 100])
        {
            Assert.Equal(Percentiles.OfSorted(segments, percent), dataset.SegmentScorePercentile(percent));
            Assert.Equal(Percentiles.OfSorted(documents, percent), dataset.DocumentScorePercentile(percent));
        }
        Assert.Equal(dataset.SegmentScorePercentile(90), Threshold.Parse("p90").Resolve(dataset, ofDocuments: false));
        Assert.Equal(dataset.DocumentScorePercentile(50), Threshold.Parse("p50").Resolve(dataset, ofDocuments: true));
        Assert.Equal(0, Threshold.Parse("0").Resolve(dataset, ofDocuments: true));
        Assert.Equal(0.07, Threshold.Parse("p90=0.07").Resolve(dataset, ofDocuments: false)); // the recorded number counts
        Assert.Equal($"p90={dataset.SegmentScorePercentile(90):R}", Threshold.Parse("p90").RecordedOn(dataset, ofDocuments: false).ToString());
        Assert.Equal(Threshold.At(0.3), Threshold.At(0.3).RecordedOn(dataset, ofDocuments: false));
        Assert.Equal(dataset.Manifest.SegmentScores.P90, dataset.SegmentScorePercentile(90));
        Assert.Equal(dataset.Manifest.DocumentScores.P25, dataset.DocumentScorePercentile(25));
    }

    [Fact]
    public void Open_ShardCutShort_SaysFoundExpectedAndRemedy()
    {
        string shard = Packed();
        byte[] bytes = File.ReadAllBytes(shard);
        File.WriteAllBytes(shard, bytes[..^10]);
        Assert.Equal($"{shard}: {bytes.Length - 10} bytes, dataset.json says {bytes.Length}; the shard was cut short or changed, pack again", OpenFails());
        File.Delete(shard);
        Assert.Contains("is missing; pack again", OpenFails());
    }

    [Fact]
    public void Open_WithoutManifest_IsNoDataset()
    {
        Packed();
        Assert.Contains("name one of them, e.g.", Assert.Throws<InvalidDataException>(() => PackedDataset.Open(_folder.At("packed"))).Message);
        File.Delete(_folder.At("packed", "train", "dataset.json"));
        Assert.Contains("packing did not finish", OpenFails());
    }

    [Theory]
    [InlineData("documents", "7", "not those of its shards")]
    [InlineData("format", "\"phf-dataset-3\"", "this version reads")]
    [InlineData("tokens", "\"many\"", "not a dataset description")]
    [InlineData("extra", "1", "not a dataset description")]
    [InlineData("shards", "[]", "not those of its shards")]
    [InlineData("shards", "null", "not a dataset description")]
    [InlineData("shards", """[{"file": "../../scored.jsonl", "bytes": 1, "sha256": "", "documents": 1, "segments": 1, "tokens": 1}]""", "is no name of a shard")]
    public void Open_ManifestChanged_IsRefused(string field, string value, string named)
    {
        Packed();
        string path = _folder.At("packed", "train", "dataset.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(path))!;
        json[field] = JsonNode.Parse(value);
        File.WriteAllText(path, json.ToJsonString());
        Assert.Contains(named, OpenFails());
    }

    [Theory]
    [InlineData("segment_starts", "does not grow at 1")]
    [InlineData("document_starts", "does not start with 0")]
    [InlineData("segment_scores", "holds NaN")]
    [InlineData("last_start", "does not grow")]
    [InlineData("type", "'tokens' is F32")]
    [InlineData("missing", "no tensor 'segment_scores'")]
    [InlineData("count", "dataset.json says")]
    public void Open_ShardThatBreaksAPromise_IsRefused(string what, string named)
    {
        Write(
            what == "type" ? SafetensorsTensor.Of<float>("tokens", new float[4], 4) : SafetensorsTensor.Of<ushort>("tokens", new ushort[] { 1, 2, 3, 4 }, 4),
            SafetensorsTensor.Of<ulong>("segment_starts", new ulong[] { 0, what == "segment_starts" ? 0u : what == "last_start" ? 4u : 2u }, 2),
            SafetensorsTensor.Of<float>(what == "missing" ? "other" : "segment_scores", new float[] { 0, what == "segment_scores" ? float.NaN : 1 }, 2),
            SafetensorsTensor.Of<ulong>("document_starts", new ulong[] { what == "document_starts" ? 1u : 0u }, 1),
            documents: what == "count" ? 2 : 1);
        Assert.Contains(named, OpenFails());
    }

    [Fact]
    public void BlockReader_TokenOutsideTheVocabulary_IsRefused()
    {
        Write(
            SafetensorsTensor.Of<ushort>("tokens", new ushort[] { 1, 60_000 }, 2), SafetensorsTensor.Of<ulong>("segment_starts", new ulong[] { 0 }, 1),
            SafetensorsTensor.Of<float>("segment_scores", new float[] { 0 }, 1), SafetensorsTensor.Of<ulong>("document_starts", new ulong[] { 0 }, 1),
            documents: 1);
        using PackedDataset dataset = PackedDataset.Open(_folder.At("packed", "train"));
        var reader = new BlockReader(dataset, new BlockOptions { BlockLength = 4, EndOfTextId = 0, Seed = 0 });
        Assert.Contains("token 60000", Assert.Throws<InvalidDataException>(() => reader.Next(new int[5], new float[5], new TokenKind[5])).Message);
    }

    [Fact]
    public void VerifyChecksums_SeesOneChangedByte()
    {
        string shard = Packed();
        byte[] bytes = File.ReadAllBytes(shard);
        using (PackedDataset whole = PackedDataset.Open(_folder.At("packed", "train"))) whole.VerifyChecksums();
        bytes[^1] ^= 1;
        File.WriteAllBytes(shard, bytes);
        using PackedDataset changed = PackedDataset.Open(_folder.At("packed", "train"));
        Assert.Contains("the shard changed", Assert.Throws<InvalidDataException>(changed.VerifyChecksums).Message);
    }

    [Theory]
    [InlineData("p50", true, 50)]
    [InlineData("P99.5", true, 99.5)]
    [InlineData("p0", true, 0)]
    [InlineData("p50=0.0312", true, 50)]
    [InlineData("0", false, 0)]
    [InlineData("-1.5", false, -1.5)]
    [InlineData("2.86e-4", false, 2.86e-4)]
    public void Threshold_ReadsNumbersAndPercentiles(string text, bool isPercentile, double value)
    {
        Threshold threshold = Threshold.Parse(text);
        Assert.Equal((isPercentile, value), (threshold.IsPercentile, threshold.Value));
        Assert.Equal(threshold, Threshold.Parse(threshold.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("p")]
    [InlineData("p50=")]
    [InlineData("p50=p50")]
    [InlineData("50=1")]
    [InlineData("p101")]
    [InlineData("p-1")]
    [InlineData("NaN")]
    [InlineData("pNaN")]
    [InlineData("Infinity")]
    [InlineData("median")]
    [InlineData("0,5")]
    public void Threshold_RefusesTheRest(string text)
        => Assert.Contains($"'{text}' is no threshold", Assert.Throws<ArgumentException>(() => Threshold.Parse(text)).Message);

    // numpy.percentile's own algorithm by hand: place (n - 1) q / 100, then a + (b - a) t or b - (b - a)(1 - t).
    [Theory]
    [InlineData("5", 30, "5")]
    [InlineData("1 2", 50, "1.5")]
    [InlineData("1 2 3 4", 25, "1.75")]
    [InlineData("1 2 3 4", 75, "3.25")]
    [InlineData("0 0 0 10", 90, "7")]
    [InlineData("0.1 0.1 0.1", 37, "0.1")]
    [InlineData("1 2 4 8 16", 100, "16")]
    [InlineData("1 2 4 8 16", 0, "1")]
    public void Percentiles_InterpolateLinearly(string sorted, double percent, string expected)
    {
        double[] values = [.. sorted.Split(' ').Select(value => double.Parse(value, CultureInfo.InvariantCulture))];
        Assert.Equal(double.Parse(expected, CultureInfo.InvariantCulture), Percentiles.OfSorted(values, percent), precision: 12);
    }

    private string Packed()
    {
        SmallDataset.Pack(_folder, 10).Dispose();
        return _folder.At("packed", "train", "shard-00000.safetensors");
    }

    private string OpenFails() => Assert.Throws<InvalidDataException>(() => PackedDataset.Open(_folder.At("packed", "train"))).Message;

    /// <summary>A dataset of one hand-made shard of two segments or one.</summary>
    private void Write(SafetensorsTensor tokens, SafetensorsTensor starts, SafetensorsTensor scores, SafetensorsTensor documentStarts, int documents)
    {
        string directory = _folder.At("packed", "train");
        Directory.CreateDirectory(directory);
        SafetensorsWriter.Write(Path.Combine(directory, "s"), [tokens, starts, scores, documentStarts]);
        var none = new ScoreQuantiles(0, 0, 0, 0, 0, 0, 0, 0);
        new DatasetManifest
        {
            Format = DatasetManifest.CurrentFormat,
            Split = "train",
            Tokenizer = new TokenizerInfo("x", 1000, 0),
            Scorer = null,
            Segmenter = null,
            HeldOutFraction = 0,
            Seed = 0,
            Documents = documents,
            Segments = starts.Shape[0],
            Tokens = tokens.Shape[0],
            SegmentScores = none,
            DocumentScores = none,
            Shards = [new ShardInfo("s", new FileInfo(Path.Combine(directory, "s")).Length, "", documents, starts.Shape[0], tokens.Shape[0])],
        }.Write(directory);
    }
}
