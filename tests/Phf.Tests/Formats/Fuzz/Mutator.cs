using System.Buffers.Binary;
using System.Text;
using Phf.Numerics.Random;

namespace Phf.Tests.Formats.Fuzz;

/// <summary>Damages files as accidents and attackers do: flipped bits, cuts, other lengths and counts, pieces moved, deep nesting. The same seed
/// gives the same mutants.</summary>
internal sealed class Mutator(ulong seed)
{
    private const int DeepestNesting = 4000;

    private static readonly ulong[] Lengths =
        [0, 1, 8, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 1UL << 40, 1UL << 53, long.MaxValue, 1UL << 63, ulong.MaxValue];

    private static readonly string[] Numbers = ["-1", "0", "1e9", "2147483648", "4294967296", "9223372036854775807", "99999999999999999999", "1.5", "null", "[]", "\"\"", "true"];

    /// <summary>What nests: JSON, and pickle's marks, lists, dictionaries, tuples and copies of what it remembers.</summary>
    private static readonly string[] Nests = ["[", "{\"a\":", "(", "]", "}", ")", "\u0085", "(((t", "h\0", "]q\0h\0a", "}q\0X\u0001\0\0\0ah\0s"];

    private Rng _random = new(seed);

    /// <summary>A damaged copy: one to three changes.</summary>
    public byte[] Mutate(byte[] original)
    {
        byte[] mutant = [.. original];
        for (int changes = 1 + Below(3); changes > 0 && mutant.Length > 0; changes--) mutant = Change(mutant);
        return mutant;
    }

    private byte[] Change(byte[] file)
    {
        int at = Below(file.Length), length = 1 + Below(Math.Min(64, file.Length - at));
        switch (Below(9))
        {
            case 0: file[at] ^= (byte)(1 << Below(8)); return file;
            case 1: file[at] = (byte)Below(256); return file;
            case 2: return file[..at];
            case 3: return [.. file[..at], .. file[(at + length)..]];
            case 4: return [.. file[..at], .. file[at..(at + length)], .. file[at..]];
            case 5: return Overwrite(file, at, Lengths[Below(Lengths.Length)]);
            case 6: return Overwrite(file, at, (ulong)Below(2 * file.Length));
            case 7: return ReplaceNumber(file, at);
            default: return [.. file[..at], .. Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat(Nests[Below(Nests.Length)], 1 + Below(DeepestNesting)))), .. file[at..]];
        }
    }

    /// <summary>A little-endian length of two, four or eight bytes.</summary>
    private byte[] Overwrite(byte[] file, int at, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        int width = Math.Min(2 << Below(3), file.Length - at);
        bytes[..width].CopyTo(file.AsSpan(at));
        return file;
    }

    /// <summary>The next number written in digits becomes another.</summary>
    private byte[] ReplaceNumber(byte[] file, int at)
    {
        int start = file.AsSpan(at).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (start < 0) return file;
        start += at;
        int length = file.AsSpan(start).IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return [.. file[..start], .. Encoding.ASCII.GetBytes(Numbers[Below(Numbers.Length)]), .. length < 0 ? [] : file[(start + length)..]];
    }

    private int Below(int count) => (int)(_random.NextUInt64() % (ulong)count);
}
