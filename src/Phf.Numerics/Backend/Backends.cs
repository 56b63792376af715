using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Phf.Numerics.Backend.Cpu;
using Phf.Numerics.Backend.Cpu.Gemm;
using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Backend.Reference;
using Phf.Numerics.Threads;

namespace Phf.Numerics.Backend;

/// <summary>Vector width of the CPU backend.</summary>
public enum SimdWidth
{
    Bits128 = 128,
    Bits256 = 256,
    Bits512 = 512,
}

/// <summary>Makes backends.</summary>
public static class Backends
{
    /// <summary>Environment variable that forces a width: 128, 256 or 512.</summary>
    public const string SimdVariable = "PHF_SIMD";

    /// <summary>The widths that this processor can run, widest first.</summary>
    public static IReadOnlyList<SimdWidth> SupportedWidths { get; } =
    [
        .. Avx512F.IsSupported ? [SimdWidth.Bits512] : Array.Empty<SimdWidth>(),
        .. Avx2.IsSupported && Fma.IsSupported ? [SimdWidth.Bits256] : Array.Empty<SimdWidth>(),
        SimdWidth.Bits128,
    ];

    /// <summary>The scalar backend that everything is compared with.</summary>
    public static IBackend CreateReference() => new ReferenceBackend();

    /// <summary>The fast backend.</summary>
    /// <param name="threads">Threads to use, the caller's included; 0: <see cref="Cores.Usable"/>.</param>
    /// <param name="width">Null: what PHF_SIMD says, else the widest supported.</param>
    /// <exception cref="ArgumentException">The width is not supported here, or PHF_SIMD holds something else.</exception>
    public static IBackend CreateCpu(int threads = 0, SimdWidth? width = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        if (threads == 0) threads = Cores.Usable;
        SimdWidth chosen = width ?? WidthFromEnvironment() ?? SupportedWidths[0];
        if (!SupportedWidths.Contains(chosen))
        {
            string supported = string.Join(", ", SupportedWidths.Select(each => (int)each));
            throw new ArgumentException($"this processor has no {(int)chosen}-bit kernels; it supports {supported}");
        }
        return chosen switch
        {
            SimdWidth.Bits512 => new CpuBackend<Simd512, Vector512<float>>("avx512", threads, GemmKernels512.Set),
            SimdWidth.Bits256 => new CpuBackend<Simd256, Vector256<float>>("avx2", threads, GemmKernels256.Set),
            _ => new CpuBackend<Simd128, Vector128<float>>("simd128", threads, GemmKernels128.Set),
        };
    }

    /// <summary>The width that <see cref="CreateCpu"/> would choose.</summary>
    public static SimdWidth DefaultWidth => WidthFromEnvironment() ?? SupportedWidths[0];

    private static SimdWidth? WidthFromEnvironment()
    {
        string? value = Environment.GetEnvironmentVariable(SimdVariable);
        if (string.IsNullOrEmpty(value)) return null;
        return value is "128" or "256" or "512"
            ? (SimdWidth)int.Parse(value)
            : throw new ArgumentException($"{SimdVariable}={value}: expected 128, 256 or 512");
    }
}
