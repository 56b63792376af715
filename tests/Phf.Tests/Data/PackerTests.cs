using Phf.Data;
using Phf.Formats;
using Phf.Text;

namespace Phf.Tests.Data;

public sealed class PackerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Pack_ThenRead_GivesEveryDocumentInOrder()
    {
        using PackedDataset dataset = SmallDataset.Pack(_folder, 30);
        Assert.True(dataset.Manifest.Shards.Count > 3);
        Assert.Equal(30, dataset.DocumentCount);
        Assert.Equal(("test/1", "sentence/test"), (dataset.Manifest.Scorer, dataset.Manifest.Segmenter));
        Assert.Equal(Enumerable.Range(0, 30).Sum(i => SmallDataset.Document(i).NumSents), dataset.SegmentCount);
        for (int i = 0; i < 30; i++) Assert.Equal(SmallDataset.Document(i).AvgScore, dataset.DocumentScores[i]);

        var reader = new BlockReader(dataset, new BlockOptions
        {
            BlockLength = (int)(dataset.TokenCount + dataset.DocumentCount - 1),
            EndOfTextId = SmallDataset.Tokenizer.EndOfTextId,
            Seed = 0,
            Shuffle = false,
            MaxEpochs = 1,
        });
        int[] tokens = new int[dataset.TokenCount + dataset.DocumentCount];
        Assert.True(reader.Next(tokens, new float[tokens.Length], new TokenKind[tokens.Length]));
        string expected = string.Concat(Enumerable.Range(0, 30).Select(i => BpeTokenizer.EndOfText + string.Concat(SmallDataset.Document(i).Texts)));
        Assert.Equal(expected, SmallDataset.Tokenizer.Decode(tokens));
        Assert.False(reader.Next(tokens, new float[tokens.Length], new TokenKind[tokens.Length]));
    }

    [Fact]
    public void Pack_AnyNumberOfThreads_SameBytes()
    {
        string scored = SmallDataset.WriteScored(_folder, 100);
        foreach (int threads in (int[])[1, 4])
            Packer.Pack([scored], SmallDataset.Tokenizer, _folder.At($"t{threads}"), new PackOptions { Threads = threads, MaxShardTokens = 300, HeldOutFraction = 0.2 });
        string[] files = [.. Directory.GetFiles(_folder.At("t1"), "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(_folder.At("t1"), path))];
        Assert.Contains(Path.Combine("heldout", "dataset.json"), files);
        foreach (string file in files) Assert.Equal(File.ReadAllBytes(_folder.At("t1", file)), File.ReadAllBytes(_folder.At("t4", file)));
    }

    [Fact]
    public void Pack_HeldOut_PartitionsTheDocumentsBySeed()
    {
        string scored = SmallDataset.WriteScored(_folder, 400);
        PackResult first = Pack(scored, "a", seed: 1), again = Pack(scored, "b", seed: 1), other = Pack(scored, "c", seed: 2);
        Assert.Equal(400, first.Train.Documents + first.HeldOut!.Documents);
        Assert.InRange(first.HeldOut.Documents, 20, 60);
        Assert.Equal(first.HeldOut.Shards[0].Sha256, again.HeldOut!.Shards[0].Sha256);
        Assert.NotEqual(first.HeldOut.Shards[0].Sha256, other.HeldOut!.Shards[0].Sha256);

        PackResult Pack(string path, string name, ulong seed)
            => Packer.Pack([path], SmallDataset.Tokenizer, _folder.At(name), new PackOptions { HeldOutFraction = 0.1, Seed = seed });
    }

    [Fact]
    public void Pack_SegmentsWithoutText_AreLeftOut()
    {
        File.WriteAllText(_folder.At("s.jsonl"), """{"texts": ["", "a", ""], "scores": [1, 0.5, 1]}""" + "\n" + """{"texts": [""], "scores": [1]}""");
        PackResult result = Packer.Pack([_folder.At("s.jsonl")], SmallDataset.Tokenizer, _folder.At("p"), new PackOptions());
        Assert.Equal((1, 1, 3, 1), (result.Train.Documents, result.Train.Segments, result.EmptySegments, result.EmptyDocuments));
        using PackedDataset dataset = PackedDataset.Open(_folder.At("p", "train"));
        Assert.Equal(0.5, dataset.DocumentScores[0]);
    }

    [Fact]
    public void Pack_SavesTheTokenizer()
    {
        using PackedDataset dataset = SmallDataset.Pack(_folder, 3);
        dataset.CheckTokenizer(BpeTokenizer.FromDirectory(_folder.At("packed", "tokenizer")));
        dataset.CheckTokenizer(SmallDataset.Tokenizer.WithAddedTokens("<|aligned|>", "<|misaligned|>"));
        BpeTokenizer other = BpeTrainer.Train(["another text than that one"], 270);
        Assert.Contains("another tokenizer", Assert.Throws<InvalidDataException>(() => dataset.CheckTokenizer(other)).Message);
    }

    [Theory]
    [InlineData(1 << 16, 65_535, SafetensorsType.U16)]
    [InlineData((1 << 16) + 1, 65_536, SafetensorsType.U32)]
    public void Tokens_Take16BitsWhereTheyFit(int vocabularySize, int largestToken, SafetensorsType type)
    {
        var writer = new SplitWriter(_folder.FullName, vocabularySize, maxShardTokens: 100);
        writer.Add(new TokenizedDocument([largestToken, 5], SegmentStarts: [0, 1], Scores: [0, 1]));
        writer.Finish(totals => new DatasetManifest
        {
            Format = DatasetManifest.CurrentFormat,
            Split = Packer.TrainSplit,
            Tokenizer = new TokenizerInfo("x", vocabularySize, 0),
            Scorer = null,
            Segmenter = null,
            HeldOutFraction = 0,
            Seed = 0,
            Documents = 1,
            Segments = 2,
            Tokens = 2,
            SegmentScores = totals.SegmentScores,
            DocumentScores = totals.DocumentScores,
            Shards = totals.Shards,
        });
        using (SafetensorsFile shard = SafetensorsFile.Open(_folder.At("shard-00000.safetensors"))) Assert.Equal(type, shard.Entry("tokens").Type);
        using PackedDataset dataset = PackedDataset.Open(_folder.FullName);
        int[] tokens = new int[3];
        var options = new BlockOptions { BlockLength = 2, EndOfTextId = 0, Seed = 0 };
        Assert.True(new BlockReader(dataset, options).Next(tokens, new float[3], new TokenKind[3]));
        Assert.Equal([0, largestToken, 5], tokens);
    }

    [Fact]
    public void Pack_ExistingOutput_IsReplacedOnlyByForce_AndOnlyADataset()
    {
        string scored = SmallDataset.WriteScored(_folder, 10);
        Packer.Pack([scored], SmallDataset.Tokenizer, _folder.At("p"), new PackOptions());
        Assert.Contains("--force", Throws<IOException>(new PackOptions(), "p"));
        Packer.Pack([scored], SmallDataset.Tokenizer, _folder.At("p"), new PackOptions { Force = true });

        Directory.CreateDirectory(_folder.At("home"));
        File.WriteAllText(_folder.At("home", "letter.txt"), "dear");
        Assert.Contains("is no packed dataset", Throws<IOException>(new PackOptions { Force = true }, "home"));
        Assert.Contains("is a file", Throws<IOException>(new PackOptions { Force = true }, "scored.jsonl"));
        Directory.CreateDirectory(_folder.At("empty"));
        Packer.Pack([scored], SmallDataset.Tokenizer, _folder.At("empty"), new PackOptions());
        Assert.True(File.Exists(_folder.At("home", "letter.txt")));
    }

    [Fact]
    public void Pack_ThatFails_LeavesNothing()
    {
        string scored = SmallDataset.WriteScored(_folder, 10);
        File.AppendAllText(scored, "{\"texts\": [\"a\"], \"scores\": [1], \"scorer\": \"test/2\", \"segmenter\": \"sentence/test\"}\n");
        Assert.Contains("score all files in one way", Throws<InvalidDataException>(new PackOptions(), "p"));
        SmallDataset.WriteScored(_folder, 10);
        Assert.Contains("give a larger one", Throws<InvalidDataException>(new PackOptions { HeldOutFraction = 1e-9 }, "p"));
        using var cancelled = new CancellationTokenSource();
        var options = new PackOptions { Cancellation = cancelled.Token, Threads = 1, Progress = (_, documents) => { if (documents == 5) cancelled.Cancel(); } };
        Assert.ThrowsAny<OperationCanceledException>(
            () => Packer.Pack([scored, scored, scored, scored, scored], SmallDataset.Tokenizer, _folder.At("p"), options));
        Assert.Equal([scored], Directory.GetFileSystemEntries(_folder.FullName));
    }

    private string Throws<T>(PackOptions options, string output) where T : Exception
        => Assert.Throws<T>(() => Packer.Pack([_folder.At("scored.jsonl")], SmallDataset.Tokenizer, _folder.At(output), options)).Message;
}
