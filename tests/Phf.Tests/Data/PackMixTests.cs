using System.Text.Json.Nodes;
using Phf.Data;

namespace Phf.Tests.Data;

public sealed class PackMixTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Documents "NAME 0", "NAME 1", ... of some words each.</summary>
    private string Write(string name, int documents, int words)
    {
        using FileStream file = File.Create(_folder.At($"{name}.jsonl"));
        for (int i = 0; i < documents; i++)
            ScoredFile.Write(file, new ScoredDocument([$"{name} {i} ", string.Concat(Enumerable.Repeat("the cat ", 1 + ((words + i) % (2 * words))))], [0.5, 0]));
        return _folder.At($"{name}.jsonl");
    }

    private (PackResult Result, string[] Names) Pack(string[] paths, double[]? weights, int threads = 2, double heldOut = 0, string name = "p")
    {
        PackResult result = Packer.Pack(paths, SmallDataset.Tokenizer, _folder.At(name),
            new PackOptions { Weights = weights, Threads = threads, HeldOutFraction = heldOut, MaxShardTokens = 2000, Force = true });
        using PackedDataset data = PackedDataset.Open(_folder.At(name, "train"));
        return (result, [.. Enumerable.Range(0, (int)data.DocumentCount).Select(i => SmallDataset.Tokenizer.Decode(data.ReadDocument(i)).Split(" the")[0].Split(" cat")[0].Trim())]);
    }

    [Fact]
    public void Weights_AreKeptInTokens_ToWithinADocument_AtEveryPlace()
    {
        string a = Write("aa", 300, words: 20), b = Write("bb", 300, words: 3);
        var (result, names) = Pack([a, b], [3, 1]);
        using PackedDataset data = PackedDataset.Open(_folder.At("p", "train"));
        double fromA = 0, fromB = 0;
        for (int i = 0; i < names.Length; i++)
        {
            int tokens = data.ReadDocument(i).Length;
            if (names[i].StartsWith('a')) fromA += tokens;
            else fromB += tokens;
            Assert.InRange((fromA / 3) - fromB, -400, 400); // the longest document
        }
        Assert.Equal((long)fromA, result.Inputs[0].Tokens);
        Assert.Equal((long)fromB, result.Inputs[1].Tokens);
        Assert.Equal(data.TokenCount, result.Inputs.Sum(input => input.Tokens));
    }

    [Fact]
    public void Mix_KeepsTheOrderOfEachFile_RepeatsNothing_AndEndsWithTheFirstFile()
    {
        string a = Write("aa", 50, words: 8), b = Write("bb", 500, words: 8);
        var (result, names) = Pack([a, b], [2, 1]);
        foreach (char letter in "ab")
        {
            string[] own = [.. names.Where(name => name[0] == letter)];
            Assert.Equal(Enumerable.Range(0, own.Length).Select(i => $"{letter}{letter} {i}"), own);
        }
        Assert.Equal((50, 0), (result.Inputs[0].Documents, result.Inputs[0].LeftOut));
        Assert.Equal(500, result.Inputs[1].Documents + result.Inputs[1].LeftOut);
        Assert.InRange(result.Inputs[1].LeftOut, 400, 490);
        Assert.Equal(names.Length, result.Inputs.Sum(input => input.Documents));
    }

    [Fact]
    public void Mix_AnyNumberOfThreads_SameBytes()
    {
        string[] files = [Write("aa", 100, words: 8), Write("bb", 100, words: 4), Write("cc", 100, words: 9)];
        Pack(files, [0.5, 0.25, 0.3], threads: 1, heldOut: 0.2, name: "t1");
        Pack(files, [0.5, 0.25, 0.3], threads: 4, heldOut: 0.2, name: "t4");
        foreach (string split in (string[])["train", "heldout"])
            Assert.Equal(File.ReadAllText(_folder.At("t1", split, "dataset.json")), File.ReadAllText(_folder.At("t4", split, "dataset.json")));
    }

    [Fact]
    public void WithoutWeights_FilesFollowEachOther()
    {
        var (result, names) = Pack([Write("aa", 5, words: 2), Write("bb", 5, words: 2)], weights: null);
        Assert.Equal([.. Enumerable.Range(0, 5).Select(i => $"aa {i}"), .. Enumerable.Range(0, 5).Select(i => $"bb {i}")], names);
        Assert.Equal([5, 5], result.Inputs.Select(input => input.Documents));
        Assert.Equal(result.Train.Tokens, result.Inputs.Sum(input => input.Tokens));
    }

    [Fact]
    public void WrongWeights_AreRefused()
    {
        string a = Write("aa", 5, words: 2);
        foreach (double[] weights in (double[][])[[1, 1], [0], [-1], [double.NaN], [double.PositiveInfinity]])
            Assert.Contains("one above 0 for each file was expected", Assert.Throws<ArgumentException>(() => Pack([a], weights)).Message);
    }

    [Fact]
    public void ABadLine_BehindTheEndOfTheMix_IsStillAnError()
    {
        string a = Write("aa", 3, words: 2), b = Write("bb", 300, words: 2);
        File.AppendAllText(b, "nonsense\n");
        Assert.Contains("bb.jsonl line 301", Assert.Throws<InvalidDataException>(() => Pack([a, b], [1, 1])).Message);
        Assert.False(Directory.Exists(_folder.At("p")));
    }

    [Fact]
    public void PublishedFormat_PacksAsItIs_AndCountsOtherAverages()
    {
        var lines = new List<string>();
        for (int i = 0; i < 20; i++)
            lines.Add(new JsonObject
            {
                ["texts"] = new JsonArray("the cat sat. ", "on the mat."),
                ["meta"] = new JsonObject { ["pile_set_name"] = "made up", ["nested"] = new JsonArray(1, null) },
                ["scores"] = new JsonArray(0.001, 0.25),
                ["avg_score"] = i < 3 ? 0.2 : 0.1255,
                ["num_sents"] = 5,
            }.ToJsonString());
        File.WriteAllLines(_folder.At("published.jsonl"), lines);
        var (result, _) = Pack([_folder.At("published.jsonl")], weights: null);
        Assert.Equal((20, 40, 3), (result.Train.Documents, result.Train.Segments, result.OtherAverages));
        Assert.Null(result.Train.Scorer);
        using PackedDataset data = PackedDataset.Open(_folder.At("p", "train"));
        Assert.All(data.DocumentScores.ToArray(), score => Assert.Equal(0.1255, score, precision: 7));
    }

    [Fact]
    public void Packing_HoldsFewDocuments()
    {
        // More documents than any window; the pack is stopped early, and few may have been read by then.
        string a = Write("aa", 4000, words: 2), b = Write("bb", 4000, words: 2);
        using var stop = new CancellationTokenSource();
        long bytes = 0;
        var options = new PackOptions
        {
            Weights = [1, 1],
            Threads = 2,
            Cancellation = stop.Token,
            Progress = (read, documents) =>
            {
                if (documents == 100) stop.Cancel();
                bytes = read;
            },
        };
        Assert.ThrowsAny<OperationCanceledException>(() => Packer.Pack([a, b], SmallDataset.Tokenizer, _folder.At("p"), options));
        Assert.InRange(bytes, 1, (new FileInfo(a).Length + new FileInfo(b).Length) / 2);
    }
}
