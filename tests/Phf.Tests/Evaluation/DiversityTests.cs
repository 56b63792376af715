using Phf.Evaluation;
using Phf.Training.Configuration;

namespace Phf.Tests.Evaluation;

public sealed class DiversityTests
{
    [Fact]
    public void Repetition_WithinASample()
    {
        Diversity varied = Diversity.Of(["a b c d e f", "g h i j k l m"]);
        Assert.Equal((0.0, 0.0, 0), (varied.Repeated4Grams!.Value, varied.ShareLooping, varied.LongestLoop));
        // a b c d | b c d a | c d a b | d a b c | a b c d: one of five is a repetition.
        Assert.Equal(0.2, Diversity.Of(["a b c d a b c d", "x y"]).Repeated4Grams!.Value, 1e-15);
        Assert.Null(Diversity.Of(["a b c", ""]).Repeated4Grams);
    }

    [Theory]
    [InlineData("so so so", 3)]
    [InlineData("it ends here here", 0)]
    [InlineData("then we go on we go on we go on", 9)]
    [InlineData("go on we go on we go on we go on", 11)] // the first round is cut
    [InlineData("a b a b a b and out", 0)]
    [InlineData("", 0)]
    public void Loop_IsAPhraseThreeTimesAtTheEnd(string text, int words)
    {
        Diversity diversity = Diversity.Of([text, "another text"]);
        Assert.Equal((words, words > 0 ? 0.5 : 0), (diversity.LongestLoop, diversity.ShareLooping));
    }

    [Fact]
    public void DuplicatesEmptiesAndLengths()
    {
        Diversity diversity = Diversity.Of(["a b", "a b", " ", "a b", "\ud83d\ude00"]);
        Assert.Equal((0.4, 0.2, 3.0), (diversity.Duplicates, diversity.Empty, diversity.Lengths!.Max));
        Assert.Equal(3, diversity.Lengths.P50);
        Diversity none = Diversity.Of([]);
        Assert.Equal((0.0, null, null), (none.Duplicates, none.Lengths, none.SelfBleu5));
    }

    [Fact]
    public void ReferenceMetrics_FollowTheConfiguration()
    {
        string[] texts = ["def f(a):\n    return a\n", "x = (1,\n", "if a:\n        b\n   c\n", "s = 'open\n"];
        MetricConfig[] metrics =
        [
            new() { ClassName = "Length" }, new() { ClassName = "NGramStats", N = 2 }, new() { ClassName = "SelfBlEU" }, new() { ClassName = "SelfBlEU", N = 3 }, new() { ClassName = "Compilability" },
        ];
        IReadOnlyDictionary<string, double> numbers = ReferenceMetrics.Of(texts, metrics);
        Assert.Equal(["length", "distinct-2-grams", "entropy-2-grams", "Self-BLEU-5", "Self-BLEU-3", "compilability_at_most"], numbers.Keys);
        Assert.Equal(0.25, numbers["compilability_at_most"]); // an open bracket, an indentation of no block, an open string
        Assert.Equal(SelfBleu.OfCharacters(texts), numbers["Self-BLEU-5"]);
        Assert.Empty(ReferenceMetrics.Of(texts, []));
    }
}
