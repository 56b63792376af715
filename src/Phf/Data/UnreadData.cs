namespace Phf.Data;

/// <summary>Where reading goes on when another run, or another program, has read part of the data. Always at the start of a document.</summary>
internal static class UnreadData
{
    /// <summary>
    /// For each lane the first document that an earlier run had not begun. With as many lanes as it had, each lane goes on by itself;
    /// with another number all begin behind the document that was furthest, so that none is read twice and a few are not read at all.
    /// </summary>
    /// <param name="earlier">The next block of each lane of the earlier run, in the order of the same data and seed.</param>
    /// <param name="documents">Documents of the data.</param>
    /// <param name="lanes">Lanes of the run that goes on.</param>
    public static IReadOnlyList<DataCursor> Behind(IReadOnlyList<DataCursor> earlier, long documents, int lanes)
    {
        long[] next = [.. earlier.Select(cursor => cursor.Epoch * documents + cursor.Index + (cursor.Offset > 0 ? earlier.Count : 0))];
        if (lanes == earlier.Count) return [.. next.Select(place => DataCursor.AtPlace(place, documents))];
        // The furthest lane has begun its last document at next - lanes; all places up to there count as read.
        long furthest = Math.Max(0, next.Max() - earlier.Count + 1);
        return [.. Enumerable.Range(0, lanes).Select(lane => DataCursor.AtPlace(furthest + lane, documents))];
    }

    /// <summary>
    /// For each lane the first document behind its share of <paramref name="tokens"/> tokens of text and end-of-text (tags do not count),
    /// in the order that the options give and without what they filter.
    /// </summary>
    public static IReadOnlyList<DataCursor> Skip(PackedDataset data, BlockOptions options, long tokens, int lanes)
    {
        if (!HasDocument(data, options.FilterThreshold)) tokens = 0; // there is nothing to skip; the reader says what to do
        return [.. Enumerable.Range(0, lanes).Select(lane => SkipInLane(data, options, tokens / lanes, lane, lanes))];
    }

    private static DataCursor SkipInLane(PackedDataset data, BlockOptions options, long tokens, int lane, int lanes)
    {
        long place = lane, epoch = -1;
        Permutation order = default;
        for (long skipped = 0; skipped < tokens; place += lanes)
        {
            if (place / data.DocumentCount != epoch)
            {
                epoch = place / data.DocumentCount;
                order = new Permutation(data.DocumentCount, options.Seed, epoch);
            }
            long document = order[place % data.DocumentCount];
            if (data.DocumentScores[(int)document] > options.FilterThreshold) continue;
            (PackedShard shard, int number) = data.Find(document);
            (int first, int end) = shard.Segments(number);
            skipped += 1 + shard.Tokens(end - 1).End - shard.Tokens(first).Begin;
        }
        return DataCursor.AtPlace(place, data.DocumentCount);
    }

    private static bool HasDocument(PackedDataset data, double? filterThreshold)
    {
        foreach (double score in data.DocumentScores)
            if (!(score > filterThreshold)) return true;
        return false;
    }
}
