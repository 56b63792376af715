using System.Text;

namespace Phf.Text;

/// <summary>Turns text without added tokens into ids: cuts it into pieces and merges each. Holds the buffers and the cache of one thread.</summary>
internal sealed class BpeMerger(BpeModel model)
{
    /// <summary>Up to this many bytes a piece is merged by scanning for the lowest rank; longer ones by a heap, in n log n.</summary>
    private const int MaxScanned = 48;

    private readonly PieceCache cache = new();
    private readonly PriorityQueue<int, long> queue = new(); // position, by rank then position
    private byte[] bytes = new byte[256];
    private int[] symbols = new int[256];
    private int[] ranks = new int[MaxScanned];
    private int[] next = [];
    private int[] previous = [];

    /// <summary>Writes the ids of <paramref name="text"/> into <paramref name="ids"/> and returns how many there are.</summary>
    /// <exception cref="ArgumentException">There is not enough room in <paramref name="ids"/>.</exception>
    public int Encode(ReadOnlySpan<char> text, Span<int> ids)
    {
        int count = 0;
        for (int start = 0; start < text.Length;)
        {
            int end = Gpt2Pattern.PieceEnd(text, start);
            ReadOnlySpan<int> found = EncodePiece(text[start..end]);
            if (found.Length > ids.Length - count) throw NoRoom(nameof(ids));
            if (found.Length == 1) ids[count] = found[0]; // most pieces of English: spare the call of a copy
            else found.CopyTo(ids[count..]);
            count += found.Length;
            start = end;
        }
        return count;
    }

    public static ArgumentException NoRoom(string parameter) => new("not enough room for the ids; the UTF-8 length of the text always is", parameter);

    private ReadOnlySpan<int> EncodePiece(ReadOnlySpan<char> piece)
    {
        if (piece.Length > PieceCache.MaxPieceLength) return Merge(piece);
        uint hash = PieceCache.Hash(piece);
        if (cache.TryGet(piece, hash, out ReadOnlySpan<int> found)) return found;
        found = Merge(piece);
        cache.Add(piece, hash, found);
        return found;
    }

    private ReadOnlySpan<int> Merge(ReadOnlySpan<char> piece)
    {
        int capacity = Encoding.UTF8.GetMaxByteCount(piece.Length);
        if (bytes.Length < capacity) bytes = new byte[capacity];
        int length = Encoding.UTF8.GetBytes(piece, bytes); // lone surrogates become the bytes of U+FFFD
        if (symbols.Length < length) symbols = new int[length];
        for (int i = 0; i < length; i++) symbols[i] = model.IdOfByte[bytes[i]];
        return symbols.AsSpan(0, length <= MaxScanned ? MergeByScan(length) : MergeByHeap(length));
    }

    /// <summary>Merges the leftmost pair of lowest rank until none is left. Quadratic, and the fastest for short pieces.</summary>
    private int MergeByScan(int length)
    {
        for (int i = 0; i + 1 < length; i++) ranks[i] = model.Table.Rank(symbols[i], symbols[i + 1]);
        while (length > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < length; i++)
                if (ranks[i] < ranks[best]) best = i;
            if (ranks[best] == MergeTable.None) break;

            symbols[best] = model.Table.Result(ranks[best]);
            length--;
            symbols.AsSpan(best + 2, length - best - 1).CopyTo(symbols.AsSpan(best + 1));
            if (best + 1 < length)
            {
                ranks.AsSpan(best + 2, length - best - 2).CopyTo(ranks.AsSpan(best + 1));
                ranks[best] = model.Table.Rank(symbols[best], symbols[best + 1]);
            }
            if (best > 0) ranks[best - 1] = model.Table.Rank(symbols[best - 1], symbols[best]);
        }
        return length;
    }

    /// <summary>The same merges in the same order, with a linked list of symbols and a heap of candidates; outdated candidates are recognised when they surface.</summary>
    private int MergeByHeap(int length)
    {
        if (next.Length < length) (next, previous) = (new int[length], new int[length]);
        for (int i = 0; i < length; i++) (previous[i], next[i]) = (i - 1, i + 1);
        queue.Clear();
        for (int i = 0; i + 1 < length; i++) Enqueue(i, length);

        while (queue.TryDequeue(out int left, out long priority))
        {
            int right = symbols[left] < 0 ? length : next[left];
            int rank = (int)(priority >> 32);
            if (right >= length || model.Table.Rank(symbols[left], symbols[right]) != rank) continue;
            symbols[left] = model.Table.Result(rank);
            symbols[right] = -1; // gone
            next[left] = next[right];
            if (next[right] < length) previous[next[right]] = left;
            Enqueue(left, length);
            if (previous[left] >= 0) Enqueue(previous[left], length);
        }

        int count = 0;
        for (int i = 0; i < length; i = next[i]) symbols[count++] = symbols[i];
        return count;
    }

    private void Enqueue(int left, int length)
    {
        if (next[left] >= length) return;
        int rank = model.Table.Rank(symbols[left], symbols[next[left]]);
        if (rank != MergeTable.None) queue.Enqueue(left, ((long)rank << 32) | (uint)left);
    }
}
