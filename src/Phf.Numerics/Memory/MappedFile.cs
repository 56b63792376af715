using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Phf.Numerics.Memory;

/// <summary>
/// A file mapped read-only into memory: opening reads nothing, the operating system loads pages as they are touched and may drop them
/// again. Spans are views into the map and are valid until <see cref="Dispose"/>; reading is safe from several threads.
/// </summary>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _file; // null for an empty file, which cannot be mapped
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _start;

    private MappedFile(string path, long length, MemoryMappedFile? file)
    {
        Path = path;
        Length = length;
        _file = file;
        if (file is null) return;
        _view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
    }

    public string Path { get; }

    /// <summary>Bytes in the file when it was opened.</summary>
    public long Length { get; }

    /// <exception cref="IOException">The file is missing or cannot be mapped.</exception>
    public static MappedFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        try
        {
            long length = stream.Length;
            MemoryMappedFile? file = length == 0 ? null : MemoryMappedFile.CreateFromFile(
                stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            if (file is null) stream.Dispose();
            return new MappedFile(path, length, file);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The bytes [<paramref name="offset"/>, <paramref name="offset"/> + <paramref name="length"/>).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, int length) => Span<byte>(offset, length);

    /// <summary><paramref name="count"/> values of little-endian <typeparamref name="T"/> from byte <paramref name="byteOffset"/>
    /// on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the file, or counts more than <see cref="int.MaxValue"/>
    /// values.</exception>
    public ReadOnlySpan<T> Span<T>(long byteOffset, long count) where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(_start is null && Length > 0, this);
        // Divide, do not multiply: a count taken from a hostile file must not overflow past the check.
        if (byteOffset < 0 || byteOffset > Length || count < 0 || count > int.MaxValue || count > (Length - byteOffset) / Unsafe.SizeOf<T>())
            throw new ArgumentOutOfRangeException(nameof(count),
                $"{Path}: {count} values of {Unsafe.SizeOf<T>()} bytes at byte {byteOffset} leave the file of {Length} bytes");
        return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.AsRef<T>(_start + byteOffset), (int)count);
    }

    public void Dispose()
    {
        if (_start is not null) _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        _start = null;
        _view?.Dispose();
        _file?.Dispose();
    }
}
