using System.Text.Json;
using Phf.Evaluation;
using Phf.Evaluation.Tasks;
using Phf.Tests.Text;
using Phf.Text;

namespace Phf.Tests.Evaluation.Tasks;

public sealed class LambadaTaskTests
{
    [GoldenFact]
    public void Encode_JoinsAsRecorded()
    {
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(Shared.Data("models", "gpt2"));
        using JsonDocument recorded = JsonDocument.Parse(File.ReadAllText(Shared.Golden("lambada", "joining.json")));
        foreach (JsonElement joined in recorded.RootElement.GetProperty("cases").EnumerateArray())
        {
            (int[] context, int[] target) = LambadaTask.Encode(tokenizer, joined.Text("context"), joined.Text("continuation"));
            Assert.Equal(joined.Ids("context_ids"), context);
            Assert.Equal(joined.Ids("target_ids"), target);
        }
    }

    [GoldenFact]
    public void SplitAndEncode_EqualTheRecordedItems()
    {
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(Shared.Data("models", "gpt2"));
        string[] texts = [.. GoldenLines.Read(Shared.Data("downstream", "lambada_test.jsonl.gz")).Select(item => item.Text("text"))];
        foreach (JsonElement item in GoldenLines.Read(Shared.Golden("lambada", "items.jsonl.gz")))
        {
            (string context, string target) = LambadaTask.Split(texts[item.GetProperty("index").GetInt32()]);
            Assert.Equal(item.Text("target"), target);
            (int[] contextIds, int[] targetIds) = LambadaTask.Encode(tokenizer, context, target);
            Assert.Equal(item.Ids("context_ids"), contextIds);
            Assert.Equal(item.Ids("target_ids"), targetIds);
        }
    }

    /// <summary>Short and long passages, one of one word, one that ends in a blank: each against the definition read off the full logits.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(" near the river")]
    public void Measure_FollowsTheDefinition(string prefix)
    {
        using var models = new TaskModels(prefix);
        using var folder = new TemporaryFolder();
        string[] texts = ["The cat sat on the mat", "mat", "The dog was near the river and the cat sat on the mat near the river and the dog was there too and the cat sat on the mat near the river too too", "The  cat", "The cat "];
        File.WriteAllLines(folder.At("items.jsonl"), texts.Select(text => JsonSerializer.Serialize(new { text })));
        TaskResult result = LambadaTask.Measure(models.Model, folder.At("items.jsonl"));

        int[] start = prefix.Length > 0 ? models.Model.Start : [];
        var expected = new List<(double Sum, bool IsFirstChoice)>();
        int cut = 0;
        foreach (string text in texts)
        {
            (int[] context, int[] target) = LambadaTask.Encode(TaskModels.Tokenizer, LambadaTask.Split(text).Context, LambadaTask.Split(text).Target);
            int room = models.Gpt2.Config.Positions + 1 - target.Length - start.Length;
            if (context.Length > room) cut++;
            int[] ids = [.. start.Length == 0 && context.Length == 0 ? [TaskModels.Tokenizer.EndOfTextId] : start, .. context.TakeLast(room), .. target];
            // The definition's longest sequence has one token more than the model reads: the last one is only asked for.
            expected.Add(models.Ask(ids, target.Length));
        }
        Assert.Equal(1, cut);
        Assert.Equal((5, 1.0, 0.0), (result.Items, result.Metrics["cut"], result.Metrics["skipped"]));
        Assert.Equal(expected.Count(item => item.IsFirstChoice) / 5.0, result.Metrics["accuracy"]);
        Assert.Equal(Math.Exp(-expected.Average(item => item.Sum)), result.Metrics["perplexity"], Math.Exp(-expected.Average(item => item.Sum)) * 1e-4);
        Assert.InRange(result.Metrics["perplexity"], result.Intervals["perplexity"].Low, result.Intervals["perplexity"].High);
    }

    [Fact]
    public void Accuracy_CountsWhatGreedyDecodingWrites()
    {
        using var models = new TaskModels();
        using var folder = new TemporaryFolder();
        var texts = new List<string>();
        string[] words = ["cat", "dog", "river", "mat", "there", "number", "7"];
        foreach (string first in words)
            foreach (string second in words) texts.AddRange(words.Select(last => $"The {first} and the {second} {last}"));
        File.WriteAllLines(folder.At("items.jsonl"), texts.Select(text => JsonSerializer.Serialize(new { text })));
        int right = texts.Count(text =>
        {
            (int[] context, int[] target) = LambadaTask.Encode(TaskModels.Tokenizer, LambadaTask.Split(text).Context, LambadaTask.Split(text).Target);
            return models.Ask([.. context, .. target], target.Length).IsFirstChoice;
        });
        Assert.True(right > 0, "no item is right, so the test shows nothing");
        Assert.Equal(right / (double)texts.Count, LambadaTask.Measure(models.Model, folder.At("items.jsonl")).Metrics["accuracy"]);
    }

    [Theory]
    [InlineData("{\"txt\": \"a b\"}", "items.jsonl line 1: no string in the field 'text'; expected LAMBADA")]
    [InlineData("{\"text\": \"a b\"}\nnonsense", "items.jsonl line 2: not JSON")]
    [InlineData("[1]", "items.jsonl line 1: not JSON (no object)")]
    [InlineData("\n", "items.jsonl is empty; expected LAMBADA")]
    public void Measure_WhatIsNoLambada_SaysWhere(string content, string message)
    {
        using var models = new TaskModels();
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.At("items.jsonl"), content);
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => LambadaTask.Measure(models.Model, folder.At("items.jsonl"))).Message);
    }
}
