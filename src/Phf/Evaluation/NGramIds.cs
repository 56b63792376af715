using System.Runtime.InteropServices;

namespace Phf.Evaluation;

/// <summary>Numbers n-grams: an n-gram is the number of its first n-1 units and its last unit, so equal n-grams have equal numbers, from 0 for each n.</summary>
/// <param name="order">The longest n.</param>
internal sealed class NGramIds(int order)
{
    private readonly Dictionary<(int Head, int Unit), int>[] _longer = [.. Enumerable.Range(0, order).Select(_ => new Dictionary<(int, int), int>())];

    /// <summary>Number of the n-gram that <paramref name="unit"/> makes of the <paramref name="length"/>-gram <paramref name="head"/>.</summary>
    public int Extend(int length, int head, int unit)
    {
        ref int id = ref CollectionsMarshal.GetValueRefOrAddDefault(_longer[length], (head, unit), out bool known);
        if (!known) id = _longer[length].Count - 1;
        return id;
    }
}
