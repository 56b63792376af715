using System.Runtime.CompilerServices;
using Phf.Numerics.Backend.Cpu.Simd;

namespace Phf.Numerics.Backend.Cpu;

/// <summary>Loops over contiguous floats. Any length; destinations may be the sources.</summary>
internal static unsafe class Elementwise<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    private const MethodImplOptions Hot = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;

    /// <summary>destination = a + b.</summary>
    [MethodImpl(Hot)]
    public static void Add(float* a, float* b, float* destination, int count)
    {
        int i = 0;
        for (; i + S.Width <= count; i += S.Width) S.Store(S.Add(S.Load(a + i), S.Load(b + i)), destination + i);
        for (; i < count; i++) destination[i] = a[i] + b[i];
    }

    /// <summary>destination = activation(x).</summary>
    [MethodImpl(Hot)]
    public static void Activate(Activation activation, float* x, float* destination, int count)
    {
        int i = 0;
        for (; i + S.Width <= count; i += S.Width) S.Store(Activate(activation, S.Load(x + i)), destination + i);
        if (i < count) SimdMath<S, V>.StorePart(Activate(activation, SimdMath<S, V>.LoadPart(x + i, count - i)), destination + i, count - i);
    }

    /// <summary>dy = dy * activation'(x).</summary>
    [MethodImpl(Hot)]
    public static void ActivateBackward(Activation activation, float* x, float* dy, int count)
    {
        int i = 0;
        for (; i + S.Width <= count; i += S.Width) S.Store(S.Multiply(S.Load(dy + i), Derivative(activation, S.Load(x + i))), dy + i);
        if (i == count) return;
        V part = S.Multiply(SimdMath<S, V>.LoadPart(dy + i, count - i), Derivative(activation, SimdMath<S, V>.LoadPart(x + i, count - i)));
        SimdMath<S, V>.StorePart(part, dy + i, count - i);
    }

    /// <summary>destination = factor * x.</summary>
    [MethodImpl(Hot)]
    public static void Scale(float* x, float factor, float* destination, int count)
    {
        V scale = S.Set(factor);
        int i = 0;
        for (; i + S.Width <= count; i += S.Width) S.Store(S.Multiply(S.Load(x + i), scale), destination + i);
        for (; i < count; i++) destination[i] = x[i] * factor;
    }

    /// <summary>destination += factor * x.</summary>
    [MethodImpl(Hot)]
    public static void AddScaled(float* x, float factor, float* destination, int count)
    {
        V scale = S.Set(factor);
        int i = 0;
        for (; i + S.Width <= count; i += S.Width) S.Store(S.MultiplyAdd(S.Load(x + i), scale, S.Load(destination + i)), destination + i);
        for (; i < count; i++) destination[i] = MathF.FusedMultiplyAdd(x[i], factor, destination[i]);
    }

    /// <summary>Sum of a[i] b[i].</summary>
    [MethodImpl(Hot)]
    public static float Dot(float* a, float* b, int count)
    {
        V sum = S.Set(0);
        int i = 0;
        for (; i + S.Width <= count; i += S.Width) sum = S.MultiplyAdd(S.Load(a + i), S.Load(b + i), sum);
        float total = S.Sum(sum);
        for (; i < count; i++) total += a[i] * b[i];
        return total;
    }

    /// <summary>Largest element; NaN elements may be passed over. At least one element.</summary>
    [MethodImpl(Hot)]
    public static float Largest(float* x, int count)
    {
        V largest = S.Set(float.NegativeInfinity);
        int i = 0;
        for (; i + S.Width <= count; i += S.Width) largest = S.Max(S.Load(x + i), largest);
        float result = S.Largest(largest);
        for (; i < count; i++) result = MathF.Max(result, x[i]);
        return result;
    }

    /// <summary>x = exp(scale * x - shift) in place; returns the sum.</summary>
    [MethodImpl(Hot)]
    public static float ExpSum(float* x, float scale, float shift, int count)
    {
        V sum = S.Set(0), factor = S.Set(scale), offset = S.Set(-shift);
        int i = 0;
        for (; i + S.Width <= count; i += S.Width)
        {
            V e = SimdMath<S, V>.Exp(S.MultiplyAdd(S.Load(x + i), factor, offset));
            S.Store(e, x + i);
            sum = S.Add(sum, e);
        }
        float total = S.Sum(sum);
        if (i == count) return total;
        V part = SimdMath<S, V>.Exp(S.MultiplyAdd(SimdMath<S, V>.LoadPart(x + i, count - i), factor, offset));
        SimdMath<S, V>.StorePart(part, x + i, count - i);
        for (; i < count; i++) total += x[i];
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Activate(Activation activation, V x)
    {
        if (activation == Activation.Relu) return S.Max(S.Set(0), x);
        return S.Divide(x, S.Add(S.Set(1), GeluExp(x)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Derivative(Activation activation, V x)
    {
        if (activation == Activation.Relu) // 1 above 0, 0 below, without a comparison: min(max(x, 0) * huge, 1)
            return S.Min(S.Set(1), S.Multiply(S.Max(S.Set(0), x), S.Set(float.MaxValue)));
        V exponential = GeluExp(x), sigmoid = S.Divide(S.Set(1), S.Add(S.Set(1), exponential));
        V slope = S.MultiplyAdd(S.Multiply(x, x), S.Set(6 * 0.044715f * 0.7978845608f), S.Set(2 * 0.7978845608f));
        // 1 - sigmoid = exp / (1 + exp); a subtraction from 1 would leave 2e-6 of error in the slope at x = 5.
        V bend = S.Multiply(S.Multiply(x, S.Multiply(sigmoid, S.Multiply(sigmoid, exponential))), slope);
        return S.Add(sigmoid, bend);
    }

    /// <summary>exp(-2 sqrt(2/pi) (x + 0.044715 x^3)): GELU's tanh form is x over 1 plus this.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V GeluExp(V x)
    {
        V cubic = S.MultiplyAdd(S.Multiply(x, x), S.Set(-2 * 0.044715f * 0.7978845608f), S.Set(-2 * 0.7978845608f));
        return SimdMath<S, V>.Exp(S.Multiply(x, cubic));
    }
}
