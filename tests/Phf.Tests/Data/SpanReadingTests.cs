using Phf.Data;
using Phf.Scoring;

namespace Phf.Tests.Data;

/// <summary>Scores of spans from the scored file to the blocks.</summary>
public sealed class SpanReadingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>As <see cref="SmallDataset.Document"/>, with the number of each "document N" as a span in every second segment.</summary>
    private static ScoredDocument Document(int i)
    {
        ScoredDocument plain = SmallDataset.Document(i);
        return plain with { Spans = [.. plain.Texts.Select((_, s) => (IReadOnlyList<ScoredSpan>)((i + s) % 2 == 0 ? [] : [new(9, 9 + $"{i}".Length, 0.25 + (i % 3 * 0.25))]))] };
    }

    private PackedDataset Pack(string name, IEnumerable<ScoredDocument> documents, int shardTokens = 200)
    {
        using (FileStream file = File.Create(_folder.At($"{name}.jsonl")))
            foreach (ScoredDocument document in documents) ScoredFile.Write(file, document);
        Packer.Pack([_folder.At($"{name}.jsonl")], SmallDataset.Tokenizer, _folder.At(name), new PackOptions { MaxShardTokens = shardTokens, Threads = 3 });
        return PackedDataset.Open(_folder.At(name, "train"));
    }

    private static BlockOptions Options(SpanUse spans, int length = 16) =>
        new() { BlockLength = length, EndOfTextId = SmallDataset.Tokenizer.EndOfTextId, Seed = 3, MaxEpochs = 1, Spans = spans, SpanThreshold = 0.5f };

    private static List<(int Token, float Score, TokenKind Kind)> Read(PackedDataset data, BlockOptions options, DataCursor? start = null)
    {
        var reader = new BlockReader(data, options, start);
        var all = new List<(int, float, TokenKind)>();
        int length = options.BlockLength + 1;
        var (tokens, scores, kinds) = (new int[length], new float[length], new TokenKind[length]);
        while (reader.Next(tokens, scores, kinds))
            for (int i = 1; i < length; i++)
                if (kinds[i] != TokenKind.Padding) all.Add((tokens[i], scores[i], kinds[i]));
        return all;
    }

    [Fact]
    public void ScoredFile_WritesAndReadsSpans()
    {
        ScoredDocument document = Document(5);
        using (FileStream file = File.Create(_folder.At("s.jsonl"))) ScoredFile.Write(file, document);
        ScoredDocument read = Assert.Single(ScoredFile.Read(_folder.At("s.jsonl")));
        Assert.Equal(document.Spans!.Select(spans => string.Join(' ', spans)), read.Spans!.Select(spans => string.Join(' ', spans)));
        Assert.Contains("\"span_scores\":[[[9,10,0.75]],[],[[9,10,0.75]],[]],", File.ReadAllText(_folder.At("s.jsonl")));
    }

    [Theory]
    [InlineData("[[[0, 1, 1]]]", "2 texts but span_scores of 1")]
    [InlineData("[[[0, 3, 1]], []]", "span [0, 3) in segment 0, which has 2 code points")]
    [InlineData("[[[1, 1, 1]], []]", "span [1, 1) in segment 0")]
    [InlineData("[[[-1, 1, 1]], []]", "span [-1, 1) in segment 0")]
    [InlineData("[[], [[0, 1, 1e999]]]", "the score of a span in segment 1 is not a finite number")]
    [InlineData("[[[0, 1]], []]", "is not [start, end, score]")]
    [InlineData("[[[0, 1.5, 1]], []]", "is not [start, end, score]")]
    [InlineData("[[[0, 4294967297, 1]], []]", "is not [start, end, score]")]
    [InlineData("[[0, 1, 1], []]", "'span_scores' holds a Number, expected StartArray")]
    [InlineData("5", "'span_scores' is no list")]
    public void ScoredFile_SpansThatAreNoPlaces_AreRefused(string spans, string found)
    {
        File.WriteAllText(_folder.At("s.jsonl"), $$"""{"texts": ["\ud83d\ude00a", "b"], "scores": [1, 0], "span_scores": {{spans}}}""");
        string message = Assert.Throws<InvalidDataException>(() => ScoredFile.Read(_folder.At("s.jsonl")).ToList()).Message;
        Assert.StartsWith($"{_folder.At("s.jsonl")} line 1: ", message);
        Assert.Contains(found, message);
    }

    [Fact]
    public void Score_GivesSpansTheirScore_AndOtherTokensNone()
    {
        using PackedDataset data = Pack("data", Enumerable.Range(0, 24).Select(Document));
        Assert.Equal(DatasetManifest.SpanFormat, data.Manifest.Format);
        Assert.True(data.Manifest.Shards.Count > 3);
        data.VerifyChecksums();
        var plain = Read(data, Options(SpanUse.Ignore));
        var scored = Read(data, Options(SpanUse.Score));
        var masked = Read(data, Options(SpanUse.Mask));
        Assert.Equal(plain.Select(token => token.Token), scored.Select(token => token.Token));
        Assert.Equal(plain.Select(token => token.Token), masked.Select(token => token.Token));
        Assert.Equal(plain.Select(token => token.Score), masked.Select(token => token.Score));

        // What has a score is the numbers of the documents, and only those: one for each span.
        int expected = Enumerable.Range(0, 24).Sum(i => Document(i).Spans!.Count(spans => spans.Count > 0));
        Assert.Equal(expected, data.Manifest.Spans);
        string marked = SmallDataset.Tokenizer.Decode([.. scored.Where(token => token.Score != 0).Select(token => token.Token)]);
        Assert.All(marked, c => Assert.True(char.IsAsciiDigit(c) || c == ' '));
        Assert.Equal(expected, Enumerable.Range(0, plain.Count).Count(i => scored[i].Score != 0 && (i == 0 || scored[i - 1].Score == 0)));
        Assert.Equal([0f, 0.25f, 0.5f, 0.75f], scored.Select(token => token.Score).Distinct().Order());
        Assert.All(scored.Zip(masked), pair => Assert.Equal(pair.First.Score > 0.5f, pair.Second.Kind == TokenKind.Masked));
    }

    [Theory]
    [InlineData(SpanUse.Score)]
    [InlineData(SpanUse.Mask)]
    public void Blocks_OfAnyLength_AndResumedAnywhere_AreTheSame(SpanUse use)
    {
        using PackedDataset data = Pack("data", Enumerable.Range(0, 24).Select(Document));
        var expected = Read(data, Options(use, length: 1));
        Assert.Equal(expected, Read(data, Options(use, length: 37)));
        var reader = new BlockReader(data, Options(use, length: 5));
        var (tokens, scores, kinds) = (new int[6], new float[6], new TokenKind[6]);
        for (int block = 1; reader.Next(tokens, scores, kinds); block++)
            Assert.Equal(expected.Skip(5 * block), Read(data, Options(use, length: 5), reader.Cursor));
    }

    [Fact]
    public void Tags_GoByTheSegment_WhateverTheSpans()
    {
        using PackedDataset data = Pack("data", Enumerable.Range(0, 24).Select(Document));
        var tags = new ControlTags { Tags = [[1001], [1002, 1003]], Thresholds = [0.4] };
        var plain = Read(data, Options(SpanUse.Ignore) with { Tags = tags });
        foreach (SpanUse use in (SpanUse[])[SpanUse.Score, SpanUse.Mask])
            Assert.Equal(plain.Select(token => token.Token), Read(data, Options(use) with { Tags = tags }).Select(token => token.Token));
        Assert.All(Read(data, Options(SpanUse.Score) with { Tags = tags }).Where(token => token.Kind == TokenKind.ControlTag), tag => Assert.Equal(0, tag.Score));
    }

    [Theory]
    [InlineData(SpanUse.Ignore)]
    [InlineData(SpanUse.Score)]
    [InlineData(SpanUse.Mask)]
    public void MeanTokenScore_IsThatOfTheTokensRead(SpanUse use)
    {
        using PackedDataset data = Pack("data", Enumerable.Range(0, 24).Select(Document));
        foreach (double? filter in (double?[])[null, 0.4])
        {
            BlockOptions options = Options(use) with { FilterThreshold = filter };
            double mean = Read(data, options).Where(token => token.Kind == TokenKind.Text).Average(token => (double)token.Score);
            Assert.Equal(mean, data.MeanTokenScore(options), precision: 9);
        }
    }

    [Fact]
    public void ScoresRead_AreTheSpans_WhereTheyScoreTheTokens()
    {
        using PackedDataset data = Pack("data", Enumerable.Range(0, 24).Select(Document));
        Assert.Equal(data.Manifest.SegmentScores, data.ScoresRead(Options(SpanUse.Mask)));
        Assert.Equal((0, 0.75), (data.ScoresRead(Options(SpanUse.Score)).P0, data.ScoresRead(Options(SpanUse.Score)).P100));
    }

    [Fact]
    public void DataWithoutSpans_StaysAsItWas_AndSaysSoWhenAsked()
    {
        using PackedDataset data = SmallDataset.Pack(_folder, 5);
        Assert.Equal("phf-dataset-1", data.Manifest.Format);
        Assert.DoesNotContain("spans", File.ReadAllText(_folder.At("packed", "train", "dataset.json")));
        string message = Assert.Throws<InvalidDataException>(() => new BlockReader(data, Options(SpanUse.Mask))).Message;
        Assert.Contains("has no scores of spans; score again with phf score --spans and pack again", message);
    }

    [Fact]
    public void Pack_NoSpanAtAll_IsDataWithSpans()
    {
        ScoredDocument plain = SmallDataset.Document(0);
        using PackedDataset data = Pack("none", [plain with { Spans = [.. plain.Texts.Select(_ => new List<ScoredSpan>())] }]);
        Assert.Equal(0, data.Manifest.Spans);
        Assert.All(Read(data, Options(SpanUse.Score)), token => Assert.Equal(0, token.Score));
    }

    [Fact]
    public void Pack_SomeDocumentsWithSpans_IsRefused()
        => Assert.Contains("with phf score --spans or without", Assert.Throws<InvalidDataException>(() => Pack("mixed", [Document(1), SmallDataset.Document(2)])).Message);
}
