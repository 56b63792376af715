using Phf.Evaluation;
using Phf.Numerics.Random;

namespace Phf.Tests.Evaluation;

public sealed class BootstrapTests
{
    /// <summary>For many scores the interval of a mean is that of the normal distribution, mean +- 1.96 deviations / sqrt n.</summary>
    [Fact]
    public void Mean_OfManyScores_HasTheNormalInterval()
    {
        var rng = new Rng(3);
        double[] scores = [.. Enumerable.Range(0, 2000).Select(_ => rng.NextNormal())];
        double mean = scores.Average(), half = 1.96 * Math.Sqrt(scores.Sum(score => (score - mean) * (score - mean)) / scores.Length / scores.Length);
        Interval interval = Bootstrap.OfMean(scores)!;
        Assert.Equal(mean - half, interval.Low, 0.1 * half);
        Assert.Equal(mean + half, interval.High, 0.1 * half);
        Assert.Equal(interval, Bootstrap.OfMean(scores));
    }

    /// <summary>Of 100 samples of 200, the truth lies in all but a few intervals.</summary>
    [Fact]
    public void Intervals_HoldTheTruth_InAboutNineteenOfTwenty()
    {
        int mean = 0, share = 0;
        for (ulong seed = 0; seed < 100; seed++)
        {
            var rng = new Rng(seed);
            double[] scores = [.. Enumerable.Range(0, 200).Select(_ => rng.NextDouble())];
            (Interval? ofMean, Interval? ofShare, _) = Bootstrap.OfScores(scores, 0.7, 25);
            if (ofMean!.Low <= 0.5 && 0.5 <= ofMean.High) mean++;
            if (ofShare!.Low <= 0.3 && 0.3 <= ofShare.High) share++;
        }
        Assert.InRange(mean, 88, 100);
        Assert.InRange(share, 88, 100);
    }

    /// <summary>The fast way through sorted counts gives what drawing the scores themselves and sorting them gives.</summary>
    [Fact]
    public void ExpectedMaximum_OfResamples_IsThatOfTheirScores()
    {
        var rng = new Rng(5);
        double[] scores = [.. Enumerable.Range(0, 40).Select(_ => rng.NextDouble())];
        double[] sorted = [.. scores.Order()];
        var again = new Rng(1); // the seed of the class
        var maxima = new double[Bootstrap.Resamples];
        for (int r = 0; r < maxima.Length; r++)
            maxima[r] = ExpectedMaximum.Of([.. Enumerable.Range(0, 40).Select(_ => sorted[(int)(again.NextDouble() * 40)])], 25);
        Array.Sort(maxima);
        Interval found = Bootstrap.OfScores(scores, 0.5, 25).ExpectedMaximum!;
        Assert.Equal(ScoreQuantiles.At(maxima, 0.025), found.Low, 1e-12);
        Assert.Equal(ScoreQuantiles.At(maxima, 0.975), found.High, 1e-12);
    }

    [Fact]
    public void TooFewOrNotFinite_HaveNone()
    {
        Assert.Null(Bootstrap.OfMean([1]));
        Assert.Null(Bootstrap.OfMean([1, double.NaN]));
        (Interval? mean, Interval? share, Interval? maximum) = Bootstrap.OfScores([0, 0, 0], 0, 25);
        Assert.Equal((new Interval(0, 0), new Interval(0, 0), null), (mean, share, maximum));
    }
}
