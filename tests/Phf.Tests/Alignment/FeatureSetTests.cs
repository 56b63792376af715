using Phf.Alignment;
using Phf.Scoring;
using Phf.Training.Configuration;

namespace Phf.Tests.Alignment;

public sealed class FeatureSetTests
{
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void NumberThatIsNotFinite_IsRefusedWithItsTextAndScorer(double number)
    {
        // With a threshold too: NaN is not above it, and so would pass for a no.
        using var features = new FeatureSet([new FeatureSection { Name = "kind", Scorer = "broken" }, new FeatureSection { Name = "rude", Scorer = "broken", Above = 0 }],
            [new Constant(1), new Broken(number)]);
        var problem = Assert.Throws<InvalidDataException>(() => features.Of(["good", "bad"]));
        Assert.StartsWith($"feature rude (broken/1) is {number.ToString(System.Globalization.CultureInfo.InvariantCulture)} for text 2 of 2, which has 3 characters", problem.Message);
    }

    [Fact]
    public void Thresholds_MakeNumbersYesOrNo()
    {
        FeatureSection[] sections = [new() { Name = "number" }, new() { Name = "above", Above = 0.5 }, new() { Name = "at_most", AtMost = 0.5 }, new() { Name = "words", Words = ["x"] }];
        using var features = new FeatureSet(sections, [.. sections.Select(_ => new Constant(0.5))]);
        Assert.Equal([0.5, 0, 1, 1], features.Of(["text"])[0]);
    }

    private sealed class Constant(double score) : IScorer
    {
        public string Id => "constant/1";

        public void Score(ReadOnlySpan<string> texts, Span<double> scores) => scores.Fill(score);
    }

    /// <summary>Fails on texts that are bad.</summary>
    private sealed class Broken(double number) : IScorer
    {
        public string Id => "broken/1";

        public void Score(ReadOnlySpan<string> texts, Span<double> scores)
        {
            for (int i = 0; i < texts.Length; i++) scores[i] = texts[i] == "bad" ? number : 0;
        }
    }
}
