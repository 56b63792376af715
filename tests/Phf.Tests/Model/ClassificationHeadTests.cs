using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Random;
using Phf.Tests.Numerics;

namespace Phf.Tests.Model;

public sealed class ClassificationHeadTests
{
    private const int Batch = 3, Time = 7;
    private static readonly Gpt2Config Config = TinyGpt2.Config with { ClassCount = 3 };
    private static readonly int[] LastRows = [3, 13, 14], Labels = [2, 0, 1]; // sequences of 4, 7 and 1 tokens
    private static readonly float[] Weights = [0.5f, 0.2f, 0.3f];

    /// <summary>Of the whole model, the head's included; fourth-order differences, as in GradientTests.</summary>
    [Fact]
    public void Gradients_EqualFiniteDifferences()
    {
        using IBackend backend = Backends.CreateReference();
        using Gpt2 model = TinyGpt2.Create(backend, Config);
        using var gradients = new ParameterSet(model.Parameters.Layout, model.Config);
        Loss(model, gradients);
        const double h = 1e-2;
        var random = new Rng(7);
        foreach (ParameterShape shape in model.Parameters.Layout.Shapes)
            for (int i = 0; i < 5; i++)
            {
                int place = (int)(random.NextUInt64() % (ulong)shape.Count);
                float start = model.Parameters[shape.Name].Span[place];
                double Shifted(double shift)
                {
                    model.Parameters[shape.Name].Span[place] = (float)(start + shift);
                    return Loss(model, null);
                }
                double difference = (8 * (Shifted(h) - Shifted(-h)) - (Shifted(2 * h) - Shifted(-2 * h))) / (12 * h);
                model.Parameters[shape.Name].Span[place] = start;
                Assert.True(Math.Abs(gradients[shape.Name].Span[place] - difference) <= 2e-4 * (1 + Math.Abs(difference)), $"{shape.Name}[{place}]: gradient {gradients[shape.Name].Span[place]}, difference {difference}");
            }
        Assert.NotEqual(0, gradients[ParameterLayout.ClassHeadName].Span[0]);
    }

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void EngineGradients_EqualTheReference(string name)
    {
        using IBackend reference = Backends.CreateReference(), backend = TestBackends.Create(name);
        using Gpt2 truthModel = TinyGpt2.Create(reference, Config), model = TinyGpt2.Create(backend, Config);
        using ParameterSet truth = new(model.Parameters.Layout, model.Config), found = new(model.Parameters.Layout, model.Config);
        Assert.Equal(Loss(truthModel, truth), Loss(model, found), 1e-5);
        foreach (ParameterShape shape in model.Parameters.Layout.Shapes) Compare.ToScale(truth[shape.Name], found[shape.Name], 5e-6, shape.Name);
    }

    /// <summary>What stands behind the last token changes nothing, and the logits are h W^T.</summary>
    [Fact]
    public void Logits_AreOfTheLastToken()
    {
        using IBackend backend = Backends.CreateReference();
        using Gpt2 model = TinyGpt2.Create(backend, Config);
        using var head = new ClassificationHead(model, Batch);
        using var state = new Activations(Config, Batch, Time, forTraining: false);
        int[] tokens = TinyGpt2.Tokens(Batch * Time, 13);
        model.Forward(tokens, TinyGpt2.Positions(Batch, Time), state);
        float[] logits = head.Logits(state, LastRows).Span.ToArray();
        for (int k = 0; k < 3; k++)
        {
            double sum = 0;
            for (int c = 0; c < 8; c++) sum += (double)state.Final.Row(3)[c] * model.Parameters[ParameterLayout.ClassHeadName].Row(k)[c];
            Assert.Equal(sum, logits[k], 1e-5);
        }
        for (int t = 4; t < Time; t++) tokens[t] = 0;
        model.Forward(tokens, TinyGpt2.Positions(Batch, Time), state);
        Assert.Equal(logits, head.Logits(state, LastRows).Span.ToArray());
    }

    private static double Loss(Gpt2 model, ParameterSet? gradients)
    {
        using var head = new ClassificationHead(model, Batch);
        using var state = new Activations(model.Config, Batch, Time, forTraining: true);
        int[] tokens = TinyGpt2.Tokens(Batch * Time, 13), positions = TinyGpt2.Positions(Batch, Time);
        var logProbs = new float[Batch];
        model.Forward(tokens, positions, state);
        head.Classify(state, LastRows, Labels, Weights, logProbs, gradients);
        if (gradients is not null) model.Backward(tokens, positions, state, gradients);
        return Enumerable.Range(0, Batch).Sum(i => -(double)Weights[i] * logProbs[i]);
    }
}
