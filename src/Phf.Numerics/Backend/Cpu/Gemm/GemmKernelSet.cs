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
    /// C (m, n) = or += A B of one depth block. A lies in packed panels, or as it is where <see cref="LeftOperand.Stride"/> is set. Panels of B
    /// are bPanel apart, rows of B within a panel ldb. A ragged last panel of B goes through <paramref name="tile"/> (Rows * Columns floats).
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public void Multiply(int m, int n, int depth, LeftOperand left, float* b, nint ldb, nint bPanel, float* c, nint ldc, bool accumulate, float* tile)
    {
        nint[] kernels = left.Stride == 0 ? _kernels : _rowKernels;
        int vectors = Columns / Width;
        float* a = left.Pointer;
        for (int i = 0; i < m; i += Rows, a += left.Panel, c += Rows * ldc)
        {
            int mr = Math.Min(Rows, m - i);
            float* panel = b;
            for (int j = 0; j < n; j += Columns, panel += bPanel)
            {
                int nr = Math.Min(Columns, n - j), nv = (nr + Width - 1) / Width;
                var kernel = (delegate*<nint, float*, nint, float*, nint, float*, nint, bool, void>)kernels[(mr - 1) * vectors + nv - 1];
                if (nr % Width == 0)
                {
                    kernel(depth, a, left.Stride, panel, ldb, c + j, ldc, accumulate);
                    continue;
                }
                kernel(depth, a, left.Stride, panel, ldb, tile, Columns, false);
                for (int r = 0; r < mr; r++)
                    for (int q = 0; q < nr; q++)
                        c[r * ldc + j + q] = accumulate ? c[r * ldc + j + q] + tile[r * Columns + q] : tile[r * Columns + q];
            }
        }
    }

    /// <summary>C (m, Columns) = A B for one panel B (depth, Columns); C's rows are Columns long.</summary>
    public void MultiplyPanel(int m, int depth, LeftOperand a, float* b, float* c) =>
        Multiply(m, Columns, depth, a, b, Columns, 0, c, Columns, accumulate: false, tile: null);

    /// <summary>A in packed panels of this depth.</summary>
    public LeftOperand Packed(float* a, int depth) => new(a, Rows * (nint)depth, 0);

    /// <summary>A as it is, rows <paramref name="stride"/> apart.</summary>
    public LeftOperand InPlace(float* a, nint stride) => new(a, Rows * stride, stride);
}

/// <summary>The left operand of a product: where it lies, the floats from one panel of rows to the next, and between rows (0: packed).</summary>
internal readonly unsafe struct LeftOperand(float* pointer, nint panel, nint stride)
{
    public readonly float* Pointer = pointer;
    public readonly nint Panel = panel, Stride = stride;
}
