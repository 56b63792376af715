using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Tests.Numerics;

namespace Phf.Tests.Model;

public sealed class BatchIndependenceTests
{
    /// <summary>A sequence computed alone and among others: the same bits, forward and back to the hidden states.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void SequenceAlone_EqualsTheRowOfABatch(string name)
    {
        const int batch = 3, time = 7;
        using IBackend backend = TestBackends.Create(name);
        using Gpt2 model = TinyGpt2.Create(backend);
        int[] tokens = TinyGpt2.Tokens(batch * time, 13), targets = TinyGpt2.Tokens(batch * time, 13, seed: 8);
        Result together = Compute(model, tokens, targets, time);
        for (int b = 0; b < batch; b++)
        {
            Range rows = (b * time)..((b + 1) * time), channels = (b * time * 8)..((b + 1) * time * 8);
            Result alone = Compute(model, tokens[rows], targets[rows], time);
            Assert.Equal(together.Final[channels], alone.Final);
            Assert.Equal(together.DFinal[channels], alone.DFinal);
            Assert.Equal(together.LogProbs[rows], alone.LogProbs);
        }
    }

    private static Result Compute(Gpt2 model, int[] tokens, int[] targets, int time)
    {
        int batch = tokens.Length / time;
        using var state = new Activations(model.Config, batch, time, forTraining: true);
        using var gradients = new ParameterSet(model.Parameters.Layout, model.Config);
        float[] weights = new float[tokens.Length], logProbs = new float[tokens.Length], logComplements = new float[tokens.Length];
        Array.Fill(weights, 0.3f);
        model.Forward(tokens, TinyGpt2.Positions(batch, time), state);
        model.Classify(state, targets, new TokenWeights(weights, default), logProbs, logComplements, gradients);
        return new Result(state.Final.Span.ToArray(), state.DFinal.Span.ToArray(), logProbs);
    }

    private sealed record Result(float[] Final, float[] DFinal, float[] LogProbs);
}
