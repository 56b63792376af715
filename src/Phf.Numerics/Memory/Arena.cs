namespace Phf.Numerics.Memory;

/// <summary>
/// One aligned, zeroed block of native memory that tensors are taken from, in order. Every tensor starts on a cache line.
/// Dispose frees the block and with it every tensor.
/// </summary>
public sealed unsafe class Arena : IDisposable
{
    private const int Alignment = 64; // bytes; one cache line and one 512-bit vector
    private const int LineFloats = Alignment / sizeof(float);
    private float* _block;
    private long _used;

    /// <param name="floats">Capacity in floats, paddings included: the sum of <see cref="SizeOf"/> over the tensors to be taken.</param>
    public Arena(long floats)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(floats);
        Capacity = floats;
        _block = NativeBlock.Allocate(Math.Max(floats, LineFloats));
    }

    public long Capacity { get; }

    public long Used => _used;

    /// <summary>Everything taken so far as one vector-shaped view, paddings (zeros) included.</summary>
    public FlatBlock All => new(_block, _used);

    /// <summary>Floats that a tensor of this shape takes, its padding included.</summary>
    public static long SizeOf(long rows, long columns) => checked((rows * columns + LineFloats - 1) / LineFloats * LineFloats);

    /// <summary>Takes the next tensor. The memory is zero until written.</summary>
    /// <exception cref="InvalidOperationException">The arena was planned too small.</exception>
    public Tensor Take(int rows, int columns)
    {
        ObjectDisposedException.ThrowIf(_block == null, this);
        long size = SizeOf(rows, columns);
        if (_used + size > Capacity)
            throw new InvalidOperationException($"arena of {Capacity} floats is full: {_used} used, {size} wanted");
        var tensor = new Tensor(_block + (nint)_used, rows, columns);
        _used += size;
        return tensor;
    }

    public void Dispose()
    {
        NativeBlock.Free(_block);
        _block = null;
        GC.SuppressFinalize(this);
    }

    ~Arena() => NativeBlock.Free(_block);
}

/// <summary>A flat run of floats in native memory, longer than a span may be; what clip, save and update loop over.</summary>
public readonly unsafe struct FlatBlock
{
    internal readonly float* Pointer;

    internal FlatBlock(float* pointer, long length)
    {
        Pointer = pointer;
        Length = length;
    }

    public long Length { get; }

    /// <summary>Elements [<paramref name="first"/>, <paramref name="first"/> + <paramref name="count"/>).</summary>
    public FlatBlock Slice(long first, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(checked(first + count), Length);
        return new(Pointer + (nint)first, count);
    }

    public Span<float> Span => new(Pointer, checked((int)Length));
}
