using System.Runtime.CompilerServices;
using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Threads;

namespace Phf.Numerics.Backend.Cpu;

/// <summary>
/// One new token per sequence against the cache; a tile is one head of one sequence. Keys lie transposed in blocks, so that scores
/// are added up for a vector of positions at once and the cache is read from its start without gaps.
/// </summary>
internal sealed unsafe class AttentionStepJob<S, V> : ITileJob
    where S : struct, ISimd<V>
    where V : struct
{
    private const MethodImplOptions Hot = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;
    private const int Unroll = 4; // independent sums: a multiply-add takes about four cycles
    private const int KeyBlock = AttentionShape.KeyBlock;
    public float* Qkv, KeyCache, ValueCache, Output, Scores;
    public AttentionShape Shape;
    public int Position;

    public void RunTile(int tile, int worker)
    {
        int size = Shape.HeadSize, time = Shape.Time, count = Position + 1;
        nint width = Shape.Channels, row = tile / Shape.Heads, column = (nint)(tile % Shape.Heads) * size;
        float* q = Qkv + row * 3 * width + column;
        float* keys = KeyCache + (nint)tile * size * time;
        float* values = ValueCache + (nint)tile * time * size;
        float* scores = Scores + (nint)tile * time;
        float* key = keys + (nint)(Position / KeyBlock) * size * KeyBlock + Position % KeyBlock;
        for (int d = 0; d < size; d++) key[d * KeyBlock] = q[width + d];
        Buffer.MemoryCopy(q + 2 * width, values + (nint)Position * size, size * sizeof(float), size * sizeof(float));

        DotColumns(q, keys, size, count, scores);
        float sum = Elementwise<S, V>.ExpSum(scores, Shape.Scale, Shape.Scale * Elementwise<S, V>.Largest(scores, count), count);
        SumRows(scores, values, size, count, 1 / sum, Output + row * width + column);
    }

    /// <summary>scores[s] = sum over d of q[d] keys[s / KeyBlock, d, s % KeyBlock] for s below count, and whatever up to the end of the block.</summary>
    [MethodImpl(Hot)]
    private static void DotColumns(float* q, float* keys, int size, int count, float* scores)
    {
        int whole = size / Unroll * Unroll;
        for (int s = 0; s < count; s += S.Width)
        {
            V a = S.Set(0), b = a, c = a, d = a;
            float* k = keys + (nint)(s / KeyBlock) * size * KeyBlock + s % KeyBlock;
            int i = 0;
            for (; i < whole; i += Unroll, k += Unroll * KeyBlock)
            {
                a = S.MultiplyAdd(S.Set(q[i]), S.Load(k), a);
                b = S.MultiplyAdd(S.Set(q[i + 1]), S.Load(k + KeyBlock), b);
                c = S.MultiplyAdd(S.Set(q[i + 2]), S.Load(k + 2 * KeyBlock), c);
                d = S.MultiplyAdd(S.Set(q[i + 3]), S.Load(k + 3 * KeyBlock), d);
            }
            for (; i < size; i++, k += KeyBlock) a = S.MultiplyAdd(S.Set(q[i]), S.Load(k), a);
            S.Store(S.Add(S.Add(a, b), S.Add(c, d)), scores + s);
        }
    }

    /// <summary>y = factor * sum over s of weights[s] rows[s], rows of <paramref name="size"/> floats.</summary>
    [MethodImpl(Hot)]
    private static void SumRows(float* weights, float* rows, int size, int count, float factor, float* y)
    {
        int column = 0, whole = count / Unroll * Unroll;
        for (; column + S.Width <= size; column += S.Width)
        {
            V a = S.Set(0), b = a, c = a, d = a;
            float* row = rows + column;
            int s = 0;
            for (; s < whole; s += Unroll, row += (nint)Unroll * size)
            {
                a = S.MultiplyAdd(S.Set(weights[s]), S.Load(row), a);
                b = S.MultiplyAdd(S.Set(weights[s + 1]), S.Load(row + size), b);
                c = S.MultiplyAdd(S.Set(weights[s + 2]), S.Load(row + 2 * size), c);
                d = S.MultiplyAdd(S.Set(weights[s + 3]), S.Load(row + 3 * size), d);
            }
            for (; s < count; s++, row += size) a = S.MultiplyAdd(S.Set(weights[s]), S.Load(row), a);
            S.Store(S.Multiply(S.Add(S.Add(a, b), S.Add(c, d)), S.Set(factor)), y + column);
        }
        for (; column < size; column++)
        {
            float sum = 0;
            for (int s = 0; s < count; s++) sum = MathF.FusedMultiplyAdd(weights[s], rows[(nint)s * size + column], sum);
            y[column] = sum * factor;
        }
    }
}
