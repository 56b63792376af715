using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Numerics.Random;
using Phf.Tests.Numerics;

namespace Phf.Tests.Model;

/// <summary>V = -sigmoid(h . v + offset), its gradient, and the head's place among the parameters.</summary>
public sealed class ValueHeadTests
{
    private const int Batch = 2, Time = 6, Count = Batch * Time;
    private const float Offset = -1.25f;

    private static readonly Gpt2Config Config = TinyGpt2.Config with { ValueOffset = Offset };

    [Theory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void Values_EqualTheFormula(string name)
    {
        using var run = new Run(name);
        run.Loss();
        ReadOnlySpan<float> head = run.Model.Parameters[ParameterLayout.ValueHeadName].Span;
        for (int i = 0; i < Count; i++)
        {
            double product = Offset;
            for (int c = 0; c < head.Length; c++) product += (double)head[c] * run.State.Final.Row(i)[c];
            Assert.Equal(-1 / (1 + Math.Exp(-product)), run.Values[i], 1e-6);
        }
    }

    /// <summary>The squared distance of the values from some numbers, against fourth-order central differences of it.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void Gradients_EqualFiniteDifferences(string name)
    {
        using var run = new Run(name);
        run.Gradients(isDetached: false);
        const double h = 1e-2;
        var random = new Rng(11);
        foreach (ParameterShape shape in run.Model.Parameters.Layout.Shapes)
            for (int i = 0; i < 4; i++)
            {
                Tensor parameter = run.Model.Parameters[shape.Name];
                int place = (int)(random.NextUInt64() % (ulong)shape.Count);
                float start = parameter.Span[place];
                double Loss(double shift)
                {
                    parameter.Span[place] = (float)(start + shift);
                    return run.Loss();
                }
                double difference = (8 * (Loss(h) - Loss(-h)) - (Loss(2 * h) - Loss(-2 * h))) / (12 * h);
                parameter.Span[place] = start;
                float gradient = run.GradientOf(shape.Name).Span[place];
                Assert.True(Math.Abs(gradient - difference) <= 2e-4 * (1 + Math.Abs(difference)), $"{shape.Name}[{place}]: gradient {gradient}, difference {difference}");
            }
        Assert.Contains(run.GradientOf("transformer.h.0.attn.c_attn.weight").Span.ToArray(), value => Math.Abs(value) > 1e-3); // not all too small to see
    }

    [Theory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void Detached_OnlyTheHeadLearns(string name)
    {
        using Run attached = new(name), detached = new(name);
        attached.Gradients(isDetached: false);
        detached.Gradients(isDetached: true);
        foreach (ParameterShape shape in detached.Model.Parameters.Layout.Shapes)
            if (shape.Name == ParameterLayout.ValueHeadName)
                Assert.Equal(attached.GradientOf(shape.Name).Span.ToArray(), detached.GradientOf(shape.Name).Span.ToArray());
            else
                Assert.All(detached.GradientOf(shape.Name).Span.ToArray(), value => Assert.Equal(0, value));
    }

    /// <summary>The head starts at zero and leaves the other parameters' random numbers alone.</summary>
    [Fact]
    public void Initialize_WithAndWithoutHead_SameTransformer()
    {
        using IBackend backend = Backends.CreateReference();
        using Gpt2 with = new(Config, backend), without = new(TinyGpt2.Config, backend);
        with.Parameters[ParameterLayout.ValueHeadName].Span.Fill(1);
        with.Initialize(7);
        without.Initialize(7);
        Assert.All(with.Parameters[ParameterLayout.ValueHeadName].Span.ToArray(), value => Assert.Equal(0, value));
        foreach (ParameterShape shape in without.Parameters.Layout.Shapes)
            Assert.Equal(without.Parameters[shape.Name].Span.ToArray(), with.Parameters[shape.Name].Span.ToArray());
    }

    /// <summary>A checkpoint brings its head back; a run that starts from another model has a new one.</summary>
    [Fact]
    public void ReadBack_AndStartedFrom()
    {
        using var folder = new TemporaryFolder();
        using IBackend backend = Backends.CreateReference();
        using Gpt2 model = TinyGpt2.Create(backend, Config), same = new(Config, backend), started = new(Config, backend);
        Gpt2Weights.Write(folder.At("model.safetensors"), model.Parameters);
        Gpt2Weights.Read(folder.At("model.safetensors"), same);
        Gpt2Weights.ReadWithNewTokens(folder.At("model.safetensors"), started, seed: 1);
        Assert.Equal(TinyGpt2.Bytes(model.Parameters.All), TinyGpt2.Bytes(same.Parameters.All));
        Assert.Equal(model.Parameters.TokenTable.Span.ToArray(), started.Parameters.TokenTable.Span.ToArray());
        Assert.All(started.Parameters[ParameterLayout.ValueHeadName].Span.ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Read_WithoutTheHead_IsRefusedByName()
    {
        using var folder = new TemporaryFolder();
        using IBackend backend = Backends.CreateReference();
        using Gpt2 without = TinyGpt2.Create(backend), with = new(Config, backend);
        Gpt2Weights.Write(folder.At("model.safetensors"), without.Parameters);
        var problem = Assert.Throws<InvalidDataException>(() => Gpt2Weights.Read(folder.At("model.safetensors"), with));
        Assert.Contains($"'{ParameterLayout.ValueHeadName}' is missing", problem.Message);
    }

    /// <summary>The mean of (V - number)^2; the classifier's weights are 0, so that nothing else has a gradient.</summary>
    private sealed class Run : IDisposable
    {
        private readonly IBackend _backend;
        private readonly ParameterSet _gradients;
        private readonly int[] _tokens, _targets, _positions = TinyGpt2.Positions(Batch, Time);

        public Run(string backendName)
        {
            _backend = TestBackends.Create(backendName);
            Model = TinyGpt2.Create(_backend, Config);
            State = new Activations(Config, Batch, Time, forTraining: true);
            _gradients = new ParameterSet(Model.Parameters.Layout, Config);
            _tokens = TinyGpt2.Tokens(Count, Config.VocabularySize);
            _targets = TinyGpt2.Tokens(Count, Config.VocabularySize, seed: 4);
        }

        public Gpt2 Model { get; }

        public Activations State { get; }

        public float[] Values { get; } = new float[Count];

        public Tensor GradientOf(string name) => _gradients[name];

        public double Loss()
        {
            Model.Forward(_tokens, _positions, State);
            Model.Values(State, Values);
            return Enumerable.Range(0, Count).Sum(i => Math.Pow(Values[i] - Wanted(i), 2));
        }

        public void Gradients(bool isDetached)
        {
            Loss();
            float[] dValues = [.. Enumerable.Range(0, Count).Select(i => 2 * (Values[i] - Wanted(i)))];
            Model.Classify(State, _targets, new TokenWeights(new float[Count], default), new float[Count], new float[Count], _gradients);
            Model.ValuesBackward(State, Values, dValues, isDetached, _gradients);
            Model.Backward(_tokens, _positions, State, _gradients);
        }

        public void Dispose()
        {
            Model.Dispose();
            State.Dispose();
            _gradients.Dispose();
            _backend.Dispose();
        }

        private static float Wanted(int i) => i % 4 / -4f;
    }
}
