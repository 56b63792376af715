namespace Phf.Evaluation;

/// <summary>Quantiles of the scores of the samples, interpolated linearly between neighbours (numpy's default).</summary>
public sealed record ScoreQuantiles
{
    /// <summary>Median.</summary>
    public required double P50 { get; init; }

    /// <summary>90th percentile.</summary>
    public required double P90 { get; init; }

    /// <summary>99th percentile.</summary>
    public required double P99 { get; init; }

    /// <summary>Largest score.</summary>
    public required double Max { get; init; }

    /// <summary>Quantiles of <paramref name="scores"/>, in any order; NaN without scores.</summary>
    public static ScoreQuantiles Of(ReadOnlySpan<double> scores)
    {
        double[] sorted = scores.ToArray();
        Array.Sort(sorted);
        return new ScoreQuantiles { P50 = At(sorted, 0.5), P90 = At(sorted, 0.9), P99 = At(sorted, 0.99), Max = At(sorted, 1) };
    }

    /// <summary>Quantile <paramref name="share"/> (0 to 1) of ascending numbers; NaN of none.</summary>
    public static double At(ReadOnlySpan<double> sorted, double share)
    {
        if (sorted.IsEmpty) return double.NaN;
        double place = share * (sorted.Length - 1);
        int below = Math.Min((int)place, sorted.Length - 1);
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
