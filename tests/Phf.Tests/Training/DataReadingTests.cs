using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Objectives;
using Phf.Scoring;
using Phf.Tests.Data;
using Phf.Tests.Model;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>What the keys of <c>dataset</c> for spans, upsampling and order do to a run.</summary>
public sealed class DataReadingTests : IDisposable
{
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    private RunConfig With(Func<DatasetSection, DatasetSection> change, RunConfig? config = null)
    {
        config ??= _runs.Config;
        return config with { Dataset = change(config.Dataset) };
    }

    private byte[] FinalWeights(RunConfig config)
    {
        RunDirectory run = _runs.Start(Guid.NewGuid().ToString("N"), config);
        SmallRun.Train(config, run);
        return File.ReadAllBytes(Path.Combine(run.LatestCheckpoint(), Gpt2Weights.FileName));
    }

    public static TheoryData<string> Objectives => ["unlikelihood", "RWR", "AWR"];

    private RunConfig Of(string objective) => objective switch
    {
        "unlikelihood" => _runs.Unlikelihood(0.4, 0.5),
        "RWR" => _runs.RewardWeighted(0.3),
        _ => _runs.AdvantageWeighted,
    };

    /// <summary>A span over a whole segment, with the segment's score, says what the segment's score says.</summary>
    [Theory]
    [MemberData(nameof(Objectives))]
    public void Score_SpansOfWholeSegments_AreAsWithout(string objective)
    {
        string data = _runs.PackSpans("whole", (text, score) => [new ScoredSpan(0, text.Length, score)]);
        RunConfig config = With(dataset => dataset with { Data = data }, Of(objective));
        Assert.Equal(FinalWeights(config), FinalWeights(With(dataset => dataset with { SpanScores = "score" }, config)));
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Score_SpansOfAPart_AreSomethingElse(string objective)
    {
        string data = _runs.PackSpans("part", (text, score) => score == 0 ? [] : [new ScoredSpan(0, 8, score)]);
        RunConfig config = With(dataset => dataset with { Data = data }, Of(objective));
        Assert.NotEqual(FinalWeights(config), FinalWeights(With(dataset => dataset with { SpanScores = "score" }, config)));
    }

    /// <summary>What is masked costs nothing, as in unlikelihood training whose unlikely part weighs nothing.</summary>
    [Fact]
    public void Mask_EqualsUnlikelihoodWithoutItsPart()
    {
        string data = _runs.PackSpans("whole", (text, score) => [new ScoredSpan(0, text.Length, score)]);
        RunConfig unlikelihood = With(dataset => dataset with { Data = data }, _runs.Unlikelihood(0.4, alpha: 0));
        RunConfig masked = With(dataset => dataset with { SpanScores = "mask" }, _runs.Unlikelihood(0.4, alpha: 1) with { Dataset = unlikelihood.Dataset });
        Assert.Equal(FinalWeights(unlikelihood), FinalWeights(masked));
    }

    /// <summary>Filtering and conditional training have no weights: what is masked for them is what lies above 0, or above the tags' threshold.</summary>
    [Fact]
    public void Mask_ThresholdIsTheTags_ElseTheObjectives_ElseZero()
    {
        string data = _runs.PackSpans("whole", (text, score) => [new ScoredSpan(0, text.Length, score)]);
        Func<DatasetSection, DatasetSection> mask = dataset => dataset with { Data = data, SpanScores = "mask" };
        foreach (var (config, expected) in new[] { (_runs.Conditional, 0.4f), (_runs.Unlikelihood(0.7, 1), 0.7f), (_runs.Config, 0f) })
        {
            using RunPlan plan = RunPlan.Create(With(mask, config));
            Assert.Equal((SpanUse.Mask, expected), (plan.Blocks.Spans, plan.Blocks.SpanThreshold));
        }
    }

    [Fact]
    public void Step_MaskedTargets_GiveNoGradient_NorAValue()
    {
        const int batch = 2, time = 12;
        using IBackend backend = Backends.CreateCpu(1);
        using Gpt2 model = TinyGpt2.Create(backend, new Gpt2Config { VocabularySize = 50, Positions = time, Channels = 12, Layers = 1, Heads = 2, ValueOffset = 0 });
        var objective = new WeightedRegression("AWR", new WeightedRegressionOptions { Beta = 1, Alpha = 0.5, UsesValues = true });
        using var step = new TrainingStep(model, objective, new TrainingSection(), batch, time);
        var tokens = new TokenBatch(batch, time);
        TinyGpt2.Tokens(batch * time, 50, seed: 1).CopyTo(tokens.Inputs.AsSpan());
        TinyGpt2.Tokens(batch * time, 50, seed: 2).CopyTo(tokens.Targets.AsSpan());
        Array.Fill(tokens.Scores, 0.5f);
        Array.Fill(tokens.Kinds, TokenKind.Masked);
        step.Begin();
        Assert.Equal(0, step.Accumulate(tokens, batches: 1));
        Assert.All(step.Gradients.All.Span.ToArray(), gradient => Assert.Equal(0, gradient));
        tokens.Kinds[5] = TokenKind.Text;
        step.Begin();
        Assert.True(step.Accumulate(tokens, batches: 1) > 0);
        Assert.Contains(step.Gradients.All.Span.ToArray(), gradient => gradient != 0);
    }

    [Theory]
    [InlineData("score")]
    [InlineData("mask")]
    public void SpanScores_OfDataWithoutThem_AreRefused(string use)
    {
        string message = Assert.Throws<InvalidDataException>(() => RunPlan.Create(With(dataset => dataset with { SpanScores = use }))).Message;
        Assert.Contains("has no scores of spans; score again with phf score --spans and pack again, or leave dataset.span_scores out", message);
    }

    [Fact]
    public void Upsample_WeightsOfOne_AreAsWithout_AndOthersNot()
    {
        byte[] plain = FinalWeights(_runs.Config);
        Assert.Equal(plain, FinalWeights(With(dataset => dataset with { Upsample = new() { Thresholds = [Threshold.Parse("p50")], Weights = [1, 1] } })));
        Assert.NotEqual(plain, FinalWeights(With(dataset => dataset with { Upsample = new() { Thresholds = [Threshold.Parse("p50")], Weights = [2, 0.5] } })));
    }

    [Fact]
    public void Upsample_WeightsOfZero_AreFiltering()
    {
        RunConfig filtered = With(dataset => dataset with { FilterThreshold = Threshold.Parse("p60") });
        Assert.Equal(FinalWeights(filtered), FinalWeights(With(dataset => dataset with { Upsample = new() { Thresholds = [Threshold.Parse("p60")], Weights = [1, 0] } })));
    }

    [Fact]
    public void Upsample_PercentilesAreOfDocuments_AndRecorded()
    {
        UpsampleConfig upsample = new() { Thresholds = [Threshold.Parse("p30"), Threshold.Parse("p80")], Weights = [3, 1, 0] };
        using RunPlan plan = RunPlan.Create(With(dataset => dataset with { Upsample = upsample }, _runs.Config with { Generation = new() }));
        double[] expected = [plan.Data.DocumentScorePercentile(30), plan.Data.DocumentScorePercentile(80)];
        Assert.Equal(expected, plan.Blocks.Upsample!.Thresholds);
        Assert.Equal(expected, plan.Config.Dataset.Upsample!.Thresholds.Select(threshold => threshold.Recorded!.Value));
        File.WriteAllText(_runs.At("config.yml"), plan.Config.ToYaml());
        UpsampleConfig read = ConfigLoader.Load([_runs.At("config.yml")], overrides: []).Config.Dataset.Upsample!;
        Assert.Equal(plan.Config.Dataset.Upsample.Thresholds, read.Thresholds);
        Assert.Equal([3, 1, 0], read.Weights);
    }

    /// <summary>The reference's published documents, which name neither scorer nor segmenter, from the file to the last step.</summary>
    [Fact]
    public void PublishedFormat_Trains()
    {
        File.WriteAllLines(_runs.At("published.jsonl"), Enumerable.Range(0, 40).Select(i =>
            $$$"""{"texts": ["the cat {{{i}}} sat. ", "on the mat and the dog sat too."], "meta": {"pile_set_name": "made up"}, "scores": [{{{i % 4}}}e-3, 0], "avg_score": {{{i % 4}}}e-3, "num_sents": 5}"""));
        Packer.Pack([_runs.At("published.jsonl")], SmallDataset.Tokenizer, _runs.At("published"), new PackOptions { HeldOutFraction = 0.2 });
        RunConfig config = With(dataset => dataset with { Data = _runs.At("published"), FilterThreshold = Threshold.Parse("p75") }, _runs.Unlikelihood(0, 0.5));
        Assert.NotEmpty(FinalWeights(config));
    }

    /// <summary>A sequence of N tokens predicts N - 1, and a step reads as many as in the reference.</summary>
    [Fact]
    public void ReferenceOrder_PredictsAllButTheFirstToken()
    {
        RunConfig config = With(dataset => dataset with { Order = "reference" });
        config = config with { Training = config.Training with { MaxSteps = null, NumTokens = 16 * 4 * 5 } };
        using RunPlan plan = RunPlan.Create(config);
        Assert.Equal((15, 64, 5), (plan.SequenceLength, plan.TokensPerStep, plan.TotalSteps));
        Assert.Equal((15, 20_000, 16 * 3.6 * 1024), (plan.Blocks.BlockLength, plan.Blocks.Reference!.ShuffleBuffer, plan.Blocks.Reference.BufferCharacters));
        Assert.NotEmpty(FinalWeights(config));
    }
}
