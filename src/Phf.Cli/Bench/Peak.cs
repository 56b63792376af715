using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;

namespace Phf.Cli.Bench;

/// <summary>The machine's multiply-add peak: independent fused multiply-adds in registers, on every thread at once.</summary>
internal static class Peak
{
    private const int Iterations = 20_000_000;

    /// <summary>Measured floating-point operations per second (a multiply-add is two) in 10^9, best of three.</summary>
    public static double Measure(int threads, SimdWidth width)
    {
        double best = 0;
        for (int repeat = 0; repeat < 3; repeat++)
        {
            using var start = new Barrier(threads + 1);
            var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
            {
                start.SignalAndWait();
                Sink += Spin(width, Iterations);
            })).ToArray();
            foreach (Thread worker in workers) worker.Start();
            start.SignalAndWait();
            double before = Clock.Seconds;
            foreach (Thread worker in workers) worker.Join();
            double operations = 2.0 * 12 * (int)width / 32 * Iterations * threads;
            best = Math.Max(best, operations / (Clock.Seconds - before) / 1e9);
        }
        return best;
    }

    /// <summary>Bytes a second in 10^9 that all threads together read from a block too large for any cache, best of five.</summary>
    public static double Bandwidth(int threads)
    {
        const int Floats = 64 << 20; // of each thread: 256 MB
        using var arena = new Arena((long)threads * Floats); // in huge pages where there are any, as weights are
        Tensor[] blocks = [.. Enumerable.Range(0, threads).Select(_ => arena.Take(1, Floats))];
        foreach (Tensor block in blocks) block.Span.Fill(1); // pages never written are one page of zeros
        double best = 0;
        for (int repeat = 0; repeat < 5; repeat++)
        {
            using var start = new Barrier(threads + 1);
            Thread[] workers = [.. blocks.Select(block => new Thread(() =>
            {
                start.SignalAndWait();
                Sink += Read(block.Span);
            }))];
            foreach (Thread worker in workers) worker.Start();
            start.SignalAndWait();
            double before = Clock.Seconds;
            foreach (Thread worker in workers) worker.Join();
            best = Math.Max(best, (double)threads * Floats * sizeof(float) / (Clock.Seconds - before) / 1e9);
        }
        return best;
    }

    private static float Sink { get; set; }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Read(ReadOnlySpan<float> block)
    {
        Vector256<float> a = default, b = default, c = default, d = default;
        ref float first = ref MemoryMarshal.GetReference(block);
        for (nuint i = 0; i + 32 <= (nuint)block.Length; i += 32)
        {
            a += Vector256.LoadUnsafe(ref first, i);
            b += Vector256.LoadUnsafe(ref first, i + 8);
            c += Vector256.LoadUnsafe(ref first, i + 16);
            d += Vector256.LoadUnsafe(ref first, i + 24);
        }
        return Vector256.Sum(a + b + c + d);
    }

    private static float Spin(SimdWidth width, int count) => width switch
    {
        SimdWidth.Bits512 => Spin512(count),
        SimdWidth.Bits256 => Spin256(count),
        _ => Spin128(count),
    };

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Spin512(int count)
    {
        Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(1e-3f);
        Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int n = 0; n < count; n++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y); b = Vector512.FusedMultiplyAdd(b, x, y); c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y); e = Vector512.FusedMultiplyAdd(e, x, y); f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y); h = Vector512.FusedMultiplyAdd(h, x, y); i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y); k = Vector512.FusedMultiplyAdd(k, x, y); l = Vector512.FusedMultiplyAdd(l, x, y);
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Spin256(int count)
    {
        Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(1e-3f);
        Vector256<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int n = 0; n < count; n++)
        {
            a = Vector256.FusedMultiplyAdd(a, x, y); b = Vector256.FusedMultiplyAdd(b, x, y); c = Vector256.FusedMultiplyAdd(c, x, y);
            d = Vector256.FusedMultiplyAdd(d, x, y); e = Vector256.FusedMultiplyAdd(e, x, y); f = Vector256.FusedMultiplyAdd(f, x, y);
            g = Vector256.FusedMultiplyAdd(g, x, y); h = Vector256.FusedMultiplyAdd(h, x, y); i = Vector256.FusedMultiplyAdd(i, x, y);
            j = Vector256.FusedMultiplyAdd(j, x, y); k = Vector256.FusedMultiplyAdd(k, x, y); l = Vector256.FusedMultiplyAdd(l, x, y);
        }
        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Spin128(int count)
    {
        Vector128<float> x = Vector128.Create(0.999f), y = Vector128.Create(1e-3f);
        Vector128<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int n = 0; n < count; n++)
        {
            a = Vector128.MultiplyAddEstimate(a, x, y); b = Vector128.MultiplyAddEstimate(b, x, y); c = Vector128.MultiplyAddEstimate(c, x, y);
            d = Vector128.MultiplyAddEstimate(d, x, y); e = Vector128.MultiplyAddEstimate(e, x, y); f = Vector128.MultiplyAddEstimate(f, x, y);
            g = Vector128.MultiplyAddEstimate(g, x, y); h = Vector128.MultiplyAddEstimate(h, x, y); i = Vector128.MultiplyAddEstimate(i, x, y);
            j = Vector128.MultiplyAddEstimate(j, x, y); k = Vector128.MultiplyAddEstimate(k, x, y); l = Vector128.MultiplyAddEstimate(l, x, y);
        }
        return Vector128.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
