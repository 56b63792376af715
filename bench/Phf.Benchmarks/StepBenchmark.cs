using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Benchmarks;

/// <summary>Whole training steps: forward, classifier, backward, norm, AdamW; counted flops 6 (12 L C^2 + V C) + 6 L T C a token.</summary>
internal static class StepBenchmark
{
    private static readonly (string Name, Gpt2Config Config, int Batch, int Time)[] Models =
    [
        ("quickstart", new() { VocabularySize = 1024, Positions = 128, Layers = 2, Heads = 4, Channels = 128 }, 16, 128),
        ("tiny", new() { VocabularySize = 2048, Positions = 128, Layers = 4, Heads = 4, Channels = 128 }, 16, 128),
        ("small", new() { VocabularySize = 8192, Positions = 256, Layers = 6, Heads = 8, Channels = 256 }, 8, 256),
        ("124M", new() { VocabularySize = 50257, Positions = 256, Layers = 12, Heads = 12, Channels = 768 }, 4, 256),
    ];

    public static void Run(IBackend backend, SimdWidth width, string? only)
    {
        foreach (var (name, config, batch, time) in Models.Where(model => only is null || model.Name == only))
        {
            using var model = new Gpt2(config, backend);
            model.Initialize(1);
            using var gradients = new ParameterSet(model.Parameters.Layout, config);
            using var first = new ParameterSet(model.Parameters.Layout, config);
            using var second = new ParameterSet(model.Parameters.Layout, config);
            using var state = new Activations(config, batch, time, forTraining: true);
            int n = batch * time;
            int[] tokens = [.. Enumerable.Range(0, n).Select(i => i * 7919 % config.VocabularySize)];
            int[] positions = [.. Enumerable.Range(0, n).Select(i => i % time)];
            var weights = new float[n];
            Array.Fill(weights, 1f / n);
            var logProbs = new float[n];
            var complements = new float[n];
            var times = new List<double>();
            int steps = name == "124M" ? 4 : 24;
            for (int step = 1; step <= steps; step++)
            {
                if (step == 2) (backend as TimedBackend)?.Reset(); // the first step compiles the kernels
                double start = Clock.Seconds;
                backend.Clear(gradients.All);
                model.Forward(tokens, positions, state);
                model.Classify(state, tokens, new TokenWeights(weights, default), logProbs, complements, gradients);
                model.Backward(tokens, positions, state, gradients);
                float scale = (float)Math.Min(1, 1 / Math.Sqrt(backend.SquaredNorm(gradients.All)));
                var adam = new AdamWStep(step, 1e-4f, 0.9f, 0.999f, 1e-8f, 0.1f, scale);
                backend.AdamW(model.Parameters.All, gradients.All, first.All, second.All, adam);
                times.Add(Clock.Seconds - start);
            }
            if (backend is TimedBackend timed) ProfileTable.Print(timed, steps - 1, Peak.Measure(backend.Threads, width));
            times.RemoveRange(0, steps / 4);
            times.Sort();
            double seconds = times[times.Count / 2], peak = Peak.Measure(backend.Threads, width);
            double rate = config.TrainingFlopsPerToken(time) * n / seconds / 1e9;
            Console.WriteLine($"{name,-12}{seconds * 1e3,9:F1} ms/step{n / seconds,10:F0} tokens/s{rate,8:F0} GFLOP/s = {rate / peak:P0} of {peak:F0}");
        }
    }
}
