namespace Phf.Evaluation.Tasks;

/// <summary>A measured number.</summary>
/// <param name="Value">The number.</param>
/// <param name="Interval">Its 95 % interval; null where there is too little to tell.</param>
public sealed record Estimate(double Value, Interval? Interval)
{
    private const double Normal975 = 1.959963984540054; // 97.5th percentile of the normal distribution

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

    /// <summary>A function of sum(numerators) / sum(denominators) with its percentile bootstrap interval over the places (<see cref="Bootstrap.OfRatio"/>).</summary>
    /// <param name="numerators">One number for each thing measured.</param>
    /// <param name="denominators">As many, with a sum above 0.</param>
    /// <param name="of">Monotonic, e.g. <see cref="Math.Exp"/>.</param>
    public static Estimate OfRatio(ReadOnlySpan<double> numerators, ReadOnlySpan<double> denominators, Func<double, double> of)
    {
        double above = 0, below = 0;
        for (int i = 0; i < numerators.Length; i++) (above, below) = (above + numerators[i], below + denominators[i]);
        Interval? ratio = Bootstrap.OfRatio(numerators, denominators);
        if (ratio is null) return new Estimate(of(above / below), null);
        double low = of(ratio.Low), high = of(ratio.High);
        return new Estimate(of(above / below), new Interval(Math.Min(low, high), Math.Max(low, high)));
    }

    /// <summary>A function of the mean, as <see cref="OfRatio"/>.</summary>
    public static Estimate OfMean(ReadOnlySpan<double> values, Func<double, double> of)
    {
        var ones = new double[values.Length];
        Array.Fill(ones, 1);
        return OfRatio(values, ones, of);
    }
}
