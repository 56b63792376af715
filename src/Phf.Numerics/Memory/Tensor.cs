using System.Diagnostics;

namespace Phf.Numerics.Memory;

/// <summary>
/// A view of contiguous single-precision numbers in native memory: <c>Rows</c> rows of <c>Columns</c>. Owns nothing; it is valid as
/// long as the <see cref="Arena"/> it was taken from. Vectors have one row.
/// </summary>
public readonly unsafe struct Tensor
{
    internal readonly float* Pointer;

    internal Tensor(float* pointer, int rows, int columns)
    {
        Pointer = pointer;
        Rows = rows;
        Columns = columns;
    }

    public int Rows { get; }

    public int Columns { get; }

    public long Length => (long)Rows * Columns;

    public bool IsEmpty => Pointer == null;

    /// <summary>All elements, row after row. At most 2^31 - 1 of them.</summary>
    public Span<float> Span => new(Pointer, checked((int)Length));

    /// <summary>Row <paramref name="index"/> as a span of <see cref="Columns"/> elements.</summary>
    public Span<float> Row(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Rows);
        return new(Pointer + (nint)index * Columns, Columns);
    }

    /// <summary>Rows [<paramref name="first"/>, <paramref name="first"/> + <paramref name="count"/>) as a view.</summary>
    public Tensor Slice(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + (long)count, Rows);
        return new(Pointer + (nint)first * Columns, count, Columns);
    }

    /// <summary>The same elements seen with another shape of the same size.</summary>
    public Tensor Reshape(int rows, int columns)
    {
        Debug.Assert((long)rows * columns == Length, "a reshape keeps the number of elements");
        return new(Pointer, rows, columns);
    }
}
