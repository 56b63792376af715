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

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void ThreeSteps_AnyNumberOfThreads_SameBits(string name)
    {
        byte[] one = Train(name, threads: 1);
        foreach (int threads in new[] { 2, 3, 5 }) Assert.True(one.AsSpan().SequenceEqual(Train(name, threads)), $"{threads} threads");
    }

    /// <summary>Parameters and both moments after three steps of a mixed objective, two batches each.</summary>
    private static byte[] Train(string name, int threads)
    {
        const int batch = 3, time = 45;
        using IBackend backend = TestBackends.Create(name, threads);
        using Gpt2 model = TinyGpt2.Create(backend, Shape);
        using var step = new TrainingStep(model, new SoftUnlikelihood(0.5f), new TrainingSection { WeightDecay = 0.1 }, batch, time);
        var tokens = new TokenBatch(batch, time);
        for (int i = 1; i <= 3; i++)
        {
            step.Begin();
            for (int micro = 0; micro < 2; micro++)
            {
                TinyGpt2.Tokens(batch * time, Shape.VocabularySize, seed: (ulong)(10 * i + micro)).CopyTo(tokens.Inputs.AsSpan());
                TinyGpt2.Tokens(batch * time, Shape.VocabularySize, seed: (ulong)(100 * i + micro)).CopyTo(tokens.Targets.AsSpan());
                for (int t = 0; t < batch * time; t++) (tokens.Scores[t], tokens.Kinds[t]) = (t % 5 / 4f, TokenKind.Text);
                step.Accumulate(tokens, batches: 2);
            }
            step.Update(i, rate: 1e-2, step.Norm());
        }
        return [.. TinyGpt2.Bytes(model.Parameters.All), .. TinyGpt2.Bytes(step.FirstMoments.All), .. TinyGpt2.Bytes(step.SecondMoments.All)];
    }
}
