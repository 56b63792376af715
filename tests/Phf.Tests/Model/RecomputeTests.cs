using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Tests.Model;

/// <summary>What is computed again in the backward pass decides memory, and no bit of a gradient.</summary>
public sealed class RecomputeTests
{
    private const int Batch = 2, Time = 12;
    private static readonly Gpt2Config Config = new() { VocabularySize = 50, Positions = 16, Layers = 3, Heads = 2, Channels = 12 };

    [Theory]
    [InlineData(Recompute.Mlp)]
    [InlineData(Recompute.Layer)]
    public void Gradients_AreTheSameBits_WithLessMemory(Recompute recompute)
    {
        Assert.Equal(Gradients(Recompute.None), Gradients(recompute));
        Assert.True(Activations.Bytes(Config, Batch, Time, forTraining: true, recompute) < Activations.Bytes(Config, Batch, Time, forTraining: true));
    }

    [Fact]
    public void ForwardAlone_NeedsOneLayersBuffers()
    {
        long deep = Activations.Bytes(Config with { Layers = 9 }, Batch, Time, forTraining: false), flat = Activations.Bytes(Config, Batch, Time, forTraining: false);
        Assert.Equal(6 * Batch * Time * Config.Channels * sizeof(float), deep - flat); // a result for each layer more
    }

    private static float[] Gradients(Recompute recompute)
    {
        using IBackend backend = Backends.CreateCpu(threads: 2);
        using var model = new Gpt2(Config, backend);
        model.Initialize(3);
        using var gradients = new ParameterSet(model.Parameters.Layout, Config);
        using var state = new Activations(Config, Batch, Time, forTraining: true, recompute);
        int[] tokens = [.. Enumerable.Range(0, Batch * Time).Select(i => i * 31 % Config.VocabularySize)];
        int[] positions = [.. Enumerable.Range(0, Batch * Time).Select(i => i % Time)];
        float[] weights = [.. tokens.Select(token => 0.1f + token / 50f)];
        float[] logProbs = new float[tokens.Length], complements = new float[tokens.Length];
        model.Forward(tokens, positions, state);
        model.Classify(state, [.. tokens.Reverse()], new TokenWeights(weights, default), logProbs, complements, gradients);
        model.Backward(tokens, positions, state, gradients);
        return gradients.All.Span.ToArray();
    }
}
