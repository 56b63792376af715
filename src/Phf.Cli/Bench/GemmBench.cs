using Phf.Numerics.Backend;
using Phf.Numerics.Memory;

namespace Phf.Cli.Bench;

/// <summary>
/// The matrix products of the training steps of GPT-2 124M (1024 rows) and of small models (2048 rows): forward, and the gradients of
/// input and weight together.
/// </summary>
internal static class GemmBench
{
    private const int Repeats = 9;

    internal static readonly (string Name, int Rows, int In, int Out)[] Layers =
    [
        ("124M 768->2304", 1024, 768, 2304), ("124M 768->768", 1024, 768, 768), ("124M 768->3072", 1024, 768, 3072), ("124M 3072->768", 1024, 3072, 768),
        ("small 256->768", 2048, 256, 768), ("small 256->256", 2048, 256, 256), ("small 256->1024", 2048, 256, 1024),
        ("small 1024->256", 2048, 1024, 256), ("small 256->8192", 2048, 256, 8192),
        ("tiny 128->384", 2048, 128, 384), ("tiny 128->512", 2048, 128, 512), ("tiny 512->128", 2048, 512, 128), ("tiny 128->1024", 2048, 128, 1024),
    ];

    public static IEnumerable<BenchLine> Run(IBackend backend, BenchMachine machine)
    {
        foreach (var (name, rows, ins, outs) in Layers)
        {
            using var arena = new Arena(3 * (Arena.SizeOf(rows, ins) + Arena.SizeOf(rows, outs) + Arena.SizeOf(ins, outs) + Arena.SizeOf(1, outs)));
            Tensor x = arena.Take(rows, ins), w = arena.Take(ins, outs), b = arena.Take(1, outs), y = arena.Take(rows, outs);
            Tensor dx = arena.Take(rows, ins), dw = arena.Take(ins, outs), db = arena.Take(1, outs), dy = arena.Take(rows, outs);
            x.Span.Fill(0.5f);
            w.Span.Fill(0.25f);
            dy.Span.Fill(0.125f);
            double flops = 2.0 * rows * ins * outs;
            yield return Line($"{name} forward", flops, Clock.Median(Repeats, () => backend.Linear(x, w, b, default, y)), machine);
            yield return Line($"{name} backward", 2 * flops, Clock.Median(Repeats, () => backend.LinearBackward(dy, x, w, dx, dw, db)), machine);
        }
    }

    /// <summary>Over all products: a backward pass is two.</summary>
    public static double GeometricMean(IEnumerable<BenchLine> lines) => Math.Exp(lines
        .SelectMany(line => Enumerable.Repeat(Math.Log(line.OfPeak), line.Name.EndsWith("backward", StringComparison.Ordinal) ? 2 : 1)).Average());

    private static BenchLine Line(string name, double flops, double seconds, BenchMachine machine) =>
        new("gemm", name, seconds, flops / seconds / 1e9, flops / seconds / 1e9 / machine.PeakGflops);
}
