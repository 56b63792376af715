using Phf.Data;
using Phf.Text;

namespace Phf.Tests.Data;

/// <summary>Scored documents made from a counter, and the dataset packed from them.</summary>
internal static class SmallDataset
{
    public static readonly BpeTokenizer Tokenizer = BpeTrainer.Train(["the cat sat on the mat and the dog sat too. "], 280);

    /// <summary>Document i has 1 to 4 segments of words; segment scores lie between 0 and 1 and are exact in 32 bits.</summary>
    public static ScoredDocument Document(int i)
    {
        int segments = 1 + (i * 7 % 4);
        return new ScoredDocument(
            [.. Enumerable.Range(0, segments).Select(s => $"document {i} sentence {s}{new string('!', (i + s) % 3)} ")],
            [.. Enumerable.Range(0, segments).Select(s => (((i * 5) + (s * 3)) % 8) / 8.0)])
        { Scorer = "test/1", Segmenter = "sentence/test" };
    }

    public static string WriteScored(TemporaryFolder folder, int count, string name = "scored.jsonl")
    {
        using FileStream file = File.Create(folder.At(name));
        for (int i = 0; i < count; i++) ScoredFile.Write(file, Document(i));
        return folder.At(name);
    }

    /// <summary>Packs documents 0 .. count - 1 in shards of about 200 tokens and opens the training split.</summary>
    public static PackedDataset Pack(TemporaryFolder folder, int count, string name = "packed")
    {
        Packer.Pack([WriteScored(folder, count)], Tokenizer, folder.At(name), new PackOptions { MaxShardTokens = 200 });
        return PackedDataset.Open(folder.At(name, "train"));
    }
}
