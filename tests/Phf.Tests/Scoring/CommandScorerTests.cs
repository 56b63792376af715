using System.Diagnostics;
using Phf.Scoring;

namespace Phf.Tests.Scoring;

/// <summary>Programs are lines for the shell of Unix; elsewhere the tests return at once.</summary>
public sealed class CommandScorerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Answers_AreTheScores_InOrder()
    {
        if (OperatingSystem.IsWindows()) return;
        using CommandScorer scorer = Scorer("while read -r line; do echo \"{\\\"score\\\": ${#line}}\"; done");
        Assert.Equal([12, 14, 14], Score(scorer, "", "ab", "\n")); // the length of {"text": ""} and what is in it; a line end is \n there
    }

    [Fact]
    public void Command_ThatDies_IsStartedAgain()
    {
        if (OperatingSystem.IsWindows()) return;
        using CommandScorer scorer = Scorer("read -r line; echo 1; read -r line; echo 2");
        Assert.Equal([1, 2, 1, 2, 1], Score(scorer, "a", "b", "c", "d", "e"));
    }

    [Fact]
    public void Command_ThatOnlyDies_IsGivenUp_WithItsLastWords()
    {
        if (OperatingSystem.IsWindows()) return;
        using CommandScorer scorer = Scorer($"echo started >> '{_folder.At("starts")}'; echo no such model >&2; exit 3");
        string message = Assert.Throws<InvalidDataException>(() => Score(scorer, "a")).Message;
        Assert.Contains("ended 4 times without an answer", message);
        Assert.Contains("exit code 3, its last words: no such model", message);
        Assert.Equal(4, File.ReadAllLines(_folder.At("starts")).Length);
    }

    [Fact]
    public void Command_ThatSaysNothing_IsTimedOut()
    {
        if (OperatingSystem.IsWindows()) return;
        using var scorer = new CommandScorer(new CommandOptions { Command = "sleep 60", Timeout = TimeSpan.FromMilliseconds(200) });
        var clock = Stopwatch.StartNew();
        Assert.Contains("no answer within 0.2 s", Assert.Throws<InvalidDataException>(() => Score(scorer, "a")).Message);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.2, 20);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("NaN")]
    [InlineData("1e999")]
    [InlineData("{\\\"points\\\": 3}")]
    [InlineData("")]
    public void Garbage_IsTold(string garbage)
    {
        if (OperatingSystem.IsWindows()) return;
        using CommandScorer scorer = Scorer($"read -r line; echo \"{garbage}\"; read -r line");
        string message = Assert.Throws<InvalidDataException>(() => Score(scorer, "a")).Message;
        Assert.Contains($"answered '{garbage.Replace("\\", "")}'", message);
        Assert.Contains("a line that is a finite number", message);
    }

    [Fact]
    public void MoreLinesThanAsked_AreTold_NotTakenForTheNextAnswer()
    {
        if (OperatingSystem.IsWindows()) return;
        using CommandScorer scorer = Scorer("while read -r line; do printf '1\\n2\\n'; done");
        Assert.Contains("wrote '2' without being asked; it must write one line for each line it reads", Assert.Throws<InvalidDataException>(() => Score(scorer, "a", "b")).Message);
    }

    [Fact]
    public void LineWithoutEnd_IsTold_BeforeItFillsTheMemory()
    {
        if (OperatingSystem.IsWindows()) return;
        using CommandScorer scorer = Scorer("tr '\\0' x < /dev/zero");
        Assert.Contains("xxx...' and no end of the line within 65536 characters", Assert.Throws<InvalidDataException>(() => Score(scorer, "a")).Message);
    }

    [Fact]
    public void Text_ArrivesWhole_OnManyThreads()
    {
        if (OperatingSystem.IsWindows()) return;
        using CommandScorer scorer = Scorer("while read -r line; do echo ${#line}; done");
        string big = new('x', 200_000);
        Parallel.For(0, 8, i => Assert.Equal([12 + i, 12 + big.Length], Score(scorer, new string('y', i), big)));
    }

    private static CommandScorer Scorer(string command) => new(new CommandOptions { Command = command });

    private static double[] Score(CommandScorer scorer, params string[] texts)
    {
        double[] scores = new double[texts.Length];
        scorer.Score(texts, scores);
        return scores;
    }
}
