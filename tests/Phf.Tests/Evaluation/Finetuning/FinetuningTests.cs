using Phf.Data;
using Phf.Evaluation.Finetuning;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Tests.Evaluation.Tasks;
using Phf.Text;
using Phf.Training;

namespace Phf.Tests.Evaluation.Finetuning;

public sealed class FinetuningTests
{
    private static readonly BpeTokenizer Tokenizer = TaskModels.Tokenizer;

    /// <summary>Binary Matthews correlation by its own formula; F1 of both classes by theirs.</summary>
    [Fact]
    public void Metrics_OfTwoClasses()
    {
        ClassificationMetrics metrics = ClassificationMetrics.Of(new[,] { { 50, 10 }, { 5, 35 } }, positive: 1);
        Assert.Equal(0.85, metrics.Accuracy.Value, 1e-12);
        Assert.Equal((35.0 * 50 - 10 * 5) / Math.Sqrt(45.0 * 40 * 60 * 55), metrics.Matthews, 1e-12);
        Assert.Equal(70.0 / 85, metrics.F1!.Value, 1e-12);
        Assert.Equal((70.0 / 85 + 100.0 / 115) / 2, metrics.MacroF1, 1e-12);
        ClassificationMetrics one = ClassificationMetrics.Of(new[,] { { 7, 0 }, { 3, 0 } }, positive: 1);
        Assert.Equal((0.7, 0.0, 0.0, 14.0 / 17 / 2), (one.Accuracy.Value, one.Matthews, one.F1, one.MacroF1));
    }

    /// <summary>R_K is the correlation of the one-hot classes, here taken text by text; a class that never occurs is in no mean.</summary>
    [Fact]
    public void Metrics_OfFourClasses_EqualTheCorrelation()
    {
        int[,] counts = { { 4, 1, 0, 0 }, { 2, 6, 1, 0 }, { 0, 3, 5, 0 }, { 0, 0, 0, 0 } };
        var texts = new List<(int Truth, int Said)>();
        for (int truth = 0; truth < 4; truth++)
            for (int said = 0; said < 4; said++) texts.AddRange(Enumerable.Repeat((truth, said), counts[truth, said]));
        double Covariance(Func<(int Truth, int Said), int> a, Func<(int Truth, int Said), int> b) => Enumerable.Range(0, 4).Sum(k =>
            texts.Average(text => (a(text) == k ? 1.0 : 0) * (b(text) == k ? 1 : 0)) - texts.Average(text => a(text) == k ? 1.0 : 0) * texts.Average(text => b(text) == k ? 1.0 : 0));
        double expected = Covariance(text => text.Truth, text => text.Said) / Math.Sqrt(Covariance(text => text.Truth, text => text.Truth) * Covariance(text => text.Said, text => text.Said));
        ClassificationMetrics metrics = ClassificationMetrics.Of(counts, positive: null);
        Assert.Equal(expected, metrics.Matthews, 1e-12);
        Assert.Equal((8.0 / 11 + 12.0 / 19 + 10.0 / 14) / 3, metrics.MacroF1, 1e-12);
        Assert.Null(metrics.F1);
    }

    [Fact]
    public void Reader_TakesGluesFiles()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.At("sst.tsv"), "sentence\tlabel\nit 's \"good\t1\nbad , really\t0\nno label\n");
        File.WriteAllText(folder.At("cola.tsv"), "gj04\t1\t\tThe cat sat.\nclc95\t0\t*\tSat the cat.\n");
        File.WriteAllText(folder.At("pairs.csv"), "a,b,label\n\"one, two\",three,yes\nfour,,no\nfive,six,no\n");
        File.WriteAllText(folder.At("x.jsonl"), "{\"sentence\": \"a\", \"label\": 1}\n{\"sentence\": \"b\", \"label\": true}\n{\"sentence\": 3, \"label\": 1}\n{\"sentence\": \"c\", \"label\": null}\n");
        var skipped = new SkippedRecords();
        Assert.Equal([("it 's \"good", "1"), ("bad , really", "0")], Read("sst.tsv", new ExampleFields()).Select(e => (e.Text, e.Label)));
        Assert.Equal("fewer columns than expected", Assert.Single(skipped.Reasons).Key);
        Assert.Equal([("The cat sat.", "1"), ("Sat the cat.", "0")], Read("cola.tsv", new ExampleFields { Text = "4", Label = "2" }).Select(e => (e.Text, e.Label)));
        Assert.Equal([("one, two", "three", "yes"), ("five", "six", "no")], Read("pairs.csv", new ExampleFields { Text = "a", Pair = "b" }).Select(e => (e.Text, e.Pair!, e.Label)));
        Assert.Equal([("a", "1"), ("b", "true")], Read("x.jsonl", new ExampleFields()).Select(e => (e.Text, e.Label)));
        Assert.Equal(["empty text", "fewer columns than expected", "field 'label' is no label", "field 'sentence' is no string"], skipped.Reasons.Keys);
        Assert.Contains("no column 'sentence'; the header has a, b, label", Assert.Throws<InvalidDataException>(() => Read("pairs.csv", new ExampleFields())).Message);
        File.WriteAllText(folder.At("sst.zip"), "PK");
        Assert.Contains("cannot be told from the name", Assert.Throws<ArgumentException>(() => Read("sst.zip", new ExampleFields())).Message);

        IReadOnlyList<LabelledExample> Read(string file, ExampleFields fields) => LabelledExamples.Read(folder.At(file), fields, skipped);
    }

    [Theory]
    [InlineData("cat", 1, null, 0, 4, false)]
    [InlineData("cat", 8, null, 0, 8, true)]
    [InlineData("cat", 2, "dog", 2, 8, false)]
    [InlineData("cat", 20, "dog", 2, 8, true)] // the longer one is cut
    [InlineData("cat", 2, "dog", 20, 8, true)]
    [InlineData("cat", 20, "dog", 20, 8, true)]
    public void Join_FitsTheContext(string text, int times, string? pair, int pairTimes, int positions, bool isCut)
    {
        string first = string.Concat(Enumerable.Repeat(" " + text, times));
        string? second = pair is null ? null : string.Concat(Enumerable.Repeat(" " + pair, pairTimes));
        (int[] ids, bool cut) = FinetuningData.Join(Tokenizer, new LabelledExample(first, second, "1", ""), positions);
        Assert.Equal(isCut, cut);
        Assert.True(ids.Length <= positions);
        if (isCut) Assert.Equal(positions, ids.Length);
        Assert.Equal(Tokenizer.EndOfTextId, ids[0]);
        Assert.Equal(pair is null ? 1 : 2, ids.Count(id => id == Tokenizer.EndOfTextId));
        if (pair is not null && !isCut) Assert.Equal(first + "<|endoftext|>" + second, Tokenizer.Decode(ids.AsSpan(1)));
        if (pair is not null && pairTimes == 2) Assert.EndsWith(second!, Tokenizer.Decode(ids)); // the short one is whole
    }

    [Fact]
    public void Labels_ThatCannotBeLearned_AreRefused()
    {
        LabelledExample good = new("The cat", null, "1", "t.tsv line 1"), bad = new("The dog", null, "0", "t.tsv line 2"), other = new("The mat", null, "-1", "d.tsv line 9");
        Assert.Contains("all 2 training texts have the label '1'", Assert.Throws<InvalidDataException>(() => FinetuningData.Encode([good, good], [good], Tokenizer, 9)).Message);
        Assert.Contains("d.tsv line 9: label '-1', which no training text has; known are 0, 1", Assert.Throws<InvalidDataException>(() => FinetuningData.Encode([good, bad], [good, other], Tokenizer, 9)).Message);
    }

    /// <summary>Texts about cats and dogs: told apart after a few epochs, and to the bit the same with one thread and with two.</summary>
    [Fact]
    public void Finetuner_LearnsWhatCanBeLearned_ForAnyThreads()
    {
        using var folder = new TemporaryFolder();
        using (IBackend backend = Backends.CreateCpu(1))
        using (var model = new Gpt2(new Gpt2Config { VocabularySize = Tokenizer.VocabularySize, Positions = 24, Channels = 32, Layers = 2, Heads = 2 }, backend))
        {
            model.Initialize(3);
            ModelDirectory.Write(folder.FullName, model, Tokenizer, card: null);
        }
        LabelledExample[] train = Texts(0, 90), dev = Texts(90, 40);
        var options = new FinetuningOptions { Epochs = 4, BatchSize = 8, LearningRate = 3e-3 };
        FinetuningEpoch[] one = Finetune(1), two = Finetune(2);
        Assert.Equal(one, two);
        Assert.Equal(4, one.Length);
        Assert.Equal(1, one[^1].Dev.Accuracy.Value);
        Assert.True(one[^1].TrainLoss < one[0].TrainLoss / 4);

        FinetuningEpoch[] Finetune(int threads)
        {
            using IBackend backend = Backends.CreateCpu(threads);
            using var finetuner = ClassifierFinetuner.Create(folder.FullName, train, dev, options, backend);
            return [.. finetuner.Run(null, null, default)];
        }
    }

    private static LabelledExample[] Texts(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => new LabelledExample($"The {(i % 3 == 0 ? "cat" : "dog")} number {i} sat on the {(i % 2 == 0 ? "mat" : "river")}", null, i % 3 == 0 ? "cat" : "dog", $"line {i}"))];
}
