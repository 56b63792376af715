using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Objectives;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>
/// Configurations that must come to the same: final parameters of two runs of the whole trainer. To the bit, where both compute the
/// same numbers in the same order; where weights are only nearly 1 the parameters are nearly the same, and the tolerance says how.
/// </summary>
public sealed class EquivalenceTests : IDisposable
{
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    /// <summary>At 1e12 every weight exp(-score / beta) rounds to 1.</summary>
    [Fact]
    public void RewardWeighted_HugeBeta_EqualsMaximumLikelihood() => AssertSame(_runs.Config, _runs.RewardWeighted(beta: 1e12));

    /// <summary>
    /// Weights lie between 1 - 1e-6 and 1. AdamW divides each gradient by its own size, so a difference of that share shows where
    /// gradients are near 0: 4.6e-6 was the most that was seen. At beta 0.3 the parameters differ by 0.055.
    /// </summary>
    [Fact]
    public void RewardWeighted_LargeBeta_IsNearMaximumLikelihood()
    {
        Assert.InRange(LargestDifference(_runs.Config, _runs.RewardWeighted(beta: 1e6)), 1e-12, 2e-5);
        Assert.True(LargestDifference(_runs.Config, _runs.RewardWeighted(beta: 0.3)) > 0.01);
    }

    [Fact]
    public void Filtering_AtTheHighestScore_EqualsMaximumLikelihood() =>
        AssertSame(_runs.Config, _runs.Config with { Dataset = _runs.Config.Dataset with { FilterThreshold = Threshold.Parse("p100") } });

    /// <summary>Where every segment is aligned, whatever alpha is.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void UnlikelihoodOfAlignedText_EqualsMaximumLikelihood(double alpha) => AssertSame(_runs.Config, _runs.Unlikelihood(threshold: 1, alpha));

    /// <summary>The other side is written down here: the same blocks, batches and steps without the trainer, under an objective of its own.</summary>
    [Fact]
    public void UnlikelihoodWithoutItsUnlikelihood_EqualsMaximumLikelihoodOfAlignedTokens()
    {
        RunConfig config = _runs.Unlikelihood(threshold: 0.4, alpha: 0);
        Dictionary<string, float[]> byHand = TrainByHand(config, new AlignedOnly(0.4f));
        AssertSame(byHand, _runs.FinalParameters(config));
        AssertSame(TrainByHand(_runs.Config, new MaximumLikelihood()), _runs.FinalParameters(_runs.Config));
        Assert.NotEqual(_runs.FinalParameters(_runs.Config)["transformer.wte.weight"], byHand["transformer.wte.weight"]);
    }

    /// <summary>Zero is a fixed value, not "none given".</summary>
    [Theory]
    [InlineData("none", 0.0)]
    [InlineData("frozen", -0.5)]
    public void AdvantageWeighted_FixedValueAndAlphaOne_EqualsRewardWeighted(string value, double fixedValue) => AssertSame(
        _runs.Config with { Objective = new() { Name = "RWR", Beta = 0.3, Value = value } },
        _runs.Config with { Objective = new() { Name = "AWR", Alpha = 1, Beta = 0.3, FixedValue = fixedValue } });

    /// <summary>The reference's RWR: with alpha 1 its value head gets no gradient and stays at -0.5.</summary>
    [Fact]
    public void AdvantageWeighted_AlphaOneFromTheReferencesStart_EqualsFrozenReward()
    {
        RunConfig advantage = _runs.Config with { Objective = new() { Name = "AWR", Alpha = 1, Beta = 0.3, ValueInit = "reference" } };
        Dictionary<string, float[]> withHead = _runs.FinalParameters(advantage);
        Assert.True(withHead.Remove(ParameterLayout.ValueHeadName, out float[]? head));
        Assert.All(head, value => Assert.Equal(0, value));
        AssertSame(_runs.FinalParameters(_runs.Config with { Objective = new() { Name = "RWR", Beta = 0.3, Value = "frozen" } }), withHead);
    }

    /// <summary>Conditional training of which no tag is left is maximum likelihood, with the tags' rows in the vocabulary.</summary>
    [Fact]
    public void Conditional_WithoutAnyTag_EqualsMaximumLikelihood()
    {
        ConditionalTrainingConfig tags = SmallRun.ThreeTags;
        RunConfig plain = _runs.Config with { Tokenizer = new() { SpecialTokens = tags.Prefixes } };
        AssertSame(plain, _runs.Tagged(tags with { DropTokenFraction = 1 }));
        AssertSame(plain, _runs.Tagged(tags with { Cooldown = 1 }));
        AssertSame(plain, _runs.Tagged(tags with { DropTokenFraction = 1, Cooldown = 0.5, TagUnit = "document" }));
        Assert.True(LargestDifference(plain, _runs.Tagged(tags)) > 0.01);
    }

    private void AssertSame(RunConfig one, RunConfig other) => AssertSame(_runs.FinalParameters(one), _runs.FinalParameters(other));

    private static void AssertSame(Dictionary<string, float[]> expected, Dictionary<string, float[]> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach ((string name, float[] values) in expected)
            Assert.True(values.AsSpan().SequenceEqual(actual[name]), $"{name} differs");
    }

    private double LargestDifference(RunConfig one, RunConfig other)
    {
        Dictionary<string, float[]> first = _runs.FinalParameters(one), second = _runs.FinalParameters(other);
        return first.Max(pair => pair.Value.Zip(second[pair.Key], (a, b) => Math.Abs((double)a - b)).Max());
    }

    private static Dictionary<string, float[]> TrainByHand(RunConfig config, IObjective objective)
    {
        using RunPlan plan = RunPlan.Create(config);
        using IBackend backend = Backends.CreateCpu(1);
        using var model = new Gpt2(plan.Model, backend);
        model.Initialize((ulong)config.Training.Seed);
        using var step = new TrainingStep(model, objective, config.Training, plan.BatchSize, plan.SequenceLength);
        BlockReader[] lanes = [.. Enumerable.Range(0, 4).Select(lane => new BlockReader(plan.Data, plan.Blocks with { Lanes = 4, Lane = lane }))];
        var batch = new TokenBatch(plan.BatchSize, plan.SequenceLength);
        for (int i = 0; i < 8; i++)
        {
            step.Begin();
            batch.Fill(lanes.AsSpan(0, 2));
            step.Accumulate(batch, batches: 2);
            batch.Fill(lanes.AsSpan(2, 2));
            step.Accumulate(batch, batches: 2);
            step.Update(i + 1, plan.Schedule.At(i), step.Norm());
        }
        return SmallRun.ByName(model);
    }

    /// <summary>Maximum likelihood of the tokens with a score up to a threshold.</summary>
    private sealed class AlignedOnly(float threshold) : IObjective
    {
        public string Name => "aligned tokens only";

        public bool IsLikelihoodOnly => true;

        public void Weigh(ReadOnlySpan<float> scores, ReadOnlySpan<TokenKind> kinds, ReadOnlySpan<float> values, Span<float> positive, Span<float> negative)
        {
            for (int i = 0; i < scores.Length; i++) positive[i] = scores[i] <= threshold ? 1 : 0;
        }
    }
}
