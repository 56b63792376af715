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
    private const int Repeats = 3;
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
            double seconds = Clock.Best(Repeats, () => sampler.Generate(prompts, options, seed: 1)), written = (double)sequences * tokens;
            double weights = 12.0 * config.Layers * config.Channels * config.Channels + (double)config.VocabularySize * config.Channels;
            double rate = 2 * weights * written / seconds / 1e9, bytes = sizeof(float) * weights * tokens / seconds / 1e9;
            yield return new BenchLine("decode", $"{name}, {sequences} x {tokens} tokens", seconds, rate, rate / machine.PeakGflops)
            {
                TokensPerSecond = written / seconds,
                WeightGigabytesPerSecond = bytes,
                OfMemory = bytes / machine.MemoryGigabytesPerSecond,
            };
        }
    }
}
