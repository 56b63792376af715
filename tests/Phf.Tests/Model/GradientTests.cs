using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Numerics.Random;
using Phf.Tests.Numerics;

namespace Phf.Tests.Model;

/// <summary>The reference's gradients against differences of its loss, and the engine's against the reference's.</summary>
public sealed class GradientTests
{
    private const int Batch = 2, Time = 6, Count = Batch * Time;
    private const int EntriesPerParameter = 6;

    private static readonly string[] VariantNames = ["gelu_new", "relu", "no scale", "scale by layer"];

    public static TheoryData<string> Variants => [.. VariantNames];

    /// <summary>
    /// Fourth-order central differences. Everything is single precision, so a loss of 3 is known to about 3e-7, and a difference over
    /// 12 h to 3e-5.
    /// </summary>
    [Theory]
    [MemberData(nameof(Variants))]
    public void ReferenceGradients_EqualFiniteDifferences(string variant)
    {
        using IBackend backend = Backends.CreateReference();
        using Gpt2 model = TinyGpt2.Create(backend, Config(variant));
        using var run = new Run(model);
        run.Gradients();
        double h = variant == "relu" ? 1e-3 : 1e-2, tolerance = variant == "relu" ? 1e-2 : 2e-4; // relu has kinks, some of them within 2 h
        var random = new Rng(11);
        foreach (ParameterShape shape in model.Parameters.Layout.Shapes)
            for (int i = 0; i < EntriesPerParameter; i++)
            {
                int place = (int)(random.NextUInt64() % (ulong)shape.Count);
                float start = model.Parameters[shape.Name].Span[place];
                double Loss(double shift)
                {
                    model.Parameters[shape.Name].Span[place] = (float)(start + shift);
                    return run.Loss();
                }
                double difference = (8 * (Loss(h) - Loss(-h)) - (Loss(2 * h) - Loss(-2 * h))) / (12 * h);
                model.Parameters[shape.Name].Span[place] = start;
                float gradient = run.GradientOf(shape.Name).Span[place];
                Assert.True(Math.Abs(gradient - difference) <= tolerance * (1 + Math.Abs(difference)), $"{shape.Name}[{place}]: gradient {gradient}, difference {difference}");
            }
    }

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void EngineGradients_EqualTheReference(string name)
    {
        foreach (string variant in VariantNames)
        {
            using IBackend reference = Backends.CreateReference(), backend = TestBackends.Create(name);
            using Gpt2 truthModel = TinyGpt2.Create(reference, Config(variant)), model = TinyGpt2.Create(backend, Config(variant));
            using Run truth = new(truthModel), run = new(model);
            truth.Gradients();
            run.Gradients();
            foreach (ParameterShape shape in model.Parameters.Layout.Shapes)
                Compare.ToScale(truth.GradientOf(shape.Name), run.GradientOf(shape.Name), 5e-6, $"{variant}: {shape.Name}");
        }
    }

    private static Gpt2Config Config(string variant) => variant switch
    {
        "relu" => TinyGpt2.Config with { ActivationName = "relu" },
        "no scale" => TinyGpt2.Config with { ScaleAttention = false },
        "scale by layer" => TinyGpt2.Config with { ScaleAttentionByInverseLayer = true },
        _ => TinyGpt2.Config,
    };

    /// <summary>A batch whose targets pay both for being unlikely and for being likely.</summary>
    private sealed class Run(Gpt2 model) : IDisposable
    {
        private readonly Activations _state = new(model.Config, Batch, Time, forTraining: true);
        private readonly ParameterSet _gradients = new(model.Parameters.Layout, model.Config);
        private readonly int[] _tokens = TinyGpt2.Tokens(Count, model.Config.VocabularySize);
        private readonly int[] _targets = TinyGpt2.Tokens(Count, model.Config.VocabularySize, seed: 4);
        private readonly int[] _positions = TinyGpt2.Positions(Batch, Time);
        private readonly float[] _positive = [.. Enumerable.Range(0, Count).Select(i => i % 3 == 0 ? 0 : 0.25f)];
        private readonly float[] _negative = [.. Enumerable.Range(0, Count).Select(i => i % 3 == 0 ? 0.5f : 0)];
        private readonly float[] _logProbs = new float[Count], _logComplements = new float[Count];

        public Tensor GradientOf(string name) => _gradients[name];

        public double Loss()
        {
            Forward(null);
            return Enumerable.Range(0, Count).Sum(i => -(double)_positive[i] * _logProbs[i] - (double)_negative[i] * _logComplements[i]);
        }

        public void Gradients()
        {
            Forward(_gradients);
            model.Backward(_tokens, _positions, _state, _gradients);
        }

        public void Dispose()
        {
            _state.Dispose();
            _gradients.Dispose();
        }

        private void Forward(ParameterSet? gradients)
        {
            model.Forward(_tokens, _positions, _state);
            model.Classify(_state, _targets, new TokenWeights(_positive, _negative), _logProbs, _logComplements, gradients);
        }
    }
}
