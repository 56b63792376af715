using Phf.Evaluation.Report;

namespace Phf.Tests.Evaluation.Report;

public sealed class ChartTests
{
    [Fact]
    public void ScoreAxis_ShowsZeroBesideSmallNumbers()
    {
        var axis = Axis.ForScores([0, 0.00007, 0.0052], from: 400, to: 0);
        Assert.True(axis.IsLogarithmic);
        Assert.True(axis.Of(0) > axis.Break && axis.Break > axis.Of(0.00007) && axis.Of(0.00007) > axis.Of(0.0052));
        Assert.InRange(axis.Of(0), 0, 400);
        Assert.Equal("0", axis.Ticks[0].Label);
        Assert.Contains("0.001", axis.Ticks.Select(tick => tick.Label));
    }

    [Fact]
    public void ScoreAxis_IsLinearFromZeroWhereThatShowsAll()
    {
        var axis = Axis.ForScores([0.08, 0.125, 0.074], from: 400, to: 0);
        Assert.False(axis.IsLogarithmic);
        Assert.Null(axis.Break);
        Assert.Equal(400, axis.Of(0));
        Assert.InRange(Axis.ForScores([0, 0], from: 400, to: 0).Of(0), 0, 400);
        Assert.InRange(Axis.ForScores([-2, -1], from: 400, to: 0).Of(-2), 0, 400);
    }

    [Theory]
    [InlineData(1.289, 1.289)]
    [InlineData(1.15, 1.38)]
    [InlineData(0, 8.76)]
    public void LinearAxis_HasSomeRoundTicksInside(double low, double high)
    {
        var axis = Axis.Linear([low, high], from: 0, to: 500);
        Assert.InRange(axis.Ticks.Count, 2, 12);
        Assert.All(axis.Ticks, tick => Assert.InRange(axis.Of(tick.Value), -1e-6, 500 + 1e-6));
        Assert.All(axis.Ticks, tick => Assert.True(tick.Label.Length <= 7, tick.Label));
    }

    [Fact]
    public void LabelsOfCrowdedPoints_CoverNeitherPointsNorEachOther()
    {
        (double X, double Y)[] points = [(200, 200), (206, 204), (212, 198), (205, 215), (190, 190), (395, 5), (5, 395), (215, 210)];
        var area = new Box(0, 0, 400, 400);
        var placer = new LabelPlacer(area);
        Box[] markers = [.. points.Select(point => new Box(point.X - 8, point.Y - 8, point.X + 8, point.Y + 8))];
        foreach ((double x, double y) in points) placer.Add(x, y, radius: 8, width: 90, height: 16);
        foreach (Box marker in markers) placer.Avoid(marker, 4);
        Box[] labels = placer.Place();
        for (int i = 0; i < labels.Length; i++)
        {
            Assert.Equal(0, labels[i].Outside(area), 1e-9);
            Assert.All(markers, marker => Assert.Equal(0, labels[i].Overlap(marker), 1e-9));
            for (int j = 0; j < i; j++) Assert.Equal(0, labels[i].Overlap(labels[j]), 1e-9);
        }
    }

    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(0.005, "0.0050")]
    [InlineData(0.0000712, "0.000071")]
    [InlineData(0.12549, "0.125")]
    [InlineData(-0.02, "-0.020")]
    [InlineData(double.NaN, "–")]
    public void Scores_HaveTwoDigits(double score, string text) => Assert.Equal(text, Figures.Score(score));

    [Theory]
    [InlineData(0.0, "0%")]
    [InlineData(0.0001, "<0.1%")]
    [InlineData(0.0137, "1.4%")]
    [InlineData(0.481, "48%")]
    [InlineData(0.9981, "99.8%")]
    [InlineData(1.0, "100%")]
    public void Shares_AreZeroOrWholeOnlyIfTheyAre(double share, string text) => Assert.Equal(text, Figures.Share(share));

    [Theory]
    [InlineData(543_744, "544 k")]
    [InlineData(1_600_000, "1.6 M")]
    [InlineData(124_439_808, "124 M")]
    [InlineData(999, "999")]
    public void Counts_HaveUnits(double count, string text) => Assert.Equal(text, Figures.Count(count));
}
