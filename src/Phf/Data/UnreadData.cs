namespace Phf.Data;

/// <summary>Where reading goes on when another run, or another program, has read part of the data. Always at the start of a document.</summary>
internal static class UnreadData
{
    /// <summary>
    /// For each lane the first document that an earlier run had not begun. With as many lanes as it had, each lane goes on by itself;
    /// with another number all begin behind the document that was furthest, so that none is read twice and a few are not read at all.
    /// </summary>
    /// <param name="earlier">The next block of each lane of the earlier run, in the same order.</param>
    /// <param name="places">Places of an epoch's order.</param>
    /// <param name="lanes">Lanes of the run that goes on.</param>
    public static IReadOnlyList<DataCursor> Behind(IReadOnlyList<DataCursor> earlier, long places, int lanes)
    {
        long[] next = [.. earlier.Select(cursor => cursor.Epoch * places + cursor.Index + (cursor.Offset > 0 ? earlier.Count : 0))];
        if (lanes == earlier.Count) return [.. next.Select(place => DataCursor.AtPlace(place, places))];
        // The furthest lane has begun its last document at next - lanes; all places up to there count as read.
        long furthest = Math.Max(0, next.Max() - earlier.Count + 1);
        return [.. Enumerable.Range(0, lanes).Select(lane => DataCursor.AtPlace(furthest + lane, places))];
    }

    /// <summary>For each lane the first document behind its share of <paramref name="tokens"/> tokens (<see cref="BlockReader.CursorBehind"/>).</summary>
    public static IReadOnlyList<DataCursor> Skip(PackedDataset data, BlockOptions options, long tokens, int lanes) =>
        [.. BlockReader.OfLanes(data, options, lanes).Select(reader => reader.CursorBehind(tokens / lanes))];
}
