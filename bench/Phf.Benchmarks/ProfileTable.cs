using Phf.Numerics.Backend;

namespace Phf.Benchmarks;

/// <summary>Where the time of a number of equal steps went, the largest part first.</summary>
internal static class ProfileTable
{
    public static void Print(TimedBackend timed, int steps, double peak)
    {
        double total = timed.Timings.Values.Sum(timing => timing.Seconds);
        foreach (var (operation, timing) in timed.Timings.OrderByDescending(entry => entry.Value.Seconds))
            Console.WriteLine($"  {operation,-22}{timing.Calls / (double)steps,6:F1} calls{1e3 * timing.Seconds / steps,9:F2} ms{timing.Seconds / total,7:P0}"
                + (timing.Flops > 0 ? $"{timing.Flops / timing.Seconds / 1e9,8:F0} GFLOP/s{timing.Flops / timing.Seconds / 1e9 / peak,7:P0} of peak" : ""));
    }
}
