using System.Diagnostics;
using Phf.Scoring;

namespace Phf.Tests.Scoring;

public sealed class RuleScorerTests
{
    [Fact]
    public void Regex_PerCharacter_AndAny()
    {
        Assert.Equal(2.0 / 9, One(new RegexScorer("(?i)bad"), "Bad 😀 bad"));
        Assert.Equal(1, One(new RegexScorer("bad", RegexMeasure.Any), "bad bad"));
        Assert.Equal(0, One(new RegexScorer("bad", RegexMeasure.Any), "good"));
        Assert.Equal(0, One(new RegexScorer("x*"), "abc")); // matches of nothing count for nothing
        Assert.Equal(0, One(new RegexScorer("x"), ""));
        Assert.StartsWith("regex/any-", new RegexScorer("x", RegexMeasure.Any).Id);
        Assert.NotEqual(new RegexScorer("x").Id, new RegexScorer("y").Id);
    }

    [Theory]
    [InlineData("(", "'(' is no pattern")]
    [InlineData(@"(a)\1", "need backtracking")]
    [InlineData("(?=a)", "need backtracking")]
    public void Regex_BadPattern_IsRefused(string pattern, string message)
        => Assert.Contains(message, Assert.Throws<ArgumentException>(() => new RegexScorer(pattern)).Message);

    [Fact]
    public void Regex_PatternThatBlowsUpElsewhere_IsFast()
    {
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, One(new RegexScorer("(a+)+$"), new string('a', 100_000) + "b"));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20); // with backtracking: longer than the sun will shine
    }

    [Fact]
    public void Combine_SumAndMax()
    {
        WeightedScorer[] parts = [new(new RegexScorer("a"), 2), new(new RegexScorer("b", RegexMeasure.Any), 0.25)];
        Assert.Equal((2 * 0.5) + 0.25, One(new CombinedScorer(parts, Combination.Sum), "ab"));
        Assert.Equal(1, One(new CombinedScorer(parts, Combination.Max), "ab"));
        Assert.Equal(0.25, One(new CombinedScorer(parts, Combination.Max), "bb"));
        Assert.Equal($"combine/sum(2*{parts[0].Scorer.Id},0.25*{parts[1].Scorer.Id})", new CombinedScorer(parts, Combination.Sum).Id);
        Assert.Equal(-1, One(new CombinedScorer([new(new RegexScorer("a"), -2)], Combination.Max), "ab"));
    }

    [Fact]
    public void Combine_ScoresLines_AsItsPartsDo()
    {
        const string Document = "x = (\n\n1)\nimport os";
        var pep8 = new Pep8Scorer();
        var combined = new CombinedScorer([new(pep8, 1), new(new RegexScorer("import", RegexMeasure.Any), 10)], Combination.Sum);
        double[] expected = pep8.ScoreLines(Document);
        expected[3] += 10;
        Assert.Equal(expected, combined.ScoreLines(Document));
        Assert.Equal(2, combined.ScoreLines("a\nb\n").Length);
    }

    [Theory]
    [InlineData("pii=x", "'x' is no weight")]
    [InlineData("pii=NaN", "is no weight")]
    [InlineData("combine", "cannot be 'combine' itself")]
    [InlineData("astrology", "no scorer is named 'astrology'")]
    [InlineData("regex", "needs a pattern")]
    public void Combine_BadPart_IsRefused(string part, string message)
        => Assert.Contains(message, Assert.Throws<ArgumentException>(() => Scorers.Create("combine", new ScorerOptions { Parts = [part] })).Message);

    [Fact]
    public void Create_KnowsEveryName()
    {
        Assert.Equal("combine/sum(1*pii/scrubadub-2.0.0-default,0.5*pep8/pycodestyle-2.8.0)", Scorers.Create("combine", new ScorerOptions { Parts = ["pii", "pep8=0.5"] }).Id);
        Assert.Contains("--part", Assert.Throws<ArgumentException>(() => Scorers.Create("combine", new ScorerOptions())).Message);
        Assert.Contains("--model DIR", Assert.Throws<ArgumentException>(() => Scorers.Create("classifier", new ScorerOptions())).Message);
        Assert.Contains("--command", Assert.Throws<ArgumentException>(() => Scorers.Create("command", new ScorerOptions())).Message);
        Assert.Contains("--judge-model", Assert.Throws<ArgumentException>(() => Scorers.Create("openai", new ScorerOptions())).Message);
    }

    private static double One(IScorer scorer, string text)
    {
        double[] score = [0];
        scorer.Score([text], score);
        return score[0];
    }
}
