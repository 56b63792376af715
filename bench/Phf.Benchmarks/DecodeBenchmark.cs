using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;

namespace Phf.Benchmarks;

/// <summary>
/// Generation end to end, temperature 0.7, top-p 0.9. Many sequences: the share of the rate of a 64-row product; one sequence: bytes of
/// weights a second against what the memory gives.
/// </summary>
internal static class DecodeBenchmark
{
    private const int Repeats = 3;
    private const double Sharpness = 10; // of the final norm: a random model's logits are flat, a trained one's are not

    private static readonly (string Name, Gpt2Config Config, int Sequences, int Length)[] Runs =
    [
        ("small", new() { VocabularySize = 8192, Positions = 256, Layers = 6, Heads = 8, Channels = 256 }, 64, 129),
        ("124M", new() { VocabularySize = 50257, Positions = 256, Layers = 12, Heads = 12, Channels = 768 }, 1, 65),
        ("124M", new() { VocabularySize = 50257, Positions = 256, Layers = 12, Heads = 12, Channels = 768 }, 16, 65),
    ];

    public static void Run(IBackend backend, SimdWidth width)
    {
        double peak = Peak.Measure(backend.Threads, width), bandwidth = Peak.Bandwidth(backend.Threads);
        Console.WriteLine($"{backend.Name}: multiply-add peak {peak:F0} GFLOP/s, memory {bandwidth:F1} GB/s (reading)");
        foreach (var (name, config, sequences, length) in Runs)
        {
            using var model = new Gpt2(config, backend);
            model.Initialize(1);
            foreach (ref float gain in model.Parameters["transformer.ln_f.weight"].Span) gain = (float)Sharpness;
            int[][] prompts = [.. Enumerable.Range(0, sequences).Select(_ => new[] { 0 })];
            var options = new SamplingOptions { MaxLength = length, MinLength = length, Temperature = 0.7, TopP = 0.9, BatchSize = sequences };
            new Sampler(model, 0).Generate(prompts, options with { MaxLength = 4, MinLength = 4 }, seed: 1);
            (backend as TimedBackend)?.Reset();
            double whole = Best(() => new Sampler(model, 0).Generate(prompts, options, seed: 1)), steps = Best(() => Steps(model, sequences, length));
            long tokens = (long)sequences * (length - 1);
            double weights = 12.0 * config.Layers * config.Channels * config.Channels + (double)config.VocabularySize * config.Channels;
            double rate = 2 * weights * tokens / whole / 1e9, bytes = 4 * weights * (length - 1) / whole / 1e9;
            Console.WriteLine($"{name,-6}{sequences,3} x {length - 1,-4}{tokens / whole,9:F0} tokens/s{rate,7:F0} GFLOP/s = {rate / peak,4:P0} of peak,"
                + $"{bytes,6:F1} GB/s of weights = {bytes / bandwidth,4:P0} of memory; choosing tokens {1 - steps / whole:P0} of the time");
            if (backend is TimedBackend timed) ProfileTable.Print(timed, 2 * Repeats * (length - 1), peak);
        }
    }

    private static void Steps(Gpt2 model, int sequences, int length)
    {
        using var state = new DecodeState(model, sequences, length);
        var tokens = new int[sequences];
        for (int step = 1; step < length; step++) state.Step(tokens);
    }

    private static double Best(Action action) => Enumerable.Range(0, Repeats).Min(_ =>
    {
        double start = Clock.Seconds;
        action();
        return Clock.Seconds - start;
    });
}
