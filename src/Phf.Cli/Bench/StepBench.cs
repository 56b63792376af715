using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Cli.Bench;

/// <summary>Whole training steps: forward, classifier, backward, norm, AdamW; counted flops 6 (12 L C^2 + V C) + 6 L T C a token.</summary>
internal static class StepBench
{
    private static readonly (string Name, Gpt2Config Config, int Batch, int Time, int Steps)[] Models =
    [
        ("quickstart", new() { VocabularySize = 1024, Positions = 128, Layers = 2, Heads = 4, Channels = 128 }, 16, 128, 24),
        ("tiny", new() { VocabularySize = 2048, Positions = 128, Layers = 4, Heads = 4, Channels = 128 }, 16, 128, 24),
        ("small", new() { VocabularySize = 8192, Positions = 256, Layers = 6, Heads = 8, Channels = 256 }, 8, 256, 12),
        ("124M", new() { VocabularySize = 50257, Positions = 256, Layers = 12, Heads = 12, Channels = 768 }, 4, 256, 4),
        ("124M long", new() { VocabularySize = 50257, Positions = 1024, Layers = 12, Heads = 12, Channels = 768 }, 1, 1024, 3),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. Models.Select(model => model.Name)];

    /// <param name="backend">With a <see cref="TimedBackend"/> the times of the operations are left in it.</param>
    /// <param name="machine">Measured before.</param>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static BenchLine Run(IBackend backend, BenchMachine machine, string name)
    {
        var (_, config, batch, time, steps) = Models.Single(model => model.Name == name);
        using var model = new Gpt2(config, backend);
        model.Initialize(1);
        using var gradients = new ParameterSet(model.Parameters.Layout, config);
        using var first = new ParameterSet(model.Parameters.Layout, config);
        using var second = new ParameterSet(model.Parameters.Layout, config);
        using var state = new Activations(config, batch, time, forTraining: true);
        int n = batch * time, number = 0;
        int[] tokens = [.. Enumerable.Range(0, n).Select(i => i * 7919 % config.VocabularySize)];
        int[] positions = [.. Enumerable.Range(0, n).Select(i => i % time)];
        float[] weights = new float[n], logProbs = new float[n], complements = new float[n];
        Array.Fill(weights, 1f / n);
        Step(); // compiles the kernels
        (backend as TimedBackend)?.Reset();
        double seconds = Clock.Median(steps, Step), rate = config.TrainingFlopsPerToken(time) * n / seconds / 1e9;
        return new BenchLine("step", $"{name} (B {batch}, T {time})", seconds, rate, rate / machine.PeakGflops) { TokensPerSecond = n / seconds };

        void Step()
        {
            number++;
            backend.Clear(gradients.All);
            model.Forward(tokens, positions, state);
            model.Classify(state, tokens, new TokenWeights(weights, default), logProbs, complements, gradients);
            model.Backward(tokens, positions, state, gradients);
            float scale = (float)Math.Min(1, 1 / Math.Sqrt(backend.SquaredNorm(gradients.All)));
            var adam = new AdamWStep(number, 1e-4f, 0.9f, 0.999f, 1e-8f, 0.1f, scale);
            backend.AdamW(model.Parameters.All, gradients.All, first.All, second.All, adam);
        }
    }
}
