using System.Runtime.CompilerServices;

namespace Phf.Numerics.Backend.Cpu.Simd;

/// <summary>
/// One vector width. Kernels are written once, generic over an implementation, and compiled for each: the calls are inlined.
/// </summary>
/// <typeparam name="V">The vector type, single precision.</typeparam>
internal unsafe interface ISimd<V>
    where V : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Width { get; }

    static abstract V Load(float* source);

    static abstract void Store(V value, float* destination);

    static abstract V Set(float value);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Divide(V a, V b);

    /// <summary>a b + c, rounded once.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>The larger one; b where either is NaN, so a constant goes first and a NaN in b survives.</summary>
    static abstract V Max(V a, V b);

    /// <summary>The smaller one; b where either is NaN.</summary>
    static abstract V Min(V a, V b);

    static abstract V Sqrt(V a);

    /// <summary>To the nearest whole number, ties to even.</summary>
    static abstract V Round(V a);

    /// <summary>2^a for whole numbers a in [-126, 127].</summary>
    static abstract V PowerOfTwo(V a);

    /// <summary>Sum of the lanes in a fixed order.</summary>
    static abstract float Sum(V a);

    /// <summary>Largest lane.</summary>
    static abstract float Largest(V a);
}

/// <summary>Functions built on the vector operations.</summary>
internal static unsafe class SimdMath<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    /// <summary>
    /// e^x with a relative error below 3e-7: x = n ln 2 + r with |r| at most ln 2 / 2, and e^r by its Taylor polynomial of degree 6
    /// (truncation 1.2e-7). Clamped to [-87.3, 88.0], so that 2^n stays a normal number: the smallest result is 1.2e-38, not 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp(V x)
    {
        x = S.Min(S.Set(88.0f), S.Max(S.Set(-87.3f), x));
        V n = S.Round(S.Multiply(x, S.Set(1.44269504f)));
        V r = S.MultiplyAdd(n, S.Set(-0.693145752f), x);
        r = S.MultiplyAdd(n, S.Set(-1.42860682e-6f), r);
        V p = S.Set(1.0f / 720);
        p = S.MultiplyAdd(p, r, S.Set(1.0f / 120));
        p = S.MultiplyAdd(p, r, S.Set(1.0f / 24));
        p = S.MultiplyAdd(p, r, S.Set(1.0f / 6));
        p = S.MultiplyAdd(p, r, S.Set(0.5f));
        p = S.MultiplyAdd(p, r, S.Set(1.0f));
        p = S.MultiplyAdd(p, r, S.Set(1.0f));
        return S.Multiply(p, S.PowerOfTwo(n));
    }

    /// <summary>Loads the first count floats (fewer than a vector), zeros behind.</summary>
    public static V LoadPart(float* source, int count)
    {
        float* whole = stackalloc float[16];
        for (int i = 0; i < 16; i++) whole[i] = i < count ? source[i] : 0;
        return S.Load(whole);
    }

    /// <summary>Stores the first count floats.</summary>
    public static void StorePart(V value, float* destination, int count)
    {
        float* whole = stackalloc float[16];
        S.Store(value, whole);
        for (int i = 0; i < count; i++) destination[i] = whole[i];
    }
}
