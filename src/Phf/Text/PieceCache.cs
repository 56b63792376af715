using System.Runtime.InteropServices;

namespace Phf.Text;

/// <summary>
/// Remembers the ids of pieces already merged; one per thread. A fixed-size open-addressing table over two flat stores, emptied when either is full,
/// so it allocates nothing after construction. What it holds changes speed only, never results.
/// </summary>
internal sealed class PieceCache
{
    /// <summary>Longer pieces are rare and are merged afresh each time.</summary>
    public const int MaxPieceLength = 64;

    private const int SlotCount = 1 << 16;
    private const int MaxEntries = SlotCount / 2;
    private const int KeyCapacity = 1 << 19;
    private const int IdCapacity = 1 << 18;

    private readonly Slot[] _slots = new Slot[SlotCount];
    private readonly char[] _keys = new char[KeyCapacity];
    private readonly int[] _ids = new int[IdCapacity];
    private int _entries, _keysUsed, _idsUsed;

    private struct Slot
    {
        public uint Hash;
        public int KeyStart;
        public int IdStart;
        public ushort KeyLength; // 0 marks a free slot: no piece is empty
        public ushort IdCount;
    }

    public static uint Hash(ReadOnlySpan<char> piece)
    {
        const ulong Multiplier = 0x9E3779B97F4A7C15UL;
        ulong hash = (ulong)piece.Length;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<char, ulong>(piece);
        foreach (ulong word in words) hash = Mix(hash, word);
        foreach (char unit in piece[(4 * words.Length)..]) hash = Mix(hash, unit);
        return (uint)(hash >> 32);

        static ulong Mix(ulong hash, ulong value)
        {
            hash = (hash ^ value) * Multiplier;
            return hash ^ (hash >> 29);
        }
    }

    public bool TryGet(ReadOnlySpan<char> piece, uint hash, out ReadOnlySpan<int> found)
    {
        for (uint at = hash % SlotCount; ; at = (at + 1) % SlotCount)
        {
            ref readonly Slot slot = ref _slots[at];
            if (slot.KeyLength == 0)
            {
                found = default;
                return false;
            }
            if (slot.Hash == hash && piece.SequenceEqual(_keys.AsSpan(slot.KeyStart, slot.KeyLength)))
            {
                found = _ids.AsSpan(slot.IdStart, slot.IdCount);
                return true;
            }
        }
    }

    /// <summary>Adds a piece that <see cref="TryGet"/> did not find; at most <see cref="MaxPieceLength"/> characters.</summary>
    public void Add(ReadOnlySpan<char> piece, uint hash, ReadOnlySpan<int> pieceIds)
    {
        if (_entries == MaxEntries || _keysUsed + piece.Length > KeyCapacity || _idsUsed + pieceIds.Length > IdCapacity)
        {
            Array.Clear(_slots);
            _entries = _keysUsed = _idsUsed = 0;
        }
        uint at = hash % SlotCount;
        while (_slots[at].KeyLength != 0) at = (at + 1) % SlotCount;
        _slots[at] = new Slot
        {
            Hash = hash,
            KeyStart = _keysUsed,
            IdStart = _idsUsed,
            KeyLength = (ushort)piece.Length,
            IdCount = (ushort)pieceIds.Length,
        };
        piece.CopyTo(_keys.AsSpan(_keysUsed));
        pieceIds.CopyTo(_ids.AsSpan(_idsUsed));
        _keysUsed += piece.Length;
        _idsUsed += pieceIds.Length;
        _entries++;
    }
}
