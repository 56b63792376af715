using System.Diagnostics;

namespace Phf.Benchmarks;

/// <summary>
/// Seconds since some moment: wall-clock time, or with PHF_CLOCK=cpu the processor time of this process, which on a busy machine
/// tells one thread's speed apart from its waiting.
/// </summary>
internal static class Clock
{
    private static readonly bool IsCpu = Environment.GetEnvironmentVariable("PHF_CLOCK") == "cpu";

    public static double Seconds => IsCpu ? Environment.CpuUsage.TotalTime.TotalSeconds : (double)Stopwatch.GetTimestamp() / Stopwatch.Frequency;
}
