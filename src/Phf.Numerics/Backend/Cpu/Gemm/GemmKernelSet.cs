using System.Runtime.CompilerServices;

namespace Phf.Numerics.Backend.Cpu.Gemm;

/// <summary>
/// The micro-kernels of one vector width: tiles of up to Rows x Columns of C, for every smaller number of rows and of vectors.
/// All add up over the depth in order with one accumulator per element, so an element's value does not depend on which kernel made it.
/// </summary>
internal sealed unsafe class GemmKernelSet(int rows, int columns, int width, nint[] kernels, nint[] rowKernels)
{
    /// <summary>Rows of the full tile; packed panels of A are this wide.</summary>
    public readonly int Rows = rows;

    /// <summary>Columns of the full tile, two vectors; packed panels of B are this wide.</summary>
    public readonly int Columns = columns;

    /// <summary>Floats in a vector.</summary>
    public readonly int Width = width;

    private readonly nint[] _kernels = kernels, _rowKernels = rowKernels;

    /// <summary>Floats that a panel-wise packed operand takes.</summary>
    public static long PackedSize(int extent, int panel, int depth) => (long)((extent + panel - 1) / panel) * panel * depth;

    /// <summary>
    /// C (m, n) = or += A B for packed operands of one depth block. Panels of A are Rows * depth floats apart, panels of B bPanel;
    /// rows of B within a panel ldb apart. A ragged last panel of B goes through <paramref name="tile"/> (Rows * Columns floats).
    /// </summary>
    public void Multiply(int m, int n, int depth, float* a, float* b, nint ldb, nint bPanel, float* c, nint ldc, bool accumulate, float* tile) =>
        Multiply(_kernels, m, n, depth, a, Rows * (nint)depth, b, ldb, bPanel, c, ldc, accumulate, tile);

    /// <summary>C (m, Columns) = A B for one panel B (depth, Columns). Panels of A are Rows * packedDepth floats apart; C's rows are Columns long.</summary>
    public void MultiplyPanel(int m, int depth, float* a, int packedDepth, float* b, float* c) =>
        Multiply(_kernels, m, Columns, depth, a, Rows * (nint)packedDepth, b, Columns, 0, c, Columns, accumulate: false, tile: null);

    /// <summary>C (m, n) = or += A B for A (m, depth) with rows of Columns floats, so depth &lt;= Columns, and a packed B of this depth.</summary>
    public void MultiplyRows(int m, int n, int depth, float* a, float* b, float* c, nint ldc, bool accumulate, float* tile) =>
        Multiply(_rowKernels, m, n, depth, a, Rows * (nint)Columns, b, Columns, Columns * (nint)depth, c, ldc, accumulate, tile);

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private void Multiply(nint[] kernels, int m, int n, int depth, float* a, nint aPanel, float* b, nint ldb, nint bPanel, float* c, nint ldc,
        bool accumulate, float* tile)
    {
        int vectors = Columns / Width;
        for (int i = 0; i < m; i += Rows, a += aPanel, c += Rows * ldc)
        {
            int mr = Math.Min(Rows, m - i);
            float* panel = b;
            for (int j = 0; j < n; j += Columns, panel += bPanel)
            {
                int nr = Math.Min(Columns, n - j), nv = (nr + Width - 1) / Width;
                var kernel = (delegate*<nint, float*, float*, nint, float*, nint, bool, void>)kernels[(mr - 1) * vectors + nv - 1];
                if (nr % Width == 0)
                {
                    kernel(depth, a, panel, ldb, c + j, ldc, accumulate);
                    continue;
                }
                kernel(depth, a, panel, ldb, tile, Columns, false);
                for (int r = 0; r < mr; r++)
                    for (int q = 0; q < nr; q++)
                        c[r * ldc + j + q] = accumulate ? c[r * ldc + j + q] + tile[r * Columns + q] : tile[r * Columns + q];
            }
        }
    }
}
