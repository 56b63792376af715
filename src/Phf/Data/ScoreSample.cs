using System.Runtime.InteropServices;

namespace Phf.Data;

/// <summary>
/// Quantiles of any number of scores in bounded memory: exact up to a million scores, beyond that from a uniform sample of a million
/// (reservoir sampling, Vitter 1985, with counter-based random bits, so the same scores give the same quantiles). Lowest and highest stay
/// exact.
/// </summary>
internal sealed class ScoreSample
{
    private const int Capacity = 1_000_000;

    private readonly List<double> _kept = [];
    private double _lowest = double.PositiveInfinity, _highest = double.NegativeInfinity;

    public long Count { get; private set; }

    public void Add(double score)
    {
        (_lowest, _highest) = (Math.Min(_lowest, score), Math.Max(_highest, score));
        if (Count < Capacity)
        {
            _kept.Add(score);
        }
        else
        {
            var place = (long)(Hash64.ToUnit(Hash64.Of(Capacity, (ulong)Count)) * (Count + 1));
            if (place < Capacity) _kept[(int)place] = score;
        }
        Count++;
    }

    /// <summary>The scores that are kept: all, or a million of them.</summary>
    public ReadOnlySpan<double> Kept => CollectionsMarshal.AsSpan(_kept);

    /// <exception cref="ArgumentException">Nothing was added.</exception>
    public ScoreQuantiles Quantiles()
    {
        double[] sorted = [.. _kept];
        Array.Sort(sorted);
        return ScoreQuantiles.OfSorted(sorted) with { P0 = _lowest, P100 = _highest };
    }
}
