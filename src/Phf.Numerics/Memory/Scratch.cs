namespace Phf.Numerics.Memory;

/// <summary>Working memory that grows to the largest size ever asked for and keeps it; contents are lost when it grows.</summary>
internal sealed unsafe class Scratch : IDisposable
{
    private float* _block;
    private nint _size;

    public float* Get(long floats)
    {
        if (floats > _size)
        {
            NativeBlock.Free(_block);
            _block = null; // should the next line fail
            _size = 0;
            _block = NativeBlock.Allocate(floats);
            _size = checked((nint)floats);
        }
        return _block;
    }

    public void Dispose()
    {
        NativeBlock.Free(_block);
        _block = null;
        _size = 0;
        GC.SuppressFinalize(this);
    }

    ~Scratch() => NativeBlock.Free(_block);
}
