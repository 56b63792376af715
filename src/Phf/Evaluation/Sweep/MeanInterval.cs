namespace Phf.Evaluation.Sweep;

/// <summary>The mean of a metric over runs that differ in the seed, with the interval that holds the true mean in 95 of 100 such sweeps.</summary>
/// <param name="Count">Runs that have the metric.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="HalfWidth">The interval is mean - half width to mean + half width; null for one run, which says nothing about the spread.</param>
public sealed record MeanInterval(int Count, double Mean, double? HalfWidth)
{
    private const double Confidence = 0.95;

    /// <summary>Null without values. The half width is t s / sqrt(n), with s the standard deviation (divided by n - 1) and t Student's with n - 1 degrees.</summary>
    public static MeanInterval? Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0) return null;
        double mean = values.Average();
        if (values.Count == 1) return new MeanInterval(1, mean, null);
        double variance = values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1);
        return new MeanInterval(values.Count, mean, StudentT.TwoSided(Confidence, values.Count - 1) * Math.Sqrt(variance / values.Count));
    }
}
