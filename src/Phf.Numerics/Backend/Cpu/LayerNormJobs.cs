using System.Runtime.CompilerServices;
using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Threads;

namespace Phf.Numerics.Backend.Cpu;

/// <summary>Rows [tile * RowsPerTile, ...) of a layer norm: two passes over a row that stays in the cache.</summary>
internal sealed unsafe class LayerNormJob<S, V> : ITileJob
    where S : struct, ISimd<V>
    where V : struct
{
    public const int RowsPerTile = 16;
    public float* Input, Gain, Bias, Output, Mean, Rstd;
    public int Rows, Columns;
    public float Epsilon;

    public void RunTile(int tile, int worker)
    {
        int end = Math.Min(Rows, (tile + 1) * RowsPerTile);
        for (int row = tile * RowsPerTile; row < end; row++) Normalize(row);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private void Normalize(int row)
    {
        int width = Columns, c = 0;
        float* x = Input + (nint)row * width;
        float* y = Output + (nint)row * width;
        V sums = S.Set(0);
        for (; c + S.Width <= width; c += S.Width) sums = S.Add(sums, S.Load(x + c));
        float sum = S.Sum(sums);
        for (; c < width; c++) sum += x[c];
        float mean = sum / width;

        V center = S.Set(mean), squares = S.Set(0);
        for (c = 0; c + S.Width <= width; c += S.Width)
        {
            V d = S.Subtract(S.Load(x + c), center);
            squares = S.MultiplyAdd(d, d, squares);
        }
        float square = S.Sum(squares);
        for (; c < width; c++) square += (x[c] - mean) * (x[c] - mean);
        float rstd = 1 / MathF.Sqrt(square / width + Epsilon);

        V scale = S.Set(rstd);
        for (c = 0; c + S.Width <= width; c += S.Width)
            S.Store(S.MultiplyAdd(S.Multiply(S.Subtract(S.Load(x + c), center), scale), S.Load(Gain + c), S.Load(Bias + c)), y + c);
        for (; c < width; c++) y[c] = (x[c] - mean) * rstd * Gain[c] + Bias[c];
        Mean[row] = mean;
        Rstd[row] = rstd;
    }
}

/// <summary>
/// The backward pass of a tile of rows. Gradients of gain and bias are summed per tile into Partials, [tile][gain | bias], and the
/// tiles added in order afterwards: the same sum for any number of threads.
/// </summary>
internal sealed unsafe class LayerNormBackwardJob<S, V> : ITileJob
    where S : struct, ISimd<V>
    where V : struct
{
    public const int RowsPerTile = 64;
    public float* DOutput, Input, Gain, Mean, Rstd, DInput, Partials;
    public int Rows, Columns;

    public void RunTile(int tile, int worker)
    {
        float* dGain = Partials + (nint)tile * 2 * Columns;
        new Span<float>(dGain, 2 * Columns).Clear();
        int end = Math.Min(Rows, (tile + 1) * RowsPerTile);
        for (int row = tile * RowsPerTile; row < end; row++) Backward(row, dGain, dGain + Columns);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private void Backward(int row, float* dGain, float* dBias)
    {
        int width = Columns, c = 0;
        float* x = Input + (nint)row * width;
        float* dy = DOutput + (nint)row * width;
        float* dx = DInput + (nint)row * width;
        float mean = Mean[row], rstd = Rstd[row];
        V center = S.Set(mean), scale = S.Set(rstd), sums = S.Set(0), products = S.Set(0);
        for (; c + S.Width <= width; c += S.Width)
        {
            V normalized = S.Multiply(S.Subtract(S.Load(x + c), center), scale), d = S.Load(dy + c), dNormalized = S.Multiply(d, S.Load(Gain + c));
            sums = S.Add(sums, dNormalized);
            products = S.MultiplyAdd(dNormalized, normalized, products);
            S.Store(S.MultiplyAdd(d, normalized, S.Load(dGain + c)), dGain + c);
            S.Store(S.Add(d, S.Load(dBias + c)), dBias + c);
        }
        float sum = S.Sum(sums), product = S.Sum(products);
        for (; c < width; c++)
        {
            float normalized = (x[c] - mean) * rstd, dNormalized = dy[c] * Gain[c];
            sum += dNormalized;
            product += dNormalized * normalized;
            dGain[c] += dy[c] * normalized;
            dBias[c] += dy[c];
        }
        sum /= width;
        product /= width;
        V meanSum = S.Set(-sum), meanProduct = S.Set(-product);
        for (c = 0; c + S.Width <= width; c += S.Width)
        {
            V normalized = S.Multiply(S.Subtract(S.Load(x + c), center), scale);
            V inner = S.MultiplyAdd(normalized, meanProduct, S.MultiplyAdd(S.Load(dy + c), S.Load(Gain + c), meanSum));
            S.Store(S.MultiplyAdd(inner, scale, S.Load(dx + c)), dx + c);
        }
        for (; c < width; c++) dx[c] += rstd * (dy[c] * Gain[c] - sum - (x[c] - mean) * rstd * product);
    }
}
