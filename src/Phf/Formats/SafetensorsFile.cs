using Phf.Numerics.Memory;

namespace Phf.Formats;

/// <summary>
/// A safetensors file, memory-mapped (https://huggingface.co/docs/safetensors: little-endian, row-major). Spans are views into the map and
/// valid until <see cref="Dispose"/>; reading is safe from several threads.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly MappedFile _file;

    private SafetensorsFile(MappedFile file, IReadOnlyDictionary<string, SafetensorsEntry> tensors, IReadOnlyDictionary<string, string> metadata)
        => (_file, Tensors, Metadata) = (file, tensors, metadata);

    public string Path => _file.Path;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Tensors { get; }

    /// <summary>The strings of <c>__metadata__</c>; empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <exception cref="InvalidDataException">The header breaks a promise of the format; the message names the file and the
    /// tensor.</exception>
    /// <exception cref="IOException">The file is missing or unreadable.</exception>
    public static SafetensorsFile Open(string path)
    {
        MappedFile file = MappedFile.Open(path);
        try
        {
            var (tensors, metadata) = SafetensorsHeader.Read(file);
            return new SafetensorsFile(file, tensors, metadata);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <exception cref="InvalidDataException">No tensor has that name.</exception>
    public SafetensorsEntry Entry(string name) => Tensors.TryGetValue(name, out SafetensorsEntry? entry)
        ? entry
        : throw new InvalidDataException($"{Path}: no tensor '{name}'; the file has {Tensors.Count} others");

    /// <summary>All elements of a tensor of type <typeparamref name="T"/> (BF16 as <c>ushort</c>, BOOL also as <c>byte</c>).</summary>
    /// <exception cref="InvalidDataException">No such tensor, another element type, or more than <see cref="int.MaxValue"/>
    /// elements.</exception>
    public ReadOnlySpan<T> Span<T>(string name) where T : unmanaged => Span<T>(Entry(name));

    /// <inheritdoc cref="Span{T}(string)"/>
    public ReadOnlySpan<T> Span<T>(SafetensorsEntry entry) where T : unmanaged => entry.Count <= int.MaxValue
        ? Span<T>(entry, 0, (int)entry.Count)
        : throw new InvalidDataException($"{Path}: tensor '{entry.Name}' has {entry.Count} elements; read it in parts");

    /// <summary>Elements [<paramref name="start"/>, <paramref name="start"/> + <paramref name="count"/>) of a tensor, for those above 2^31
    /// elements.</summary>
    public ReadOnlySpan<T> Span<T>(SafetensorsEntry entry, long start, int count) where T : unmanaged
    {
        if (!entry.Type.ViewableAs<T>())
            throw new InvalidDataException($"{Path}: tensor '{entry.Name}' is {entry.Type}, {SafetensorsTypes.Of<T>()} was expected");
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        if (count < 0 || start > entry.Count - count)
            throw new ArgumentOutOfRangeException(
                nameof(count), $"{Path}: tensor '{entry.Name}' has {entry.Count} elements, not {start} + {count}");
        return _file.Span<T>(entry.Offset + (start * entry.Type.Size()), count);
    }

    /// <inheritdoc cref="StoredTensor.CopyAsF32"/>
    public void CopyAsF32(string name, Span<float> destination) => Stored(Entry(name)).CopyAsF32(destination);

    public void Dispose() => _file.Dispose();

    internal StoredTensor Stored(SafetensorsEntry entry) =>
        new(_file, entry.Name, entry.Type, entry.Shape, StoredTensor.RowMajor(entry.Shape), entry.Offset);
}
