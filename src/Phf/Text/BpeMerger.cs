using System.Text;

namespace Phf.Text;

/// <summary>Turns text without added tokens into ids: cuts it into pieces and merges each. Holds the buffers and the cache of one thread.</summary>
internal sealed class BpeMerger(BpeModel model)
{
    /// <summary>Up to this many bytes a piece is merged by scanning for the lowest rank; longer ones by a heap, in n log n.</summary>
    private const int MaxScanned = 48;

    private readonly PieceCache _cache = new();
    private readonly PriorityQueue<int, long> _queue = new(); // position, by rank then position
    private byte[] _bytes = new byte[256];
    private int[] _symbols = new int[256];
    private int[] _ranks = new int[MaxScanned];
    private int[] _next = [];
    private int[] _previous = [];

    /// <summary>Writes the ids of <paramref name="text"/> into <paramref name="ids"/> and returns how many there are.</summary>
    /// <exception cref="ArgumentException">There is not enough room in <paramref name="ids"/>.</exception>
    public int Encode(ReadOnlySpan<char> text, Span<int> ids)
    {
        int count = 0;
        for (int start = 0; start < text.Length;)
        {
            int end = Gpt2Pattern.PieceEnd(text, start);
            count += Copy(EncodePiece(text, start, end), ids[count..]);
            start = end;
        }
        return count;
    }

    public static ArgumentException NoRoom(string parameter) => new("not enough room for the ids; the UTF-8 length of the text always is", parameter);

    /// <summary>Copies the ids of a piece and returns how many there are.</summary>
    public static int Copy(ReadOnlySpan<int> found, Span<int> ids)
    {
        if (found.Length > ids.Length) throw NoRoom(nameof(ids));
        if (found.Length == 1) ids[0] = found[0]; // most pieces of English: spare the call of a copy
        else found.CopyTo(ids);
        return found.Length;
    }

    /// <summary>The ids of one piece of the pre-tokenizer, from <paramref name="start"/> to <paramref name="end"/>; they hold until the next call.</summary>
    public ReadOnlySpan<int> EncodePiece(ReadOnlySpan<char> text, int start, int end)
    {
        if (_cache.TryGet(text, start, end, out ReadOnlySpan<int> found)) return found;
        found = Merge(text[start..end]);
        _cache.Add(text, start, end, found);
        return found;
    }

    private ReadOnlySpan<int> Merge(ReadOnlySpan<char> piece)
    {
        if (model.IgnoresMerges && model.TryGetWhole(piece, out int whole))
        {
            _symbols[0] = whole;
            return _symbols.AsSpan(0, 1);
        }
        int capacity = Encoding.UTF8.GetMaxByteCount(piece.Length);
        if (_bytes.Length < capacity) _bytes = new byte[capacity];
        int length = Encoding.UTF8.GetBytes(piece, _bytes); // lone surrogates become the bytes of U+FFFD
        if (_symbols.Length < length) _symbols = new int[length];
        for (int i = 0; i < length; i++) _symbols[i] = model.IdOfByte[_bytes[i]];
        return _symbols.AsSpan(0, length <= MaxScanned ? MergeByScan(length) : MergeByHeap(length));
    }

    /// <summary>Merges the leftmost pair of lowest rank until none is left. Quadratic, and the fastest for short pieces.</summary>
    private int MergeByScan(int length)
    {
        for (int i = 0; i + 1 < length; i++) _ranks[i] = model.Table.Rank(_symbols[i], _symbols[i + 1]);
        while (length > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < length; i++)
                if (_ranks[i] < _ranks[best]) best = i;
            if (_ranks[best] == MergeTable.None) break;

            _symbols[best] = model.Table.Result(_ranks[best]);
            length--;
            _symbols.AsSpan(best + 2, length - best - 1).CopyTo(_symbols.AsSpan(best + 1));
            if (best + 1 < length)
            {
                _ranks.AsSpan(best + 2, length - best - 2).CopyTo(_ranks.AsSpan(best + 1));
                _ranks[best] = model.Table.Rank(_symbols[best], _symbols[best + 1]);
            }
            if (best > 0) _ranks[best - 1] = model.Table.Rank(_symbols[best - 1], _symbols[best]);
        }
        return length;
    }

    /// <summary>The same merges in the same order, with a linked list of symbols and a heap of candidates; outdated candidates are recognised when they surface.</summary>
    private int MergeByHeap(int length)
    {
        if (_next.Length < length) (_next, _previous) = (new int[length], new int[length]);
        for (int i = 0; i < length; i++) (_previous[i], _next[i]) = (i - 1, i + 1);
        _queue.Clear();
        for (int i = 0; i + 1 < length; i++) Enqueue(i, length);

        while (_queue.TryDequeue(out int left, out long priority))
        {
            int right = _symbols[left] < 0 ? length : _next[left];
            int rank = (int)(priority >> 32);
            if (right >= length || model.Table.Rank(_symbols[left], _symbols[right]) != rank) continue;
            _symbols[left] = model.Table.Result(rank);
            _symbols[right] = -1; // gone
            _next[left] = _next[right];
            if (_next[right] < length) _previous[_next[right]] = left;
            Enqueue(left, length);
            if (_previous[left] >= 0) Enqueue(_previous[left], length);
        }

        int count = 0;
        for (int i = 0; i < length; i = _next[i]) _symbols[count++] = _symbols[i];
        return count;
    }

    private void Enqueue(int left, int length)
    {
        if (_next[left] >= length) return;
        int rank = model.Table.Rank(_symbols[left], _symbols[_next[left]]);
        if (rank != MergeTable.None) _queue.Enqueue(left, ((long)rank << 32) | (uint)left);
    }
}
