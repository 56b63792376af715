using Phf.Data;

namespace Phf.Tests.Data;

public sealed class DocumentSelectionTests
{
    private static readonly ScoredDocument Document = new(["One. ", "Two. ", "Three.", " Four", "!"], [0.5, 0.45, 0, 0.2, 0.1]); // 22 characters

    [Theory]
    [InlineData(0.45, 0.2, true)]   // the score at the threshold is not above it, and one of five is a share of 0.2
    [InlineData(0.45, 0.21, false)]
    [InlineData(0.4499, 0.4, true)]
    [InlineData(0.5, 0, true)]
    [InlineData(0.5, 0.01, false)]
    [InlineData(-1, 1, true)]
    public void Takes_DocumentsWithTheShareAbove(double threshold, double share, bool taken) =>
        Assert.Equal(taken, new DocumentSelection { Threshold = threshold, MinShareAbove = share }.Takes(Document));

    [Theory]
    [InlineData(22, 22, true)]
    [InlineData(23, 30, false)]
    [InlineData(0, 21, false)]
    public void Takes_DocumentsOfTheLength(long least, long most, bool taken) =>
        Assert.Equal(taken, new DocumentSelection { MinCharacters = least, MaxCharacters = most }.Takes(Document));
}
