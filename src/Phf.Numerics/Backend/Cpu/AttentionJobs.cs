using Phf.Numerics.Backend.Cpu.Gemm;
using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Memory;
using Phf.Numerics.Threads;

namespace Phf.Numerics.Backend.Cpu;

/// <summary>
/// What the forward and backward pass of one head share. A tile is one head of one sequence. Queries are taken in strips: the
/// strip's scores against all keys up to its end are one small matrix product, so memory is strip x T per worker, never T x T.
/// </summary>
internal abstract unsafe class HeadJob(GemmKernelSet kernels, int workers) : ITileJob, IDisposable
{
    protected const int StripRows = 42; // a multiple of every kernel's rows
    public float* Qkv, Output, LogSumExp;
    public AttentionShape Shape;
    protected readonly GemmKernelSet Kernels = kernels;
    private readonly Scratch[] _scratch = Enumerable.Range(0, workers).Select(_ => new Scratch()).ToArray();

    protected int Time => Shape.Time;

    protected int Size => Shape.HeadSize;

    protected nint QkvStride => 3 * Shape.Channels;

    protected nint OutputStride => Shape.Channels;

    /// <summary>Row stride of a strip's scores: T rounded up to vectors, plus one vector so that it is no power of two.</summary>
    protected int ScoreStride => (Time + 15) / 16 * 16 + 16;

    public abstract void RunTile(int tile, int worker);

    public void Dispose()
    {
        foreach (Scratch scratch in _scratch) scratch.Dispose();
    }

    protected Carver Carve(int worker, long floats) => new(_scratch[worker].Get(floats));

    protected float* Queries(float* qkv, int tile) =>
        qkv + (nint)(tile / Shape.Heads) * Time * QkvStride + tile % Shape.Heads * Size;

    protected float* Rows(float* rows, int tile) =>
        rows + (nint)(tile / Shape.Heads) * Time * OutputStride + tile % Shape.Heads * Size;

    /// <summary>Packs rows as the left operand: depth along the columns.</summary>
    protected void PackLeft(float* source, nint stride, int rows, int depth, float* packed) =>
        GemmPacking.Transpose(source, stride, rows, depth, Kernels.Rows, packed);

    protected long LeftSize(int rows, int depth) => GemmKernelSet.PackedSize(rows, Kernels.Rows, depth);

    protected long RightSize(int columns, int depth) => GemmKernelSet.PackedSize(columns, Kernels.Columns, depth);

    protected void Multiply(int m, int n, int depth, float* a, float* b, int packedDepth, float* c, nint ldc, bool accumulate, float* tile) =>
        Kernels.Multiply(m, n, depth, a, b, Kernels.Columns, Kernels.Columns * (nint)packedDepth, c, ldc, accumulate, tile);

    /// <summary>Hands out consecutive pieces of a worker's scratch block.</summary>
    protected struct Carver(float* next)
    {
        private float* _next = next;

        public float* Take(long floats)
        {
            float* piece = _next;
            _next += (nint)((floats + 15) / 16 * 16);
            return piece;
        }
    }
}

/// <summary>softmax(scale Q K^T) V of one head, causal.</summary>
internal sealed unsafe class AttentionJob<S, V>(GemmKernelSet kernels, int workers) : HeadJob(kernels, workers)
    where S : struct, ISimd<V>
    where V : struct
{
    public override void RunTile(int tile, int worker)
    {
        long keySize = RightSize(Time, Size), valueSize = RightSize(Size, Time), scoreSize = (long)StripRows * ScoreStride;
        Carver carver = Carve(worker, keySize + valueSize + scoreSize + LeftSize(StripRows, Size) + LeftSize(StripRows, Time) + 1024 + 6 * 16);
        float* keys = carver.Take(keySize);
        float* values = carver.Take(valueSize);
        float* scores = carver.Take(scoreSize);
        float* left = carver.Take(LeftSize(StripRows, Size));
        float* probabilities = carver.Take(LeftSize(StripRows, Time));
        float* edge = carver.Take(1024);

        float* q = Queries(Qkv, tile);
        GemmPacking.Transpose(q + Shape.Channels, QkvStride, Time, Size, Kernels.Columns, keys);
        GemmPacking.Copy(q + 2 * Shape.Channels, QkvStride, Size, Time, Kernels.Columns, values);
        float* output = Rows(Output, tile);
        float* logSumExp = LogSumExp + (nint)tile * Time;
        float* sums = stackalloc float[StripRows];
        for (int first = 0; first < Time; first += StripRows)
        {
            int rows = Math.Min(StripRows, Time - first), seen = first + rows;
            PackLeft(q + first * QkvStride, QkvStride, rows, Size, left);
            Multiply(rows, seen, Size, left, keys, Size, scores, ScoreStride, accumulate: false, edge);
            for (int r = 0; r < rows; r++)
            {
                float* row = scores + r * ScoreStride;
                int count = first + r + 1;
                float max = Shape.Scale * Elementwise<S, V>.Largest(row, count);
                sums[r] = Elementwise<S, V>.ExpSum(row, Shape.Scale, max, count);
                new Span<float>(row + count, seen - count).Clear();
                logSumExp[first + r] = max + MathF.Log(sums[r]);
            }
            PackLeft(scores, ScoreStride, rows, seen, probabilities);
            Multiply(rows, Size, seen, probabilities, values, Time, output + first * OutputStride, OutputStride, accumulate: false, edge);
            for (int r = 0; r < rows; r++)
            {
                float* y = output + (first + r) * OutputStride;
                Elementwise<S, V>.Scale(y, 1 / sums[r], y, Size);
            }
        }
    }
}

/// <summary>Gradients of one head's queries, keys and values; the scores are computed again.</summary>
internal sealed unsafe class AttentionBackwardJob<S, V>(GemmKernelSet kernels, int workers) : HeadJob(kernels, workers)
    where S : struct, ISimd<V>
    where V : struct
{
    public float* DOutput, DQkv;

    public override void RunTile(int tile, int worker)
    {
        long byTime = RightSize(Time, Size), byColumn = RightSize(Size, Time), strip = (long)StripRows * ScoreStride;
        long left = Math.Max(LeftSize(StripRows, Time), Math.Max(LeftSize(StripRows, Size), LeftSize(Time, StripRows)));
        long right = RightSize(Size, StripRows);
        Carver carver = Carve(worker, 2 * byTime + byColumn + 2 * strip + left + 2 * right + 1024 + 9 * 16);
        float* keysByTime = carver.Take(byTime);
        float* valuesByTime = carver.Take(byTime);
        float* keysByColumn = carver.Take(byColumn);
        float* p = carver.Take(strip);
        float* dp = carver.Take(strip);
        float* a = carver.Take(left);
        float* queries = carver.Take(right);
        float* dOutputs = carver.Take(right);
        float* edge = carver.Take(1024);

        int channels = Shape.Channels;
        float* q = Queries(Qkv, tile);
        float* dq = Queries(DQkv, tile);
        float* dy = Rows(DOutput, tile);
        GemmPacking.Transpose(q + channels, QkvStride, Time, Size, Kernels.Columns, keysByTime);
        GemmPacking.Transpose(q + 2 * channels, QkvStride, Time, Size, Kernels.Columns, valuesByTime);
        GemmPacking.Copy(q + channels, QkvStride, Size, Time, Kernels.Columns, keysByColumn);
        for (int t = 0; t < Time; t++)
        {
            new Span<float>(dq + t * QkvStride + channels, Size).Clear();
            new Span<float>(dq + t * QkvStride + 2 * channels, Size).Clear();
        }
        for (int first = 0; first < Time; first += StripRows)
        {
            int rows = Math.Min(StripRows, Time - first), seen = first + rows;
            PackLeft(q + first * QkvStride, QkvStride, rows, Size, a);
            Multiply(rows, seen, Size, a, keysByTime, Size, p, ScoreStride, accumulate: false, edge);
            PackLeft(dy + first * OutputStride, OutputStride, rows, Size, a);
            Multiply(rows, seen, Size, a, valuesByTime, Size, dp, ScoreStride, accumulate: false, edge);
            for (int r = 0; r < rows; r++) ScoreGradients(tile, first + r, seen, p + r * ScoreStride, dp + r * ScoreStride);

            PackLeft(dp, ScoreStride, rows, seen, a);
            Multiply(rows, Size, seen, a, keysByColumn, Time, dq + first * QkvStride, QkvStride, accumulate: false, edge);
            GemmPacking.Copy(q + first * QkvStride, QkvStride, Size, rows, Kernels.Columns, queries);
            GemmPacking.Copy(dy + first * OutputStride, OutputStride, Size, rows, Kernels.Columns, dOutputs);
            GemmPacking.Copy(dp, ScoreStride, seen, rows, Kernels.Rows, a);
            Multiply(seen, Size, rows, a, queries, rows, dq + channels, QkvStride, accumulate: true, edge);
            GemmPacking.Copy(p, ScoreStride, seen, rows, Kernels.Rows, a);
            Multiply(seen, Size, rows, a, dOutputs, rows, dq + 2 * channels, QkvStride, accumulate: true, edge);
        }
    }

    /// <summary>p: scores become probabilities; dp: their gradients become the scores' gradients, scale included.</summary>
    private void ScoreGradients(int tile, int t, int seen, float* p, float* dp)
    {
        int count = t + 1;
        Elementwise<S, V>.ExpSum(p, Shape.Scale, LogSumExp[(nint)tile * Time + t], count);
        float mean = Elementwise<S, V>.Dot(Rows(DOutput, tile) + t * OutputStride, Rows(Output, tile) + t * OutputStride, Size);
        V center = S.Set(-mean), scale = S.Set(Shape.Scale);
        int s = 0;
        for (; s + S.Width <= count; s += S.Width)
            S.Store(S.Multiply(S.Multiply(S.Load(p + s), S.Add(S.Load(dp + s), center)), scale), dp + s);
        for (; s < count; s++) dp[s] = p[s] * (dp[s] - mean) * Shape.Scale;
        new Span<float>(p + count, seen - count).Clear();
        new Span<float>(dp + count, seen - count).Clear();
    }
}

/// <summary>One new token per sequence against the cache; a tile is one head of one sequence.</summary>
internal sealed unsafe class AttentionStepJob<S, V> : ITileJob
    where S : struct, ISimd<V>
    where V : struct
{
    public float* Qkv, KeyCache, ValueCache, Output, Scores;
    public AttentionShape Shape;
    public int Position;

    public void RunTile(int tile, int worker)
    {
        int size = Shape.HeadSize, batch = tile / Shape.Heads, column = tile % Shape.Heads * size;
        nint width = Shape.Channels, cache = (nint)batch * Shape.Time * width + column;
        float* q = Qkv + batch * 3 * width + column;
        float* keys = KeyCache + cache;
        float* values = ValueCache + cache;
        float* scores = Scores + (nint)tile * Shape.Time;
        float* y = Output + batch * width + column;
        Buffer.MemoryCopy(q + width, keys + Position * width, size * sizeof(float), size * sizeof(float));
        Buffer.MemoryCopy(q + 2 * width, values + Position * width, size * sizeof(float), size * sizeof(float));

        int count = Position + 1;
        for (int s = 0; s < count; s++) scores[s] = Elementwise<S, V>.Dot(q, keys + s * width, size);
        float sum = Elementwise<S, V>.ExpSum(scores, Shape.Scale, Shape.Scale * Elementwise<S, V>.Largest(scores, count), count);
        new Span<float>(y, size).Clear();
        for (int s = 0; s < count; s++) Elementwise<S, V>.AddScaled(values + s * width, scores[s] / sum, y, size);
    }
}
