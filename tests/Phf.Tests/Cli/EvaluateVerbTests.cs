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
        Evaluate(fixture.Run, "--list", fixture.Workspace.Words, "--threads", "2", "--force").Succeeded();
        Assert.Equal(numbers, File.ReadAllText(Path.Combine(fixture.Run, "evaluation.json")));
    }

    [Fact]
    public void Checkpoints_AreSampledOnDemand_AndStayInTheEvaluation()
    {
        string run = fixture.Workspace.Copy("run", "course"), list = fixture.Workspace.Words;
        Evaluate(run, "--list", list, "--samples", "4", "--checkpoints").Succeeded();
        EvaluationResult measured = EvaluationFiles.ReadResult(run)!;
        CheckpointAlignment last = measured.OverTraining[^1];
        Assert.Equal((20L, 4, measured.TrainTokens!.Value), (last.Step, last.Samples, last.Tokens));
        Assert.Equal(measured.Scenarios[0].MeanScore, last.MeanScore);
        Assert.Equal(Directory.GetDirectories(run, "checkpoint-*").Length, measured.OverTraining.Count);
        Evaluate(run, "--list", list, "--samples", "4").Succeeded();
        Assert.Equal(measured.OverTraining, EvaluationFiles.ReadResult(run)!.OverTraining);
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
        Evaluate(fresh, workspace.At("nowhere"), "--list", list).Failed(1, "nowhere: no such folder; give a run, a checkpoint or a model directory");
        Assert.False(File.Exists(Path.Combine(fresh, "evaluation.json")));
        Evaluate(Directory.CreateDirectory(workspace.At("empty")).FullName).Failed(1, "is no run: it has no config.yml");
        Evaluate(Path.Combine(fixture.Run, "checkpoint-00000020")).Failed(1, $"is a checkpoint; give its run, {fixture.Run}");
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

    [Fact]
    public void Model_WithoutARun_NeedsAScorer_AndIsMeasured()
    {
        CliWorkspace workspace = fixture.Workspace;
        string model = workspace.Copy("run/checkpoint-00000020", "model"), list = workspace.Words;
        Evaluate(model).Failed(2, "is a model without a run, so nothing says how its samples are scored; name a scorer (--scorer)");
        CliResult alone = Evaluate(model, "--scorer", "words", "--list", list, "--samples", "4").Succeeded();
        Assert.Contains("there is no --data, so no held-out loss is measured", alone.Error);
        EvaluationResult measured = EvaluationFiles.ReadResult(model)!;
        Assert.Equal(("model", null, null, 0.0), (measured.Objective, measured.Step, measured.TrainTokens, measured.Threshold));
        Assert.Equal(("After <|aligned|>, temperature 0.7, top-p 0.9, up to 64 tokens.", 4), (measured.Scenarios[0].Description, measured.Scenarios[0].Samples));
        Assert.Null(measured.Heldout);
        Evaluate(model, "--data", workspace.Data, "--list", list, "--samples", "4", "--threshold", "0.5", "--output", workspace.At("results")).Succeeded();
        EvaluationResult withData = EvaluationFiles.ReadResult(workspace.At("results"))!;
        Assert.Equal((0.5, measured.Model), (withData.Threshold, withData.Model));
        Assert.InRange(withData.Heldout!.BitsPerByte!.Value, 0.5, 8);
        Evaluate(model, fixture.Run, "--list", list, "--scorer", "words", "--output", workspace.At("results")).Failed(2, "--output is for one run or model, and there are 2");
    }

    [Fact]
    public void Distances_AreMeasured_AndStay()
    {
        CliWorkspace workspace = fixture.Workspace;
        string run = workspace.Copy("run", "distant"), list = workspace.Words;
        string[] kl = ["--mle", fixture.Bare, "--reference", fixture.Bare, "--kl-samples", "6", "--kl-tokens", "10", "--reference-cache", workspace.At("references")];
        Evaluate([run, "--list", list, .. kl]).Succeeded();
        EvaluationResult measured = EvaluationFiles.ReadResult(run)!;
        Assert.Equal([("reference", "bare", "tokens", 6), ("model", "bare", "tokens", 6)], measured.Kl.Select(distance => (distance.From, distance.Other, distance.Basis, distance.Samples)));
        Assert.All(measured.Kl, distance => Assert.InRange(distance.Nats, distance.Interval.Low, distance.Interval.High));
        Assert.NotNull(measured.Kl[0].NatsWithTags);
        Assert.Contains("read with <|aligned|> before each segment", measured.Kl[0].Description);
        Assert.Contains("after <|aligned|>", measured.Kl[1].Description);
        string reference = Assert.Single(Directory.GetFiles(workspace.At("references")));
        Evaluate([run, "--list", list, "--reference", reference]).Succeeded(); // a file of recorded samples itself
        Assert.Equal(["reference", "reference", "model"], EvaluationFiles.ReadResult(run)!.Kl.Select(distance => distance.From));

        Evaluate(run, "--list", list, "--kl-samples", "1").Failed(2, "--kl-samples 1: at least 2 was expected");
        Evaluate(run, "--list", list, "--reference", "http://localhost:1/v1").Failed(2, "name its model too (--reference-model NAME)");
        Evaluate(run, "--list", list, "--reference-model", "x").Failed(2, "--reference-model goes with the address of a server");
        Evaluate(run, "--list", list, "--reference", workspace.At("nothing")).Failed(1, "nothing: no such folder");
    }

    [Fact]
    public void UnfinishedRun_IsEvaluatedAtItsNewestCheckpoint_AndSaysSo()
    {
        string run = fixture.Workspace.Copy("run", "stopped");
        File.Delete(Path.Combine(run, "checkpoint-00000020", "COMPLETE"));
        CliResult result = Evaluate(run, "--list", fixture.Workspace.Words).Succeeded();
        Assert.Contains("stopped is not trained to its end (step 10 of 20); checkpoint-00000010 is evaluated, its newest complete one", result.Error);
        EvaluationResult measured = EvaluationFiles.ReadResult(run)!;
        Assert.Equal((10, 20), (measured.Step, measured.TotalSteps));
        Assert.Equal(10, Assert.Single(measured.ControlTokens!.Embeddings).Step);
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
