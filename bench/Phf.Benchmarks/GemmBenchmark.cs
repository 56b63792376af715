using Phf.Numerics.Backend;
using Phf.Numerics.Memory;

namespace Phf.Benchmarks;

/// <summary>
/// The matrix products of the training steps of GPT-2 124M (N = 1024 rows) and of a small model (2048 rows): forward (NN), the
/// gradient of the input (NT) and of the weight (TN).
/// </summary>
internal static class GemmBenchmark
{
    private static readonly (string Name, int Rows, int In, int Out)[] Layers =
    [
        ("gpt2 768->2304", 1024, 768, 2304), ("gpt2 768->768", 1024, 768, 768), ("gpt2 768->3072", 1024, 768, 3072), ("gpt2 3072->768", 1024, 3072, 768),
        ("small 256->768", 2048, 256, 768), ("small 256->256", 2048, 256, 256), ("small 256->1024", 2048, 256, 1024),
        ("small 1024->256", 2048, 1024, 256), ("small 256->8192", 2048, 256, 8192),
        ("tiny 128->384", 2048, 128, 384), ("tiny 128->512", 2048, 128, 512), ("tiny 512->128", 2048, 512, 128), ("tiny 128->1024", 2048, 128, 1024),
    ];

    public static void Run(IBackend backend, SimdWidth width)
    {
        double peak = Peak.Measure(backend.Threads, width);
        Console.WriteLine($"{backend.Name}: multiply-add peak {peak:F0} GFLOP/s");
        Console.WriteLine($"{"shape",-18}{"forward",16}{"backward",16}");
        var shares = new List<double>();
        foreach (var (name, rows, ins, outs) in Layers)
        {
            using var arena = new Arena(3 * (Arena.SizeOf(rows, ins) + Arena.SizeOf(rows, outs) + Arena.SizeOf(ins, outs) + Arena.SizeOf(1, outs)));
            Tensor x = arena.Take(rows, ins), w = arena.Take(ins, outs), b = arena.Take(1, outs), y = arena.Take(rows, outs);
            Tensor dx = arena.Take(rows, ins), dw = arena.Take(ins, outs), db = arena.Take(1, outs), dy = arena.Take(rows, outs);
            x.Span.Fill(0.5f);
            w.Span.Fill(0.25f);
            dy.Span.Fill(0.125f);
            double flops = 2.0 * rows * ins * outs;
            double forward = flops / Seconds(() => backend.Linear(x, w, b, default, y)) / 1e9;
            double backward = 2 * flops / Seconds(() => backend.LinearBackward(dy, x, w, dx, dw, db)) / 1e9;
            shares.Add(forward / peak);
            shares.Add(backward / peak);
            shares.Add(backward / peak);
            Console.WriteLine($"{name,-18}{forward,9:F0} {forward / peak,5:P0}{backward,10:F0} {backward / peak,5:P0}");
        }
        Console.WriteLine($"geometric mean {Math.Exp(shares.Average(Math.Log)):P0} of {peak:F0}; peak again {Peak.Measure(backend.Threads, width):F0}");
    }

    private static double Seconds(Action action)
    {
        action();
        var times = new List<double>();
        for (int repeat = 0; repeat < 9; repeat++)
        {
            double start = Clock.Seconds;
            action();
            times.Add(Clock.Seconds - start);
        }
        times.Sort();
        return times[times.Count / 2];
    }
}
