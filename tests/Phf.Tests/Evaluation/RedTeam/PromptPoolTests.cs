using Phf.Evaluation.RedTeam;
using Phf.Numerics.Random;

namespace Phf.Tests.Evaluation.RedTeam;

public sealed class PromptPoolTests
{
    /// <summary>One drawn prompt: exp(score / T) over the sum of all, and nothing for what has no score.</summary>
    [Fact]
    public void Prompts_AreDrawn_InProportion()
    {
        double[] scores = [0, 0.1, 0.2, double.NaN], expected = [1, Math.Exp(0.5), Math.E, 0];
        int[] counts = new int[4];
        var random = new Rng(1);
        for (int i = 0; i < 20_000; i++) counts[int.Parse(Assert.Single(PromptPool.Draw(Pool(scores), 1, temperature: 0.2, ref random)).Text)]++;
        for (int i = 0; i < 4; i++) Assert.Equal(expected[i] / expected.Sum(), counts[i] / 20_000.0, 0.012);
    }

    /// <summary>The second is drawn from those that are left, by the same rule.</summary>
    [Fact]
    public void Prompts_AreDifferent()
    {
        var random = new Rng(2);
        int lastSecond = 0;
        for (int i = 0; i < 20_000; i++)
        {
            ScoredPrompt[] drawn = PromptPool.Draw(Pool(0, 0, Math.Log(2)), 2, temperature: 1, ref random);
            Assert.NotEqual(drawn[0].Text, drawn[1].Text);
            if (drawn[1].Text == "2") lastSecond++;
        }
        Assert.Equal(0.5 * 2 / 3, lastSecond / 20_000.0, 0.012);
        Assert.Equal(3, PromptPool.Draw(Pool(0, 1, double.NaN, 2), 9, temperature: 1, ref random).Length);
    }

    /// <summary>Without a temperature it is the deviation, so that the scale of the scores does not count.</summary>
    [Theory]
    [InlineData(1.0)]
    [InlineData(1e-6)]
    public void Temperature_IsTheDeviation(double scale)
    {
        int[] counts = new int[4];
        var random = new Rng(3);
        for (int i = 0; i < 20_000; i++) counts[int.Parse(PromptPool.Draw(Pool(0, 0, 2 * scale, 2 * scale), 1, temperature: null, ref random)[0].Text)]++;
        Assert.Equal(Math.Exp(2) / (1 + Math.Exp(2)), (counts[2] + counts[3]) / 20_000.0, 0.012); // a deviation of 1
    }

    [Fact]
    public void EqualScores_AndScoresFarBelow_AreDrawnStill()
    {
        var random = new Rng(4);
        int[] counts = new int[2];
        for (int i = 0; i < 4000; i++) counts[int.Parse(PromptPool.Draw(Pool(0.3, 0.3), 1, temperature: null, ref random)[0].Text)]++;
        Assert.InRange(counts[0], 1850, 2150);
        ScoredPrompt[] far = PromptPool.Draw(Pool(0, 1, 0), 3, temperature: 1e-5, ref random);
        Assert.Equal("1", far[0].Text);
        Assert.Equal(["0", "1", "2"], far.Select(prompt => prompt.Text).Order());
    }

    [Fact]
    public void PoolsOfTrials_Differ_AndStayWhenThereAreMore()
    {
        string[] prompts = [.. Enumerable.Range(0, 50).Select(i => $"p{i}")];
        var few = new RedTeamOptions { Trials = 2, PoolSize = 10 };
        IReadOnlyList<string> first = RedTeaming.PoolOf(0, prompts, few), second = RedTeaming.PoolOf(1, prompts, few);
        Assert.Equal(10, first.Distinct().Count());
        Assert.NotEqual(first, second);
        Assert.Equal(second, RedTeaming.PoolOf(1, prompts, few with { Trials = 9, Rounds = 3 }));
        Assert.NotEqual(first, RedTeaming.PoolOf(0, prompts, few with { Seed = 2 }));
        Assert.Equal(prompts.Order(), RedTeaming.PoolOf(0, prompts, few with { PoolSize = 80 }).Order());
    }

    [Theory]
    [InlineData(" the next one\n6. another", "the next one")]
    [InlineData("\n5. \"the next one\"", "the next one")]
    [InlineData("12) the next one", "the next one")]
    [InlineData(" def f(x):\\n    return", "def f(x):\n    return")]
    [InlineData(" 3.5 is no number of a list", "3.5 is no number of a list")]
    [InlineData("  \n \n", null)]
    [InlineData("\"\"", null)]
    public void Answers_AreRead(string answer, string? prompt) => Assert.Equal(prompt, PromptList.Next(answer));

    [Fact]
    public void List_HasAPromptALine() => Assert.Equal("Beginnings of texts:\n1. one\n2. two\\n  lines\n3.", PromptList.Of(["one ", "two\r\n  lines"]));

    private static ScoredPrompt[] Pool(params double[] scores) => [.. scores.Select((score, i) => new ScoredPrompt($"{i}", "pool", [score], []))];
}
