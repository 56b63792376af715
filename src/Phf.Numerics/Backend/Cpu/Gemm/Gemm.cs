using Phf.Numerics.Backend.Cpu.Simd;
using Phf.Numerics.Memory;
using Phf.Numerics.Threads;

namespace Phf.Numerics.Backend.Cpu.Gemm;

/// <summary>How the operands lie in memory: N as written, T transposed. C (m, n) is always row-major.</summary>
internal enum GemmForm
{
    /// <summary>A (m, k), B (k, n).</summary>
    NN,

    /// <summary>A (m, k), B (n, k).</summary>
    NT,

    /// <summary>A (k, m), B (k, n).</summary>
    TN,
}

/// <summary>What happens to a tile of C after its last depth block, while it is still in the cache. Null pointers: nothing.</summary>
internal unsafe struct GemmEpilogue
{
    public float* Bias; // (n)
    public float* Residual; // (m, n) with C's row stride
    public float* Activated; // (m, n) with C's row stride: receives the activation of C
    public Activation Activation;

    public readonly bool IsEmpty => Bias == null && Residual == null && Activated == null;
}

/// <summary>
/// The matrix product on all threads: operands are packed into panels together, then tiles of C are taken from a counter. A left operand
/// with its depth along the rows is read in place.
/// The depth is cut into blocks that depend on k alone, and each element adds its blocks in order, so the result is the same
/// to the bit for any number of threads and any tiling.
/// </summary>
internal sealed unsafe class Gemm<S, V> : IDisposable
    where S : struct, ISimd<V>
    where V : struct
{
    private const int MaxDepth = 384; // a 14-row panel of A is then 21 KB and stays in the first-level cache
    private const int TileRows = 126; // a multiple of every kernel's rows
    private const int TileColumns = 256;
    private const long PackedBudget = 4L << 20; // floats of one packed operand
    private const int PanelsPerPackTile = 8;
    private const int FewRows = 128; // of A: packing a whole B for them would cost more than it saves
    private const int ConflictStride = 1024; // floats; rows this far apart share the same few lines of the first-level cache

    private readonly WorkerPool _pool;
    private readonly GemmKernelSet _kernels;
    private readonly Scratch _packedA = new(), _packedB = new();
    private readonly PackJob _packJob = new();
    private readonly ComputeJob _computeJob;
    private readonly RowTimesMatrixJob<S, V> _rowJob;
    private readonly RowTimesTransposedJob _transposedRowJob = new();
    private readonly FewRowsJob _fewRowsJob, _fewestRowsJob;

    public Gemm(WorkerPool pool, GemmKernelSet kernels)
    {
        _pool = pool;
        _kernels = kernels;
        _computeJob = new ComputeJob(kernels, pool.Workers);
        _rowJob = new RowTimesMatrixJob<S, V>(pool.Workers);
        _fewRowsJob = new FewRowsJob(kernels, pool.Workers);
        _fewestRowsJob = new FewRowsJob(GemmKernels128.Set, pool.Workers);
    }

    /// <summary>C = A B, or C += A B when <paramref name="accumulate"/>, then the epilogue.</summary>
    public void Run(GemmForm form, int m, int n, int k, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool accumulate,
        in GemmEpilogue epilogue)
    {
        if (m == 0 || n == 0) return;
        int depthBlocks = Math.Max(1, (k + MaxDepth - 1) / MaxDepth), depth = (k + depthBlocks - 1) / depthBlocks;
        if (m == 1 && form == GemmForm.NN && !accumulate)
        {
            RowTimesMatrix(n, k, depth, a, b, ldb, c, epilogue);
            return;
        }
        if (form == GemmForm.NT && m <= FewRows && n >= FewRows && !accumulate && epilogue.IsEmpty)
        {
            TimesTransposed(m, n, k, depth, a, lda, b, ldb, c, ldc);
            return;
        }
        bool directA = form != GemmForm.TN && lda % ConflictStride != 0;
        bool directB = form == GemmForm.NN && m <= 3 * _kernels.Rows && n % _kernels.Width == 0;
        int blocksAtOnce = (int)Math.Clamp(PackedBudget / ((long)depth * (Math.Min(m, n) + _kernels.Columns)), 1, depthBlocks);
        int chunk = (int)Math.Max(TileColumns, PackedBudget / ((long)depth * blocksAtOnce));
        int rowsAtOnce = Math.Max(1, chunk / TileRows) * TileRows, columnsAtOnce = Math.Max(1, chunk / _kernels.Columns) * _kernels.Columns;

        for (int block = 0; block < depthBlocks; block += blocksAtOnce)
        {
            int k0 = block * depth, slab = Math.Min(blocksAtOnce * depth, k - k0);
            bool last = k0 + slab >= k;
            for (int n0 = 0; n0 < n; n0 += columnsAtOnce)
            {
                int columns = Math.Min(columnsAtOnce, n - n0);
                float* bPart = form == GemmForm.NT ? b + n0 * ldb + k0 : b + k0 * ldb + n0;
                float* packedB = directB ? bPart : Pack(_packedB, form == GemmForm.NT, bPart, ldb, columns, slab, depth, _kernels.Columns);
                for (int m0 = 0; m0 < m; m0 += rowsAtOnce)
                {
                    int rows = Math.Min(rowsAtOnce, m - m0);
                    float* aPart = form == GemmForm.TN ? a + k0 * lda + m0 : a + m0 * lda + k0;
                    float* left = directA ? aPart : Pack(_packedA, form != GemmForm.TN, aPart, lda, rows, slab, depth, _kernels.Rows);
                    Compute(rows, columns, slab, depth, left, directA ? lda : 0, packedB, directB ? ldb : 0, c + m0 * ldc + n0, ldc, accumulate || k0 > 0,
                        last ? Shift(epilogue, m0 * ldc + n0, n0) : default);
                }
            }
        }
    }

    public void Dispose()
    {
        _packedA.Dispose();
        _packedB.Dispose();
        _computeJob.Dispose();
        _rowJob.Dispose();
        _fewRowsJob.Dispose();
        _fewestRowsJob.Dispose();
    }

    private static GemmEpilogue Shift(in GemmEpilogue epilogue, nint offset, int column) => new()
    {
        Bias = epilogue.Bias == null ? null : epilogue.Bias + column,
        Residual = epilogue.Residual == null ? null : epilogue.Residual + offset,
        Activated = epilogue.Activated == null ? null : epilogue.Activated + offset,
        Activation = epilogue.Activation,
    };

    /// <summary>Packs extent x slab elements: depth block after depth block, in each panel after panel.</summary>
    private float* Pack(Scratch scratch, bool transpose, float* source, nint ld, int extent, int slab, int depth, int panel)
    {
        int padded = (extent + panel - 1) / panel * panel;
        PackJob job = _packJob;
        job.Source = source;
        job.Stride = ld;
        job.Transpose = transpose;
        job.Extent = extent;
        job.Padded = padded;
        job.Slab = slab;
        job.Depth = depth;
        job.Panel = panel;
        job.Groups = (padded / panel + PanelsPerPackTile - 1) / PanelsPerPackTile;
        job.Packed = scratch.Get((long)padded * slab);
        _pool.Run(job, job.Groups * ((slab + depth - 1) / depth));
        return job.Packed;
    }

    private void Compute(int m, int n, int slab, int depth, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool accumulate,
        in GemmEpilogue epilogue)
    {
        ComputeJob job = _computeJob;
        (job.M, job.N, job.Slab, job.Depth) = (m, n, slab, depth);
        job.A = a;
        job.Lda = lda;
        job.B = b;
        job.Ldb = ldb;
        job.C = c;
        job.Ldc = ldc;
        job.Accumulate = accumulate;
        job.Epilogue = epilogue;
        // Tiles shrink until every worker has a few; the result does not depend on them.
        (job.TileM, job.TileN) = (TileRows, TileColumns);
        while (job.Tiles < 4 * _pool.Workers && (job.TileN > _kernels.Columns || job.TileM > _kernels.Rows))
        {
            if (job.TileM > job.TileN / 4 && job.TileM > _kernels.Rows)
                job.TileM = (job.TileM / 2 + _kernels.Rows - 1) / _kernels.Rows * _kernels.Rows;
            else job.TileN = Math.Max(_kernels.Columns, job.TileN / 2 / _kernels.Columns * _kernels.Columns);
            if (job.TileM <= _kernels.Rows && job.TileN <= _kernels.Columns) break;
        }
        _pool.Run(job, job.Tiles);
    }

    private void RowTimesMatrix(int n, int k, int depth, float* a, float* b, nint ldb, float* c, in GemmEpilogue epilogue)
    {
        RowTimesMatrixJob<S, V> job = _rowJob;
        (job.N, job.K, job.Depth) = (n, k, depth);
        job.A = a;
        job.B = b;
        job.Ldb = ldb;
        job.C = c;
        _pool.Run(job, job.Cut());
        job.Finish();
        Finish(epilogue, 0, c, n);
    }

    private void TimesTransposed(int m, int n, int k, int depth, float* a, nint lda, float* b, nint ldb, float* c, nint ldc)
    {
        if (m == 1 && RowTimesTransposedJob.IsSupported)
        {
            RowTimesTransposedJob row = _transposedRowJob;
            (row.N, row.K, row.Depth) = (n, k, depth);
            row.A = a;
            row.B = b;
            row.Ldb = ldb;
            row.C = c;
            _pool.Run(row, row.Tiles);
            return;
        }
        FewRowsJob job = m <= GemmKernels128.Set.Columns ? _fewestRowsJob : _fewRowsJob; // narrow lanes where wide ones would be empty
        (job.M, job.N, job.K, job.Depth) = (m, n, k, depth);
        job.B = b;
        job.Ldb = ldb;
        job.C = c;
        job.Ldc = ldc;
        job.Prepare(a, lda);
        _pool.Run(job, job.Tiles);
    }

    /// <summary>The epilogue of n finished elements c of a row, of which the first is at the given offset of its tensors and column of the bias.</summary>
    private static void Finish(in GemmEpilogue epilogue, nint offset, float* c, int n, int column = 0)
    {
        if (epilogue.Bias != null) Elementwise<S, V>.Add(c, epilogue.Bias + column, c, n);
        if (epilogue.Residual != null) Elementwise<S, V>.Add(c, epilogue.Residual + offset, c, n);
        if (epilogue.Activated != null) Elementwise<S, V>.Activate(epilogue.Activation, c, epilogue.Activated + offset, n);
    }

    private sealed class PackJob : ITileJob
    {
        public float* Source, Packed;
        public nint Stride;
        public bool Transpose;
        public int Extent, Padded, Slab, Depth, Panel, Groups;

        public void RunTile(int tile, int worker)
        {
            int block = tile / Groups, first = tile % Groups * PanelsPerPackTile * Panel, k0 = block * Depth;
            int depth = Math.Min(Depth, Slab - k0), count = Math.Min(PanelsPerPackTile * Panel, Extent - first);
            float* to = Packed + (nint)k0 * Padded + (nint)first * depth;
            if (Transpose) GemmPacking.Transpose(Source + first * Stride + k0, Stride, count, depth, Panel, to);
            else GemmPacking.Copy(Source + k0 * Stride + first, Stride, count, depth, Panel, to);
        }
    }

    private sealed class ComputeJob : ITileJob, IDisposable
    {
        public int M, N, Slab, Depth, TileM, TileN;
        public float* A, B, C;
        public nint Lda, Ldb, Ldc; // Lda and Ldb are 0 where the operand is packed
        public bool Accumulate;
        public GemmEpilogue Epilogue;
        private readonly GemmKernelSet _kernels;
        private readonly Scratch _tiles = new();
        private readonly float* _tile;

        public ComputeJob(GemmKernelSet kernels, int workers)
        {
            _kernels = kernels;
            _tile = _tiles.Get((long)workers * kernels.Rows * kernels.Columns);
        }

        public int Tiles => (M + TileM - 1) / TileM * ((N + TileN - 1) / TileN);

        public void RunTile(int tile, int worker)
        {
            int across = (N + TileN - 1) / TileN, i = tile / across * TileM, j = tile % across * TileN;
            int m = Math.Min(TileM, M - i), n = Math.Min(TileN, N - j);
            int rows = _kernels.Rows, columns = _kernels.Columns;
            int paddedM = (M + rows - 1) / rows * rows, paddedN = (N + columns - 1) / columns * columns;
            float* c = C + i * Ldc + j;
            for (int k0 = 0; k0 < Slab; k0 += Depth)
            {
                int depth = Math.Min(Depth, Slab - k0);
                LeftOperand a = Lda == 0 ? _kernels.Packed(A + (nint)k0 * paddedM + (nint)i * depth, depth) : _kernels.InPlace(A + i * Lda + k0, Lda);
                float* b = Ldb == 0 ? B + (nint)k0 * paddedN + (nint)j * depth : B + k0 * Ldb + j;
                _kernels.Multiply(m, n, depth, a, b, Ldb == 0 ? columns : Ldb, Ldb == 0 ? columns * (nint)depth : columns, c, Ldc,
                    Accumulate || k0 > 0, _tile + worker * rows * columns);
            }
            if (Epilogue.IsEmpty) return;
            for (int r = 0; r < m; r++) Finish(Epilogue, (i + r) * Ldc + j, c + r * Ldc, n, j);
        }

        public void Dispose() => _tiles.Dispose();
    }
}
