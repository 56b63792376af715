using System.Text.RegularExpressions;
using Phf.Data;
using Phf.Evaluation;
using Phf.Evaluation.RedTeam;
using Phf.Text;

namespace Phf.Tests.Cli;

/// <summary>Options of scorers that stand in a configuration.</summary>
public sealed class ScorerSettingsTests(CliWorkspace workspace) : IClassFixture<CliWorkspace>
{
    [Fact]
    public void Evaluate_TakesWhatTheRunsConfigurationSays_UnlessTheCommandLineDoes()
    {
        string run = workspace.TrainedRun("run", "--override", "training.max_steps=1", $"generation.scorer_config.list={workspace.Words}");
        CliResult result = CliProcess.Run("evaluate", run, "--samples", "2", "--threads", "1").Succeeded();
        Assert.DoesNotContain("the data was scored by", result.Error); // the same list, so the same id
        string scorer = EvaluationFiles.ReadResult(run)!.Scorer;
        File.WriteAllText(workspace.At("other.txt"), "river\n");
        string[] other = ["evaluate", run, "--list", workspace.At("other.txt"), "--samples", "2", "--threads", "1"];
        CliProcess.Run(other).Failed(1, "; give the --list that it was scored with, or choose a scorer with --scorer"); // not in passing
        Assert.Contains("note: the data was scored by words/", CliProcess.Run([.. other, "--scorer", "words"]).Succeeded().Error);
        Assert.NotEqual(scorer, EvaluationFiles.ReadResult(run)!.Scorer);
    }

    [Fact]
    public void TheScorerOfTheData_IsTakenWithItsOptions()
    {
        const string Id = "pii/scrubadub-2.0.0-full-fixed(today=2020-01-31,ner=none)";
        string run = workspace.TrainedRun("very", "--data", DataScoredBy("very", Id), "--override", "training.max_steps=1");
        Assert.DoesNotContain("was scored by", CliProcess.Run("evaluate", run, "--samples", "2", "--threads", "1").Succeeded().Error);
        Assert.Equal(Id, EvaluationFiles.ReadResult(run)!.Scorer);
        CliProcess.Run("redteam", run, "--trials", "1", "--rounds", "1", "--pool-size", "4", "--continuations", "1", "--tokens", "8", "--threads", "1").Succeeded();
        Assert.Equal(Id, RedTeamFiles.ReadResult(run)!.Scorer);
    }

    [Theory]
    [InlineData("PIIScorer", "pii_today: 2020-01-31", "pii/scrubadub-2.0.0-full(today=2020-01-31,ner=none)")]
    [InlineData("PEP8Scorer", "pii_rules: fixed", "pep8/pycodestyle-2.8.0")]
    [InlineData("pii", "pii_rules: fixed", "pii/scrubadub-2.0.0-default-fixed")]
    public void WhereTheDataDoesNotSayWhatScoredIt_TheConfigurationDoes(string name, string settings, string id)
    {
        string run = workspace.TrainedRun(name, "--data", UnsaidData(), "--override", "training.max_steps=1", $"generation.scorer_config={{class_name: {name}, {settings}}}");
        CliProcess.Run("evaluate", run, "--samples", "2", "--threads", "1").Succeeded();
        Assert.Equal(id, EvaluationFiles.ReadResult(run)!.Scorer);
    }

    [Fact]
    public void WhereNothingSaysWhatScores_OrWrongly_TheRemedyIsTold()
    {
        string run = workspace.TrainedRun("detoxify", "--data", UnsaidData(), "--override", "training.max_steps=1");
        Assert.Contains("phf: the data does not say what scored it; name a scorer (--scorer)", CliProcess.Run("evaluate", run).Error); // behind a note
        string other = workspace.TrainedRun("no day", "--data", UnsaidData(), "--override", "training.max_steps=1", "generation.scorer_config={class_name: astrology, pii_today: tomorrow}");
        Assert.Contains("pii_today: 'tomorrow' is no day; write it as in 2026-11-21", CliProcess.Run("evaluate", other).Error);
        string unknown = workspace.TrainedRun("astrology", "--data", UnsaidData(), "--override", "training.max_steps=1", "generation.scorer_config={class_name: astrology}");
        Assert.Contains("no scorer is named 'astrology'", CliProcess.Run("evaluate", unknown).Error);
        workspace.Train("never", "--override", "generation.scorer_config={class_name: command, command: ls}").Failed(1, "generation.scorer_config.command");
    }

    [Fact]
    public void Sweep_HasTheOptionsOfScorers_InItsFile_AndOnTheCommandLine()
    {
        string grid = workspace.At("grid.yml");
        File.WriteAllText(workspace.At("mle.yml"), "objective: {name: MLE}");
        File.WriteAllText(grid, $"""
            task: {workspace.Config}
            methods: [{workspace.At("mle.yml")}]
            data: {workspace.Data}
            output: {workspace.At("sweep")}
            overrides: {"{"}training.max_steps: 1{"}"}
            evaluate: {"{"}scorer: combine, parts: [words=2, regex], combine: max, list: {workspace.Words}, pattern: '[0-9]', measure: any, samples: 2{"}"}
            """);
        CliProcess.Run("sweep", grid, "--threads", "1").Succeeded();
        string evaluated = Path.GetDirectoryName(Assert.Single(Directory.GetFiles(workspace.At("sweep"), "evaluation.json", SearchOption.AllDirectories)))!;
        string scorer = EvaluationFiles.ReadResult(evaluated)!.Scorer;
        Assert.Matches(@"^combine/max\(2\*words/[0-9a-f]{12},1\*regex/any-[0-9a-f]{12}\)$", scorer);
        CliProcess.Run("sweep", grid, "--threads", "1", "--part", "regex", "--combine", "sum").Succeeded();
        Assert.Matches(@"^combine/sum\(1\*regex/any-[0-9a-f]{12}\)$", EvaluationFiles.ReadResult(evaluated)!.Scorer);
    }

    /// <summary>The workspace's data, scored by something that left no name.</summary>
    private string UnsaidData() => DataScoredBy("unsaid", scorer: null);

    private string DataScoredBy(string name, string? scorer)
    {
        string data = workspace.At(name + "-data");
        if (Directory.Exists(data)) return data;
        string scored = workspace.At(name + ".jsonl");
        File.WriteAllText(scored, Regex.Replace(File.ReadAllText(workspace.Scored), @",""scorer"":""[^""]*""", scorer is null ? "" : $",\"scorer\":\"{scorer}\""));
        Packer.Pack([scored], BpeTrainer.Train(["the cat near the river was bad number 7."], 270), data, new PackOptions { Threads = 1 });
        return data;
    }
}
