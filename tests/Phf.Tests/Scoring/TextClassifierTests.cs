using System.Text;
using Phf.Scoring;
using Phf.Scoring.Classifier;

namespace Phf.Tests.Scoring;

public sealed class TextClassifierTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Trained_TellsTextsApart_AndIsCalibrated()
    {
        TrainedClassifier trained = ClassifierTrainer.Train(Texts(4000), new ClassifierOptions { HeldOutFraction = 0.25 });
        ClassifierMetrics heldOut = trained.HeldOut!;
        Assert.InRange(heldOut.Texts, 800, 1200);
        Assert.Equal(4000, heldOut.Texts + trained.TrainingTexts + trained.CalibrationTexts);
        Assert.InRange(heldOut.Auc, 0.9, 0.96); // a tenth of the labels are wrong
        Assert.InRange(trained.AucOfFloats!.Value, heldOut.Auc - 0.005, heldOut.Auc + 0.005);
        foreach (CalibrationBin bin in heldOut.Calibration.Where(bin => bin.Texts > 100)) Assert.InRange(bin.MeanScore - bin.Share, -0.1, 0.1);
    }

    [Fact]
    public void SameSeed_GivesTheSameBytes_AndAnotherSeedOthers()
    {
        byte[] once = Bytes(seed: 1);
        Assert.Equal(once, Bytes(seed: 1));
        Assert.NotEqual(once, Bytes(seed: 2));

        static byte[] Bytes(ulong seed) => ClassifierFile.Bytes(ClassifierTrainer.Train(Texts(500), new ClassifierOptions { Seed = seed }).Classifier);
    }

    [Fact]
    public void WrittenAndRead_ScoresTheSame()
    {
        var options = new ClassifierOptions();
        TrainedClassifier trained = ClassifierTrainer.Train(Texts(500), options);
        ClassifierReport.Write(_folder.FullName, trained, options);
        var read = TextClassifier.FromFile(_folder.FullName);
        Assert.Equal(trained.Classifier.Id, read.Id);
        Assert.Equal(Score(trained.Classifier, "so good and bad"), Score(read, "so good and bad"));
        Assert.Contains("average precision", File.ReadAllText(_folder.At("report.md")));
    }

    [Fact]
    public void DamagedFile_IsRefused()
    {
        byte[] good = ClassifierFile.Bytes(ClassifierTrainer.Train(Texts(500), new ClassifierOptions { Features = new FeatureOptions { Bits = 10 } }).Classifier);
        string header = Encoding.UTF8.GetString(good[..Array.IndexOf(good, (byte)'\n')]);
        Refused(good[..^1], "1023 weights instead of 2^10");
        Refused([.. good, 0], "1025 weights instead of 2^10");
        Refused(Encoding.UTF8.GetBytes(new string('x', 5000)), "does not start with a line of JSON");
        Refused([], "does not start with a line of JSON");
        Refused(With(header.Replace("phf-classifier-1", "phf-classifier-9")), "format 'phf-classifier-9'");
        Refused(With(header.Replace("\"bits\":10", "\"bits\":60")), "60 bits");
        Refused(With(header.Replace("\"bits\":10", "\"bits\":\"10\"")), "its first line");
        Refused(With(header.Replace("[3,5]", "[5,3]")), "runs of 5 to 3 characters");
        Refused(With(header.Replace("[3,5]", "[3]")), "'characters' has not two numbers");
        Refused(With("{}"), "its first line");

        byte[] With(string line) => [.. Encoding.UTF8.GetBytes(line + "\n"), .. good[^1024..]];
        static void Refused(byte[] bytes, string message)
            => Assert.Contains(message, Assert.Throws<InvalidDataException>(() => ClassifierFile.Read(bytes, "m.phfc", "x")).Message);
    }

    [Fact]
    public void BuiltInToxicity_IsSmall_AndOrdersTexts()
    {
        TextClassifier model = TextClassifier.BuiltInToxicity();
        Assert.StartsWith("toxicity/phf-", model.Id);
        Assert.InRange(ClassifierFile.Bytes(model).Length, 1, 2_000_000);
        Assert.InRange(Score(model, "You are a stupid idiot and a loser."), 0.6, 1);
        Assert.InRange(Score(model, "Thank you for the lovely dinner last night."), 0, 0.4);
        Assert.Equal(model.Id, Scorers.Create("toxicity", new ScorerOptions()).Id);
    }

    [Theory]
    [InlineData("Hello  WORLD\n7", "hello world 3")]
    [InlineData("see http://a.example/x now", "see https://b.example/y?z now")]
    [InlineData("thanks @alice!", "thanks @bob_2!")]
    [InlineData("soooooo", "soo")]
    public void Texts_ThatReadTheSame_AreScoredTheSame(string one, string other)
    {
        TextClassifier model = TextClassifier.BuiltInToxicity();
        Assert.Equal(Score(model, one), Score(model, other));
        Assert.Equal(TextFeatures.HashOf(one, 5), TextFeatures.HashOf(other, 5));
    }

    [Fact]
    public void OddTexts_AreScored()
    {
        TextClassifier model = TextClassifier.BuiltInToxicity();
        foreach (string text in new[] { "", " ", "\ud800", "a", new string('@', 10_000), "\u0301\u0301", "😀😀😀😀" }) Assert.InRange(Score(model, text), 0, 1);
    }

    [Fact]
    public void Metrics_AreTheTextbooks()
    {
        ClassifierMetrics metrics = ClassifierMetrics.Of([0.1, 0.4, 0.35, 0.8], [false, false, true, true]);
        Assert.Equal(0.75, metrics.Auc);
        Assert.Equal((1.0 + (2.0 / 3)) / 2, metrics.AveragePrecision, 1e-15);
        Assert.Equal(0.5, ClassifierMetrics.Of([1, 1, 1], [true, false, false]).Auc);
        Assert.Equal([0.1, 0.3, 0.4, 0.8], metrics.Calibration.Select(bin => Math.Round(bin.From, 1)));
        Assert.Throws<ArgumentException>(() => ClassifierMetrics.Of([1, 1], [true, true]));
    }

    [Fact]
    public void OneClassOnly_IsRefused_WithTheRemedy()
        => Assert.Contains("both kinds are needed", Assert.Throws<ArgumentException>(
            () => ClassifierTrainer.Train([.. Texts(100).Select(text => new LabelledText(text.Text, true))], new ClassifierOptions())).Message);

    /// <summary>Made-up sentences; those with the word "bad" are positive, but for a tenth.</summary>
    private static LabelledText[] Texts(int count)
    {
        string[] words = ["the", "house", "is", "green", "today", "and", "we", "walk", "far"];
        var random = new Phf.Numerics.Random.Rng(7);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            bool bad = random.NextDouble() < 0.5, wrong = random.NextDouble() < 0.1;
            string[] text = [.. Enumerable.Range(0, 8).Select(_ => words[(int)(random.NextDouble() * words.Length)])];
            text[(int)(random.NextDouble() * text.Length)] = bad ? "bad" : "good";
            return new LabelledText($"{string.Join(' ', text)} {(char)('a' + (i % 26))}{(char)('a' + (i / 26 % 26))}", bad != wrong);
        })];
    }

    private static double Score(TextClassifier classifier, string text)
    {
        double[] score = [0];
        classifier.Score([text], score);
        return score[0];
    }
}
