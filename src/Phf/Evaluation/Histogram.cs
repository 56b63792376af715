namespace Phf.Evaluation;

/// <summary>
/// Counts of scores in bins [Edges[i], Edges[i+1]). All bins have one width, a power of two, so that histograms of different runs can be merged to
/// the coarser width exactly. Where no score is negative the first bin is [0, 0] and holds the exact zeros: "nothing found" is no small number.
/// </summary>
public sealed record Histogram
{
    private const int MostBins = 32;

    /// <summary>Bin edges, ascending, one more than <see cref="Counts"/>.</summary>
    public required IReadOnlyList<double> Edges { get; init; }

    /// <summary>Scores in each bin.</summary>
    public required IReadOnlyList<int> Counts { get; init; }

    /// <summary>Bins the finite ones of <paramref name="scores"/>; without any, one empty zero bin.</summary>
    public static Histogram Of(ReadOnlySpan<double> scores)
    {
        double low = 0, high = 0;
        foreach (double score in scores)
        {
            if (!double.IsFinite(score)) continue;
            low = Math.Min(low, score);
            high = Math.Max(high, score);
        }
        bool zeroBin = low == 0;
        double width = high == low ? 0 : Math.Pow(2, Math.Ceiling(Math.Log2((high - low) / (MostBins - 2))));
        double start = width == 0 ? 0 : Math.Floor(low / width) * width;
        int bins = width == 0 ? 0 : (int)Math.Floor((high - start) / width) + 1;

        int offset = zeroBin ? 1 : 0;
        var counts = new int[bins + offset];
        foreach (double score in scores)
        {
            if (!double.IsFinite(score)) continue;
            if (zeroBin && score == 0) counts[0]++;
            else counts[offset + (int)Math.Floor((score - start) / width)]++;
        }
        var edges = new double[counts.Length + 1];
        for (int i = offset; i < edges.Length; i++) edges[i] = start + (i - offset) * width;
        return new Histogram { Edges = edges, Counts = counts };
    }
}
