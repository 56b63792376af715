using System.Runtime.CompilerServices;
using Phf.Numerics.Backend.Cpu.Simd;

namespace Phf.Numerics.Backend.Cpu;

/// <summary>
/// Softmax over the rows of a transposed block of scores: a row per key, two vectors long, and a lane per query. Each lane is a
/// softmax of its own.
/// </summary>
internal static unsafe class Lanes<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    private const MethodImplOptions Hot = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;

    /// <summary>Sets what a query must not see: in row r, the lanes before r.</summary>
    public static void FillAbove(float* x, int rows, float value)
    {
        for (int r = 1; r < rows; r++) new Span<float>(x + (nint)r * 2 * S.Width, r).Fill(value);
    }

    /// <summary>largest = scale times the largest element of each lane; scale is positive.</summary>
    [MethodImpl(Hot)]
    public static void Largest(float* x, int rows, float scale, float* largest)
    {
        V a = S.Set(float.NegativeInfinity), b = a;
        for (float* end = x + (nint)rows * 2 * S.Width; x != end; x += 2 * S.Width)
        {
            a = S.Max(S.Load(x), a);
            b = S.Max(S.Load(x + S.Width), b);
        }
        S.Store(S.Multiply(a, S.Set(scale)), largest);
        S.Store(S.Multiply(b, S.Set(scale)), largest + S.Width);
    }

    /// <summary>x = exp(scale * x - shift) in place, and each lane's sum.</summary>
    [MethodImpl(Hot)]
    public static void ExpSum(float* x, int rows, float scale, float* shift, float* sums)
    {
        V factor = S.Set(scale), shiftA = S.Subtract(S.Set(0), S.Load(shift)), shiftB = S.Subtract(S.Set(0), S.Load(shift + S.Width));
        V a = S.Set(0), b = S.Set(0);
        for (float* end = x + (nint)rows * 2 * S.Width; x != end; x += 2 * S.Width)
        {
            V p = SimdMath<S, V>.Exp(S.MultiplyAdd(S.Load(x), factor, shiftA));
            S.Store(p, x);
            a = S.Add(a, p);
            p = SimdMath<S, V>.Exp(S.MultiplyAdd(S.Load(x + S.Width), factor, shiftB));
            S.Store(p, x + S.Width);
            b = S.Add(b, p);
        }
        S.Store(a, sums);
        S.Store(b, sums + S.Width);
    }

    /// <summary>p: scores become probabilities exp(scale * p - shift); dp: their gradients become the scores', p (dp - mean) scale.</summary>
    [MethodImpl(Hot)]
    public static void SoftmaxGradient(float* p, float* dp, int rows, float scale, float* shift, float* mean)
    {
        V factor = S.Set(scale);
        for (int half = 0; half < 2 * S.Width; half += S.Width)
        {
            V offset = S.Subtract(S.Set(0), S.Load(shift + half)), center = S.Load(mean + half);
            float* x = p + half;
            float* dx = dp + half;
            for (float* end = x + (nint)rows * 2 * S.Width; x != end; x += 2 * S.Width, dx += 2 * S.Width)
            {
                V probability = SimdMath<S, V>.Exp(S.MultiplyAdd(S.Load(x), factor, offset));
                S.Store(probability, x);
                S.Store(S.Multiply(S.Multiply(probability, S.Subtract(S.Load(dx), center)), factor), dx);
            }
        }
    }
}
