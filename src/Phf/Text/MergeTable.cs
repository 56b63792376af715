namespace Phf.Text;

/// <summary>The merges of a byte-level BPE in a flat open-addressing hash: (left id, right id) to rank, and rank to the id of the merged token.</summary>
internal sealed class MergeTable
{
    /// <summary>The rank of a pair that is no merge; larger than every rank.</summary>
    public const int None = int.MaxValue;

    private readonly ulong[] _keys; // pair + 1, so that 0 marks a free slot
    private readonly int[] _ranks;
    private readonly int[] _results;
    private readonly int _shift;

    /// <param name="merges">In order of rank. A pair that occurs twice keeps its LAST rank, as in Hugging Face tokenizers.</param>
    /// <param name="results">The id of the merged token, per rank.</param>
    public MergeTable(ReadOnlySpan<(int Left, int Right)> merges, int[] results)
    {
        _results = results;
        int bits = 4;
        while (1 << bits < 2 * merges.Length) bits++;
        _shift = 64 - bits;
        _keys = new ulong[1 << bits];
        _ranks = new int[1 << bits];
        for (int rank = 0; rank < merges.Length; rank++)
        {
            ulong key = Key(merges[rank].Left, merges[rank].Right);
            int slot = Slot(key);
            while (_keys[slot] != 0 && _keys[slot] != key) slot = (slot + 1) & (_keys.Length - 1);
            _keys[slot] = key;
            _ranks[slot] = rank;
        }
    }

    /// <summary>The rank of a pair, or <see cref="None"/>.</summary>
    public int Rank(int left, int right)
    {
        ulong key = Key(left, right);
        for (int slot = Slot(key); _keys[slot] != 0; slot = (slot + 1) & (_keys.Length - 1))
            if (_keys[slot] == key) return _ranks[slot];
        return None;
    }

    /// <summary>The id of the token that the merge of this rank makes.</summary>
    public int Result(int rank) => _results[rank];

    private static ulong Key(int left, int right) => (((ulong)(uint)left << 32) | (uint)right) + 1;

    private int Slot(ulong key) => (int)((key * 0x9E3779B97F4A7C15UL) >> _shift);
}
