using Phf.Numerics.Backend;

namespace Phf.Cli.Bench;

/// <summary>One measurement.</summary>
/// <param name="Part">gemm, step, decode or encode.</param>
/// <param name="Name">Of the product or the model.</param>
/// <param name="Seconds">Of one product, one step, the whole generation, or all texts.</param>
/// <param name="Gflops">Counted floating-point operations a second, in 10^9.</param>
/// <param name="OfPeak">Gflops over the machine's multiply-add peak of the same run.</param>
internal sealed record BenchLine(string Part, string Name, double Seconds, double Gflops, double OfPeak)
{
    /// <summary>Trained, generated or read; null for products.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Bytes of weights a second in 10^9; null where they are not read once for each token.</summary>
    public double? WeightGigabytesPerSecond { get; init; }

    /// <summary>That over what the memory gives.</summary>
    public double? OfMemory { get; init; }
}

/// <summary>What a machine can do at most, measured where the rest is measured.</summary>
/// <param name="Backend">Who computes.</param>
/// <param name="PeakGflops">Multiply-adds in registers on every thread, two operations each, in 10^9 a second.</param>
/// <param name="MemoryGigabytesPerSecond">Reading on every thread.</param>
internal sealed record BenchMachine(string Backend, double PeakGflops, double MemoryGigabytesPerSecond)
{
    /// <summary>Takes about a second and 256 MB a thread.</summary>
    public static BenchMachine Measure(IBackend backend) =>
        new(backend.Name, Peak.Measure(backend.Threads, Backends.DefaultWidth), Peak.Bandwidth(backend.Threads));
}
