using Phf.Numerics.Backend.Cpu.Gemm;
using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Memory;
using Phf.Numerics.Threads;

namespace Phf.Numerics.Backend.Cpu;

/// <summary>
/// What the forward and backward pass of one head share. A tile is one head of one sequence. Queries are taken in blocks as wide as a
/// kernel's tile, and a block's scores lie transposed: a row per key, a lane per query. So they are what the next product reads as its
/// packed right operand, the softmax runs down the lanes, and memory is block x T per worker, never T x T.
/// </summary>
internal abstract unsafe class HeadJob(GemmKernelSet kernels, int workers) : ITileJob, IDisposable
{
    public float* Qkv, Output, LogSumExp;
    public AttentionShape Shape;
    protected readonly GemmKernelSet Kernels = kernels;
    private readonly Scratch[] _scratch = Enumerable.Range(0, workers).Select(_ => new Scratch()).ToArray();

    /// <summary>Queries of a block.</summary>
    protected int Block => Kernels.Columns;

    protected int Time => Shape.Time;

    protected int Size => Shape.HeadSize;

    protected nint QkvStride => 3 * Shape.Channels;

    protected nint OutputStride => Shape.Channels;

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

    /// <summary>Packs rows (T, D) as the left operand of products over D.</summary>
    protected void PackByTime(float* source, int time, float* packed) => GemmPacking.Transpose(source, QkvStride, time, Size, Kernels.Rows, packed);

    /// <summary>Packs rows (T, D) transposed, as the left operand of products over T.</summary>
    protected void PackByColumn(float* source, int time, float* packed) => GemmPacking.Copy(source, QkvStride, Size, time, Kernels.Rows, packed);

    /// <summary>Packs the rows of a block transposed, (D, block), as a right operand; missing rows are zero.</summary>
    protected void PackBlock(float* source, nint stride, int rows, float* packed) => GemmPacking.Transpose(source, stride, rows, Size, Block, packed);

    protected long LeftSize(int rows, int depth) => GemmKernelSet.PackedSize(rows, Kernels.Rows, depth);

    protected long RightSize(int columns, int depth) => GemmKernelSet.PackedSize(columns, Kernels.Columns, depth);

    /// <summary>Writes a block's transposed rows (D, block) to rows of <paramref name="destination"/>, each times its factor.</summary>
    protected void StoreBlock<S, V>(float* transposed, float* factors, int rows, float* destination, nint stride, float* scratch)
        where S : struct, ISimd<V>
        where V : struct
    {
        GemmPacking.Transpose(transposed, Block, Size, rows, Block, scratch);
        for (int column = 0; column < Size; column += Block, scratch += (nint)rows * Block)
            for (int r = 0; r < rows; r++)
                Elementwise<S, V>.Scale(scratch + (nint)r * Block, factors[r], destination + r * stride + column, Math.Min(Block, Size - column));
    }

    /// <summary>Hands out consecutive pieces of a worker's scratch block.</summary>
    protected struct Carver(float* next)
    {
        public const int Line = 16; // floats; pieces start on cache lines
        private float* _next = next;

        public float* Take(long floats)
        {
            float* piece = _next;
            _next += (nint)((floats + Line - 1) / Line * Line);
            return piece;
        }
    }
}

/// <summary>softmax(scale Q K^T) V of one head.</summary>
internal abstract unsafe class ForwardHeadJob<S, V>(GemmKernelSet kernels, int workers) : HeadJob(kernels, workers)
    where S : struct, ISimd<V>
    where V : struct
{
    /// <param name="q">The head's first query; its keys and values lie C and 2 C behind.</param>
    /// <param name="time">Tokens of the sequence.</param>
    /// <param name="isCausal">Whether a token sees only those up to itself.</param>
    /// <param name="output">The head's part of the first row.</param>
    /// <param name="logSumExp">(T), or null where no backward pass follows.</param>
    /// <param name="worker">Whose scratch memory.</param>
    protected void Attend(float* q, int time, bool isCausal, float* output, float* logSumExp, int worker)
    {
        long scoreSize = (long)time * Block, blockSize = RightSize(Size, Block);
        Carver carver = Carve(worker, LeftSize(time, Size) + LeftSize(Size, time) + scoreSize + 3 * blockSize + 2 * Block + 8 * Carver.Line);
        float* keys = carver.Take(LeftSize(time, Size));
        float* values = carver.Take(LeftSize(Size, time));
        float* scores = carver.Take(scoreSize);
        float* queries = carver.Take(blockSize);
        float* mixed = carver.Take(blockSize);
        float* untransposed = carver.Take(blockSize);
        float* largest = carver.Take(Block);
        float* sums = carver.Take(Block);

        PackByTime(q + Shape.Channels, time, keys);
        PackByColumn(q + 2 * Shape.Channels, time, values);
        for (int first = 0; first < time; first += Block)
        {
            int rows = Math.Min(Block, time - first), seen = isCausal ? first + rows : time;
            PackBlock(q + first * QkvStride, QkvStride, rows, queries);
            Kernels.MultiplyPanel(seen, Size, Kernels.Packed(keys, Size), queries, scores);
            if (isCausal) Lanes<S, V>.FillAbove(scores + (nint)first * Block, rows, float.NegativeInfinity);
            Lanes<S, V>.Largest(scores, seen, Shape.Scale, largest);
            Lanes<S, V>.ExpSum(scores, seen, Shape.Scale, largest, sums);
            if (isCausal) Lanes<S, V>.FillAbove(scores + (nint)first * Block, rows, 0);
            for (int r = 0; r < rows; r++)
            {
                if (logSumExp != null) logSumExp[first + r] = largest[r] + MathF.Log(sums[r]);
                sums[r] = 1 / sums[r];
            }
            Kernels.MultiplyPanel(Size, seen, Kernels.Packed(values, time), scores, mixed);
            StoreBlock<S, V>(mixed, sums, rows, output + first * OutputStride, OutputStride, untransposed);
        }
    }
}

/// <summary>Causal attention; a tile is one head of one of the sequences, which all have Shape.Time tokens.</summary>
internal sealed unsafe class AttentionJob<S, V>(GemmKernelSet kernels, int workers) : ForwardHeadJob<S, V>(kernels, workers)
    where S : struct, ISimd<V>
    where V : struct
{
    public override void RunTile(int tile, int worker) =>
        Attend(Queries(Qkv, tile), Time, isCausal: true, Rows(Output, tile), LogSumExp + (nint)tile * Time, worker);
}

/// <summary>Attention to the whole sequence; a tile is one head of one of the sequences, which lie one behind the other.</summary>
internal sealed unsafe class WholeAttentionJob<S, V>(GemmKernelSet kernels, int workers) : ForwardHeadJob<S, V>(kernels, workers)
    where S : struct, ISimd<V>
    where V : struct
{
    public int* Starts; // (B + 1)

    public override void RunTile(int tile, int worker)
    {
        int sequence = tile / Shape.Heads, column = tile % Shape.Heads * Size, time = Starts[sequence + 1] - Starts[sequence];
        nint row = Starts[sequence];
        Attend(Qkv + row * QkvStride + column, time, isCausal: false, Output + row * OutputStride + column, logSumExp: null, worker);
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
        long byTime = LeftSize(Time, Size), byColumn = LeftSize(Size, Time), scoreSize = (long)Time * Block, blockSize = RightSize(Size, Block);
        int tileSize = Kernels.Rows * Kernels.Columns;
        Carver carver = Carve(worker, 2 * byTime + byColumn + 2 * scoreSize + 4 * blockSize + 3 * Block + tileSize + 13 * Carver.Line);
        float* keysByTime = carver.Take(byTime);
        float* valuesByTime = carver.Take(byTime);
        float* keysByColumn = carver.Take(byColumn);
        float* p = carver.Take(scoreSize);
        float* dp = carver.Take(scoreSize);
        float* transposed = carver.Take(blockSize);
        float* mixed = carver.Take(blockSize);
        float* queries = carver.Take(blockSize);
        float* dOutputs = carver.Take(blockSize);
        float* shift = carver.Take(Block);
        float* mean = carver.Take(Block);
        float* one = carver.Take(Block);
        float* edge = carver.Take(tileSize);

        int channels = Shape.Channels;
        float* q = Queries(Qkv, tile);
        float* dq = Queries(DQkv, tile);
        float* y = Rows(Output, tile);
        float* dy = Rows(DOutput, tile);
        PackByTime(q + channels, Time, keysByTime);
        PackByTime(q + 2 * channels, Time, valuesByTime);
        PackByColumn(q + channels, Time, keysByColumn);
        new Span<float>(one, Block).Fill(1);
        // The last block sees every key, so it writes the keys' and values' gradients; the others add.
        for (int first = (Time - 1) / Block * Block; first >= 0; first -= Block)
        {
            int rows = Math.Min(Block, Time - first), seen = first + rows;
            bool adds = seen < Time;
            PackBlock(q + first * QkvStride, QkvStride, rows, transposed);
            Kernels.MultiplyPanel(seen, Size, Kernels.Packed(keysByTime, Size), transposed, p);
            PackBlock(dy + first * OutputStride, OutputStride, rows, transposed);
            Kernels.MultiplyPanel(seen, Size, Kernels.Packed(valuesByTime, Size), transposed, dp);
            for (int r = 0; r < Block; r++)
            {
                shift[r] = r < rows ? LogSumExp[(nint)tile * Time + first + r] : 0;
                mean[r] = r < rows ? Elementwise<S, V>.Dot(dy + (first + r) * OutputStride, y + (first + r) * OutputStride, Size) : 0;
            }
            Lanes<S, V>.SoftmaxGradient(p, dp, seen, Shape.Scale, shift, mean);
            Lanes<S, V>.FillAbove(p + (nint)first * Block, rows, 0);
            Lanes<S, V>.FillAbove(dp + (nint)first * Block, rows, 0);

            Kernels.MultiplyPanel(Size, seen, Kernels.Packed(keysByColumn, Time), dp, mixed);
            StoreBlock<S, V>(mixed, one, rows, dq + first * QkvStride, QkvStride, transposed);
            GemmPacking.Copy(q + first * QkvStride, QkvStride, Size, rows, Block, queries);
            GemmPacking.Copy(dy + first * OutputStride, OutputStride, Size, rows, Block, dOutputs);
            Kernels.Multiply(seen, Size, rows, Kernels.InPlace(dp, Block), queries, Block, Block * (nint)rows, dq + channels, QkvStride, adds, edge);
            Kernels.Multiply(seen, Size, rows, Kernels.InPlace(p, Block), dOutputs, Block, Block * (nint)rows, dq + 2 * channels, QkvStride, adds, edge);
        }
    }
}
