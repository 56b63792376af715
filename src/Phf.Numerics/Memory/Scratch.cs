using System.Runtime.InteropServices;

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
            NativeMemory.AlignedFree(_block);
            _size = checked((nint)floats);
            _block = (float*)NativeMemory.AlignedAlloc(checked((nuint)_size * sizeof(float)), 4096);
            NativeMemory.Clear(_block, (nuint)_size * sizeof(float));
        }
        return _block;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_block);
        _block = null;
        _size = 0;
        GC.SuppressFinalize(this);
    }

    ~Scratch() => NativeMemory.AlignedFree(_block);
}
