using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Phf.Numerics.Backend;

namespace Phf.Training;

/// <summary>The machine and the program that computed something: what <c>phf env</c> prints and a run keeps as env.json.</summary>
public sealed record RunEnvironment
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // a file, not a web page: '+' stays '+'
    };

    /// <summary>Version of Phf, with the commit it was built from where the build knew it.</summary>
    public required string PhfVersion { get; init; }

    /// <summary>Version of the .NET runtime, e.g. 10.0.1.</summary>
    public required string DotnetVersion { get; init; }

    public required string OperatingSystem { get; init; }

    /// <summary>Architecture of the process, e.g. x64 or arm64.</summary>
    public required string Architecture { get; init; }

    /// <summary>Name of the CPU as the system gives it; "unknown" where it gives none.</summary>
    public required string CpuModel { get; init; }

    /// <summary>Logical cores that this process may use (affinity and container limit counted in).</summary>
    public required int LogicalCores { get; init; }

    /// <summary>CPUs that the container grants, e.g. 1.5; null without a limit.</summary>
    public required double? ContainerCpuLimit { get; init; }

    /// <summary>Bytes of memory that this process may use: the machine's, or the container's limit.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The widest vector instructions that the CPU backend has kernels for here: Avx512F, Avx2+Fma or 128.</summary>
    public required string BestSimd { get; init; }

    /// <summary>The environment variable PHF_SIMD, which forces a width; null when it is not set.</summary>
    public required string? PhfSimd { get; init; }

    /// <summary>Looks at this machine and process. Never throws: what cannot be found out is "unknown" or null.</summary>
    public static RunEnvironment Detect() => new()
    {
        PhfVersion = typeof(RunEnvironment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        DotnetVersion = Environment.Version.ToString(),
        OperatingSystem = RuntimeInformation.OSDescription,
        Architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(),
        CpuModel = FindCpuModel() ?? "unknown",
        LogicalCores = Environment.ProcessorCount,
        ContainerCpuLimit = FindContainerCpuLimit(),
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        BestSimd = Backends.SupportedWidths[0] switch { SimdWidth.Bits512 => "Avx512F", SimdWidth.Bits256 => "Avx2+Fma", _ => "128" },
        PhfSimd = Environment.GetEnvironmentVariable(Backends.SimdVariable),
    };

    /// <summary>One JSON object with snake_case names, indented, ending without a newline.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    private static string? FindCpuModel()
    {
        if (System.OperatingSystem.IsLinux()) return CpuModelOf(ReadLines("/proc/cpuinfo"));
        if (System.OperatingSystem.IsMacOS()) return AskSysctl("machdep.cpu.brand_string");
        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
    }

    /// <summary>The first "model name" of /proc/cpuinfo; null where there is none (most ARM systems).</summary>
    internal static string? CpuModelOf(IEnumerable<string> cpuinfo) => cpuinfo
        .Where(line => line.StartsWith("model name", StringComparison.Ordinal))
        .Select(line => line[(line.IndexOf(':') + 1)..].Trim())
        .FirstOrDefault(name => name.Length > 0);

    private static double? FindContainerCpuLimit() =>
        CpuLimitOf(ReadLines("/sys/fs/cgroup/cpu.max").FirstOrDefault())
        ?? CpuLimitOf($"{ReadLines("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").FirstOrDefault()} "
            + $"{ReadLines("/sys/fs/cgroup/cpu/cpu.cfs_period_us").FirstOrDefault()}");

    /// <summary>CPUs from "quota period", both in microseconds (cpu.max of cgroup v2); null for "max", -1 (no limit) or anything else.</summary>
    internal static double? CpuLimitOf(string? quotaAndPeriod)
    {
        string[] parts = quotaAndPeriod?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long quota)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long period)
            && quota > 0 && period > 0
            ? (double)quota / period
            : null;
    }

    private static IEnumerable<string> ReadLines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? AskSysctl(string name)
    {
        try
        {
            using Process? sysctl = Process.Start(new ProcessStartInfo("sysctl", ["-n", name]) { RedirectStandardOutput = true });
            string answer = sysctl?.StandardOutput.ReadToEnd().Trim() ?? "";
            return answer.Length > 0 ? answer : null;
        }
        catch (Exception problem) when (problem is Win32Exception or IOException)
        {
            return null;
        }
    }
}
