using System.Globalization;
using Phf.Numerics.Backend;

namespace Phf.Cli.Bench;

/// <summary>Where the time went, operation by operation, the largest part first.</summary>
internal static class OperationTable
{
    /// <param name="output">Written to.</param>
    /// <param name="timed">What was measured.</param>
    /// <param name="machine">The peak that rates are compared with.</param>
    public static void Write(TextWriter output, TimedBackend timed, BenchMachine machine)
    {
        double total = timed.Timings.Values.Sum(timing => timing.Seconds);
        output.WriteLine($"{"operation",-22}{"calls",9}{"seconds",11}{"share",8}{"GFLOP/s",10}{"of peak",9}{"GB/s",8}");
        foreach (var (operation, timing) in timed.Timings.OrderByDescending(entry => entry.Value.Seconds))
        {
            double rate = timing.Flops / timing.Seconds / 1e9, bytes = timing.Bytes / timing.Seconds / 1e9;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{operation,-22}{timing.Calls,9}{timing.Seconds,11:F3}{timing.Seconds / total,8:P0}")
                + (rate > 0 ? string.Create(CultureInfo.InvariantCulture, $"{rate,10:F0}{rate / machine.PeakGflops,9:P0}") : $"{"",19}")
                + (bytes > 0 ? string.Create(CultureInfo.InvariantCulture, $"{bytes,8:F1}") : ""));
        }
    }
}
