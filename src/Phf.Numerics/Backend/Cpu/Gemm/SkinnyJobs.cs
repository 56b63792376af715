using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Memory;
using Phf.Numerics.Threads;

namespace Phf.Numerics.Backend.Cpu.Gemm;

/// <summary>
/// c (n) = a (k) B (k, n) for one row, read once and never packed: the speed of memory. A tile is a depth block, so that each thread reads one run of memory from end to end; the
/// blocks' sums are added in order afterwards. Every element adds up in the order of the micro-kernels, so a sequence alone gives the bits that it gives in a batch.
/// </summary>
internal sealed unsafe class RowTimesMatrixJob<S, V>(int workers) : ITileJob, IDisposable
    where S : struct, ISimd<V>
    where V : struct
{
    private const int FewestColumns = 256, MostColumns = 4096; // of a tile: long runs of memory, sums in the first-level cache
    private const int RowsAtOnce = 8, RowsAhead = 16;
    private const int Line = 16; // floats
    public float* A, B, C;
    public nint Ldb;
    public int N, K, Depth;
    private readonly Scratch _scratch = new();
    private float* _sums; // of every depth block but the first
    private int _columns, _chunks;

    private int Blocks => Math.Max(1, (K + Depth - 1) / Depth);

    /// <summary>Cuts the product into tiles and tells their number: columns are cut only where the depth blocks do not keep all workers busy.</summary>
    public int Cut()
    {
        int chunks = Math.Max(Blocks % workers == 0 ? 1 : workers, (N + MostColumns - 1) / MostColumns);
        _columns = Math.Max(FewestColumns, ((N + chunks - 1) / chunks + Line - 1) / Line * Line);
        _chunks = (N + _columns - 1) / _columns;
        _sums = _scratch.Get((long)(Blocks - 1) * N);
        return Blocks * _chunks;
    }

    /// <summary>Adds the depth blocks' sums to C.</summary>
    public void Finish()
    {
        for (int block = 1; block < Blocks; block++) Elementwise<S, V>.Add(C, _sums + (block - 1) * (nint)N, C, N);
    }

    public void Dispose() => _scratch.Dispose();

    public void RunTile(int tile, int worker)
    {
        int block = tile / _chunks, first = tile % _chunks * _columns, n = Math.Min(_columns, N - first), k = block * Depth, end = Math.Min(K, k + Depth);
        float* sums = (block == 0 ? C : _sums + (block - 1) * (nint)N) + first;
        float* b = B + k * Ldb + first;
        new Span<float>(sums, n).Clear();
        for (; k + RowsAtOnce <= end; k += RowsAtOnce, b += RowsAtOnce * Ldb) AddRows(A + k, b, Ldb, sums, n);
        for (; k < end; k++, b += Ldb) Elementwise<S, V>.AddScaled(b, A[k], sums, n);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void AddRows(float* a, float* b, nint ldb, float* sums, int n)
    {
        nint ahead = RowsAhead * ldb; // asked for while these are added
        V a0 = S.Set(a[0]), a1 = S.Set(a[1]), a2 = S.Set(a[2]), a3 = S.Set(a[3]), a4 = S.Set(a[4]), a5 = S.Set(a[5]), a6 = S.Set(a[6]), a7 = S.Set(a[7]);
        int j = 0;
        for (; j + Line <= n; j += Line)
        {
            if (Sse.IsSupported)
                for (float* next = b + ahead + j, stop = next + RowsAtOnce * ldb; next < stop; next += ldb) Sse.Prefetch1(next);
            for (int i = j; i < j + Line; i += S.Width)
            {
                float* r = b + i;
                float* r4 = r + 4 * ldb;
                V sum = S.MultiplyAdd(a0, S.Load(r), S.Load(sums + i));
                sum = S.MultiplyAdd(a1, S.Load(r + ldb), sum);
                sum = S.MultiplyAdd(a2, S.Load(r + 2 * ldb), sum);
                sum = S.MultiplyAdd(a3, S.Load(r + 3 * ldb), sum);
                sum = S.MultiplyAdd(a4, S.Load(r4), sum);
                sum = S.MultiplyAdd(a5, S.Load(r4 + ldb), sum);
                sum = S.MultiplyAdd(a6, S.Load(r4 + 2 * ldb), sum);
                S.Store(S.MultiplyAdd(a7, S.Load(r4 + 3 * ldb), sum), sums + i);
            }
        }
        for (; j < n; j++)
            for (int row = 0; row < RowsAtOnce; row++) sums[j] = MathF.FusedMultiplyAdd(a[row], b[row * ldb + j], sums[j]);
    }
}

/// <summary>
/// c (n) = a (k) B (n, k)^T for one row: the logits of one sequence. Eight rows of B are transposed in registers, eight columns at a time, so that lanes are rows and
/// every element adds up in the order of the micro-kernels; what is read next is asked for a line at a time while it is computed, and the memory never waits.
/// </summary>
internal sealed unsafe class RowTimesTransposedJob : ITileJob
{
    private const int Lanes = 8, RowsAtOnce = 2 * Lanes, RowsPerTile = 16 * RowsAtOnce;
    private const int Line = 16; // floats
    public float* A, B, C;
    public nint Ldb;
    public int N, K, Depth;

    public static bool IsSupported => Avx.IsSupported && Fma.IsSupported;

    public int Tiles => (N + RowsPerTile - 1) / RowsPerTile;

    public void RunTile(int tile, int worker)
    {
        int n = tile * RowsPerTile, end = Math.Min(N, n + RowsPerTile);
        for (; n + RowsAtOnce <= end; n += RowsAtOnce) WholeRows(n);
        for (; n < end; n++) C[n] = OneRow(B + n * Ldb);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private void WholeRows(int first)
    {
        nint ldb = Ldb, eight = Lanes * ldb, next = RowsAtOnce * ldb;
        float* c = C + first;
        for (int k0 = 0; k0 < K; k0 += Depth)
        {
            int depth = Math.Min(Depth, K - k0), k = 0;
            float* a = A + k0;
            float* b = B + first * ldb + k0;
            Vector256<float> s0 = default, s1 = default;
            for (; k + Lanes <= depth; k += Lanes, a += Lanes, b += Lanes)
            {
                if (k % Line == 0)
                    for (float* ahead = b + next, stop = ahead + next; ahead < stop; ahead += ldb) Sse.Prefetch1(ahead);
                AddEight(a, b, ldb, ref s0);
                AddEight(a, b + eight, ldb, ref s1);
            }
            for (; k < depth; k++, a++, b++)
            {
                Vector256<float> factor = Vector256.Create(*a);
                s0 = Fma.MultiplyAdd(factor, Column(b, ldb), s0);
                s1 = Fma.MultiplyAdd(factor, Column(b + eight, ldb), s1);
            }
            if (k0 > 0)
            {
                s0 += Vector256.Load(c);
                s1 += Vector256.Load(c + Lanes);
            }
            s0.Store(c);
            s1.Store(c + Lanes);
        }
    }

    /// <summary>Adds eight columns of eight rows, one after another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddEight(float* a, float* b, nint ldb, ref Vector256<float> sum)
    {
        float* b4 = b + 4 * ldb;
        Vector256<float> r0 = Vector256.Load(b), r1 = Vector256.Load(b + ldb), r2 = Vector256.Load(b + 2 * ldb), r3 = Vector256.Load(b + 3 * ldb),
            r4 = Vector256.Load(b4), r5 = Vector256.Load(b4 + ldb), r6 = Vector256.Load(b4 + 2 * ldb), r7 = Vector256.Load(b4 + 3 * ldb);
        GemmPacking.Transpose8x8(ref r0, ref r1, ref r2, ref r3, ref r4, ref r5, ref r6, ref r7);
        sum = Fma.MultiplyAdd(Vector256.Create(a[0]), r0, sum);
        sum = Fma.MultiplyAdd(Vector256.Create(a[1]), r1, sum);
        sum = Fma.MultiplyAdd(Vector256.Create(a[2]), r2, sum);
        sum = Fma.MultiplyAdd(Vector256.Create(a[3]), r3, sum);
        sum = Fma.MultiplyAdd(Vector256.Create(a[4]), r4, sum);
        sum = Fma.MultiplyAdd(Vector256.Create(a[5]), r5, sum);
        sum = Fma.MultiplyAdd(Vector256.Create(a[6]), r6, sum);
        sum = Fma.MultiplyAdd(Vector256.Create(a[7]), r7, sum);
    }

    private static Vector256<float> Column(float* b, nint ldb) =>
        Vector256.Create(b[0], b[ldb], b[2 * ldb], b[3 * ldb], b[4 * ldb], b[5 * ldb], b[6 * ldb], b[7 * ldb]);

    private float OneRow(float* b)
    {
        float total = 0;
        for (int k0 = 0; k0 < K; k0 += Depth)
        {
            float sum = 0;
            for (int k = k0, end = Math.Min(K, k0 + Depth); k < end; k++) sum = MathF.FusedMultiplyAdd(A[k], b[k], sum);
            total = k0 == 0 ? sum : total + sum;
        }
        return total;
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
