using Phf.Evaluation;

namespace Phf.Tests.Cli;

public sealed class EvaluateVerbTests(EvaluateVerbTests.Fixture fixture) : IClassFixture<EvaluateVerbTests.Fixture>
{
    [Fact]
    public void Run_IsMeasured_ThreeScenariosForTags_SameSeedSameNumbers()
    {
        CliResult result = Evaluate(fixture.Run, "--list", fixture.Workspace.Words).Succeeded();
        Assert.Matches(@"(?m)^\s+run\s+conditional\s+[\d.]+", result.Output);
        EvaluationResult first = EvaluationFiles.ReadResult(fixture.Run)!;
        Assert.Equal("checkpoint-00000020", first.Checkpoint);
        Assert.Equal(["unconditional", "both tags banned", "after <|misaligned|>"], first.Scenarios.Select(scenario => scenario.Name));
        Assert.All(first.Scenarios, scenario => Assert.Equal(8, scenario.Samples));
        Assert.InRange(first.Heldout!.LossAligned!.Value, 1, 6);
        Assert.NotNull(first.Heldout.LossAlignedUntagged);
        Assert.Equal(24, EvaluationFiles.ReadSamples(fixture.Run).Count);

        string numbers = File.ReadAllText(Path.Combine(fixture.Run, "evaluation.json"));
        Evaluate(fixture.Run, "--list", fixture.Workspace.Words, "--threads", "2").Succeeded();
        Assert.Equal(numbers, File.ReadAllText(Path.Combine(fixture.Run, "evaluation.json")));
    }

    [Fact]
    public void Scorer_ThatCannotBe_IsNamed()
    {
        Evaluate(fixture.Run).Failed(1, "scorer 'words' needs a word list; give a file with one word a line (--list FILE); or choose another with --scorer");
        Evaluate(fixture.Run, "--scorer", "astrology").Failed(1, "no scorer is named 'astrology'; known scorers: ");
        Evaluate(fixture.Run, "--list", fixture.Workspace.Words, "--samples", "0").Failed(2, "--samples 0: at least 1 was expected");
        CliResult other = Evaluate(fixture.Bare, "--scorer", "pii", "--samples", "2").Succeeded();
        Assert.Contains("note: the data was scored by words/", other.Error);
    }

    [Fact]
    public void NoHeldOutText_NoScenario_NoTags_AreAllFine()
    {
        CliResult result = Evaluate(fixture.Bare, "--list", fixture.Workspace.Words, "--samples", "4").Succeeded();
        Assert.Contains("has no held-out text, so no held-out loss is measured", result.Error);
        EvaluationResult measured = EvaluationFiles.ReadResult(fixture.Bare)!;
        Assert.Null(measured.Heldout);
        Assert.Equal("training documents, first 63 tokens", measured.Corpus!.Name);
        Assert.Equal("unconditional", Assert.Single(measured.Scenarios).Name);
        Assert.Contains("no held-out loss", File.ReadAllText(WriteReport(fixture.Bare)));
    }

    [Fact]
    public void WhatIsNoRun_SaysWhatItIs_BeforeAnythingIsMeasured()
    {
        CliWorkspace workspace = fixture.Workspace;
        string list = workspace.Words, fresh = workspace.Copy("run", "fresh");
        File.Delete(Path.Combine(fresh, "evaluation.json"));
        Evaluate(fresh, workspace.At("nowhere"), "--list", list).Failed(1, "nowhere: no such folder; give the folder of a run");
        Assert.False(File.Exists(Path.Combine(fresh, "evaluation.json")));
        Evaluate(Directory.CreateDirectory(workspace.At("empty")).FullName).Failed(1, "is no run: it has no config.yml");
        Evaluate(Path.Combine(fixture.Run, "checkpoint-00000020")).Failed(1, $"is a checkpoint; give its run, {fixture.Run}");
        Evaluate(workspace.Copy("run/checkpoint-00000020", "model")).Failed(1, "is a model directory; a run is needed");
        string unfinished = workspace.Copy("run", "unfinished");
        foreach (string complete in Directory.GetFiles(unfinished, "COMPLETE", SearchOption.AllDirectories)) File.Delete(complete);
        Evaluate(unfinished).Failed(1, "has no complete checkpoint");
        File.WriteAllText(Path.Combine(fresh, "config.yml"), "dataset: {data: x}\ntrainig: {}\n");
        Evaluate(fresh).Failed(1, "config.yml line 2: unknown key trainig; the nearest known key is training");
        string cut = workspace.Copy("run", "cut"), weights = Path.Combine(cut, "checkpoint-00000020", "model.safetensors");
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..2000]);
        CliResult damaged = Evaluate(cut, "--list", list);
        Assert.Equal(1, damaged.ExitCode);
        Assert.Contains("model.safetensors: ", damaged.Error);
        Assert.Contains("cut short", damaged.Error);
    }

    [Fact]
    public void DataMovedOrReplaced_IsTold_AndFoundWithData()
    {
        CliWorkspace workspace = fixture.Workspace;
        string data = workspace.Copy("data", "before"), list = workspace.Words;
        string run = workspace.TrainedRun("moved", "--data", data, "--override", "training.max_steps=1");
        Directory.Move(data, workspace.At("after"));
        Evaluate(run, "--list", list).Failed(1, "give the folder that phf pack wrote with --data DIR, also when it was moved");
        CliResult moved = Evaluate(run, "--list", list, "--data", workspace.At("after")).Succeeded();
        Assert.DoesNotContain("note:", moved.Error);
        Assert.NotNull(EvaluationFiles.ReadResult(run)!.Heldout);

        CliResult repacked = Evaluate(run, "--list", list, "--data", workspace.Pack("repacked", heldOut: 0.5)).Succeeded();
        Assert.Contains("its held-out text may be text that was trained on", repacked.Error);
        CliResult foreign = Evaluate(run, "--list", list, "--data", workspace.Pack("foreign", workspace.OtherTokenizer(), heldOut: 0.1));
        Assert.Equal(1, foreign.ExitCode);
        Assert.Contains("was packed with another tokenizer", foreign.Error);
    }

    private static CliResult Evaluate(params string[] arguments) => CliProcess.Run(["evaluate", .. arguments.Contains("--threads") ? [] : (string[])["--threads", "1"], .. arguments]);

    private string WriteReport(string run)
    {
        string page = fixture.Workspace.At($"{Guid.NewGuid():N}.html");
        CliProcess.Run("report", run, "-o", page).Succeeded();
        return page;
    }

    /// <summary>A run with tags, scenarios and held-out text, and one without all three.</summary>
    public sealed class Fixture : IDisposable
    {
        public Fixture()
        {
            Run = Workspace.TrainedRun("run", ["--override", .. CliWorkspace.Conditional]);
            Bare = Workspace.TrainedRun("bare", "--data", Workspace.Pack("whole", heldOut: 0), "--override", "training.max_steps=1", "generation.scenario_configs=[]");
        }

        public CliWorkspace Workspace { get; } = new();

        public string Run { get; }

        public string Bare { get; }

        public void Dispose() => Workspace.Dispose();
    }
}
