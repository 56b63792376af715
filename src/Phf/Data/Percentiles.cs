namespace Phf.Data;

/// <summary>Percentiles with linear interpolation between order statistics, to the last bit as <c>numpy.percentile</c> computes
/// them.</summary>
public static class Percentiles
{
    /// <param name="sorted">Ascending, at least one value.</param>
    /// <param name="percent">0 to 100.</param>
    public static double OfSorted(ReadOnlySpan<double> sorted, double percent)
    {
        var (low, fraction) = Place(sorted.Length, percent);
        return Interpolate(sorted[low], sorted[Math.Min(low + 1, sorted.Length - 1)], fraction);
    }

    /// <inheritdoc cref="OfSorted(ReadOnlySpan{double}, double)"/>
    public static double OfSorted(ReadOnlySpan<float> sorted, double percent)
    {
        var (low, fraction) = Place(sorted.Length, percent);
        return Interpolate(sorted[low], sorted[Math.Min(low + 1, sorted.Length - 1)], fraction);
    }

    private static (int Low, double Fraction) Place(int count, double percent)
    {
        if (count == 0) throw new ArgumentException("there are no values to take a percentile of");
        if (!(percent >= 0 && percent <= 100))
            throw new ArgumentOutOfRangeException(nameof(percent), $"a percentile lies between 0 and 100, not {percent}");
        double place = (count - 1) * (percent / 100);
        int low = (int)Math.Floor(place);
        return (low, place - low);
    }

    // From the nearer end, so that equal neighbours give exactly their value and the result grows with the fraction.
    private static double Interpolate(double a, double b, double fraction)
        => fraction < 0.5 ? a + ((b - a) * fraction) : b - ((b - a) * (1 - fraction));
}
