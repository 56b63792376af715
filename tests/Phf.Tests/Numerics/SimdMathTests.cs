using System.Runtime.Intrinsics;
using Phf.Numerics.Backend;
using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Memory;

namespace Phf.Tests.Numerics;

/// <summary>The exponential and GELU over the floats of their useful range, in steps of the bit pattern, against double precision.</summary>
public sealed class SimdMathTests
{
    private const int Step = 1009; // bit patterns from one tested float to the next; a prime, so that all trailing bits occur

    public static TheoryData<SimdWidth> Widths => [.. Backends.SupportedWidths];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Exp_WholeRange_RelativeErrorBelow3e7(SimdWidth width)
    {
        double worst = 0;
        foreach (float x in Floats(1e-10f, 88.0f))
        {
            worst = Math.Max(worst, Math.Abs(Exp(width, x) / Math.Exp(x) - 1));
            if (x < 87.3f) worst = Math.Max(worst, Math.Abs(Exp(width, -x) / Math.Exp(-x) - 1));
        }
        Assert.True(worst < 3e-7, $"relative error {worst:E2}");
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Exp_OutsideTheRange_IsClamped(SimdWidth width)
    {
        Assert.Equal(1f, Exp(width, 0));
        foreach (float x in new[] { -87.4f, -1e4f, float.MinValue, float.NegativeInfinity }) Assert.InRange(Exp(width, x), 1e-38f, 1.3e-38f);
        foreach (float x in new[] { 88.1f, 1e4f, float.MaxValue, float.PositiveInfinity }) Assert.InRange(Exp(width, x), 1.6e38f, 1.7e38f);
        Assert.Equal(float.NaN, Exp(width, float.NaN));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Gelu_WholeRange_AgreesWithDouble(SimdWidth width)
    {
        (double value, double slope) = WorstGelu(width, 1e-6f, 12);
        Assert.True(value < 3e-7, $"value off by {value:E2} of max(1, |x|)");
        Assert.True(slope < 6e-7, $"slope off by {slope:E2}");
    }

    /// <summary>Far out, where the cube is huge, value and slope are those of max(x, 0).</summary>
    [Theory]
    [MemberData(nameof(Widths))]
    public void Gelu_LargeNumbers_AgreeWithDouble(SimdWidth width)
    {
        (double value, double slope) = WorstGelu(width, 12, 1e8f);
        Assert.True(value < 1e-7, $"value off by {value:E2} of max(1, |x|)");
        Assert.True(slope < 1e-7, $"slope off by {slope:E2}");
    }

    /// <summary>GELU by the normal distribution and SiLU, from tiny to huge, against the reference backend's double precision.</summary>
    [Theory]
    [MemberData(nameof(Widths))]
    public void ErfGeluAndSilu_WholeRange_AgreeWithTheReference(SimdWidth width)
    {
        float[] inputs = [.. Floats(1e-6f, 1e8f).SelectMany(x => new[] { x, -x })];
        foreach (Activation activation in new[] { Activation.Gelu, Activation.Silu })
        {
            using IBackend backend = Backends.CreateCpu(2, width), reference = Backends.CreateReference();
            (float[] values, float[] slopes) = Activate(backend, activation, inputs);
            (float[] trueValues, float[] trueSlopes) = Activate(reference, activation, inputs);
            double worstValue = 0, worstSlope = 0;
            for (int i = 0; i < inputs.Length; i++)
            {
                worstValue = Math.Max(worstValue, Math.Abs((double)values[i] - trueValues[i]) / Math.Max(1, Math.Abs(inputs[i])));
                worstSlope = Math.Max(worstSlope, Math.Abs((double)slopes[i] - trueSlopes[i]));
            }
            Assert.True(worstValue < 3e-7, $"{activation} off by {worstValue:E2} of max(1, |x|)");
            Assert.True(worstSlope < 6e-7, $"slope of {activation} off by {worstSlope:E2}");
        }
    }

    /// <summary>The normal distribution at points of the usual tables: x Phi(x).</summary>
    [Theory]
    [InlineData(0.5f, 0.5 * 0.6914624612740131)]
    [InlineData(1f, 0.8413447460685429)]
    [InlineData(-1f, -0.15865525393145707)]
    [InlineData(2f, 2 * 0.9772498680518208)]
    [InlineData(-3f, -3 * 0.0013498980316300946)]
    [InlineData(-6f, -6 * 9.865876450376981e-10)]
    public void ErfGelu_OfTheReference_IsTheTablesNumber(float x, double expected)
    {
        using IBackend reference = Backends.CreateReference();
        Assert.Equal(expected, Activate(reference, Activation.Gelu, [x]).Values[0], 6e-8 * Math.Max(1e-3, Math.Abs(expected)));
    }

    private static (float[] Values, float[] Slopes) Activate(IBackend backend, Activation activation, float[] inputs)
    {
        using var memory = new TestMemory();
        Tensor x = memory.Of(inputs.Length, 1, inputs), preActivation = memory.Garbage(inputs.Length, 1), value = memory.Garbage(inputs.Length, 1);
        Tensor slope = memory.Garbage(1, inputs.Length);
        slope.Span.Fill(1);
        backend.LinearActivation(x, memory.Of(1, 1, [1]), memory.Of(1, 1, [0]), activation, preActivation, value);
        backend.ActivationBackward(preActivation.Reshape(1, inputs.Length), activation, slope);
        return (value.Span.ToArray(), slope.Span.ToArray());
    }

    private static (double Value, double Slope) WorstGelu(SimdWidth width, float least, float most)
    {
        float[] inputs = [.. Floats(least, most).SelectMany(x => new[] { x, -x })];
        using IBackend backend = Backends.CreateCpu(2, width);
        using var memory = new TestMemory();
        Tensor one = memory.Of(1, 1, [1]), zero = memory.Of(1, 1, [0]);
        Tensor x = memory.Of(inputs.Length, 1, inputs), preActivation = memory.Garbage(inputs.Length, 1), gelu = memory.Garbage(inputs.Length, 1);
        Tensor slope = memory.Garbage(1, inputs.Length);
        slope.Span.Fill(1);
        backend.LinearActivation(x, one, zero, Activation.GeluTanh, preActivation, gelu);
        backend.ActivationBackward(preActivation.Reshape(1, inputs.Length), Activation.GeluTanh, slope);
        double worstValue = 0, worstSlope = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            double v = inputs[i], inner = Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v), tanh = Math.Tanh(inner);
            double value = 0.5 * v * (1 + tanh), derivative = 0.5 * (1 + tanh) + 0.5 * v * (1 - tanh * tanh) * Math.Sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * v * v);
            worstValue = Math.Max(worstValue, Math.Abs(gelu.Span[i] - value) / Math.Max(1, Math.Abs(v)));
            worstSlope = Math.Max(worstSlope, Math.Abs(slope.Span[i] - derivative));
        }
        return (worstValue, worstSlope);
    }

    private static float Exp(SimdWidth width, float x) => width switch
    {
        SimdWidth.Bits512 => SimdMath<Simd512, Vector512<float>>.Exp(Vector512.Create(x))[7],
        SimdWidth.Bits256 => SimdMath<Simd256, Vector256<float>>.Exp(Vector256.Create(x))[5],
        _ => SimdMath<Simd128, Vector128<float>>.Exp(Vector128.Create(x))[3],
    };

    private static IEnumerable<float> Floats(float least, float most)
    {
        for (uint bits = BitConverter.SingleToUInt32Bits(least); bits <= BitConverter.SingleToUInt32Bits(most); bits += Step) yield return BitConverter.UInt32BitsToSingle(bits);
    }
}
