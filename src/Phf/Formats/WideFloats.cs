using System.Numerics;
using System.Runtime.InteropServices;

namespace Phf.Formats;

/// <summary>16-bit floats to 32 bits, which is exact, and the search for numbers that are not finite; a vector at a time.</summary>
internal static class WideFloats
{
    private const uint Exponent = 0x7F800000; // of a 32-bit float; all of it set: infinite or no number

    /// <summary>As long as each other.</summary>
    public static void FromF16(ReadOnlySpan<Half> source, Span<float> destination)
    {
        ReadOnlySpan<ushort> bits = MemoryMarshal.Cast<Half, ushort>(source);
        int i = 0;
        for (; i + Vector<ushort>.Count <= bits.Length; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(bits[i..]), out Vector<uint> first, out Vector<uint> second);
            FromF16(first).CopyTo(destination[i..]);
            FromF16(second).CopyTo(destination[(i + Vector<float>.Count)..]);
        }
        for (; i < source.Length; i++) destination[i] = (float)source[i];
    }

    /// <inheritdoc cref="FromF16(ReadOnlySpan{Half}, Span{float})"/>
    public static void FromBF16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        int i = 0;
        for (; i + Vector<ushort>.Count <= source.Length; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out Vector<uint> first, out Vector<uint> second);
            Vector.AsVectorSingle(first << 16).CopyTo(destination[i..]);
            Vector.AsVectorSingle(second << 16).CopyTo(destination[(i + Vector<float>.Count)..]);
        }
        for (; i < source.Length; i++) destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    /// <summary>Where the first number is that is infinite or none; -1 where all are finite.</summary>
    public static int IndexOfNonFinite(ReadOnlySpan<float> values)
    {
        var exponent = new Vector<uint>(Exponent);
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        int i = 0;
        while (i + Vector<uint>.Count <= bits.Length && !Vector.EqualsAny(new Vector<uint>(bits[i..]) & exponent, exponent)) i += Vector<uint>.Count;
        for (; i < values.Length; i++)
            if (!float.IsFinite(values[i])) return i;
        return -1;
    }

    /// <summary>
    /// The bits moved to where a 32-bit float has them and scaled by the difference of the exponents' biases, 2^112: that is right for subnormal numbers
    /// too. Only an exponent with all bits set needs its upper ones besides.
    /// </summary>
    private static Vector<float> FromF16(Vector<uint> half)
    {
        Vector<uint> magnitude = half & new Vector<uint>(0x7FFF), sign = half & new Vector<uint>(0x8000);
        Vector<float> scaled = Vector.AsVectorSingle(magnitude << 13) * new Vector<float>(BitConverter.UInt32BitsToSingle((127u + 112) << 23));
        Vector<uint> infinite = Vector.GreaterThan(magnitude, new Vector<uint>(0x7BFF)) & new Vector<uint>(Exponent);
        return Vector.AsVectorSingle(Vector.AsVectorUInt32(scaled) | infinite | (sign << 16));
    }
}
