using System.Runtime.InteropServices;

namespace Phf.Text;

/// <summary>A piece while its symbols are being merged.</summary>
internal sealed class TrainingWord(int[] symbols, long count)
{
    /// <summary>Ids; only the first <see cref="Length"/> count.</summary>
    public int[] Symbols { get; } = symbols;

    public int Length { get; set; } = symbols.Length;

    /// <summary>How often the piece occurs in the corpus.</summary>
    public long Count { get; } = count;
}

/// <summary>
/// How often each pair of neighbouring symbols occurs, kept up to date while pairs are merged, with a queue of the best. The queue is lazy: an entry
/// whose count is no longer the pair's is put back with the right one when it surfaces.
/// </summary>
internal sealed class PairCounts
{
    private readonly List<TrainingWord> _words;
    private readonly Dictionary<(int Left, int Right), Pair> _pairs = [];
    private readonly PriorityQueue<Pair, Pair.Rank> _queue = new();
    private readonly List<Pair> _grown = [];

    public PairCounts(List<TrainingWord> words)
    {
        _words = words;
        for (int word = 0; word < _words.Count; word++)
        {
            ReadOnlySpan<int> symbols = _words[word].Symbols;
            for (int i = 0; i + 1 < symbols.Length; i++) Add(symbols[i], symbols[i + 1], word);
        }
        EnqueueGrown();
    }

    /// <summary>Takes the pair with the highest count, of equals the one with the smallest left, then right id; false when no pair is left.</summary>
    public bool TryTakeBest(out int left, out int right, out long count)
    {
        while (_queue.TryDequeue(out Pair? pair, out Pair.Rank rank))
        {
            if (pair.Count == rank.Count)
            {
                (left, right, count) = (rank.Left, rank.Right, rank.Count);
                return true;
            }
            if (pair.Count > 0) _queue.Enqueue(pair, rank with { Count = pair.Count });
        }
        (left, right, count) = (0, 0, 0);
        return false;
    }

    /// <summary>Replaces the pair by <paramref name="merged"/> in every word, from left to right.</summary>
    public void Merge(int left, int right, int merged)
    {
        List<int> affected = _pairs[(left, right)].Words;
        _pairs[(left, right)].Words = [];
        foreach (int word in affected) MergeIn(word, left, right, merged);
        EnqueueGrown();
    }

    private void MergeIn(int word, int left, int right, int merged)
    {
        TrainingWord text = _words[word];
        Span<int> symbols = text.Symbols.AsSpan(0, text.Length);
        int written = 0;
        for (int read = 0; read < symbols.Length; read++)
        {
            if (symbols[read] != left || read + 1 == symbols.Length || symbols[read + 1] != right)
            {
                symbols[written++] = symbols[read];
                continue;
            }
            Remove(left, right, text.Count);
            if (written > 0)
            {
                Remove(symbols[written - 1], left, text.Count);
                Add(symbols[written - 1], merged, word);
            }
            if (read + 2 < symbols.Length)
            {
                Remove(right, symbols[read + 2], text.Count);
                Add(merged, symbols[read + 2], word);
            }
            symbols[written++] = merged;
            read++;
        }
        text.Length = written;
    }

    private void Remove(int left, int right, long count) => _pairs[(left, right)].Count -= count;

    private void Add(int left, int right, int word)
    {
        ref Pair? pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, (left, right), out _);
        pair ??= new Pair(left, right);
        pair.Count += _words[word].Count;
        if (pair.Words.Count == 0 || pair.Words[^1] != word) pair.Words.Add(word);
        if (pair.HasGrown) return;
        pair.HasGrown = true;
        _grown.Add(pair);
    }

    private void EnqueueGrown()
    {
        foreach (Pair pair in _grown)
        {
            pair.HasGrown = false;
            if (pair.Count > 0) _queue.Enqueue(pair, new Pair.Rank(pair.Count, pair.Left, pair.Right));
        }
        _grown.Clear();
    }

    private sealed class Pair(int left, int right)
    {
        public int Left => left;

        public int Right => right;

        public long Count;

        /// <summary>Indices of the words that hold the pair, and perhaps of some that no longer do.</summary>
        public List<int> Words = [];

        /// <summary>Its count was raised since the queue last heard of it.</summary>
        public bool HasGrown;

        /// <summary>Orders the queue, whose smallest comes first.</summary>
        public readonly record struct Rank(long Count, int Left, int Right) : IComparable<Rank>
        {
            public int CompareTo(Rank other)
            {
                int order = other.Count.CompareTo(Count);
                if (order == 0) order = Left.CompareTo(other.Left);
                return order != 0 ? order : Right.CompareTo(other.Right);
            }
        }
    }
}
