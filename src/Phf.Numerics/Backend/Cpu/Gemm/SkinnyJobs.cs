using System.Runtime.Intrinsics.X86;
using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Memory;
using Phf.Numerics.Threads;

namespace Phf.Numerics.Backend.Cpu.Gemm;

/// <summary>
/// c (n) = a (k) B (k, n) for one row, read once and never packed: the speed of memory. Every element adds up in the order of the
/// micro-kernels, depth block after depth block, so a sequence alone gives the bits that it gives in a batch.
/// </summary>
internal sealed unsafe class RowTimesMatrixJob<S, V> : ITileJob, IDisposable
    where S : struct, ISimd<V>
    where V : struct
{
    private const int FewestColumns = 256, MostColumns = 2048; // of a tile: long runs of memory, sums in the first-level cache
    private const int RowsAtOnce = 4;
    public float* A, B, C;
    public nint Ldb;
    public int N, K, Depth;
    private readonly Scratch _scratch = new();
    private readonly float* _sums;
    private readonly int _workers;
    private int _columns;

    public RowTimesMatrixJob(int workers)
    {
        _workers = workers;
        _sums = _scratch.Get((long)workers * MostColumns);
    }

    /// <summary>Cuts the columns evenly among the workers and tells the number of tiles.</summary>
    public int Cut()
    {
        _columns = Math.Clamp((N + _workers * S.Width - 1) / (_workers * S.Width) * S.Width, FewestColumns, MostColumns);
        return (N + _columns - 1) / _columns;
    }

    public void Dispose() => _scratch.Dispose();

    public void RunTile(int tile, int worker)
    {
        int first = tile * _columns, n = Math.Min(_columns, N - first);
        float* sums = _sums + (nint)worker * MostColumns;
        float* c = C + first;
        for (int k0 = 0; k0 < K; k0 += Depth)
        {
            int depth = Math.Min(Depth, K - k0);
            float* target = k0 == 0 ? c : sums;
            new Span<float>(target, n).Clear();
            float* b = B + k0 * Ldb + first;
            int k = 0;
            for (; k + RowsAtOnce <= depth; k += RowsAtOnce, b += RowsAtOnce * Ldb) AddFourRows(A + k0 + k, b, Ldb, target, n);
            for (; k < depth; k++, b += Ldb) Elementwise<S, V>.AddScaled(b, A[k0 + k], target, n);
            if (k0 > 0) Elementwise<S, V>.Add(c, sums, c, n);
        }
    }

    private static void AddFourRows(float* a, float* b, nint ldb, float* sums, int n)
    {
        nint next = RowsAtOnce * ldb; // asked for while these four are added
        V a0 = S.Set(a[0]), a1 = S.Set(a[1]), a2 = S.Set(a[2]), a3 = S.Set(a[3]);
        float* b1 = b + ldb, b2 = b1 + ldb, b3 = b2 + ldb;
        int j = 0;
        for (; j + S.Width <= n; j += S.Width)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(b + next + j);
                Sse.Prefetch0(b1 + next + j);
                Sse.Prefetch0(b2 + next + j);
                Sse.Prefetch0(b3 + next + j);
            }
            V sum = S.MultiplyAdd(a0, S.Load(b + j), S.Load(sums + j));
            sum = S.MultiplyAdd(a1, S.Load(b1 + j), sum);
            sum = S.MultiplyAdd(a2, S.Load(b2 + j), sum);
            S.Store(S.MultiplyAdd(a3, S.Load(b3 + j), sum), sums + j);
        }
        for (; j < n; j++)
            sums[j] = MathF.FusedMultiplyAdd(a[3], b3[j], MathF.FusedMultiplyAdd(a[2], b2[j], MathF.FusedMultiplyAdd(a[1], b1[j], MathF.FusedMultiplyAdd(a[0], b[j], sums[j]))));
    }
}

/// <summary>
/// C (m, n) = A (m, k) B (n, k)^T for few rows, computed transposed: B's rows are read in place as the left operand, and A, packed
/// once, is the right one. Same order of adding as every other product.
/// </summary>
internal sealed unsafe class FewRowsJob(GemmKernelSet kernels, int workers) : ITileJob, IDisposable
{
    private const int PanelsPerTile = 8;
    public float* B, C;
    public nint Ldb, Ldc;
    public int M, N, K, Depth;
    private readonly Scratch _packed = new(), _tiles = new();
    private readonly int _workers = workers;
    private float* _packedA, _sums;

    public int Tiles => (N + RowsPerTile - 1) / RowsPerTile;

    private int RowsPerTile => PanelsPerTile * kernels.Rows;

    private int PaddedM => (M + kernels.Columns - 1) / kernels.Columns * kernels.Columns;

    /// <summary>Packs A and makes room for every worker's tile.</summary>
    public void Prepare(float* a, nint lda)
    {
        _packedA = _packed.Get((long)PaddedM * K);
        for (int k0 = 0; k0 < K; k0 += Depth)
            GemmPacking.Transpose(a + k0, lda, M, Math.Min(Depth, K - k0), kernels.Columns, _packedA + (nint)k0 * PaddedM);
        _sums = _tiles.Get((long)_workers * RowsPerTile * PaddedM);
    }

    public void Dispose()
    {
        _packed.Dispose();
        _tiles.Dispose();
    }

    public void RunTile(int tile, int worker)
    {
        int first = tile * RowsPerTile, rows = Math.Min(RowsPerTile, N - first), stride = PaddedM;
        int whole = (M + kernels.Width - 1) / kernels.Width * kernels.Width; // lanes behind M multiply zeros
        float* sums = _sums + (nint)worker * RowsPerTile * stride;
        for (int k0 = 0; k0 < K; k0 += Depth)
        {
            int depth = Math.Min(Depth, K - k0);
            for (int r = 0; r < rows; r += kernels.Rows)
            {
                float* b = B + (first + r) * Ldb + k0;
                Prefetch(b + kernels.Rows * Ldb, depth);
                kernels.Multiply(Math.Min(kernels.Rows, rows - r), whole, depth, kernels.InPlace(b, Ldb), _packedA + (nint)k0 * stride, kernels.Columns,
                    kernels.Columns * (nint)depth, sums + r * stride, stride, accumulate: k0 > 0, tile: null);
            }
        }
        GemmPacking.TransposeTo(sums, stride, rows, M, C + first, Ldc);
    }

    /// <summary>Asks for the next rows of B while these are multiplied: B is read once, and the processor does not foresee the jumps.</summary>
    private void Prefetch(float* b, int depth)
    {
        const int Line = 16; // floats
        if (!Sse.IsSupported) return;
        for (int r = 0; r < kernels.Rows; r++, b += Ldb)
            for (int k = 0; k < depth; k += Line) Sse.Prefetch1(b + k);
    }
}
