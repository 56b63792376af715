using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Cli.Bench;

/// <summary>
/// Generation end to end, temperature 0.7, top-p 0.9. With many sequences the measure is the rate of products, with one the bytes of
/// weights that the memory gives.
/// </summary>
internal static class DecodeBench
{
    private const int Repeats = 5;
    private const double Sharpness = 10; // of the final norm: a random model's logits are flat, a trained one's are not

    private static readonly Gpt2Config Small = new() { VocabularySize = 8192, Positions = 256, Layers = 6, Heads = 8, Channels = 256 };
    private static readonly Gpt2Config Gpt2Small = new() { VocabularySize = 50257, Positions = 256, Layers = 12, Heads = 12, Channels = 768 };
    private static readonly (string Name, Gpt2Config Config, int Sequences, int Tokens)[] Runs =
        [("small", Small, 64, 128), ("124M", Gpt2Small, 1, 128), ("124M", Gpt2Small, 16, 64)];

    public static IEnumerable<BenchLine> Run(IBackend backend, BenchMachine machine)
    {
        foreach (var (name, config, sequences, tokens) in Runs)
        {
            using var model = new Gpt2(config, backend);
            model.Initialize(1);
            foreach (ref float gain in model.Parameters["transformer.ln_f.weight"].Span) gain = (float)Sharpness;
            int[][] prompts = [.. Enumerable.Range(0, sequences).Select(_ => new[] { 0 })];
            var options = new SamplingOptions { MaxLength = tokens + 1, MinLength = tokens + 1, Temperature = 0.7, TopP = 0.9, BatchSize = sequences };
            var sampler = new Sampler(model, 0);
            sampler.Generate(prompts, options with { MaxLength = 4, MinLength = 4 }, seed: 1); // compiles the kernels
            (backend as TimedBackend)?.Reset();
            // On a shared machine the memory's rate changes by the second: it is measured between the runs, and the middle ratio counts.
            var seconds = new double[Repeats];
            var memory = new double[Repeats + 1];
            memory[0] = Peak.Bandwidth(backend.Threads);
            for (int r = 0; r < Repeats; r++)
            {
                seconds[r] = Clock.Best(1, () => sampler.Generate(prompts, options, seed: 1));
                memory[r + 1] = Peak.Bandwidth(backend.Threads);
            }
            double weights = 12.0 * config.Layers * config.Channels * config.Channels + (double)config.VocabularySize * config.Channels;
            double best = seconds.Min(), written = (double)sequences * tokens, rate = 2 * weights * written / best / 1e9, gigabytes = sizeof(float) * weights * tokens / 1e9;
            yield return new BenchLine("decode", $"{name}, {sequences} x {tokens} tokens", best, rate, rate / machine.PeakGflops)
            {
                TokensPerSecond = written / best,
                WeightGigabytesPerSecond = gigabytes / best,
                OfMemory = Enumerable.Range(0, Repeats).Select(r => gigabytes / seconds[r] / ((memory[r] + memory[r + 1]) / 2)).Order().ElementAt(Repeats / 2),
            };
        }
    }
}
