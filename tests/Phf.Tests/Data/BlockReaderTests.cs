using System.Text.Json;
using Phf.Data;

namespace Phf.Tests.Data;

public sealed class BlockReaderTests : IDisposable
{
    private const int Aligned = 1001, Misaligned = 1002, Middle = 1003;
    private static readonly int EndOfText = SmallDataset.Tokenizer.EndOfTextId;

    private readonly TemporaryFolder _folder = new();
    private PackedDataset? _dataset;

    private PackedDataset Dataset => _dataset ??= SmallDataset.Pack(_folder, 24);

    public void Dispose()
    {
        _dataset?.Dispose();
        _folder.Dispose();
    }

    private sealed record Block(int[] Tokens, float[] Scores, TokenKind[] Kinds, DataCursor After);

    [Theory]
    [InlineData(1, "two")]
    [InlineData(7, "two")]
    [InlineData(64, "two")]
    [InlineData(1, "three")]
    [InlineData(5, "three")]
    [InlineData(5, "three of documents")]
    [InlineData(64, "three of documents")]
    public void Blocks_Joined_AreTheDocumentsInOrder(int length, string tags)
    {
        BlockOptions options = Options(length) with { MaxEpochs = 2, Tags = tags == "two" ? Tags(dropped: 0.3) : Three with { IsPerDocument = tags != "three" } };
        Block[] blocks = ReadAll(options);
        foreach (var (previous, next) in blocks.Zip(blocks.Skip(1)))
            Assert.Equal((previous.Tokens[^1], previous.Scores[^1], previous.Kinds[^1]), (next.Tokens[0], next.Scores[0], next.Kinds[0]));

        var joined = blocks.SelectMany((block, i) => block.Tokens.Zip(block.Scores, block.Kinds).Skip(i == 0 ? 0 : 1))
            .Where(token => token.Third != TokenKind.Padding).ToList();
        Assert.Equal(Expected(options, epochs: 2), joined);
        foreach (Block block in blocks[..^1]) Assert.DoesNotContain(TokenKind.Padding, block.Kinds);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("two")]
    [InlineData("three")]
    [InlineData("three of documents")]
    public void Resumed_AtEveryPosition_GivesTheSameBlocks(string tags)
    {
        ControlTags? read = tags switch { "none" => null, "two" => Tags(dropped: 0.5), "three" => Three, _ => Three with { IsPerDocument = true } };
        BlockOptions options = Options(3) with { MaxEpochs = 2, Tags = read };
        Block[] blocks = ReadAll(options);
        Assert.True(blocks.Length > 100);
        for (int i = 0; i < blocks.Length; i++)
        {
            DataCursor cursor = JsonSerializer.Deserialize<DataCursor>(JsonSerializer.Serialize(blocks[i].After))!;
            var resumed = new BlockReader(Dataset, options, cursor);
            Assert.Equal(cursor, resumed.Cursor);
            Block[] rest = ReadAll(options, resumed, limit: 4);
            Assert.Equal(Math.Min(4, blocks.Length - i - 1), rest.Length);
            for (int k = 0; k < rest.Length; k++) AssertSame(blocks[i + 1 + k], rest[k]);
        }
    }

    [Fact]
    public void Next_BehindTheEnd_StaysFalse_AndTheCursorStays()
    {
        BlockOptions options = Options(50) with { MaxEpochs = 1 };
        var reader = new BlockReader(Dataset, options);
        Block[] blocks = ReadAll(options, reader);
        DataCursor end = reader.Cursor;
        Assert.Empty(ReadAll(options, reader));
        Assert.Equal(end, reader.Cursor);
        Assert.Empty(ReadAll(options, new BlockReader(Dataset, options, end)));
        Assert.Equal(Dataset.TokenCount + Dataset.DocumentCount - 1, reader.TokensRead);
        Assert.Contains(TokenKind.Padding, blocks[^1].Kinds);
        foreach (var (token, score, kind) in blocks[^1].Tokens.Zip(blocks[^1].Scores, blocks[^1].Kinds).Where(token => token.Third == TokenKind.Padding))
            Assert.Equal((EndOfText, 0f, TokenKind.Padding), (token, score, kind));
    }

    [Fact]
    public void Next_WhereTheDataFillsTheLastBlockExactly_HasNoPadding()
    {
        BlockOptions options = Options((int)(Dataset.TokenCount + Dataset.DocumentCount - 1)) with { MaxEpochs = 1 };
        Block only = Assert.Single(ReadAll(options));
        Assert.DoesNotContain(TokenKind.Padding, only.Kinds);
        Assert.Empty(ReadAll(options, new BlockReader(Dataset, options, only.After)));
    }

    [Fact]
    public void WithoutMaxEpochs_ReadingNeverEnds_AndEpochsDiffer()
    {
        var reader = new BlockReader(Dataset, Options(100));
        Block[] blocks = ReadAll(Options(100), reader, limit: 100);
        Assert.Equal(100, blocks.Length);
        Assert.True(reader.Cursor.Epoch >= 5);
        Assert.NotEqual(Expected(Options(1), epochs: 1).Select(token => token.Item1), Expected(Options(1), epochs: 2).Skip((int)Dataset.TokenCount + 24).Select(token => token.Item1));
    }

    [Fact]
    public void Tags_FollowTheThreshold_WithEqualMeaningAligned()
    {
        BlockOptions options = Options(1) with { MaxEpochs = 1, Tags = Tags(dropped: 0) with { Thresholds = [0.5] } };
        var tags = ReadAll(options).Where(block => block.Kinds[1] == TokenKind.ControlTag).ToList();
        Assert.Equal(Dataset.SegmentCount, tags.Count);
        Assert.Contains(tags, tag => tag.Scores[1] == 0.5f);
        foreach (Block tag in tags) Assert.Equal(tag.Scores[1] <= 0.5f ? Aligned : Misaligned, tag.Tokens[1]);
    }

    /// <summary>From every position on: the text that was not predicted yet, all of it and no tag.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CursorWithoutTags_GoesOnWithTheTextThatIsLeft(bool ofDocuments)
    {
        BlockOptions options = Options(4) with { MaxEpochs = 1, Tags = Three with { IsPerDocument = ofDocuments } }, plain = options with { Tags = null };
        int[] whole = [.. Plain(Expected(plain, epochs: 1))];
        var reader = new BlockReader(Dataset, options);
        Block[] blocks = ReadAll(options, reader);
        int predicted = 0, beginningWithATag = 0;
        for (int i = 0; i < blocks.Length - 1; i++)
        {
            predicted += blocks[i].Kinds.Skip(1).Count(kind => kind != TokenKind.ControlTag);
            if (blocks[i].Kinds[^1] == TokenKind.ControlTag) beginningWithATag++;
            DataCursor without = new BlockReader(Dataset, options, blocks[i].After).CursorWithoutTags;
            Block[] rest = ReadAll(plain, new BlockReader(Dataset, plain, without));
            Assert.Equal(whole[predicted..], rest.SelectMany((block, k) => block.Tokens.Zip(block.Kinds).Skip(k == 0 ? 0 : 1))
                .Where(token => token.Second != TokenKind.Padding).Select(token => token.First));
        }
        Assert.InRange(beginningWithATag, 3, blocks.Length / 2);
        var running = new BlockReader(Dataset, options);
        foreach (Block block in blocks[..^1])
        {
            ReadAll(options, running, limit: 1);
            Assert.Equal(new BlockReader(Dataset, options, block.After).CursorWithoutTags, running.CursorWithoutTags);
        }

        static IEnumerable<int> Plain(IEnumerable<(int Token, float, TokenKind)> tokens) => tokens.Select(token => token.Token);
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 0, 0)]
    [InlineData(0.25, 0.6, 0.9)]
    public void DropTokenFraction_LeavesThatShareWithoutTags_NewlyDrawnEachEpoch(double fraction, double atLeast, double atMost)
    {
        BlockOptions options = Options(1) with { MaxEpochs = 20, Tags = Tags(fraction) };
        Block[] blocks = ReadAll(options);
        double share = blocks.Count(block => block.Kinds[1] == TokenKind.ControlTag) / (20.0 * Dataset.SegmentCount);
        Assert.InRange(share, atLeast, atMost);
        int[] perEpoch = [.. blocks.GroupBy(block => block.After.Epoch).Select(epoch => epoch.Count(block => block.Kinds[1] == TokenKind.ControlTag))];
        if (fraction is > 0 and < 1) Assert.True(perEpoch.Distinct().Count() > 1);
    }

    [Fact]
    public void FilterThreshold_ReadsOnlyDocumentsAtOrBelowIt()
    {
        double threshold = Enumerable.Range(0, 24).Select(i => SmallDataset.Document(i).AvgScore).Order().ElementAt(12); // some document meets it exactly
        BlockOptions options = Options(20) with { MaxEpochs = 1, FilterThreshold = threshold, Shuffle = false };
        var reader = new BlockReader(Dataset, options);
        Block[] blocks = ReadAll(options, reader);
        int[] kept = [.. Enumerable.Range(0, 24).Where(i => SmallDataset.Document(i).AvgScore <= threshold)];
        Assert.InRange(kept.Length, 1, 23);
        Assert.Equal(kept.Length, reader.DocumentsPerEpoch);
        Assert.Equal(kept.Length, blocks.Sum(block => block.Kinds.Skip(1).Count(kind => kind == TokenKind.EndOfText)) + 1);
        int[] tokens = [.. blocks.SelectMany((block, i) => block.Tokens.Zip(block.Kinds).Skip(i == 0 ? 0 : 1)).Where(t => t.Second == TokenKind.Text).Select(t => t.First)];
        Assert.Equal(string.Concat(kept.SelectMany(i => SmallDataset.Document(i).Texts)), SmallDataset.Tokenizer.Decode(tokens));
    }

    [Fact]
    public void FilterThreshold_ThatLeavesNothing_NamesTheRange()
    {
        string message = Assert.Throws<InvalidDataException>(() => new BlockReader(Dataset, Options(4) with { FilterThreshold = -1 })).Message;
        Assert.Contains("filter_threshold -1 leaves none of the 24 documents; their mean scores lie between", message);
    }

    [Fact]
    public void Start_FromOtherData_IsRefused()
    {
        foreach (DataCursor cursor in (DataCursor[])[new(0, 24, 0), new(0, 0, 100_000), new(-1, 0, 0), new(0, -1, 0), new(0, 0, -1)])
            Assert.Contains("saved for other data", Assert.Throws<InvalidDataException>(() => new BlockReader(Dataset, Options(4), cursor)).Message);
    }

    [Fact]
    public void Options_OutOfRange_AreRefused()
    {
        foreach (BlockOptions options in (BlockOptions[])[Options(0), Options(4) with { MaxEpochs = 0 }, Options(4) with { FilterThreshold = double.NaN },
            Options(4) with { Tags = Tags(1.5) }, Options(4) with { Tags = Tags(double.NaN) }, Options(4) with { Tags = Tags(0) with { Thresholds = [double.NaN] } },
            Options(4) with { Tags = Three with { Thresholds = [0.5, 0.5] } }, Options(4) with { Tags = Three with { Thresholds = [0.5] } },
            Options(4) with { Tags = Tags(0) with { Tags = [[1], []] } }])
            Assert.Throws<ArgumentException>(() => new BlockReader(Dataset, options));
        var reader = new BlockReader(Dataset, Options(4));
        Assert.Throws<ArgumentException>(() => reader.Next(new int[4], new float[4], new TokenKind[4]));
    }

    [Fact]
    public void Next_AllocatesNothing()
    {
        var reader = new BlockReader(Dataset, Options(16) with { Tags = Three, FilterThreshold = 0.6 });
        int[] tokens = new int[17];
        float[] scores = new float[17];
        var kinds = new TokenKind[17];
        for (int i = 0; i < 2000; i++) reader.Next(tokens, scores, kinds); // past the first tiers of the JIT
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 2000; i++) reader.Next(tokens, scores, kinds);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(24)]
    public void Lanes_ShareTheDocumentsOfAnEpoch(int lanes)
    {
        BlockOptions options = Options(5) with { MaxEpochs = 1 };
        List<int[]> documents = [];
        for (int lane = 0; lane < lanes; lane++)
        {
            BlockOptions own = options with { Lanes = lanes, Lane = lane };
            Block[] blocks = ReadAll(own);
            var joined = blocks.SelectMany((block, i) => block.Tokens.Zip(block.Kinds).Skip(i == 0 ? 0 : 1)).Where(token => token.Second != TokenKind.Padding).ToList();
            int[] starts = [.. Enumerable.Range(0, joined.Count).Where(i => joined[i].Second == TokenKind.EndOfText), joined.Count];
            documents.AddRange(starts.Zip(starts.Skip(1), (from, to) => joined[(from + 1)..to].Select(token => token.First).ToArray()));
            for (int i = 0; i < blocks.Length; i++)
            {
                Block[] rest = ReadAll(own, new BlockReader(Dataset, own, blocks[i].After), limit: 2);
                for (int k = 0; k < rest.Length; k++) AssertSame(blocks[i + 1 + k], rest[k]);
            }
        }
        IEnumerable<string> expected = Enumerable.Range(0, 24).Select(document => string.Join(' ', Dataset.ReadDocument(document)));
        Assert.Equal(expected.Order(StringComparer.Ordinal), documents.Select(document => string.Join(' ', document)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Lanes_MoreThanDocuments_StillReadOn()
    {
        BlockOptions options = Options(9) with { Lanes = 40, Lane = 39 };
        Assert.Equal(3, ReadAll(options, limit: 3).Length);
        Assert.Throws<ArgumentException>(() => new BlockReader(Dataset, options with { Lane = 40 }));
        Assert.Throws<ArgumentException>(() => new BlockReader(Dataset, options with { Shuffle = false }));
    }

    private static BlockOptions Options(int length) => new() { BlockLength = length, EndOfTextId = EndOfText, Seed = 11 };

    private static ControlTags Tags(double dropped)
        => new() { Tags = [[Aligned], [Misaligned]], Thresholds = [0.4f], DropTokenFraction = dropped };

    /// <summary>Three tags of one, two and three tokens.</summary>
    private static ControlTags Three => new() { Tags = [[Aligned], [Middle, Middle + 1], [Misaligned, 7, 8]], Thresholds = [0.25, 0.5], DropTokenFraction = 0.2 };

    private Block[] ReadAll(BlockOptions options, BlockReader? reader = null, int limit = int.MaxValue)
    {
        reader ??= new BlockReader(Dataset, options);
        var blocks = new List<Block>();
        int length = options.BlockLength + 1;
        while (blocks.Count < limit)
        {
            var block = new Block(new int[length], new float[length], new TokenKind[length], reader.Cursor);
            if (!reader.Next(block.Tokens, block.Scores, block.Kinds)) break;
            blocks.Add(block with { After = reader.Cursor });
        }
        return [.. blocks];
    }

    /// <summary>The same sequence written down plainly from the scored documents; only order and dropped tags come from the code under
    /// test's parts.</summary>
    private static List<(int, float, TokenKind)> Expected(BlockOptions options, int epochs)
    {
        var tokens = new List<(int, float, TokenKind)>();
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            var order = new Permutation(24, options.Seed, epoch);
            for (int i = 0; i < 24; i++)
            {
                int number = (int)order[i];
                ScoredDocument document = SmallDataset.Document(number);
                tokens.Add((EndOfText, 0, TokenKind.EndOfText));
                for (int s = 0; s < document.NumSents; s++)
                {
                    float score = (float)document.Scores[s];
                    bool dropped = options.Tags is null || (options.Tags.IsPerDocument && s > 0)
                        || Hash64.ToUnit(Hash64.Of(options.Seed, (ulong)epoch, (ulong)number, (ulong)s)) < options.Tags.DropTokenFraction;
                    if (!dropped) tokens.AddRange(Tag(options.Tags!, options.Tags!.IsPerDocument ? document.AvgScore : score));
                    foreach (int token in SmallDataset.Tokenizer.Encode(document.Texts[s])) tokens.Add((token, score, TokenKind.Text));
                }
            }
        }
        return tokens;
    }

    private static IEnumerable<(int, float, TokenKind)> Tag(ControlTags tags, double score)
    {
        int above = tags.Thresholds.Count(threshold => score > threshold);
        return tags.Tags[above].Select(id => (id, (float)score, TokenKind.ControlTag));
    }

    private static void AssertSame(Block expected, Block actual)
    {
        Assert.Equal(expected.Tokens, actual.Tokens);
        Assert.Equal(expected.Scores, actual.Scores);
        Assert.Equal(expected.Kinds, actual.Kinds);
        Assert.Equal(expected.After, actual.After);
    }
}
