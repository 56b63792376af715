using System.Buffers.Binary;
using Phf.Numerics.Memory;

namespace Phf.Formats.PyTorch;

/// <summary>
/// The files of torch.save before 1.6: five pickles (a magic number, the protocol, facts of the system, the object, the keys of its storages), then
/// each storage as its number of elements (i64) and its bytes.
/// </summary>
internal static class LegacyFile
{
    private const int CountBytes = 8;

    /// <summary>Bytes that tell the format.</summary>
    public const int MostMagicBytes = 24;

    /// <summary>The first pickle, behind its protocol: the integer 0x1950a86a20f9469cfc6c of ten bytes, end.</summary>
    private static ReadOnlySpan<byte> Magic => [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

    /// <summary>Length of the first pickle, 0 if <paramref name="start"/> is not the beginning of such a file. Protocol 4 puts a frame around the
    /// integer: 0x95 and eight bytes.</summary>
    public static int MagicLength(ReadOnlySpan<byte> start)
    {
        if (start.Length < MostMagicBytes || start[0] != 0x80) return 0;
        int at = start[2] == 0x95 ? 11 : 2;
        return start[at..].StartsWith(Magic) ? at + Magic.Length : 0;
    }

    /// <exception cref="InvalidDataException">Damaged, or with more than tensors and plain values.</exception>
    public static PyTorchFile.Contents Read(MappedFile file)
    {
        long at = MagicLength(file.Span(0, MostMagicBytes));
        if (Next(file, ref at, "protocol", out _) is not 1001L) throw Damaged(file, "its protocol is not 1001");
        if (Next(file, ref at, "system", out _) is not Dictionary<string, object?> system) throw Damaged(file, "the facts of its system are no dictionary");
        if (system.GetValueOrDefault("little_endian") is not true) throw new InvalidDataException($"{file.Path}: its numbers are not little-endian");
        object? root = Next(file, ref at, "object", out IReadOnlyDictionary<string, PickleStorage> storages);
        if (Next(file, ref at, "keys", out _) is not List<object?> keys) throw Damaged(file, "the keys of its storages are no list");
        Dictionary<string, (long Offset, long Length)> places = Places(file, keys, storages, at);
        return new PyTorchFile.Contents(root, storage => places[storage.Key]);
    }

    private static object? Next(MappedFile file, ref long at, string what, out IReadOnlyDictionary<string, PickleStorage> storages)
    {
        var reader = new PickleReader($"{file.Path} ({what}, from byte {at})", file.Span(at, (int)Math.Min(int.MaxValue, file.Length - at)), file.Length);
        object? value = reader.Read();
        at += reader.Position;
        storages = reader.Storages;
        return value;
    }

    /// <summary>Where the bytes of each storage lie; they must be there for all, and nothing behind them.</summary>
    private static Dictionary<string, (long Offset, long Length)> Places(
        MappedFile file, List<object?> keys, IReadOnlyDictionary<string, PickleStorage> storages, long at)
    {
        var places = new Dictionary<string, (long, long)>();
        foreach (object? key in keys)
        {
            if (key is not string name || !storages.TryGetValue(name, out PickleStorage? storage)) throw Damaged(file, "it has a storage that no tensor uses");
            if (file.Length - at < CountBytes) throw Damaged(file, $"storage '{name}' is missing");
            long count = BinaryPrimitives.ReadInt64LittleEndian(file.Span(at, CountBytes));
            at += CountBytes;
            if (count != storage.Count) throw Damaged(file, $"storage '{name}' has {count} elements, its tensors say {storage.Count}");
            if (count > (file.Length - at) / storage.Type.Size()) throw Damaged(file, $"storage '{name}' ends behind the file");
            if (!places.TryAdd(name, (at, count * storage.Type.Size()))) throw Damaged(file, $"storage '{name}' appears twice");
            at += count * storage.Type.Size();
        }
        if (places.Count < storages.Count) throw Damaged(file, $"{storages.Count - places.Count} storages are missing");
        return at == file.Length ? places : throw Damaged(file, $"{file.Length - at} bytes follow the last storage");
    }

    private static InvalidDataException Damaged(MappedFile file, string found) =>
        new($"{file.Path}: the PyTorch file is damaged or cut short: {found}; fetch or write it again");
}
