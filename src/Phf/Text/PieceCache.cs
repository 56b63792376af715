using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Phf.Text;

/// <summary>
/// Remembers the ids of short pieces already merged; one per thread, of a fixed size. An entry is 64 bytes, the piece and its ids side by side, so that a
/// look-up touches one place in memory. What it holds changes speed only, never results.
/// </summary>
internal sealed class PieceCache
{
    /// <summary>Longer pieces, one in a thousand of English, are merged afresh each time.</summary>
    private const int MaxPieceLength = 16; // of a Vector256<short>

    private const int MaxIds = 7, IndexBits = 15;

    private readonly Entry[] _entries = new Entry[1 << IndexBits];

    private struct Entry
    {
        public Vector256<short> Units; // zeros behind the piece
        public Ids Ids;
        public byte Length; // in units; 0 marks a free entry: no piece is empty
        public byte IdCount;
    }

    [InlineArray(MaxIds)]
    private struct Ids
    {
        private int _first;
    }

    /// <summary>Finds the ids of the piece from <paramref name="start"/> to <paramref name="end"/>; they hold until the next <see cref="Add"/>.</summary>
    public bool TryGet(ReadOnlySpan<char> text, int start, int end, out ReadOnlySpan<int> found)
    {
        int length = end - start;
        if (length <= MaxPieceLength)
        {
            Vector256<short> units = Units(text, start, length);
            int home = Home(units);
            ref Entry entry = ref _entries[home];
            if (entry.Units != units || entry.Length != length) entry = ref _entries[home ^ 1];
            if (entry.Units == units && entry.Length == length)
            {
                found = ((ReadOnlySpan<int>)entry.Ids)[..entry.IdCount];
                return true;
            }
        }
        found = default;
        return false;
    }

    /// <summary>
    /// Adds a piece that <see cref="TryGet"/> did not find, if it is short enough. A piece lives at its home or beside it; what is at the home moves
    /// beside, and what is there is forgotten.
    /// </summary>
    public void Add(ReadOnlySpan<char> text, int start, int end, ReadOnlySpan<int> ids)
    {
        int length = end - start;
        if (length > MaxPieceLength || ids.Length > MaxIds) return;
        Vector256<short> units = Units(text, start, length);
        int home = Home(units);
        ref Entry entry = ref _entries[home];
        _entries[home ^ 1] = entry;
        (entry.Units, entry.Length, entry.IdCount) = (units, (byte)length, (byte)ids.Length);
        ids.CopyTo(entry.Ids);
    }

    /// <summary>The units of a piece and zeros.</summary>
    private static Vector256<short> Units(ReadOnlySpan<char> text, int start, int length)
    {
        if (start + MaxPieceLength > text.Length) return UnitsAtTheEnd(text.Slice(start, length));
        Vector256<short> units = Vector256.Create(MemoryMarshal.Cast<char, short>(text.Slice(start, MaxPieceLength)));
        return units & Vector256.LessThan(Vector256<short>.Indices, Vector256.Create((short)length));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector256<short> UnitsAtTheEnd(ReadOnlySpan<char> piece)
    {
        Span<char> padded = stackalloc char[MaxPieceLength];
        padded.Clear();
        piece.CopyTo(padded);
        return Vector256.Create(MemoryMarshal.Cast<char, short>(padded));
    }

    /// <summary>Where a piece belongs: the upper bits of a sum of products.</summary>
    private static int Home(Vector256<short> units)
    {
        Vector256<ulong> words = units.AsUInt64();
        ulong sum = (words[0] * 0x9E3779B97F4A7C15) + (words[1] * 0xC2B2AE3D27D4EB4F) + (words[2] * 0xFF51AFD7ED558CCD) + (words[3] * 0xD6E8FEB86659FD93);
        return (int)(sum >> (64 - IndexBits));
    }
}
