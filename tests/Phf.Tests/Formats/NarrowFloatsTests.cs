using Phf.Formats;

namespace Phf.Tests.Formats;

/// <summary>32-bit floats to 16 bits, against .NET's own conversion and against the nearest of the neighbours.</summary>
public class NarrowFloatsTests
{
    /// <summary>Below, at and above what rounding decides by, for either kind.</summary>
    private static readonly uint[] LowBits = [0, 1, 0xFFF, 0x1000, 0x1001, 0x2FFF, 0x3000, 0x7FFF, 0x8000, 0x8001, 0xFFFF];

    /// <summary>Every sign, exponent and beginning of a mantissa; skipping some moves the numbers within the vectors.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Narrow_EveryKindOfNumber_IsTheNearest(int skipped)
    {
        float[] values = [.. LowBits.SelectMany(low => Enumerable.Range(0, 1 << 16).Select(high => BitConverter.UInt32BitsToSingle(((uint)high << 16) | low))).Skip(skipped)];
        AssertNarrow<NarrowF16>(values, value => BitConverter.HalfToUInt16Bits((Half)value), bits => (float)BitConverter.UInt16BitsToHalf(bits));
        AssertNarrow<NarrowBF16>(values, NearestBF16, FromBF16);
    }

    [Fact]
    public void Narrow_TooLarge_SaysWhere()
    {
        for (int length = 1; length < 70; length += 3)
            for (int place = 0; place < length; place++)
            {
                float[] values = [.. Enumerable.Range(0, length).Select(i => i % 7 == 3 ? float.NaN : i)];
                values[place] = -65520;
                Assert.Equal(place, NarrowFloats.Narrow<NarrowF16>(values, new ushort[length]));
                Assert.Equal(-1, NarrowFloats.Narrow<NarrowBF16>(values, new ushort[length]));
                values[place] = float.MaxValue;
                Assert.Equal(place, NarrowFloats.Narrow<NarrowBF16>(values, new ushort[length]));
            }
    }

    private static void AssertNarrow<TKind>(float[] values, Func<float, ushort> nearest, Func<ushort, float> widen) where TKind : struct, INarrowing
    {
        float[] kept = Array.FindAll(values, value => !float.IsFinite(value) || float.IsFinite(widen(nearest(value))));
        Assert.True(kept.Length < values.Length && kept.Length > values.Length / 4);
        ushort[] narrowed = new ushort[kept.Length];
        Assert.Equal(-1, NarrowFloats.Narrow<TKind>(kept, narrowed));
        for (int i = 0; i < kept.Length; i++)
            if (float.IsNaN(kept[i])) Assert.True(float.IsNaN(widen(narrowed[i])));
            else if (nearest(kept[i]) != narrowed[i]) Assert.Fail($"{kept[i]:R} became {narrowed[i]:X4} instead of {nearest(kept[i]):X4}");
    }

    private static float FromBF16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>By comparing the two neighbours; the step above the largest counts as the number it would be.</summary>
    private static ushort NearestBF16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (!float.IsFinite(value)) return (ushort)((bits >> 16) | (float.IsNaN(value) ? 0x40u : 0));
        ushort below = (ushort)(bits >> 16), above = (ushort)(below + 1);
        double magnitude = Math.Abs((double)value), low = Math.Abs((double)FromBF16(below)), high = (above & 0x7FFF) == 0x7F80 ? Math.Pow(2, 128) : Math.Abs((double)FromBF16(above));
        double toLow = magnitude - low, toHigh = high - magnitude;
        return toLow < toHigh || (toLow == toHigh && below % 2 == 0) ? below : above;
    }
}
