namespace Phf.Numerics.Threads;

/// <summary>How many threads are worth having.</summary>
public static class Cores
{
    /// <summary>
    /// Cores that this process may use: the system's limit (affinity, container), and where Linux tells which processors are two halves of
    /// one core, one for each core. Two halves share one unit for multiply-adds and would only take its caches from each other.
    /// </summary>
    public static int Usable { get; } = Math.Min(Environment.ProcessorCount, PhysicalOnLinux() ?? int.MaxValue);

    private static int? PhysicalOnLinux()
    {
        try
        {
            string? allowed = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
            if (allowed is null) return null;
            int cores = Processors(allowed[(allowed.IndexOf(':') + 1)..])
                .Select(cpu => File.ReadAllText($"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")).Distinct().Count();
            return cores > 0 ? cores : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }

    /// <summary>The numbers of a list such as <c>0-3,8</c>.</summary>
    internal static IEnumerable<int> Processors(string list)
    {
        foreach (string part in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = part.Split('-');
            int first = int.Parse(ends[0]), last = int.Parse(ends[^1]);
            for (int cpu = first; cpu <= last; cpu++) yield return cpu;
        }
    }
}
