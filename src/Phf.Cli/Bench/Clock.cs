using System.Diagnostics;

namespace Phf.Cli.Bench;

/// <summary>
/// Seconds since some moment: wall-clock time, or with PHF_CLOCK=cpu the processor time of this process, which on a busy machine
/// tells one thread's speed apart from its waiting.
/// </summary>
internal static class Clock
{
    private static readonly bool IsCpu = Environment.GetEnvironmentVariable("PHF_CLOCK") == "cpu";

    public static double Seconds => IsCpu ? Environment.CpuUsage.TotalTime.TotalSeconds : (double)Stopwatch.GetTimestamp() / Stopwatch.Frequency;

    /// <summary>Median seconds of an action, which is run once before.</summary>
    public static double Median(int repeats, Action action)
    {
        action();
        double[] times = [.. Enumerable.Range(0, repeats).Select(_ => Time(action)).Order()];
        return times[times.Length / 2];
    }

    /// <summary>Least seconds of an action.</summary>
    public static double Best(int repeats, Action action) => Enumerable.Range(0, repeats).Min(_ => Time(action));

    private static double Time(Action action)
    {
        double start = Seconds;
        action();
        return Seconds - start;
    }
}
