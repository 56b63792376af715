using System.Text.Json;
using Phf.Data;
using Phf.Text;

namespace Phf.Tests.Data;

public sealed class ReferenceBlocksTests : IDisposable
{
    private const int Documents = 60;

    private static readonly BpeTokenizer Tokenizer = SmallDataset.Tokenizer.WithAddedTokens("<|aligned|>", "<|misaligned|>");

    private readonly TemporaryFolder _folder = new();
    private readonly PackedDataset _dataset;

    public ReferenceBlocksTests() => _dataset = SmallDataset.Pack(_folder, Documents);

    public void Dispose()
    {
        _dataset.Dispose();
        _folder.Dispose();
    }

    private static BlockOptions Options(int blockTokens, double buffer = 1e9, int shuffle = 0) => new()
    {
        BlockLength = blockTokens - 1,
        EndOfTextId = Tokenizer.EndOfTextId,
        Seed = 21,
        MaxEpochs = 1,
        Reference = new ReferenceOrder { BufferCharacters = buffer, ShuffleBuffer = shuffle, Tokenizer = Tokenizer },
    };

    private static ControlTags Tags(double dropped = 0) => new()
    {
        Tags = [[IdOf("<|aligned|>")], [IdOf("<|misaligned|>")]],
        Thresholds = [0.4],
        DropTokenFraction = dropped,
    };

    private static int IdOf(string token) => Tokenizer.TryGetId(token, out int id) ? id : throw new ArgumentException(token);

    /// <summary>
    /// The reference's procedure, written down from its description: strings are gathered until their characters reach the size of the buffer,
    /// tokenized, joined, cut; a rest that is no whole block is dropped.
    /// </summary>
    private static List<string> Expected(int blockTokens, double buffer, double? filter, double? tagThreshold)
    {
        var blocks = new List<string>();
        var strings = new List<(string Text, double Score)>();
        for (int i = 0; i < Documents; i++)
        {
            ScoredDocument document = SmallDataset.Document(i);
            if (document.AvgScore > filter) continue;
            for (int s = 0; s < document.NumSents; s++)
            {
                string tag = tagThreshold is null ? "" : document.Scores[s] <= tagThreshold ? "<|aligned|>" : "<|misaligned|>";
                strings.Add(((s == 0 ? "<|endoftext|>" : "") + tag + document.Texts[s], document.Scores[s]));
            }
            if (strings.Sum(item => item.Text.Length) >= buffer) Cut();
        }
        Cut();
        return blocks;

        void Cut()
        {
            var tokens = strings.SelectMany(item => Tokenizer.Encode(item.Text).Select(token => (token, (float)item.Score))).ToList();
            for (int at = 0; at + blockTokens <= tokens.Count; at += blockTokens) blocks.Add(string.Join(' ', tokens.Skip(at).Take(blockTokens)));
            strings.Clear();
        }
    }

    private List<string> Read(BlockOptions options, DataCursor? start = null) => Read(new BlockReader(_dataset, options, start), options);

    private static List<string> Read(BlockReader reader, BlockOptions options)
    {
        var blocks = new List<string>();
        int length = options.BlockLength + 1;
        var (tokens, scores, kinds) = (new int[length], new float[length], new TokenKind[length]);
        while (reader.Next(tokens, scores, kinds)) blocks.Add(string.Join(' ', tokens.Zip(scores)));
        return blocks;
    }

    [Theory]
    [InlineData(16, 1e9, null, null)]
    [InlineData(7, 1e9, null, 0.4)]
    [InlineData(64, 700, null, 0.4)] // a rest is dropped some times
    [InlineData(9, 300, 0.5, null)]
    [InlineData(5, 1, 0.5, 0.2)] // after every document
    public void Blocks_WithoutShuffling_AreThoseOfTheProcedure(int blockTokens, double buffer, double? filter, double? tagThreshold)
    {
        BlockOptions options = Options(blockTokens, buffer) with { FilterThreshold = filter, Tags = tagThreshold is { } limit ? Tags() with { Thresholds = [limit] } : null };
        List<string> expected = Expected(blockTokens, buffer, filter, tagThreshold);
        Assert.True(expected.Count > 10);
        Assert.Equal(expected, Read(options));
    }

    [Fact]
    public void Shuffle_DrawsFromABuffer_AndLosesNothing()
    {
        List<string> inOrder = Read(Options(4)), shuffled = Read(Options(4, shuffle: 20));
        Assert.Equal(inOrder.Order(StringComparer.Ordinal), shuffled.Order(StringComparer.Ordinal));
        Assert.NotEqual(inOrder, shuffled);
        // Block i enters the buffer behind 20 others, so it cannot come earlier than 19 places before its own.
        for (int place = 0; place < shuffled.Count; place++)
            Assert.Contains(shuffled[place], inOrder.Take(place + 20));
        Assert.Equal(inOrder, Read(Options(4, shuffle: 1)));
        Assert.Equal(shuffled, Read(Options(4, shuffle: 20)));
        Assert.NotEqual(shuffled, Read(Options(4, shuffle: 20) with { Seed = 22 }));
        Assert.NotEqual(shuffled, Read(Options(4, shuffle: 20) with { MaxEpochs = 2 }).Skip(shuffled.Count));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    public void Lanes_TakeTheBlocksInTurn_AndResumeExactly(double dropped)
    {
        BlockOptions options = Options(6, buffer: 900, shuffle: 30) with { MaxEpochs = 3, Tags = Tags(dropped) };
        List<string> all = Read(options);
        BlockReader[] lanes = BlockReader.OfLanes(_dataset, options, lanes: 4);
        var (tokens, scores, kinds) = (new int[6], new float[6], new TokenKind[6]);
        for (int i = 0; i < all.Count; i++)
        {
            int lane = i % 4;
            DataCursor cursor = JsonSerializer.Deserialize<DataCursor>(JsonSerializer.Serialize(lanes[lane].Cursor))!;
            if (i % 7 == 0) lanes[lane] = new BlockReader(_dataset, options with { Lanes = 4, Lane = lane }, cursor);
            Assert.True(lanes[lane].Next(tokens, scores, kinds));
            Assert.Equal(all[i], string.Join(' ', tokens.Zip(scores)));
        }
        Assert.All(lanes, lane => Assert.False(lane.Next(tokens, scores, kinds)));
    }

    [Fact]
    public void WrongUse_IsRefused()
    {
        Assert.Contains("do not fill one block of 100000 tokens", Assert.Throws<InvalidDataException>(() => Read(Options(100_000))).Message);
        Assert.Throws<ArgumentException>(() => new BlockReader(_dataset, Options(8) with { Upsample = new Upsampling([], [2]) }));
        foreach (DataCursor cursor in (DataCursor[])[new(0, 0, 1), new(-1, 0, 0), new(0, -1, 0)])
            Assert.Contains("saved for other data", Assert.Throws<InvalidDataException>(() => new BlockReader(_dataset, Options(8), cursor)).Message);
    }

    [Fact]
    public void CodePointCount_AddsUpToTheTexts()
    {
        foreach (string text in (string[])["plain", "\u00E9\u4E2D \U0001F600", "e\u0301\u200D"])
            Assert.Equal(text.EnumerateRunes().Count(), Tokenizer.Encode(text).Sum(Tokenizer.CodePointCount));
    }
}
