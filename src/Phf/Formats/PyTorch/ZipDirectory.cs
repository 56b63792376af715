using System.Buffers.Binary;
using System.Text;
using Phf.Numerics.Memory;

namespace Phf.Formats.PyTorch;

/// <summary>
/// Where the entries of a zip archive lie in its file (APPNOTE.TXT 6.3, with the 64-bit sizes of 4.5.3). torch.save stores without
/// compression, so an entry is a range of bytes and can be mapped; System.IO.Compression does not tell where it is.
/// </summary>
internal static class ZipDirectory
{
    private const int EndBytes = 22, LongestComment = ushort.MaxValue, EntryBytes = 46, LocalBytes = 30, LocatorBytes = 20, End64Bytes = 56;
    private const uint EndSignature = 0x06054b50, EntrySignature = 0x02014b50, LocalSignature = 0x04034b50;
    private const uint LocatorSignature = 0x07064b50, End64Signature = 0x06064b50;

    /// <summary>Name, first byte and number of bytes of each entry.</summary>
    /// <exception cref="InvalidDataException">No zip archive, cut short, or with compressed or encrypted entries.</exception>
    public static Dictionary<string, (long Offset, long Length)> Read(MappedFile file)
    {
        (long start, long length, ulong count) = FindDirectory(file);
        var entries = new Dictionary<string, (long, long)>(StringComparer.Ordinal);
        long at = start, end = start + length;
        for (ulong i = 0; i < count; i++)
        {
            if (end - at < EntryBytes || U32(file, at) != EntrySignature) throw Damaged(file, $"entry {i} of {count} is not there");
            int nameLength = U16(file, at + 28), extraLength = U16(file, at + 30), commentLength = U16(file, at + 32);
            if (end - at - EntryBytes < nameLength + extraLength + commentLength) throw Damaged(file, $"entry {i} leaves the directory");
            string name = Encoding.UTF8.GetString(file.Span(at + EntryBytes, nameLength));
            if (!entries.TryAdd(name, Locate(file, at, name, file.Span(at + EntryBytes + nameLength, extraLength))))
                throw Damaged(file, $"two entries are named '{name}'");
            at += EntryBytes + nameLength + extraLength + commentLength;
        }
        return entries;
    }

    private static (long Start, long Length, ulong Count) FindDirectory(MappedFile file)
    {
        long end = file.Length - EndBytes;
        while (end >= 0 && !(U32(file, end) == EndSignature && end + EndBytes + U16(file, end + 20) == file.Length))
            if (--end < file.Length - EndBytes - LongestComment) end = -1;
        if (end < 0) throw Damaged(file, "it has no end record");
        ulong count = U16(file, end + 10), length = U32(file, end + 12), start = U32(file, end + 16);
        if (count == ushort.MaxValue || length == uint.MaxValue || start == uint.MaxValue)
        {
            long locator = end - LocatorBytes;
            if (locator < 0 || U32(file, locator) != LocatorSignature) throw Damaged(file, "its 64-bit end record is not there");
            ulong at = U64(file, locator + 8);
            if (at > (ulong)locator || (ulong)locator - at < End64Bytes || U32(file, (long)at) != End64Signature)
                throw Damaged(file, "its 64-bit end record is not there");
            (count, length, start) = (U64(file, (long)at + 32), U64(file, (long)at + 40), U64(file, (long)at + 48));
        }
        if (start > (ulong)end || length > (ulong)end - start) throw Damaged(file, "its directory leaves the file");
        return ((long)start, (long)length, count);
    }

    /// <summary>The bytes of an entry: behind its local header, whose name and extra field have lengths of their own.</summary>
    private static (long Offset, long Length) Locate(MappedFile file, long entry, string name, ReadOnlySpan<byte> extra)
    {
        if ((U16(file, entry + 8) & 1) != 0) throw Damaged(file, $"'{name}' is encrypted");
        if (U16(file, entry + 10) != 0)
            throw new InvalidDataException($"{file.Path}: '{name}' is compressed; torch.save stores without compression, so this is no file of torch.save");
        ulong stored = U32(file, entry + 20), size = U32(file, entry + 24), local = U32(file, entry + 42);
        (size, stored, local) = Widen(extra, size, stored, local);
        if (stored != size) throw Damaged(file, $"'{name}' has {size} bytes and {stored} stored ones");
        if (local > (ulong)file.Length - LocalBytes || U32(file, (long)local) != LocalSignature) throw Damaged(file, $"'{name}' is not where the directory says");
        long offset = (long)local + LocalBytes + U16(file, (long)local + 26) + U16(file, (long)local + 28);
        if (offset > file.Length || size > (ulong)(file.Length - offset)) throw Damaged(file, $"'{name}' ends behind the file");
        return (offset, (long)size);
    }

    /// <summary>Values that do not fit 32 bits are in the extra field 1, in this order and only those.</summary>
    private static (ulong Size, ulong Stored, ulong Local) Widen(ReadOnlySpan<byte> extra, ulong size, ulong stored, ulong local)
    {
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra), length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4) break;
            if (id == 1)
            {
                ReadOnlySpan<byte> values = extra.Slice(4, length);
                return (Next(ref values, size), Next(ref values, stored), Next(ref values, local));
            }
            extra = extra[(4 + length)..];
        }
        return (size, stored, local);

        static ulong Next(ref ReadOnlySpan<byte> values, ulong narrow)
        {
            if (narrow != uint.MaxValue || values.Length < 8) return narrow;
            ulong wide = BinaryPrimitives.ReadUInt64LittleEndian(values);
            values = values[8..];
            return wide;
        }
    }

    private static ushort U16(MappedFile file, long at) => BinaryPrimitives.ReadUInt16LittleEndian(file.Span(at, 2));

    private static uint U32(MappedFile file, long at) => BinaryPrimitives.ReadUInt32LittleEndian(file.Span(at, 4));

    private static ulong U64(MappedFile file, long at) => BinaryPrimitives.ReadUInt64LittleEndian(file.Span(at, 8));

    private static InvalidDataException Damaged(MappedFile file, string found) =>
        new($"{file.Path}: the zip archive is damaged or cut short: {found}; fetch or write the file again");
}
