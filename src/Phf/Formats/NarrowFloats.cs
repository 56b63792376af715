using System.Numerics;
using System.Runtime.InteropServices;

namespace Phf.Formats;

/// <summary>A 16-bit kind of float.</summary>
internal interface INarrowing
{
    /// <summary>Bits of the largest 32-bit magnitude that rounds to a finite number; those above are infinite, or were before.</summary>
    static abstract uint LargestFinite { get; }

    /// <summary>The bits of 32-bit floats up to <see cref="LargestFinite"/> rounded to the nearest, ties to even.</summary>
    static abstract Vector<uint> Narrow(Vector<uint> bits);

    /// <summary>The same for any number.</summary>
    static abstract ushort Narrow(float value);
}

/// <summary>IEEE 754's binary16.</summary>
internal readonly struct NarrowF16 : INarrowing
{
    public static uint LargestFinite => 0x477FEFFF; // below 65,520, halfway between the largest and the next

    /// <summary>
    /// The exponent is moved by the difference of the biases, 112, after rounding at bit 13. Below 2^-14 numbers are subnormal, whole multiples of 2^-24:
    /// that is the last bit of a 32-bit float between 0.5 and 1, so adding 0.5 rounds to it.
    /// </summary>
    public static Vector<uint> Narrow(Vector<uint> bits)
    {
        Vector<uint> sign = bits & new Vector<uint>(0x80000000), magnitude = bits ^ sign;
        Vector<uint> normal = (magnitude + new Vector<uint>(0xFFF) + ((magnitude >>> 13) & Vector<uint>.One) - new Vector<uint>(112u << 23)) >>> 13;
        Vector<uint> subnormal = Vector.AsVectorUInt32(Vector.AsVectorSingle(magnitude) + new Vector<float>(0.5f)) - new Vector<uint>(0x3F000000);
        return Vector.ConditionalSelect(Vector.LessThan(magnitude, new Vector<uint>(0x38800000)), subnormal, normal) | (sign >>> 16);
    }

    public static ushort Narrow(float value) => BitConverter.HalfToUInt16Bits((Half)value);
}

/// <summary>The upper half of a 32-bit float.</summary>
internal readonly struct NarrowBF16 : INarrowing
{
    public static uint LargestFinite => 0x7F7F7FFF;

    public static Vector<uint> Narrow(Vector<uint> bits) => (bits + new Vector<uint>(0x7FFF) + ((bits >>> 16) & Vector<uint>.One)) >>> 16;

    public static ushort Narrow(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40); // rounding could carry a NaN into an infinity
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}

/// <summary>32-bit floats to 16 bits, a vector at a time.</summary>
internal static class NarrowFloats
{
    /// <summary>As long as each other. Returns where the first finite number is that would become infinite, with what comes before it narrowed; -1 where none is.</summary>
    public static int Narrow<TKind>(ReadOnlySpan<float> source, Span<ushort> destination) where TKind : struct, INarrowing
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(source);
        int step = Vector<ushort>.Count, i = 0;
        for (; i + step <= bits.Length; i += step)
        {
            var first = new Vector<uint>(bits[i..]);
            var second = new Vector<uint>(bits[(i + Vector<uint>.Count)..]);
            Vector<uint> magnitudes = new(0x7FFFFFFF), largest = new(TKind.LargestFinite);
            if (Vector.GreaterThanAny(Vector.Max(first & magnitudes, second & magnitudes), largest))
            {
                int bad = NarrowEach<TKind>(source.Slice(i, step), destination[i..]);
                if (bad >= 0) return i + bad;
            }
            else Vector.Narrow(TKind.Narrow(first), TKind.Narrow(second)).CopyTo(destination[i..]);
        }
        int rest = NarrowEach<TKind>(source[i..], destination[i..]);
        return rest < 0 ? -1 : i + rest;
    }

    private static int NarrowEach<TKind>(ReadOnlySpan<float> source, Span<ushort> destination) where TKind : struct, INarrowing
    {
        for (int i = 0; i < source.Length; i++)
        {
            if (float.IsFinite(source[i]) && (BitConverter.SingleToUInt32Bits(source[i]) & 0x7FFFFFFF) > TKind.LargestFinite) return i;
            destination[i] = TKind.Narrow(source[i]);
        }
        return -1;
    }
}
