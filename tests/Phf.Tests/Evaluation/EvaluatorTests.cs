using System.Text.Json;
using Phf.Evaluation;
using Phf.Formats;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Tests.Cli;
using Phf.Training;

namespace Phf.Tests.Evaluation;

/// <summary>What an evaluation computes, and what it does not compute twice.</summary>
public sealed class EvaluatorTests(EvaluatorTests.Fixture fixture) : IClassFixture<EvaluatorTests.Fixture>
{
    [Fact]
    public void Interrupted_GoesOnBehindTheLastScenario_AndEndsWithTheSameNumbers()
    {
        using var cache = new TemporaryFolder();
        using var fresh = new TemporaryFolder();
        var scorer = new CountingScorer(WordListScorer.FromFile(fixture.Workspace.Words));
        using var cancel = new CancellationTokenSource();
        var stopped = new Evaluator(scorer, EvaluationCache.Of(cache.FullName, force: false)) { Progress = (part, _, _) => { if (part == fixture.Request.Scenarios[1].Name) cancel.Cancel(); } };
        Assert.Throws<OperationCanceledException>(() => stopped.Evaluate(fixture.Subject, fixture.Request, cancel.Token));
        Assert.Equal(16, scorer.Texts); // two scenarios of three
        Assert.Equal(2, Directory.GetFiles(cache.At(EvaluationCache.DirectoryName), "samples-*.json").Length);

        EvaluationResult resumed = Evaluate(scorer, cache.FullName);
        Assert.Equal(24, scorer.SampleTexts);
        int all = scorer.Texts;
        Assert.Equal(Json(resumed), Json(Evaluate(scorer, cache.FullName)));
        Assert.Equal(all, scorer.Texts); // all from the disk
        Assert.Equal(Json(resumed), Json(Evaluate(scorer, fresh.FullName)));
        Assert.Equal(2 * all, scorer.Texts);
        Evaluate(scorer, cache.FullName, force: true);
        Assert.Equal(3 * all, scorer.Texts);
        foreach (string part in Directory.GetFiles(cache.At(EvaluationCache.DirectoryName))) File.WriteAllText(part, "{");
        Assert.Equal(Json(resumed), Json(Evaluate(scorer, cache.FullName))); // broken parts count as absent
    }

    [Fact]
    public void ControlTokens_AreThoseOfTheCheckpoints()
    {
        using var cache = new TemporaryFolder();
        ControlTokenFacts facts = Evaluate(WordListScorer.FromFile(fixture.Workspace.Words), cache.FullName).ControlTokens!;
        Assert.Equal(["<|aligned|>", "<|misaligned|>"], facts.AtSegmentStarts.Select(row => row.Tag));
        Assert.All(facts.AtSegmentStarts, row => Assert.True(row.Places > 0 && row.MeanProbabilities.All(p => p > 0) && row.MeanProbabilities.Sum() < 1));
        Assert.InRange(facts.Accuracy!.Value, 0, 1);
        Assert.Equal([10, 20], facts.Embeddings.Select(row => row.Step!.Value));
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(fixture.Subject.Language.Directory, "model.safetensors"));
        float[] table = file.Span<float>("transformer.wte.weight").ToArray();
        float[] aligned = table[^64..^32], misaligned = table[^32..]; // the last two rows of 32 columns
        double dot = aligned.Zip(misaligned).Sum(pair => (double)pair.First * pair.Second);
        TagEmbeddings last = facts.Embeddings[^1];
        Assert.Equal(Norm(aligned), last.Norms[0], 1e-9);
        Assert.Equal(dot / Norm(aligned) / Norm(misaligned), last.Cosine, 1e-9);
        Assert.Equal(Enumerable.Range(0, table.Length / 32).Average(row => Norm(table[(32 * row)..(32 * row + 32)])), last.MeanNorm, 1e-9);

        static double Norm(float[] row) => Math.Sqrt(row.Sum(value => (double)value * value));
    }

    /// <summary>Bits per byte of both kinds of segments add up, weighted by bytes, to those of the text without tags.</summary>
    [Fact]
    public void HeldOut_BitsPerByte_OfBothKinds()
    {
        using var cache = new TemporaryFolder();
        HeldoutLoss loss = Evaluate(WordListScorer.FromFile(fixture.Workspace.Words), cache.FullName).Heldout!;
        double bytesAligned = loss.LossAligned!.Value * loss.TokensAligned!.Value / Math.Log(2) / loss.BitsPerByteAligned!.Value;
        double bytesMisaligned = loss.LossMisaligned!.Value * loss.TokensMisaligned!.Value / Math.Log(2) / loss.BitsPerByteMisaligned!.Value;
        Assert.Equal(Math.Round(bytesAligned), bytesAligned, 1e-6);
        double all = loss.Loss!.Value * (loss.TokensAligned.Value + loss.TokensMisaligned.Value) / Math.Log(2) / loss.BitsPerByte!.Value;
        Assert.Equal(all, bytesAligned + bytesMisaligned, 1e-6);
    }

    [Fact]
    public void WhatIsNotAskedFor_IsKeptOfTheSameModel()
    {
        EvaluationResult bare = fixture.Result(model: "a");
        var task = new TaskResult { Name = "t", Description = "", Items = 1, Metrics = new Dictionary<string, double> { ["accuracy"] = 1 } };
        EvaluationResult earlier = bare with { Tasks = [task] };
        Assert.Equal([task], bare.With(earlier).Tasks);
        Assert.Empty(fixture.Result(model: "b").With(earlier).Tasks);
        Assert.Same(bare, bare.With(null));
        TaskResult again = task with { Items = 2 };
        Assert.Equal([again], (bare with { Tasks = [again] }).With(earlier).Tasks);
    }

    private EvaluationResult Evaluate(IScorer scorer, string directory, bool force = false) =>
        new Evaluator(scorer, EvaluationCache.Of(directory, force)).Evaluate(fixture.Subject, fixture.Request, default).Result;

    private static string Json(EvaluationResult result) => JsonSerializer.Serialize(result, EvaluationFiles.OneLine);

    private sealed class CountingScorer(IScorer inner) : IScorer
    {
        public string Id => inner.Id;

        public int Texts { get; private set; }

        /// <summary>Without those of the corpus, which come in another number than 8.</summary>
        public int SampleTexts { get; private set; }

        public void Score(ReadOnlySpan<string> texts, Span<double> scores)
        {
            Texts += texts.Length;
            if (texts.Length == 8) SampleTexts += 8;
            inner.Score(texts, scores);
        }
    }

    /// <summary>A run with tags, held-out text and two checkpoints.</summary>
    public sealed class Fixture : IDisposable
    {
        private readonly IBackend _backend = Backends.CreateCpu(1);
        private readonly RunPlan _plan;

        public Fixture()
        {
            RunDirectory run = RunDirectory.Open(Workspace.TrainedRun("run", ["--override", .. CliWorkspace.Conditional]));
            _plan = RunPlan.Create(run.Config());
            Subject = EvaluatedModel.OfRun(run, run.ModelCheckpoint(), _plan, _backend);
            Request = new EvaluationRequest { Scenarios = SamplingScenario.From(_plan), Seed = 1 };
        }

        public CliWorkspace Workspace { get; } = new();

        public EvaluatedModel Subject { get; }

        public EvaluationRequest Request { get; }

        public EvaluationResult Result(string model) => new()
        {
            Run = "run",
            Objective = "MLE",
            Checkpoint = "checkpoint",
            Model = model,
            Parameters = 1,
            TrainTokens = 1,
            Scorer = "words",
            Threshold = 0,
            Scenarios = [],
        };

        public void Dispose()
        {
            Subject.Dispose();
            _plan.Dispose();
            _backend.Dispose();
            Workspace.Dispose();
        }
    }
}
