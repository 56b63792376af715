using Phf.Numerics.Backend;

namespace Phf.Tests.Numerics;

/// <summary>The backends that this machine can run.</summary>
internal static class TestBackends
{
    private const string Reference = "reference";

    /// <summary>"cpu512" and so on, for each vector width.</summary>
    public static IEnumerable<string> CpuNames => Backends.SupportedWidths.Select(width => $"cpu{(int)width}");

    /// <summary>"reference", then the vector widths.</summary>
    public static IEnumerable<string> Names => [Reference, .. CpuNames];

    public static TheoryData<string> All => [.. Names];

    public static TheoryData<string> Cpu => [.. CpuNames];

    public static IBackend Create(string name, int threads = 2) => name == Reference
        ? Backends.CreateReference()
        : Backends.CreateCpu(threads, (SimdWidth)int.Parse(name[3..]));
}
