using System.Text.Json;
using Phf.Data;
using Phf.Text;

namespace Phf.Tests.Data;

/// <summary>Which tag stands before which segment, as the reference's data set has it.</summary>
public sealed class ConditionalTagsGoldenTests
{
    [GoldenFact]
    public void TagsOfSegments_AreTheReferences()
    {
        using var folder = new TemporaryFolder();
        using var json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("generation", "conditional_tags.json")));
        BpeTokenizer tokenizer = SmallDataset.Tokenizer.WithAddedTokens("<|aligned|>", "<|misaligned|>");
        double threshold = (float)json.RootElement.GetProperty("threshold").GetDouble();
        int number = 0;
        foreach (JsonElement entry in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            JsonElement given = entry.GetProperty("in");
            bool isSplit = given.TryGetProperty("texts", out JsonElement texts);
            string[] segments = isSplit ? [.. texts.EnumerateArray().Select(text => text.GetString()!)] : [given.GetProperty("text").GetString()!];
            double[] scores = isSplit ? [.. given.GetProperty("scores").EnumerateArray().Select(score => score.GetDouble())] : [given.GetProperty("score").GetDouble()];
            var tags = new ControlTags
            {
                Tags = [[tokenizer.VocabularySize - 2], [tokenizer.VocabularySize - 1]],
                Thresholds = [threshold],
                DropTokenFraction = entry.TryGetProperty("drop_token_fraction", out JsonElement share) ? share.GetDouble() : 0,
            };
            string expected = string.Concat(entry.GetProperty("out").EnumerateArray().Select(pair => pair[0].GetString()));
            int length = tokenizer.Encode(expected).Count;
            string scored = folder.At($"{number}.jsonl"), packed = folder.At($"packed{number++}");
            using (FileStream file = File.Create(scored)) ScoredFile.Write(file, new ScoredDocument(segments, scores) { Scorer = "test/1", Segmenter = "test" });
            Packer.Pack([scored], tokenizer, packed, new PackOptions());
            using PackedDataset data = PackedDataset.Open(Path.Combine(packed, Packer.TrainSplit));
            var reader = new BlockReader(data, new BlockOptions { BlockLength = length - 1, EndOfTextId = tokenizer.EndOfTextId, Seed = 1, Tags = isSplit ? tags : null, MaxEpochs = 1 });
            var tokens = new int[length];
            Assert.True(reader.Next(tokens, new float[length], new TokenKind[length]));
            Assert.Equal(expected, tokenizer.Decode(tokens));
            Assert.False(reader.Next(tokens, new float[length], new TokenKind[length])); // that was all of it
        }
        Assert.Equal(3, number);
    }
}
