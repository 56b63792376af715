using Phf.Numerics.Random;

namespace Phf.Evaluation;

/// <summary>
/// Percentile bootstrap (Efron 1979): the samples are drawn again with replacement, as many as there are, <see cref="Resamples"/> times, and the interval
/// lies between the 2.5th and the 97.5th percentile of the statistic. The same numbers give the same interval: the draws come from a fixed seed.
/// Where all samples agree it has no width; of n samples without a hit, all that is known is a share below about 3 / n.
/// </summary>
public static class Bootstrap
{
    /// <summary>How often the samples are drawn again.</summary>
    public const int Resamples = 2000;

    private const double Tail = 0.025;
    private const ulong Seed = 1;

    /// <summary>Interval of the mean of <paramref name="values"/>; null with fewer than two, or where one is not finite.</summary>
    public static Interval? OfMean(ReadOnlySpan<double> values)
    {
        if (!IsUsable(values)) return null;
        var rng = new Rng(Seed);
        var means = new double[Resamples];
        for (int r = 0; r < Resamples; r++)
        {
            double sum = 0;
            for (int i = 0; i < values.Length; i++) sum += values[Draw(ref rng, values.Length)];
            means[r] = sum / values.Length;
        }
        return Between(means);
    }

    /// <summary>
    /// Intervals of mean, share above <paramref name="threshold"/> and expected maximum of <paramref name="k"/> scores, all from the same resamples; nulls where
    /// <see cref="OfMean"/> gives null, and for the maximum with fewer than k scores.
    /// </summary>
    public static (Interval? Mean, Interval? Share, Interval? ExpectedMaximum) OfScores(ReadOnlySpan<double> scores, double threshold, int k)
    {
        if (!IsUsable(scores)) return default;
        int n = scores.Length;
        double[] sorted = scores.ToArray();
        Array.Sort(sorted);
        int firstAbove = Array.FindIndex(sorted, score => score > threshold) is >= 0 and var found ? found : n;
        double[] weights = n < k ? [] : ExpectedMaximum.Weights(n, k);
        double[] means = new double[Resamples], shares = new double[Resamples], maxima = new double[Resamples];
        var rng = new Rng(Seed);
        var counts = new int[n];
        for (int r = 0; r < Resamples; r++)
        {
            Array.Clear(counts);
            for (int i = 0; i < n; i++) counts[Draw(ref rng, n)]++;
            double sum = 0, maximum = 0;
            int above = 0, rank = 0; // rank: in the resample, from its largest score
            for (int i = n - 1; i >= 0; i--)
            {
                sum += counts[i] * sorted[i];
                if (i >= firstAbove) above += counts[i];
                for (int end = rank + counts[i]; rank < end; rank++)
                    if (rank < weights.Length) maximum += weights[rank] * sorted[i];
            }
            (means[r], shares[r], maxima[r]) = (sum / n, above / (double)n, maximum);
        }
        return (Between(means), Between(shares), n < k ? null : Between(maxima));
    }

    /// <summary>Interval of sum(numerators) / sum(denominators) over the things measured; null with fewer than two.</summary>
    /// <param name="numerators">One number for each thing.</param>
    /// <param name="denominators">As many, none of a resample with the sum 0.</param>
    public static Interval? OfRatio(ReadOnlySpan<double> numerators, ReadOnlySpan<double> denominators)
    {
        if (numerators.Length < 2) return null;
        var rng = new Rng(Seed);
        var ratios = new double[Resamples];
        for (int r = 0; r < Resamples; r++)
        {
            double above = 0, below = 0;
            for (int i = 0; i < numerators.Length; i++)
            {
                int place = Draw(ref rng, numerators.Length);
                (above, below) = (above + numerators[place], below + denominators[place]);
            }
            ratios[r] = above / below;
        }
        return Between(ratios);
    }

    private static bool IsUsable(ReadOnlySpan<double> values)
    {
        foreach (double value in values)
            if (!double.IsFinite(value)) return false;
        return values.Length >= 2;
    }

    private static int Draw(ref Rng rng, int n) => (int)(rng.NextDouble() * n);

    private static Interval Between(double[] statistics)
    {
        Array.Sort(statistics);
        return new Interval(ScoreQuantiles.At(statistics, Tail), ScoreQuantiles.At(statistics, 1 - Tail));
    }
}
