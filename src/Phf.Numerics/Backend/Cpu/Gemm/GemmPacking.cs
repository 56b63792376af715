using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Phf.Numerics.Backend.Cpu.Gemm;

/// <summary>
/// Copies an operand into panels: [panel][depth][width], zeros where the operand ends. Width is 4 to 32 and even.
/// </summary>
internal static unsafe class GemmPacking
{
    /// <summary>Packs panels of a source whose depth runs along its columns: element (i, k) at source[i * ld + k].</summary>
    /// <param name="count">Rows i that exist, from 0.</param>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* source, nint ld, int count, int depth, int width, float* packed)
    {
        for (int i = 0; i < count; i += width, source += width * ld, packed += width * (nint)depth)
        {
            int rows = Math.Min(width, count - i);
            for (int g = 0; g < width; g += 8)
            {
                int lanes = Math.Min(8, width - g), present = Math.Clamp(rows - g, 0, lanes);
                if (Avx.IsSupported && present == 8) TransposeEight(source + g * ld, ld, depth, width, packed + g);
                else if (Avx.IsSupported && present == 6 && lanes == 6) TransposeSix(source + g * ld, ld, depth, width, packed + g);
                else TransposeScalar(source + g * ld, ld, present, lanes, depth, width, packed + g);
            }
        }
    }

    /// <summary>Packs panels of a source whose depth runs along its rows: element (i, k) at source[k * ld + i].</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* source, nint ld, int count, int depth, int width, float* packed)
    {
        nint panel = width * (nint)depth;
        int whole = count / width * width;
        for (int k = 0; k < depth; k++, source += ld, packed += width)
        {
            float* to = packed;
            int i = 0;
            for (; i < whole; i += width, to += panel) CopyRow(source + i, to, width);
            if (i == count) continue;
            for (int q = 0; q < width; q++) to[q] = i + q < count ? source[i + q] : 0;
        }
    }

    /// <summary>destination[k * stride + i] = source[i * ld + k] for i below count, k below depth.</summary>
    public static void TransposeTo(float* source, nint ld, int count, int depth, float* destination, nint stride)
    {
        for (int i = 0; i < count; i += 8)
        {
            int lanes = Math.Min(8, count - i);
            if (Avx.IsSupported && lanes == 8) TransposeEight(source + i * ld, ld, depth, stride, destination + i);
            else TransposeScalar(source + i * ld, ld, lanes, lanes, depth, stride, destination + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRow(float* from, float* to, int width)
    {
        if (width < 8)
        {
            Vector128.Store(Vector128.Load(from), to);
            Vector128.Store(Vector128.Load(from + width - 4), to + width - 4);
            return;
        }
        for (int q = 0; q < width - 8; q += 8) Vector256.Store(Vector256.Load(from + q), to + q);
        Vector256.Store(Vector256.Load(from + width - 8), to + width - 8); // may overlap the one before
    }

    private static void TransposeScalar(float* source, nint ld, int present, int lanes, int depth, nint width, float* packed)
    {
        for (int k = 0; k < depth; k++, packed += width)
            for (int q = 0; q < lanes; q++) packed[q] = q < present ? source[q * ld + k] : 0;
    }

    private static void TransposeEight(float* source, nint ld, int depth, nint width, float* packed)
    {
        int k = 0;
        for (; k + 8 <= depth; k += 8, packed += 8 * width)
        {
            float* s = source + k;
            float* s4 = s + 4 * ld;
            Vector256<float> r0 = Avx.LoadVector256(s), r1 = Avx.LoadVector256(s + ld), r2 = Avx.LoadVector256(s + 2 * ld),
                r3 = Avx.LoadVector256(s + 3 * ld), r4 = Avx.LoadVector256(s4), r5 = Avx.LoadVector256(s4 + ld),
                r6 = Avx.LoadVector256(s4 + 2 * ld), r7 = Avx.LoadVector256(s4 + 3 * ld);
            Transpose8x8(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
            float* d = packed;
            Avx.Store(d, r0);
            Avx.Store(d += width, r1);
            Avx.Store(d += width, r2);
            Avx.Store(d += width, r3);
            Avx.Store(d += width, r4);
            Avx.Store(d += width, r5);
            Avx.Store(d += width, r6);
            Avx.Store(d + width, r7);
        }
        TransposeScalar(source + k, ld, 8, 8, depth - k, width, packed);
    }

    /// <summary>Six rows, as at the end of panels 14 and 6 wide.</summary>
    private static void TransposeSix(float* source, nint ld, int depth, int width, float* packed)
    {
        int k = 0;
        for (; k + 8 <= depth; k += 8, packed += 8 * width)
        {
            float* s = source + k;
            Vector256<float> r0 = Avx.LoadVector256(s), r1 = Avx.LoadVector256(s + ld), r2 = Avx.LoadVector256(s + 2 * ld),
                r3 = Avx.LoadVector256(s + 3 * ld), r4 = Avx.LoadVector256(s + 4 * ld), r5 = Avx.LoadVector256(s + 5 * ld), r6 = default, r7 = default;
            Transpose8x8(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
            float* d = packed;
            StoreSix(r0, d);
            StoreSix(r1, d += width);
            StoreSix(r2, d += width);
            StoreSix(r3, d += width);
            StoreSix(r4, d += width);
            StoreSix(r5, d += width);
            StoreSix(r6, d += width);
            StoreSix(r7, d + width);
        }
        TransposeScalar(source + k, ld, 6, 6, depth - k, width, packed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSix(Vector256<float> value, float* to)
    {
        Vector128.Store(value.GetLower(), to);
        *(double*)(to + 4) = value.GetUpper().AsDouble().ToScalar();
    }

    /// <summary>Row i of eight becomes column i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose8x8(ref Vector256<float> r0, ref Vector256<float> r1, ref Vector256<float> r2, ref Vector256<float> r3,
        ref Vector256<float> r4, ref Vector256<float> r5, ref Vector256<float> r6, ref Vector256<float> r7)
    {
        Vector256<float> t0 = Avx.UnpackLow(r0, r1), t1 = Avx.UnpackHigh(r0, r1), t2 = Avx.UnpackLow(r2, r3), t3 = Avx.UnpackHigh(r2, r3),
            t4 = Avx.UnpackLow(r4, r5), t5 = Avx.UnpackHigh(r4, r5), t6 = Avx.UnpackLow(r6, r7), t7 = Avx.UnpackHigh(r6, r7);
        Vector256<float> u0 = Avx.Shuffle(t0, t2, 0x44), u1 = Avx.Shuffle(t0, t2, 0xEE), u2 = Avx.Shuffle(t1, t3, 0x44),
            u3 = Avx.Shuffle(t1, t3, 0xEE), u4 = Avx.Shuffle(t4, t6, 0x44), u5 = Avx.Shuffle(t4, t6, 0xEE),
            u6 = Avx.Shuffle(t5, t7, 0x44), u7 = Avx.Shuffle(t5, t7, 0xEE);
        r0 = Avx.Permute2x128(u0, u4, 0x20);
        r1 = Avx.Permute2x128(u1, u5, 0x20);
        r2 = Avx.Permute2x128(u2, u6, 0x20);
        r3 = Avx.Permute2x128(u3, u7, 0x20);
        r4 = Avx.Permute2x128(u0, u4, 0x31);
        r5 = Avx.Permute2x128(u1, u5, 0x31);
        r6 = Avx.Permute2x128(u2, u6, 0x31);
        r7 = Avx.Permute2x128(u3, u7, 0x31);
    }
}
