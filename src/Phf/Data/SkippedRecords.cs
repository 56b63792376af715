namespace Phf.Data;

/// <summary>
/// Counts the records that could not be used, by reason, with the first place of each. One bad line among millions must not end a run,
/// and must not pass unseen either. Not safe for several threads: the reading thread owns it.
/// </summary>
public sealed class SkippedRecords
{
    private readonly SortedDictionary<string, (long Count, string First)> _reasons = new(StringComparer.Ordinal);

    /// <summary>Reason to count and first place, e.g. <c>"no field 'text'" -> (3, "corpus.jsonl line 17")</c>.</summary>
    public IReadOnlyDictionary<string, (long Count, string First)> Reasons => _reasons;

    public long Total => _reasons.Values.Sum(reason => reason.Count);

    public void Add(string reason, string where)
        => _reasons[reason] = _reasons.TryGetValue(reason, out var seen) ? (seen.Count + 1, seen.First) : (1, where);
}
