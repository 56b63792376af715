using System.Runtime.CompilerServices;
using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Threads;

namespace Phf.Numerics.Backend.Cpu;

/// <summary>One pass over parameters, gradients and both moments.</summary>
internal sealed unsafe class AdamWJob<S, V> : ITileJob
    where S : struct, ISimd<V>
    where V : struct
{
    public const int ElementsPerTile = 1 << 15;
    public float* Parameters, Gradients, First, Second;
    public long Length;
    public float Beta1, Beta2, Epsilon, Decay, StepSize, RootCorrection, GradientScale;

    public void Set(AdamWStep step)
    {
        double correction1 = 1 - Math.Pow(step.Beta1, step.Step), correction2 = 1 - Math.Pow(step.Beta2, step.Step);
        (Beta1, Beta2, Epsilon, GradientScale) = (step.Beta1, step.Beta2, step.Epsilon, step.GradientScale);
        Decay = (float)(1 - (double)step.LearningRate * step.WeightDecay);
        StepSize = (float)(step.LearningRate / correction1);
        RootCorrection = (float)(1 / Math.Sqrt(correction2));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void RunTile(int tile, int worker)
    {
        nint start = (nint)tile * ElementsPerTile, end = (nint)Math.Min(Length, start + ElementsPerTile), i = start;
        V scale = S.Set(GradientScale), beta1 = S.Set(Beta1), rest1 = S.Set(1 - Beta1), beta2 = S.Set(Beta2), rest2 = S.Set(1 - Beta2);
        V decay = S.Set(Decay), step = S.Set(-StepSize), root = S.Set(RootCorrection), epsilon = S.Set(Epsilon);
        for (; i + S.Width <= end; i += S.Width)
        {
            V g = S.Multiply(S.Load(Gradients + i), scale);
            V m = S.MultiplyAdd(beta1, S.Load(First + i), S.Multiply(rest1, g));
            V v = S.MultiplyAdd(beta2, S.Load(Second + i), S.Multiply(rest2, S.Multiply(g, g)));
            S.Store(m, First + i);
            S.Store(v, Second + i);
            V denominator = S.MultiplyAdd(S.Sqrt(v), root, epsilon);
            S.Store(S.MultiplyAdd(S.Divide(m, denominator), step, S.Multiply(S.Load(Parameters + i), decay)), Parameters + i);
        }
        for (; i < end; i++)
        {
            float g = Gradients[i] * GradientScale;
            First[i] = Beta1 * First[i] + (1 - Beta1) * g;
            Second[i] = Beta2 * Second[i] + (1 - Beta2) * g * g;
            Parameters[i] = Parameters[i] * Decay - StepSize * First[i] / (MathF.Sqrt(Second[i]) * RootCorrection + Epsilon);
        }
    }
}

/// <summary>Sum of squares per tile, in double from vectors of 2048 elements at a time.</summary>
internal sealed unsafe class SquaredNormJob<S, V> : ITileJob
    where S : struct, ISimd<V>
    where V : struct
{
    public const int ElementsPerTile = 1 << 16;
    private const int ElementsPerSum = 2048;
    public float* Values;
    public long Length;
    public double[] Sums = [];

    public void RunTile(int tile, int worker)
    {
        nint start = (nint)tile * ElementsPerTile, end = (nint)Math.Min(Length, start + ElementsPerTile);
        double sum = 0;
        for (nint i = start; i < end; i += ElementsPerSum)
            sum += Elementwise<S, V>.Dot(Values + i, Values + i, (int)Math.Min(ElementsPerSum, end - i));
        Sums[tile] = sum;
    }
}

/// <summary>Zeros, tile by tile.</summary>
internal sealed unsafe class ClearJob : ITileJob
{
    public const int ElementsPerTile = 1 << 18;
    public float* Values;
    public long Length;

    public void RunTile(int tile, int worker)
    {
        nint start = (nint)tile * ElementsPerTile;
        new Span<float>(Values + start, (int)Math.Min(ElementsPerTile, Length - start)).Clear();
    }
}

/// <summary>dx = dx * activation'(x), tile by tile.</summary>
internal sealed unsafe class ActivationBackwardJob<S, V> : ITileJob
    where S : struct, ISimd<V>
    where V : struct
{
    public const int ElementsPerTile = 1 << 14;
    public float* PreActivation, DOutput;
    public long Length;
    public Activation Activation;

    public void RunTile(int tile, int worker)
    {
        nint start = (nint)tile * ElementsPerTile;
        Elementwise<S, V>.ActivateBackward(Activation, PreActivation + start, DOutput + start, (int)Math.Min(ElementsPerTile, Length - start));
    }
}

/// <summary>Adds the column sums of a matrix to a vector; a tile is a strip of columns, so the rows are added in order.</summary>
internal sealed unsafe class ColumnSumJob<S, V> : ITileJob
    where S : struct, ISimd<V>
    where V : struct
{
    public const int ColumnsPerTile = 64;
    public float* Matrix, Sums;
    public int Rows, Columns;

    public void RunTile(int tile, int worker)
    {
        int first = tile * ColumnsPerTile, count = Math.Min(ColumnsPerTile, Columns - first);
        float* sums = stackalloc float[ColumnsPerTile];
        new Span<float>(sums, ColumnsPerTile).Clear();
        for (int row = 0; row < Rows; row++) Elementwise<S, V>.Add(Matrix + (nint)row * Columns + first, sums, sums, count);
        Elementwise<S, V>.Add(sums, Sums + first, Sums + first, count);
    }
}

/// <summary>Token plus position rows.</summary>
internal sealed unsafe class EmbedJob<S, V> : ITileJob
    where S : struct, ISimd<V>
    where V : struct
{
    public const int RowsPerTile = 32;
    public int* Tokens, Positions;
    public float* TokenTable, PositionTable, Output;
    public int Rows, Columns;

    public void RunTile(int tile, int worker)
    {
        int end = Math.Min(Rows, (tile + 1) * RowsPerTile);
        for (int n = tile * RowsPerTile; n < end; n++)
        {
            float* token = TokenTable + (nint)Tokens[n] * Columns;
            float* position = PositionTable + (nint)Positions[n] * Columns;
            Elementwise<S, V>.Add(token, position, Output + (nint)n * Columns, Columns);
        }
    }
}

/// <summary>Scatters gradients to both tables; a tile is a strip of columns, so rows that share a token are added in order.</summary>
internal sealed unsafe class EmbedBackwardJob<S, V> : ITileJob
    where S : struct, ISimd<V>
    where V : struct
{
    public const int ColumnsPerTile = 64;
    public int* Tokens, Positions;
    public float* DTokenTable, DPositionTable, DOutput;
    public int Rows, Columns;

    public void RunTile(int tile, int worker)
    {
        int first = tile * ColumnsPerTile, count = Math.Min(ColumnsPerTile, Columns - first);
        for (int n = 0; n < Rows; n++)
        {
            float* dy = DOutput + (nint)n * Columns + first;
            float* dToken = DTokenTable + (nint)Tokens[n] * Columns + first;
            float* dPosition = DPositionTable + (nint)Positions[n] * Columns + first;
            Elementwise<S, V>.Add(dy, dToken, dToken, count);
            Elementwise<S, V>.Add(dy, dPosition, dPosition, count);
        }
    }
}
