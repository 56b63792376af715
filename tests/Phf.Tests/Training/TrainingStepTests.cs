using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Objectives;
using Phf.Tests.Model;
using Phf.Tests.Numerics;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

public sealed class TrainingStepTests
{
    /// <summary>Large enough for several tiles in every operation.</summary>
    private static readonly Gpt2Config Shape = new() { VocabularySize = 307, Positions = 47, Channels = 36, Layers = 2, Heads = 3 };

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (string backend in TestBackends.CpuNames)
            foreach (string objective in new[] { "unlikelihood", "AWR" }) cases.Add(backend, objective);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ThreeSteps_AnyNumberOfThreads_SameBits(string name, string objective)
    {
        byte[] one = Train(name, threads: 1, Objective(objective));
        foreach (int threads in new[] { 2, 3, 5 }) Assert.True(one.AsSpan().SequenceEqual(Train(name, threads, Objective(objective))), $"{threads} threads");
    }

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void HundredSteps_AnyNumberOfThreads_SameBits(string name)
    {
        byte[] one = Train(name, threads: 1, Objective("unlikelihood"), steps: 100);
        foreach (int threads in new[] { 2, 3, 5 })
            Assert.True(one.AsSpan().SequenceEqual(Train(name, threads, Objective("unlikelihood"), steps: 100)), $"{threads} threads");
    }

    /// <summary>Every third token is a tag. The same as an objective that leaves them out itself.</summary>
    [Fact]
    public void MaskedTags_AreNotLearned()
    {
        byte[] masked = Train("cpu128", threads: 1, Objective("unlikelihood"), masksTags: true);
        Assert.Equal(Train("cpu128", threads: 1, new WithoutTags(Objective("unlikelihood"))), masked);
        Assert.NotEqual(Train("cpu128", threads: 1, Objective("unlikelihood")), masked);
    }

    private static IObjective Objective(string name) => name == "AWR"
        ? new WeightedRegression("AWR", new WeightedRegressionOptions { Beta = 0.5, Alpha = 0.5, UsesValues = true, NormalizeAdvantage = true })
        : new SoftUnlikelihood(0.5f);

    /// <summary>Parameters, both moments and losses after steps of two batches each.</summary>
    private static byte[] Train(string name, int threads, IObjective objective, bool masksTags = false, int steps = 3)
    {
        const int batch = 3, time = 45;
        using IBackend backend = TestBackends.Create(name, threads);
        using Gpt2 model = TinyGpt2.Create(backend, objective is WeightedRegression ? Shape with { ValueOffset = 0.3f } : Shape);
        using var step = new TrainingStep(model, objective, new TrainingSection { WeightDecay = 0.1 }, batch, time, masksTags);
        var losses = new List<double>();
        var tokens = new TokenBatch(batch, time);
        for (int i = 1; i <= steps; i++)
        {
            step.Begin();
            double loss = 0;
            for (int micro = 0; micro < 2; micro++)
            {
                TinyGpt2.Tokens(batch * time, Shape.VocabularySize, seed: (ulong)(10 * i + micro)).CopyTo(tokens.Inputs.AsSpan());
                TinyGpt2.Tokens(batch * time, Shape.VocabularySize, seed: (ulong)(100 * i + micro)).CopyTo(tokens.Targets.AsSpan());
                for (int t = 0; t < batch * time; t++) (tokens.Scores[t], tokens.Kinds[t]) = (t % 5 / 4f, t % 3 == 0 ? TokenKind.ControlTag : TokenKind.Text);
                loss += step.Accumulate(tokens, batches: 2);
            }
            step.Update(i, rate: 1e-2, step.Norm());
            losses.Add(loss);
        }
        return [.. TinyGpt2.Bytes(model.Parameters.All), .. TinyGpt2.Bytes(step.FirstMoments.All), .. TinyGpt2.Bytes(step.SecondMoments.All), .. losses.SelectMany(BitConverter.GetBytes)];
    }

    /// <summary>An objective for which tags have no weight.</summary>
    private sealed class WithoutTags(IObjective inner) : IObjective
    {
        public string Name => inner.Name;

        public bool IsLikelihoodOnly => inner.IsLikelihoodOnly;

        public void Weigh(ReadOnlySpan<float> scores, ReadOnlySpan<TokenKind> kinds, ReadOnlySpan<float> values, Span<float> positive, Span<float> negative)
        {
            inner.Weigh(scores, kinds, values, positive, negative);
            for (int i = 0; i < kinds.Length; i++) if (kinds[i] == TokenKind.ControlTag) positive[i] = negative[i] = 0;
        }
    }
}
