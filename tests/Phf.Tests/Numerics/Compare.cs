using System.Runtime.InteropServices;
using Phf.Numerics.Memory;

namespace Phf.Tests.Numerics;

/// <summary>Comparisons of tensors.</summary>
internal static class Compare
{
    /// <summary>Every element within <paramref name="tolerance"/> times the largest finite expected one; NaN where NaN is expected.</summary>
    public static void ToScale(Tensor expected, Tensor actual, double tolerance, string what)
    {
        double scale = 0;
        foreach (float value in expected.Span) if (float.IsFinite(value)) scale = Math.Max(scale, Math.Abs(value));
        for (int i = 0; i < expected.Span.Length; i++)
        {
            float e = expected.Span[i], a = actual.Span[i];
            if (e.Equals(a)) continue; // NaN equals NaN here
            // Written so that a NaN on one side fails.
            Assert.True(Math.Abs((double)e - a) <= tolerance * scale,
                $"{what}: element {i} of {expected.Rows} x {expected.Columns} is {a}, expected {e}; off by {Math.Abs((double)e - a) / scale:E1} of the scale {scale}, allowed {tolerance:E1}");
        }
    }

    /// <summary>The same bits.</summary>
    public static void Bits(Tensor expected, Tensor actual, string what) =>
        Assert.True(MemoryMarshal.AsBytes(expected.Span).SequenceEqual(MemoryMarshal.AsBytes(actual.Span)), $"{what}: other bits");
}
