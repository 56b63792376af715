using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Phf.Text;

namespace Phf.Tests.Text;

/// <summary>Learned vocabularies against what Hugging Face's BpeTrainer recorded.</summary>
public sealed class BpeTrainerTests
{
    [GoldenFact]
    public void Train_TinyCorpora_MatchesTokenizers()
    {
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("bpe_train", "tiny.jsonl.gz")))
        {
            BpeTokenizer tokenizer = BpeTrainer.Train(row.Texts("texts"), row.GetProperty("vocab_size").GetInt32(), row.GetProperty("min_frequency").GetInt32());
            Assert.Equal(row.GetProperty("vocab_actual").GetInt32(), tokenizer.VocabularySize);
            Assert.Equal(row.GetProperty("merges").EnumerateArray().Select(merge => $"{merge[0]} {merge[1]}"), MergesOf(tokenizer));
            Assert.Equal(row.Texts("new_tokens"), tokenizer.Model.Tokens[257..]);
        }
    }

    [GoldenTheory]
    [InlineData("first_2000", 300, 0)]
    [InlineData("first_2000", 4096, 2)]
    [InlineData("first_20000", 1000, 0)]
    public void Train_RedditPosts_MatchesTokenizers(string name, int vocabularySize, int minFrequency)
    {
        JsonElement row = GoldenLines.Read(Shared.Golden("bpe_train", "reddit_merges.jsonl.gz")).Single(row => row.Text("name") == name
            && row.GetProperty("vocab_size").GetInt32() == vocabularySize && row.GetProperty("min_frequency").GetInt32() == minFrequency);
        BpeTokenizer tokenizer = BpeTrainer.Train(GoldenLines.RedditPosts().Take(row.GetProperty("stop").GetInt32()), vocabularySize, minFrequency);
        Assert.Equal(row.GetProperty("vocab_actual").GetInt32(), tokenizer.VocabularySize);
        string[] merges = [.. MergesOf(tokenizer)];
        Assert.Equal(row.GetProperty("merge_count").GetInt32(), merges.Length);
        string text = string.Concat(merges.Select(merge => merge + "\n"));
        Assert.Equal(row.Text("merges_sha256"), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }

    [GoldenFact]
    public void Train_Ids_AreThoseOfTheSavedFile()
    {
        BpeTokenizer trained = BpeTrainer.Train(GoldenLines.RedditPosts().Take(2000), 1000, minFrequency: 2);
        JsonElement golden = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Shared.Golden("bpe_train", "tokenizer_first2000_v1000_f2.json")));
        foreach (JsonProperty token in golden.GetProperty("model").GetProperty("vocab").EnumerateObject())
        {
            Assert.True(trained.TryGetId(token.Name, out int id));
            Assert.Equal(token.Value.GetInt32(), id);
        }
    }

    [Fact]
    public void Train_NoText_IsTheByteAlphabet()
    {
        BpeTokenizer tokenizer = BpeTrainer.Train([], 500);
        Assert.Equal(257, tokenizer.VocabularySize);
        Assert.Equal(0, tokenizer.EndOfTextId);
        Assert.Equal([1], tokenizer.Encode("!"));
    }

    [Fact]
    public void Train_ReportsProgressAndStopsWhenAsked()
    {
        string[] texts = ["the cat sat on the mat and the rat sat on the cat"];
        var reports = new List<(int, int)>();
        BpeTrainer.Train(texts, 260, progress: (done, wanted) => reports.Add((done, wanted)));
        Assert.Equal([(3, 3)], reports);
        Assert.Throws<OperationCanceledException>(() => BpeTrainer.Train(texts, 260, cancel: new CancellationToken(canceled: true)));
        Assert.Throws<ArgumentOutOfRangeException>(() => BpeTrainer.Train(texts, 256));
    }

    private static IEnumerable<string> MergesOf(BpeTokenizer tokenizer) =>
        tokenizer.Model.Merges.Select(merge => $"{tokenizer.Model.Tokens[merge.Left]} {tokenizer.Model.Tokens[merge.Right]}");
}
