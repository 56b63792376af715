using Phf.Encoders;
using Phf.Numerics.Backend;

namespace Phf.Cli.Bench;

/// <summary>Classifying texts with an encoder of random weights; counted flops are those of <see cref="EncoderConfig.FlopsPerToken"/>.</summary>
internal static class EncodeBench
{
    private const int Repeats = 3;

    private static readonly EncoderConfig BertBase = new()
    {
        Kind = EncoderKind.Bert,
        Task = EncoderTask.Sequence,
        VocabularySize = 30522,
        Labels = ["a", "b", "c", "d", "e", "f"],
        IsMultiLabel = true,
    };

    private static readonly (string Name, int Sequences, int Tokens)[] Runs = [("BERT-base", 16, 128), ("BERT-base", 64, 24), ("BERT-base", 4, 512), ("BERT-base", 1, 128)];

    public static IEnumerable<BenchLine> Run(IBackend backend, BenchMachine machine)
    {
        using var encoder = new Encoder(BertBase, backend);
        uint bits = 1;
        foreach (ref float value in encoder.Parameters.All.Span)
        {
            bits = bits * 1664525 + 1013904223;
            value = (int)bits * (0.04f / int.MaxValue); // uniform, of about the deviation that BERT starts from
        }
        foreach (var (name, sequences, tokens) in Runs)
        {
            EncoderInput[] inputs = [.. Enumerable.Range(0, sequences).Select(i => new EncoderInput([.. Enumerable.Range(0, tokens).Select(t => (i + t) * 7919 % BertBase.VocabularySize)]))];
            encoder.Logits(inputs); // compiles the kernels
            (backend as TimedBackend)?.Reset();
            double seconds = Clock.Median(Repeats, () => encoder.Logits(inputs)), read = (double)sequences * tokens;
            double rate = BertBase.FlopsPerToken(tokens) * read / seconds / 1e9;
            yield return new BenchLine("encode", $"{name}, {sequences} x {tokens} tokens", seconds, rate, rate / machine.PeakGflops) { TokensPerSecond = read / seconds };
        }
    }
}
