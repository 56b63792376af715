using System.Numerics;

namespace Phf.Data;

/// <summary>
/// A random order of 0 .. <c>count</c> - 1 that is computed and not stored: a Feistel network (Luby and Rackoff 1988) over the next even
/// power of two, applied again until the result is below <c>count</c> (cycle walking: Black and Rogaway 2002), at most four times on
/// average.
/// </summary>
internal readonly struct Permutation
{
    private const int Rounds = 6; // 4 suffice in theory for a good round function; small domains profit from more

    private readonly ulong _count;
    private readonly ulong _key;
    private readonly int _halfBits;

    public Permutation(long count, ulong seed, long epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        _count = (ulong)count;
        _key = Hash64.Of(seed, (ulong)epoch);
        int bits = 64 - BitOperations.LeadingZeroCount((ulong)count - 1);
        _halfBits = Math.Max(1, (bits + 1) / 2);
    }

    /// <summary>The item at place <paramref name="index"/> of the order.</summary>
    public long this[long index]
    {
        get
        {
            ulong value = (ulong)index;
            do
            {
                value = Encrypt(value);
            }
            while (value >= _count);
            return (long)value;
        }
    }

    private ulong Encrypt(ulong value)
    {
        ulong mask = (1UL << _halfBits) - 1;
        ulong left = value >> _halfBits, right = value & mask;
        for (ulong round = 0; round < Rounds; round++)
            (left, right) = (right, left ^ (Hash64.Of(_key, round, right) & mask));
        return (left << _halfBits) | right;
    }
}
