using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Phf.Formats;

/// <summary>Writes the bytes of one tensor (little-endian, row-major) to <paramref name="stream"/>; native memory needs no copy.</summary>
public delegate void TensorSource(Stream stream);

/// <summary>A tensor to write. <paramref name="Write"/> must write exactly the bytes that <paramref name="Type"/> and
/// <paramref name="Shape"/> claim.</summary>
public sealed record SafetensorsTensor(string Name, SafetensorsType Type, long[] Shape, TensorSource Write)
{
    /// <summary>A tensor from managed memory.</summary>
    public static SafetensorsTensor Of<T>(string name, ReadOnlyMemory<T> values, params long[] shape) where T : unmanaged
        => new(name, SafetensorsTypes.Of<T>(), shape, stream => WriteValues(stream, values.Span));

    /// <summary>Writes any number of values; one call of <see cref="Stream.Write(ReadOnlySpan{byte})"/> is bound to 2 GB.</summary>
    public static void WriteValues<T>(Stream stream, ReadOnlySpan<T> values) where T : unmanaged
    {
        const int Chunk = 1 << 20; // elements
        for (int start = 0; start < values.Length; start += Chunk)
            stream.Write(MemoryMarshal.AsBytes(values.Slice(start, Math.Min(Chunk, values.Length - start))));
    }
}

/// <summary>Writes safetensors files: wide element types first (so every tensor is aligned to its elements), then by name; durable
/// (<see cref="DurableFile"/>).</summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <exception cref="ArgumentException">Two tensors of one name, a negative size, or a tensor that wrote another number of bytes than it
    /// claims.</exception>
    /// <exception cref="IOException">The disk is full or the directory not writable; nothing is left behind.</exception>
    public static void Write(string path, IEnumerable<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        SafetensorsTensor[] sorted = [.. tensors.OrderByDescending(t => t.Type.Size()).ThenBy(t => t.Name, StringComparer.Ordinal)];
        byte[] header = Header(path, sorted, metadata);
        DurableFile.Write(path, stream =>
        {
            Span<byte> prefix = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
            stream.Write(prefix);
            stream.Write(header);
            foreach (SafetensorsTensor tensor in sorted)
            {
                long before = stream.Position;
                tensor.Write(stream);
                long written = stream.Position - before;
                if (written != ByteLength(tensor))
                    throw new ArgumentException(
                        $"{path}: tensor '{tensor.Name}' wrote {written} bytes, its shape claims {ByteLength(tensor)}");
            }
        });
    }

    private static byte[] Header(string path, SafetensorsTensor[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)) json.WriteString(key, value);
                json.WriteEndObject();
            }
            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            long offset = 0;
            foreach (SafetensorsTensor tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                    throw new ArgumentException($"{path}: two tensors are named '{tensor.Name}', or the name is reserved");
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.ToString());
                json.WriteStartArray("shape");
                foreach (long size in tensor.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += ByteLength(tensor));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % Alignment != 0) buffer.WriteByte((byte)' '); // the 8 bytes of length before it keep the alignment
        return buffer.ToArray();
    }

    private static long ByteLength(SafetensorsTensor tensor)
    {
        long bytes = tensor.Type.Size();
        foreach (long size in tensor.Shape)
        {
            if (size < 0) throw new ArgumentException($"tensor '{tensor.Name}' has a negative size in [{string.Join(", ", tensor.Shape)}]");
            bytes = checked(bytes * size);
        }
        return bytes;
    }
}
