using System.Runtime.CompilerServices;
using Phf.Numerics.Memory;

namespace Phf.Formats;

/// <summary>
/// A tensor in a file on disk, of whatever format: its elements lie in a memory-mapped file, row-major or with strides. Valid as long as
/// what it was taken from.
/// </summary>
public sealed class StoredTensor
{
    private readonly MappedFile _file;
    private readonly long _offset;
    private readonly long[] _strides;

    /// <param name="file">Where the elements lie; that all of them lie there has been checked.</param>
    /// <param name="name">As the file spells it.</param>
    /// <param name="type">Of an element.</param>
    /// <param name="shape">Sizes, 0 or more; none for a scalar.</param>
    /// <param name="strides">Elements from one index to the next of each dimension.</param>
    /// <param name="offset">Byte of the first element.</param>
    internal StoredTensor(MappedFile file, string name, SafetensorsType type, long[] shape, long[] strides, long offset)
    {
        (_file, Name, Type, Shape, _strides, _offset) = (file, name, type, shape, strides, offset);
        Count = shape.Aggregate(1L, (product, size) => product * size);
        IsContiguous = Count <= 1 || HasRowMajorOrder();
    }

    public string Name { get; }

    public SafetensorsType Type { get; }

    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of elements, the product of <see cref="Shape"/> (1 for a scalar).</summary>
    public long Count { get; }

    /// <summary>Bytes of all elements.</summary>
    public long ByteLength => Count * Type.Size();

    /// <summary>Whether the elements lie one after another in the file, so that reading copies nothing.</summary>
    public bool IsContiguous { get; }

    /// <summary>The file that holds the elements.</summary>
    public string Path => _file.Path;

    /// <summary>All elements in row-major order: a view of the file where they lie so, else a copy. BF16 reads as <c>ushort</c>, BOOL also as
    /// <c>byte</c>.</summary>
    /// <exception cref="InvalidDataException">Another element type, or more than <see cref="int.MaxValue"/> elements.</exception>
    public ReadOnlySpan<T> Values<T>() where T : unmanaged
    {
        if (!Type.ViewableAs<T>())
            throw new InvalidDataException($"{Path}: tensor '{Name}' is {Type}, {SafetensorsTypes.Of<T>()} was expected");
        if (Count > int.MaxValue)
            throw new InvalidDataException($"{Path}: tensor '{Name}' has {Count} elements, more than {int.MaxValue}");
        if (IsContiguous) return _file.Span<T>(_offset, Count);
        var copy = new T[Count];
        Gather<T>(0, _offset, copy);
        return copy;
    }

    /// <summary>Copies a tensor of F32, F16, BF16 or F64 to 32-bit floats; <paramref name="destination"/> has exactly its number of
    /// elements.</summary>
    public void CopyAsF32(Span<float> destination)
    {
        if (Count != destination.Length)
            throw new InvalidDataException(
                $"{Path}: tensor '{Name}' is [{string.Join(", ", Shape)}], {destination.Length} elements were expected");
        switch (Type)
        {
            case SafetensorsType.F32: Values<float>().CopyTo(destination); break;
            case SafetensorsType.F16: WideFloats.FromF16(Values<Half>(), destination); break;
            case SafetensorsType.BF16: WideFloats.FromBF16(Values<ushort>(), destination); break;
            case SafetensorsType.F64: Narrow(Values<double>(), destination); break;
            default: throw new InvalidDataException($"{Path}: tensor '{Name}' is {Type}, a floating-point type was expected");
        }
    }

    /// <summary>The same for the weights of a model.</summary>
    /// <exception cref="InvalidDataException">Also where a number is infinite or none.</exception>
    public void CopyAsFiniteF32(Span<float> destination)
    {
        CopyAsF32(destination);
        int index = WideFloats.IndexOfNonFinite(destination);
        if (index >= 0) throw new InvalidDataException($"{Path}: tensor '{Name}' holds {destination[index]}");
    }

    /// <summary>The strides of elements that lie row after row.</summary>
    internal static long[] RowMajor(IReadOnlyList<long> shape)
    {
        var strides = new long[shape.Count];
        long step = 1;
        for (int d = shape.Count - 1; d >= 0; d--)
        {
            strides[d] = step;
            step *= Math.Max(1, shape[d]);
        }
        return strides;
    }

    private static void Narrow(ReadOnlySpan<double> source, Span<float> destination)
    {
        for (int i = 0; i < source.Length; i++) destination[i] = (float)source[i];
    }

    /// <summary>The stride of a dimension of size 1 says nothing, and PyTorch writes any number there.</summary>
    private bool HasRowMajorOrder()
    {
        long[] expected = RowMajor(Shape);
        for (int d = 0; d < expected.Length; d++)
            if (Shape[d] != 1 && _strides[d] != expected[d]) return false;
        return true;
    }

    private void Gather<T>(int dimension, long byteOffset, Span<T> destination) where T : unmanaged
    {
        if (dimension == Shape.Count)
        {
            destination[0] = _file.Span<T>(byteOffset, 1)[0];
            return;
        }
        int part = destination.Length / (int)Shape[dimension];
        long step = _strides[dimension] * Unsafe.SizeOf<T>();
        for (int i = 0; i < Shape[dimension]; i++) Gather(dimension + 1, byteOffset + i * step, destination.Slice(i * part, part));
    }
}
