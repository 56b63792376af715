using Phf.Numerics.Random;

namespace Phf.Evaluation.Tasks;

/// <summary>A measured number.</summary>
/// <param name="Value">The number.</param>
/// <param name="Interval">Its 95 % interval; null where there is too little to tell.</param>
public sealed record Estimate(double Value, Interval? Interval)
{
    private const double Normal975 = 1.959963984540054; // 97.5th percentile of the normal distribution
    private const int Resamples = 1000;
    private const ulong Seed = 0x626F6F74; // the same interval every time

    /// <summary>A share of successes with its Wilson score interval (Wilson 1927).</summary>
    /// <param name="successes">At most <paramref name="count"/>.</param>
    /// <param name="count">At least 1.</param>
    public static Estimate OfShare(long successes, long count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        double share = successes / (double)count, z2 = Normal975 * Normal975;
        double centre = (share + z2 / (2 * count)) / (1 + z2 / count);
        double half = Normal975 / (1 + z2 / count) * Math.Sqrt(share * (1 - share) / count + z2 / (4.0 * count * count));
        // At the ends the formula gives exactly 0 and 1; what rounding makes of them is taken back.
        return new Estimate(share, new Interval(successes == 0 ? 0 : centre - half, successes == count ? 1 : centre + half));
    }

    /// <summary>
    /// A function of sum(numerators) / sum(denominators) with its percentile bootstrap interval over the places (Efron 1979), 1,000 resamples of a fixed seed.
    /// </summary>
    /// <param name="numerators">One number for each thing measured.</param>
    /// <param name="denominators">As many, with a sum above 0.</param>
    /// <param name="of">Monotonic, e.g. <see cref="Math.Exp"/>.</param>
    public static Estimate OfRatio(ReadOnlySpan<double> numerators, ReadOnlySpan<double> denominators, Func<double, double> of)
    {
        double above = 0, below = 0;
        for (int i = 0; i < numerators.Length; i++) (above, below) = (above + numerators[i], below + denominators[i]);
        double value = of(above / below);
        if (numerators.Length < 2) return new Estimate(value, null);
        var random = new Rng(Seed);
        var drawn = new double[Resamples];
        for (int sample = 0; sample < Resamples; sample++)
        {
            (above, below) = (0, 0);
            for (int i = 0; i < numerators.Length; i++)
            {
                int place = (int)(random.NextDouble() * numerators.Length);
                (above, below) = (above + numerators[place], below + denominators[place]);
            }
            drawn[sample] = of(above / below);
        }
        Array.Sort(drawn);
        return new Estimate(value, new Interval(ScoreQuantiles.At(drawn, 0.025), ScoreQuantiles.At(drawn, 0.975)));
    }

    /// <summary>A function of the mean, as <see cref="OfRatio"/>.</summary>
    public static Estimate OfMean(ReadOnlySpan<double> values, Func<double, double> of)
    {
        var ones = new double[values.Length];
        Array.Fill(ones, 1);
        return OfRatio(values, ones, of);
    }
}
