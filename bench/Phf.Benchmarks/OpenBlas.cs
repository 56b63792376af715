using System.Runtime.InteropServices;
using Phf.Cli.Bench;
using Phf.Numerics.Backend;

namespace Phf.Benchmarks;

/// <summary>The products of <see cref="GemmBench"/> by Phf and by OpenBLAS (Debian's libopenblas0-pthread), one after the other in one run.</summary>
internal static partial class OpenBlas
{
    private const string Library = "libopenblas.so.0";
    private const int RowMajor = 101, AsIs = 111, Transposed = 112, Repeats = 9;

    public static void Run(IBackend backend)
    {
        BenchMachine machine = BenchMachine.Measure(backend);
        try
        {
            SetThreads(backend.Threads);
        }
        catch (DllNotFoundException)
        {
            Console.WriteLine($"{Library}: not installed");
            return;
        }
        List<BenchLine> ours = [.. GemmBench.Run(backend, machine)];
        var theirs = new List<BenchLine>();
        Console.WriteLine($"{machine.Backend}, peak {machine.PeakGflops:F0} GFLOP/s{"",6}Phf{"",8}OpenBLAS");
        foreach (var (layer, i) in GemmBench.Layers.Select((layer, i) => (layer, i)))
        {
            var (name, rows, ins, outs) = layer;
            float[] x = new float[rows * ins], w = new float[ins * outs], y = new float[rows * outs];
            Array.Fill(x, 0.5f);
            Array.Fill(w, 0.25f);
            Array.Fill(y, 0.125f);
            float[] dx = new float[x.Length], dw = new float[w.Length], result = new float[y.Length];
            double forward = Clock.Median(Repeats, () => Multiply(RowMajor, AsIs, AsIs, rows, outs, ins, 1, x, ins, w, outs, 0, result, outs));
            double backward = Clock.Median(Repeats, () =>
            {
                Multiply(RowMajor, AsIs, Transposed, rows, ins, outs, 1, y, outs, w, outs, 0, dx, ins);
                Multiply(RowMajor, Transposed, AsIs, ins, outs, rows, 1, x, ins, y, outs, 1, dw, outs);
            });
            double flops = 2.0 * rows * ins * outs;
            theirs.Add(Line($"{name} forward", flops / forward));
            theirs.Add(Line($"{name} backward", 2 * flops / backward));
            for (int k = 2 * i; k < 2 * i + 2; k++)
                Console.WriteLine($"{ours[k].Name,-26}{ours[k].Gflops,8:F0} {ours[k].OfPeak,5:P0}{theirs[k].Gflops,10:F0} {theirs[k].OfPeak,5:P0}{ours[k].Gflops / theirs[k].Gflops,8:F2}x");
        }
        Console.WriteLine($"geometric mean {GemmBench.GeometricMean(ours):P0} of peak, OpenBLAS {GemmBench.GeometricMean(theirs):P0}");

        BenchLine Line(string name, double rate) => new("gemm", name, 0, rate / 1e9, rate / 1e9 / machine.PeakGflops);
    }

    [DllImport(Library, EntryPoint = "cblas_sgemm")]
    private static extern void Multiply(int order, int transposeA, int transposeB, int m, int n, int k, float alpha, float[] a, int lda, float[] b, int ldb,
        float beta, float[] c, int ldc);

    [DllImport(Library, EntryPoint = "openblas_set_num_threads")]
    private static extern void SetThreads(int threads);
}
