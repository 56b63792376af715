using Phf.Data;

namespace Phf.Tests.Data;

public sealed class UpsamplingTests : IDisposable
{
    private const int Documents = 40;

    private readonly TemporaryFolder _folder = new();
    private readonly PackedDataset _dataset;

    public UpsamplingTests() => _dataset = SmallDataset.Pack(_folder, Documents);

    public void Dispose()
    {
        _dataset.Dispose();
        _folder.Dispose();
    }

    // Mean scores lie between 0 and 7/8.
    private static readonly Upsampling Graded = new([0.3, 0.5, 0.5, 0.6], [2.25, 1, 9, 0.5, 0]);

    private static BlockOptions Options(Upsampling? upsample, int length = 8) =>
        new() { BlockLength = length, EndOfTextId = SmallDataset.Tokenizer.EndOfTextId, Seed = 5, Upsample = upsample };

    private static double WeightOf(int document) => SmallDataset.Document(document).AvgScore switch { <= 0.3 => 2.25, <= 0.5 => 1, <= 0.6 => 0.5, _ => 0 };

    /// <summary>How often each document begins, by its first tokens.</summary>
    private int[] Count(BlockOptions options)
    {
        var reader = new BlockReader(_dataset, options);
        Dictionary<string, int> numbers = Enumerable.Range(0, Documents).ToDictionary(i => string.Join(' ', _dataset.ReadDocument(i)), i => i);
        int[] counts = new int[Documents];
        var all = new List<(int Token, TokenKind Kind)>();
        int length = options.BlockLength + 1;
        var (tokens, scores, kinds) = (new int[length], new float[length], new TokenKind[length]);
        while (reader.Next(tokens, scores, kinds)) all.AddRange(tokens.Zip(kinds).Skip(all.Count == 0 ? 0 : 1).Where(token => token.Second != TokenKind.Padding));
        int[] starts = [.. Enumerable.Range(0, all.Count).Where(i => all[i].Kind == TokenKind.EndOfText), all.Count];
        foreach (var (from, to) in starts.Zip(starts.Skip(1))) counts[numbers[string.Join(' ', all[(from + 1)..to].Select(token => token.Token))]]++;
        return counts;
    }

    [Fact]
    public void Documents_AreReadByTheirWeight_OnAverage()
    {
        const int Epochs = 400;
        int[] counts = Count(Options(Graded, length: 64) with { MaxEpochs = Epochs });
        for (int i = 0; i < Documents; i++)
        {
            double weight = WeightOf(i), perEpoch = counts[i] / (double)Epochs;
            if (weight == Math.Truncate(weight)) Assert.Equal(weight, perEpoch); // whole weights are exact
            else Assert.InRange(perEpoch, weight - 0.12, weight + 0.12);
        }
        Assert.Contains(Enumerable.Range(0, Documents), i => WeightOf(i) == 0.5);
    }

    [Fact]
    public void Draws_AreNewInEachEpoch_AndFollowTheSeed()
    {
        BlockOptions one = Options(Graded) with { MaxEpochs = 1 };
        int[] first = Count(one), both = Count(one with { MaxEpochs = 2 });
        Assert.Equal(first, Count(one));
        Assert.NotEqual(first, Count(one with { Seed = 6 }));
        Assert.NotEqual(first, both.Zip(first, (sum, before) => sum - before));
    }

    [Fact]
    public void WeightsOfOne_ReadAsWithoutThem()
    {
        var plain = new BlockReader(_dataset, Options(null));
        var weighed = new BlockReader(_dataset, Options(new Upsampling([0.4], [1, 1])));
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(Next(plain), Next(weighed));
            Assert.Equal(plain.Cursor, weighed.Cursor);
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 2)]
    public void Resumed_AtEveryPosition_GivesTheSameBlocks(int lanes, int lane)
    {
        BlockOptions options = Options(Graded, length: 3) with
        {
            MaxEpochs = 2,
            Lanes = lanes,
            Lane = lane,
            Tags = new ControlTags { Tags = [[1001], [1002, 1003]], Thresholds = [0.4], DropTokenFraction = 0.5 },
        };
        var reader = new BlockReader(_dataset, options);
        var cursors = new List<DataCursor>();
        var blocks = new List<string>();
        while (true)
        {
            cursors.Add(reader.Cursor);
            string block = Next(reader, length: 3);
            if (block.Length == 0) break;
            blocks.Add(block);
        }
        Assert.True(blocks.Count > 100);
        for (int i = 0; i < blocks.Count; i++)
        {
            var resumed = new BlockReader(_dataset, options, cursors[i]);
            foreach (string expected in blocks.Skip(i).Take(3)) Assert.Equal(expected, Next(resumed, length: 3));
        }
    }

    [Fact]
    public void Lanes_ShareTheReadingsOfAnEpoch()
    {
        BlockOptions options = Options(Graded) with { MaxEpochs = 1 };
        int[] sum = new int[Documents];
        for (int lane = 0; lane < 7; lane++)
        {
            int[] own = Count(options with { Lanes = 7, Lane = lane });
            for (int i = 0; i < Documents; i++) sum[i] += own[i];
        }
        Assert.Equal(Count(options), sum);
    }

    [Fact]
    public void MeanTokenScore_WeighsTheDocuments()
    {
        double sum = 0, count = 0;
        for (int i = 0; i < Documents; i++)
        {
            ScoredDocument document = SmallDataset.Document(i);
            for (int s = 0; s < document.NumSents; s++)
            {
                double tokens = WeightOf(i) * SmallDataset.Tokenizer.Encode(document.Texts[s]).Count;
                sum += tokens * document.Scores[s];
                count += tokens;
            }
        }
        Assert.Equal(sum / count, _dataset.MeanTokenScore(Options(Graded)), precision: 12);
    }

    [Fact]
    public void DocumentsPerEpoch_AreThoseWithAWeightThatPassTheFilter()
    {
        Assert.Equal(Enumerable.Range(0, Documents).Count(i => WeightOf(i) > 0), new BlockReader(_dataset, Options(Graded)).DocumentsPerEpoch);
        Assert.Equal(Enumerable.Range(0, Documents).Count(i => SmallDataset.Document(i).AvgScore <= 0.3),
            new BlockReader(_dataset, Options(Graded) with { FilterThreshold = 0.3 }).DocumentsPerEpoch);
    }

    [Fact]
    public void NothingLeft_AndWrongWeights_AreRefused()
    {
        Assert.Contains("upsample leaves on average 0 of 40 documents",
            Assert.Throws<InvalidDataException>(() => new BlockReader(_dataset, Options(new Upsampling([], [0])))).Message);
        Assert.Throws<InvalidDataException>(() => new BlockReader(_dataset, Options(new Upsampling([], [0.01]))));
        foreach (Upsampling wrong in (Upsampling[])[new([0.5], [1]), new([0.5, 0.4], [1, 1, 1]), new([double.NaN], [1, 1]), new([], [-1]), new([], [double.NaN]), new([], [1001])])
            Assert.Throws<ArgumentException>(() => new BlockReader(_dataset, Options(wrong)));
    }

    private static string Next(BlockReader reader, int length = 8)
    {
        var (tokens, scores, kinds) = (new int[length + 1], new float[length + 1], new TokenKind[length + 1]);
        return reader.Next(tokens, scores, kinds) ? $"{string.Join(' ', tokens)} | {string.Join(' ', scores)} | {string.Join(' ', kinds)}" : "";
    }
}
