using System.Runtime.CompilerServices;
using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Threads;

namespace Phf.Numerics.Backend.Cpu;

/// <summary>
/// Turns rows of logits into their gradients in place. With q the softmax over all tokens but the target, p the target's
/// probability: dL/dlogit_i = k q_i and dL/dlogit_target = -k, where k = w (1 - p) - u p. Nothing is divided by 1 - p and
/// nothing subtracted from 1, so it is exact for p near 0 and near 1.
/// </summary>
internal sealed unsafe class ClassifierJob<S, V> : ITileJob
    where S : struct, ISimd<V>
    where V : struct
{
    public const int RowsPerTile = 8;
    public float* Logits;
    public nint Stride;
    public int Rows, Vocabulary;
    public int* Targets;
    public float* Positive, Negative, LogProbs, LogComplements, Margins; // Negative and Margins may be null
    public bool WithGradient;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void RunTile(int tile, int worker)
    {
        int end = Math.Min(Rows, (tile + 1) * RowsPerTile);
        for (int row = tile * RowsPerTile; row < end; row++)
        {
            float* x = Logits + row * Stride;
            int y = Targets[row];
            float target = x[y];
            x[y] = float.NegativeInfinity;
            float max = Elementwise<S, V>.Largest(x, Vocabulary);
            float others = Elementwise<S, V>.ExpSum(x, 1, max, Vocabulary);
            double advantage = target - (max + Math.Log(others)); // over the log-sum-exp of the other tokens
            if (double.IsPositiveInfinity(advantage)) advantage = double.NaN; // an overflow is not a probability of 1
            double logProb = -SoftPlus(-advantage), logComplement = -SoftPlus(advantage);
            LogProbs[row] = (float)logProb;
            LogComplements[row] = (float)logComplement;
            if (Margins != null) Margins[row] = float.IsNaN(others) ? others : target - max; // the largest of numbers passes over a NaN
            if (!WithGradient) continue;

            double negative = Negative == null ? 0 : Negative[row];
            float strength = (float)(Positive[row] * Math.Exp(logComplement) - negative * Math.Exp(logProb));
            Elementwise<S, V>.Scale(x, strength / others, x, Vocabulary);
            x[y] = -strength;
        }
    }

    /// <summary>log(1 + e^x), accurate where the result is tiny.</summary>
    private static double SoftPlus(double x)
    {
        double small = Math.Exp(-Math.Abs(x));
        return Math.Max(x, 0) + (small < 1e-5 ? small - 0.5 * small * small : Math.Log(1 + small));
    }
}
