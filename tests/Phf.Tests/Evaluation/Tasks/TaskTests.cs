using System.Text;
using System.Text.Json;
using Phf.Data;
using Phf.Evaluation;
using Phf.Evaluation.Tasks;
using Phf.Model;

namespace Phf.Tests.Evaluation.Tasks;

public sealed class TaskTests
{
    /// <summary>Published field names in one file of a folder, the short ones in another.</summary>
    [Fact]
    public void Blimp_CountsPairs_ByFieldAndParadigm()
    {
        using var models = new TaskModels();
        using var folder = new TemporaryFolder();
        string[] sentences = ["The cat sat.", "Sat the cat.", "The dog was there.", "Was there dog the too.", "The mat sat on the river.", "Mat the."];
        (string Good, string Bad)[] ordered = [.. from high in Enumerable.Range(0, 6) from low in Enumerable.Range(0, high) select (sentences[low], sentences[high])];
        (string Good, string Bad)[] pairs = [.. ordered, .. ordered.Select(pair => (pair.Bad, pair.Good))]; // 15 of each, so the two shares cannot be equal
        File.WriteAllLines(folder.At("a.jsonl"), pairs[..15].Select(pair => JsonSerializer.Serialize(new { sentence_good = pair.Good, sentence_bad = pair.Bad, field = "syntax", linguistics_term = "order", UID = "a" })));
        File.WriteAllLines(folder.At("b.jsonl"), pairs[15..].Select(pair => JsonSerializer.Serialize(new { good = pair.Good, bad = pair.Bad, uid = "b" })));
        TaskResult result = BlimpTask.Measure(models.Model, folder.FullName);

        double Sum(string text) => models.Ask([TaskModels.Tokenizer.EndOfTextId, .. TaskModels.Tokenizer.Encode(text)], TaskModels.Tokenizer.Encode(text).Count).Sum;
        bool[] right = [.. pairs.Select(pair => Sum(pair.Good) > Sum(pair.Bad))];
        double first = right[..15].Count(true) / 15.0, second = right[15..].Count(true) / 15.0;
        Assert.Equal(30, result.Items);
        Assert.Equal(0.5, result.Metrics["accuracy"]); // each pair is there in both orders
        Assert.Equal((first, second, first), (result.Metrics["paradigm/a"], result.Metrics["paradigm/b"], result.Metrics["field/syntax"]));
        Assert.Equal((first + second) / 2, result.Metrics["mean_of_paradigms"], 1e-12);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void Blimp_EqualSentences_AreNoSuccess()
    {
        using var models = new TaskModels();
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.At("b.jsonl"), "{\"good\": \"The cat.\", \"bad\": \"The cat.\"}");
        TaskResult result = BlimpTask.Measure(models.Model, folder.At("b.jsonl"));
        Assert.Equal(0, result.Metrics["accuracy"]);
        Assert.DoesNotContain("mean_of_paradigms", result.Metrics.Keys);
        Assert.Contains("no .jsonl", Assert.Throws<InvalidDataException>(() => BlimpTask.Measure(models.Model, Directory.CreateDirectory(folder.At("empty")).FullName)).Message);
    }

    [Fact]
    public void Perplexity_ByWords_Bytes_Tokens()
    {
        using var models = new TaskModels(" too");
        using var folder = new TemporaryFolder();
        string[] texts = ["The cat sat\u00a0on the  mat", "dog 3 wäs there", "The river and the dog and the cat and the mat and the number 12 and the river near the mat was there"];
        File.WriteAllLines(folder.At("t.jsonl"), texts.Select(text => JsonSerializer.Serialize(new { text })));
        TaskResult result = PerplexityTask.Measure(models.Model, folder.At("t.jsonl"), new SkippedRecords());
        int[][] documents = [.. texts.Select(models.Model.Document)];
        double loss = -SequenceLogProbs.Of(models.Gpt2, documents).Sum(logProbs => logProbs.Skip(models.Model.Start.Length - 1).Sum(logProb => (double)logProb));
        int tokens = texts.Sum(text => TaskModels.Tokenizer.Encode(text).Count), bytes = texts.Sum(Encoding.UTF8.GetByteCount);
        Assert.Equal((3, 6 + 4 + 23, bytes, tokens), (result.Items, (int)result.Metrics["words"], (int)result.Metrics["bytes"], (int)result.Metrics["tokens"]));
        Assert.Equal(loss / 33, Math.Log(result.Metrics["word_perplexity"]), 1e-6);
        Assert.Equal(loss / bytes, Math.Log(result.Metrics["byte_perplexity"]), 1e-6);
        Assert.Equal(loss / tokens, Math.Log(result.Metrics["token_perplexity"]), 1e-6);
        Assert.Equal(loss / bytes / Math.Log(2), result.Metrics["bits_per_byte"], 1e-6);
    }

    [Fact]
    public void Perplexity_PlainText_IsOneDocument_WithoutAnInterval()
    {
        using var models = new TaskModels();
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.At("t.txt"), "The cat\nsat on\n\nthe mat");
        TaskResult result = PerplexityTask.Measure(models.Model, folder.At("t.txt"), new SkippedRecords());
        Assert.Equal((1, 6.0), (result.Items, result.Metrics["words"]));
        Assert.Empty(result.Intervals);
        File.WriteAllText(folder.At("none.txt"), " \n ");
        Assert.Contains("no text in it", Assert.Throws<InvalidDataException>(() => PerplexityTask.Measure(models.Model, folder.At("none.txt"), new SkippedRecords())).Message);
    }

    /// <summary>Wilson's interval against worked values, e.g. 8 of 10: 0.4902 to 0.9433.</summary>
    [Theory]
    [InlineData(8, 10, 0.4902, 0.9433)]
    [InlineData(0, 10, 0, 0.2775)]
    [InlineData(10, 10, 0.7225, 1)]
    [InlineData(50, 100, 0.4038, 0.5962)]
    public void Share_HasWilsonsInterval(int successes, int count, double low, double high)
    {
        Estimate share = Estimate.OfShare(successes, count);
        Assert.Equal(successes / (double)count, share.Value);
        Assert.Equal(low, share.Interval!.Low, 5e-5);
        Assert.Equal(high, share.Interval.High, 5e-5);
    }

    /// <summary>Of a mean of many equal shares of 0 and 1 the deviation is known: 0.5 / sqrt(n).</summary>
    [Fact]
    public void Ratio_HasABootstrapInterval_OfTheRightWidth()
    {
        double[] values = [.. Enumerable.Range(0, 400).Select(i => (double)(i % 2))];
        Estimate mean = Estimate.OfMean(values, value => value);
        Assert.Equal(0.5, mean.Value);
        Assert.Equal(2 * 1.96 * 0.5 / 20, mean.Interval!.High - mean.Interval.Low, 0.012);
        Assert.Equal(mean, Estimate.OfMean(values, value => value));
        Assert.Null(Estimate.OfMean([3], value => value).Interval);
    }

    [Fact]
    public void Model_PrefixThatFillsIt_AndForeignTokenizer_AreRefused()
    {
        using var models = new TaskModels();
        Assert.Contains("the model reads 24", Assert.Throws<InvalidDataException>(() => new TaskModel(models.Gpt2, TaskModels.Tokenizer, string.Concat(Enumerable.Repeat(" cat", 40)))).Message);
        Assert.Contains("do not belong together", Assert.Throws<InvalidDataException>(() => new TaskModel(models.Gpt2, TaskModels.Tokenizer.WithAddedTokens("<a>"), "")).Message);
    }
}
