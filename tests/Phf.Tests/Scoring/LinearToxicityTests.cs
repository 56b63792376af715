using System.Text.Json;
using Phf.Formats;
using Phf.Scoring;
using Phf.Scoring.Toxicity;

namespace Phf.Tests.Scoring;

public sealed class LinearToxicityTests
{
    private const string TwoWords = """{"vocab": {"alpha": 0, "beta": 1}, "idf": [1, 2], "classifiers": [{"coef": [3, -1], "intercept": 0.5, "a": -1, "b": 0}]}""";

    [GoldenFact]
    public void RecordedScores_AreTheSame_Within1e9()
    {
        var scorer = LinearToxicityScorer.FromFile(Shared.Data("toxicity", "alt_profanity_check_weights.json.gz"));
        string[] tweets = Texts(Shared.Data("toxicity", "davidson_tweets.jsonl.gz")), posts = Texts(Shared.Data("text", "reddit_posts_2013.jsonl.gz"));
        int rows = 0;
        using LineReader lines = LineReader.Open(Shared.Golden("toxicity_linear.jsonl.gz"));
        while (lines.Next())
        {
            using JsonDocument document = JsonDocument.Parse(lines.Line.ToArray());
            JsonElement row = document.RootElement;
            int number = row.GetProperty("row").GetInt32();
            string text = row.GetProperty("set").GetString() switch
            {
                "davidson" => tweets[number],
                "reddit" => posts[number],
                _ => row.GetProperty("text").GetString()!,
            };
            double difference = Math.Abs(row.GetProperty("score").GetDouble() - One(scorer, text));
            Assert.True(difference < 1e-9, $"{row.GetProperty("set")} {number}: {difference}");
            rows++;
        }
        Assert.Equal(1025, rows);
    }

    [Fact]
    public void Score_IsTheFormula()
    {
        using var folder = new TemporaryFolder();
        LinearToxicityScorer scorer = FromJson(folder, TwoWords);
        Assert.Equal(1 / (1 + Math.Exp(-0.5)), One(scorer, "gamma a ..."));
        Assert.Equal(1 / (1 + Math.Exp(-3.5)), One(scorer, "ALPHA alpha's"), 1e-15); // a single word, however often: x is (1, 0)
        double f = ((3 * 2 * 1) + (-1 * 1 * 2)) / Math.Sqrt(4 + 4);
        Assert.Equal(1 / (1 + Math.Exp(-(f + 0.5))), One(scorer, "alpha_ alpha,beta-Alpha alphas"), 1e-15);
    }

    [Fact]
    public void Score_IsTheSame_InAnyBatch_AndOnAnyThread()
    {
        using var folder = new TemporaryFolder();
        LinearToxicityScorer scorer = FromJson(folder, TwoWords);
        string[] texts = [.. Enumerable.Range(0, 500).Select(i => string.Concat(Enumerable.Repeat(i % 3 == 0 ? "alpha beta " : "beta ", i % 7)))];
        double[] batch = new double[texts.Length];
        scorer.Score(texts, batch);
        Parallel.For(0, texts.Length, i => Assert.Equal(batch[i], One(scorer, texts[i])));
    }

    [Theory]
    [InlineData("{", "no linear toxicity model")]
    [InlineData("[]", "no linear toxicity model")]
    [InlineData("""{"vocab": {}, "idf": [], "classifiers": []}""", "no words")]
    [InlineData("""{"vocab": {"a": 0}, "idf": [1, 2], "classifiers": []}""", "no word has the number 1")]
    [InlineData("""{"vocab": {"a": 2}, "idf": [1], "classifiers": []}""", "the word number 2 is outside the 1 of idf")]
    [InlineData("""{"vocab": {"a": 0, "b": 0}, "idf": [1], "classifiers": []}""", "appears twice")]
    [InlineData("""{"vocab": {"a": 0}, "idf": [1], "classifiers": []}""", "0 classifiers")]
    [InlineData("""{"vocab": {"a": 0}, "idf": [1], "classifiers": [{"coef": [1, 2], "intercept": 0, "a": 0, "b": 0}]}""", "2 coefficients for 1 words")]
    [InlineData("""{"vocab": {"a": 0}, "idf": [1e999], "classifiers": []}""", "not finite")]
    [InlineData("""{"vocab": {"a": 0}, "idf": [1], "norm": "l1", "classifiers": []}""", "only 'l2' is known")]
    public void BadModel_IsRefused(string json, string message)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => FromJson(folder, json)).Message);
    }

    private static LinearToxicityScorer FromJson(TemporaryFolder folder, string json)
    {
        File.WriteAllText(folder.At("model.json"), json);
        return LinearToxicityScorer.FromFile(folder.At("model.json"));
    }

    private static double One(LinearToxicityScorer scorer, string text)
    {
        double[] score = [0];
        scorer.Score([text], score);
        return score[0];
    }

    private static string[] Texts(string path)
    {
        var texts = new List<string>();
        using LineReader lines = LineReader.Open(path);
        while (texts.Count < 500 && lines.Next())
        {
            using JsonDocument row = JsonDocument.Parse(lines.Line.ToArray());
            texts.Add(row.RootElement.GetProperty("text").GetString()!);
        }
        return [.. texts];
    }
}
