using Phf.Evaluation;
using Phf.Evaluation.RedTeam;

namespace Phf.Tests.Evaluation.RedTeam;

/// <summary>Numbers of attacks, by hand; and the files they stand in.</summary>
public sealed class AttackTests
{
    private static readonly RedTeamOptions Options = new() { Rounds = 2, Continuations = 2, Temperature = 0.5 };

    [Fact]
    public void Search_IsSummedUp_OverTrials_WithoutPools()
    {
        // Two trials of a pool and two rounds.
        var attack = new Attack("few-shot", AttackResult.FewShot, "How.", [[[P(0, 0)], [P(0.2, 0.4), P(0, 0.2)], [P(0.6, 0.8)]], [[P(1, 1)], [P(0.5, 0.5)], [P(0.1, 0.1), P(double.NaN, 0.3)]]]) { Writer = "w" };
        AttackResult result = attack.Summarise(Options, tags: "free", threshold: 0.3);
        double first = (0.3 + 0.1 + 0.7) / 3, second = (0.5 + 0.1 + 0.3) / 3, half = 12.7062 * Math.Abs(first - second) / 2; // t of one degree of freedom
        Near((first + second) / 2, half, result.MeanScore, result.MeanScoreInterval);
        Assert.Equal(((0.5 + 0 + 1) / 3 + 1.0 / 3) / 2, result.ShareMisaligned!.Value, 1e-12);
        Assert.Equal((6, 1, 2, 2, 0.5, "free", "w"), (result.Prompts, result.Unscored, result.Trials, result.Rounds, result.Temperature!.Value, result.Tags, result.Writer));
        Assert.Null(result.ExpectedMax25);
        Assert.Equal([(0, 2), (1, 3), (2, 3)], result.PerRound.Select(round => (round.Round, round.Prompts)));
        Assert.Equal([0.5, (0.2 + 0.5) / 2, (0.7 + 0.2) / 2], result.PerRound.Select(round => round.MeanScore!.Value), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([0.5, ((0 + 0.3 + 0.1) / 3 + (1 + 0.5) / 2) / 2, ((0 + 0.3 + 0.1 + 0.7) / 4 + (1 + 0.5 + 0.1 + 0.3) / 4) / 2], result.PerRound.Select(round => round.PoolMeanScore!.Value), (a, b) => Math.Abs(a - b) < 1e-12);
        BestPrompts best = Assert.Single(result.Best);
        Assert.Equal((1, 0.6, 1.0), (best.Count, best.MeanScore!.Value, best.ShareMisaligned!.Value));
        Assert.Null(new Attack("", AttackResult.FewShot, "", [attack.Trials[0]]).Summarise(Options, null, 0).MeanScoreInterval); // one trial tells nothing of the spread
    }

    [Fact]
    public void GivenPrompts_AreSummedUp_OverPrompts()
    {
        double[] scores = [.. Enumerable.Range(0, 50).Select(i => i == 49 ? 1.0 : 0)];
        ScoredPrompt[] prompts = [.. Enumerable.Range(0, 12).Select(i => i < 6 ? new ScoredPrompt($"{i}", "file", scores, []) : P(0.25, 0.25))];
        AttackResult result = new Attack("given", AttackResult.PromptSet, "How.", [[prompts]]).Summarise(Options, tags: null, threshold: 0.3);
        Assert.Equal((6 * 0.02 + 6 * 0.25) / 12, result.MeanScore!.Value, 1e-12);
        Assert.InRange(result.MeanScore.Value, result.MeanScoreInterval!.Low + 0.01, result.MeanScoreInterval.High - 0.01);
        Assert.Equal(0.5, result.ExpectedMax25!.Value, 1e-12); // half of all subsets of 25 have the one; prompts with two continuations have no such number
        Assert.Equal((1, 0, 12, null), (result.Trials, result.Rounds, result.Prompts, result.Temperature));
        Assert.Empty(result.PerRound);
        Assert.Equal([1, 10], result.Best.Select(best => best.Count));
    }

    [Fact]
    public void Files_KeepOtherAttacks_OfTheSameModel()
    {
        using var folder = new TemporaryFolder();
        RedTeamFiles.Write(folder.FullName, Result("m", "a", "b"), [Sample("a", "of a"), Sample("b", "of b")]);
        RedTeamFiles.Write(folder.FullName, Result("m", "b", "c"), [Sample("b", "again"), Sample("c", "of c")]);
        Assert.Equal(["a", "b", "c"], RedTeamFiles.ReadResult(folder.FullName)!.Attacks.Select(attack => attack.Name));
        Assert.Equal(["of a", "again", "of c"], RedTeamFiles.ReadSamples(folder.FullName).Select(sample => sample.Prompt));
        Assert.True(double.IsNaN(RedTeamFiles.ReadSamples(folder.FullName)[0].Score));
        RedTeamFiles.Write(folder.FullName, Result("other", "c"), [Sample("c", "new")]);
        Assert.Equal("c", Assert.Single(RedTeamFiles.ReadResult(folder.FullName)!.Attacks).Name);
        Assert.Equal("new", Assert.Single(RedTeamFiles.ReadSamples(folder.FullName)).Prompt);

        foreach (string broken in new[] { "{", "null", "{\"run\": \"x\"}", "[]" })
        {
            File.WriteAllText(folder.At(RedTeamFiles.ResultName), broken);
            Assert.Contains("attack the model again with phf redteam", Assert.Throws<InvalidDataException>(() => RedTeamFiles.ReadResult(folder.FullName)).Message);
        }
        File.AppendAllText(folder.At(RedTeamFiles.SamplesName), "{\"attack\": \"c\"}\n");
        Assert.Contains("redteam-samples.jsonl line 2: ", Assert.Throws<InvalidDataException>(() => RedTeamFiles.ReadSamples(folder.FullName)).Message);
        Assert.Single(RedTeamFiles.Write(folder.FullName, Result("m", "a"), []).Attacks); // what is broken is replaced
        Assert.Null(RedTeamFiles.ReadResult(folder.At("nowhere")));
    }

    private static ScoredPrompt P(params double[] scores) => new("p", "red LM", scores, []);

    private static void Near(double mean, double half, double? actual, Interval? interval)
    {
        Assert.Equal(mean, actual!.Value, 1e-12);
        Assert.Equal((mean - half, mean + half), (interval!.Low, interval.High), (a, b) => Math.Abs(a.Item1 - b.Item1) < 1e-4 && Math.Abs(a.Item2 - b.Item2) < 1e-4);
    }

    private static RedTeamResult Result(string model, params string[] attacks) => new()
    {
        Run = "run",
        Objective = "MLE",
        Checkpoint = "checkpoint",
        Model = model,
        Parameters = 1,
        Scorer = "words",
        Threshold = 0,
        Attacks = [.. attacks.Select(name => new AttackResult { Name = name, Kind = AttackResult.PromptSet, Description = "", Seed = 1, Trials = 1, Rounds = 0, Continuations = 1, Prompts = 1, Unscored = 0 })],
    };

    private static AttackSample Sample(string attack, string prompt) => new() { Attack = attack, Trial = 0, Round = 0, Index = 0, Prompt = prompt, Origin = "file", Score = double.NaN, ShareMisaligned = double.NaN };
}
