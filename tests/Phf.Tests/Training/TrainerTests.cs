using System.Text.Json.Nodes;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Tests.Model;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>What a run leaves on disk, what stops it, and configurations that must come to the same.</summary>
public sealed class TrainerTests : IDisposable
{
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Run_LearnsAndReports()
    {
        RunConfig config = _runs.Config with { Training = _runs.Config.Training with { MaxSteps = 60, SaveStrategy = "no", LoggingSteps = 25 } };
        RunDirectory run = _runs.Start("run", config);
        var observer = new Observer();
        SmallRun.Train(config, run, observer: observer);
        Assert.Equal(60, observer.Steps.Count);
        Assert.Equal(Math.Log(280), observer.Steps[0].Loss, 0.1); // new weights know nothing
        Assert.True(observer.Steps[^1].Loss < 0.6 * observer.Steps[0].Loss, $"{observer.Steps[0].Loss} -> {observer.Steps[^1].Loss}");
        Assert.True(observer.Evaluations[^1].HeldOut.Loss < 0.7 * observer.Evaluations[0].HeldOut.Loss);
        Assert.Equal(60 * 4 * 16, observer.Steps[^1].Tokens);
        Assert.Equal(0, observer.Steps[0].LearningRate);
        Assert.Equal([60L], run.Checkpoints().Select(path => Checkpoint.ReadState(path).Step));
        JsonNode[] lines = [.. File.ReadLines(run.MetricsPath).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal([1L, 25, 50, 60], lines.Where(line => line["loss"] is not null).Select(line => (long)line["step"]!));
        Assert.Equal(Enumerable.Range(1, 20).Select(i => 3L * i), lines.Where(line => line["heldout_loss"] is not null).Select(line => (long)line["step"]!));
    }

    [Fact]
    public void Run_SavesEveryFewSteps_AndKeepsTheNewest()
    {
        RunConfig config = _runs.Config with { Training = _runs.Config.Training with { SaveSteps = 2, SaveTotalLimit = 2 } };
        RunDirectory run = _runs.Start("run", config);
        SmallRun.Train(config, run);
        Assert.Equal([run.CheckpointPath(6), run.CheckpointPath(8)], Directory.GetDirectories(run.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Run_NoSamplesBetween_OnlyThoseForced()
    {
        RunConfig config = _runs.Config with { Generation = _runs.Config.Generation with { EveryNSteps = 0 } };
        RunDirectory run = _runs.Start("run", config);
        SmallRun.Train(config, run);
        Assert.Equal([4L, 4], File.ReadLines(run.SamplesPath).Select(line => (long)JsonNode.Parse(line)!["step"]!));
    }

    [Fact]
    public void Cancel_FinishesTheStepAndSavesIt()
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        var observer = new Observer(cancelAt: 3);
        Assert.ThrowsAny<OperationCanceledException>(() => SmallRun.Train(_runs.Config, run, observer: observer));
        Assert.Equal(3, observer.Steps.Count);
        Assert.Equal(3, Checkpoint.ReadState(run.LatestCheckpoint()).Step);
        Assert.Single(observer.Evaluations); // step 3's own evaluation is not lost
    }

    [Fact]
    public void Cancel_AtTheLastStep_IsADoneRun()
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        SmallRun.Train(_runs.Config, run, observer: new Observer(cancelAt: 8));
        Assert.Equal(8, Checkpoint.ReadState(run.LatestCheckpoint()).Step);
    }

    [Fact]
    public void UnfinishedCheckpoint_IsIgnored()
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        SmallRun.Train(_runs.Config, run);
        File.Delete(Path.Combine(run.CheckpointPath(8), "COMPLETE"));
        Assert.Equal(run.CheckpointPath(4), run.LatestCheckpoint());
        File.Delete(Path.Combine(run.CheckpointPath(4), "COMPLETE"));
        Assert.Contains("no complete checkpoint", Assert.Throws<InvalidDataException>(run.LatestCheckpoint).Message);
    }

    [Fact]
    public void Resume_OverAnUnfinishedCheckpoint_WritesItAnew()
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        SmallRun.Train(_runs.Config, run);
        byte[] weights = File.ReadAllBytes(Path.Combine(run.CheckpointPath(8), Gpt2Weights.FileName));
        File.Delete(Path.Combine(run.CheckpointPath(8), "COMPLETE"));
        File.WriteAllText(Path.Combine(run.CheckpointPath(8), Gpt2Weights.FileName), "cut short");
        File.WriteAllText(Path.Combine(run.CheckpointPath(8), "left over"), "");
        SmallRun.Train(_runs.Config, run, run.LatestCheckpoint());
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(run.CheckpointPath(8), Gpt2Weights.FileName)));
        Assert.False(File.Exists(Path.Combine(run.CheckpointPath(8), "left over")));
    }

    [Theory]
    [InlineData("optimizer.safetensors")]
    [InlineData("model.safetensors")]
    [InlineData("trainer_state.json")]
    public void Resume_FromATruncatedFile_IsRefusedByName(string name)
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        SmallRun.Train(_runs.Config, run);
        string path = Path.Combine(run.LatestCheckpoint(), name), metrics = File.ReadAllText(run.MetricsPath);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^40]);
        var problem = Assert.Throws<InvalidDataException>(() => SmallRun.Train(_runs.Config, run, run.LatestCheckpoint()));
        Assert.Contains(path, problem.Message);
        Assert.Equal(metrics, File.ReadAllText(run.MetricsPath)); // a failed resumption drops no lines
    }

    [Fact]
    public void Resume_FromAStateWithoutItsPlace_IsRefused()
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        SmallRun.Train(_runs.Config, run);
        string path = Path.Combine(run.LatestCheckpoint(), "trainer_state.json");
        JsonObject state = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        Assert.True(state.Remove("cursors"));
        File.WriteAllText(path, state.ToJsonString());
        var problem = Assert.Throws<InvalidDataException>(() => SmallRun.Train(_runs.Config, run, run.LatestCheckpoint()));
        Assert.Contains("cursors", problem.Message);
    }

    [Fact]
    public void Resume_OnOtherData_IsRefused()
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        SmallRun.Train(_runs.Config, run);
        RunConfig other = _runs.Config with { Dataset = new() { Data = _runs.Pack("other", documents: 60) } };
        var problem = Assert.Throws<InvalidDataException>(() => SmallRun.Train(other, run, run.LatestCheckpoint()));
        Assert.Contains("other data", problem.Message);
        Assert.Contains(other.Dataset.Data, problem.Message);
    }

    [Fact]
    public void BadWeights_StopTheRun_NamingTensorAndStep()
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        using RunPlan plan = RunPlan.Create(_runs.Config);
        using IBackend backend = Backends.CreateCpu(1);
        using Trainer trainer = Trainer.Create(plan, run, backend, checkpoint: null);
        trainer.UpdateOnce();
        trainer.UpdateOnce();
        trainer.Model.Parameters["transformer.h.1.mlp.c_fc.weight"].Span[5] = float.NaN;
        byte[] before = TinyGpt2.Bytes(trainer.Model.Parameters.All);
        var problem = Assert.Throws<InvalidDataException>(() => trainer.Run(new Observer()));
        Assert.Contains("step 3", problem.Message);
        Assert.Contains("transformer.h.1.mlp.c_fc.weight", problem.Message);
        Assert.Contains("documents ", problem.Message);
        Assert.Contains($"of {plan.Data.Directory} (from 0, as packed)", problem.Message);
        Assert.Equal(before, TinyGpt2.Bytes(trainer.Model.Parameters.All));
        Assert.Empty(run.Checkpoints());
    }

    /// <summary>The same eight sequences in one pass or in eight: the same mean, summed in another order.</summary>
    [Fact]
    public void Accumulation_OneOfEight_EqualsEightOfOne()
    {
        RunConfig Config(int batch) => _runs.Config with
        {
            Training = _runs.Config.Training with { EffectiveBatchSize = 8, PerDeviceTrainBatchSize = batch, MaxSteps = 5, LearningRate = 1e-3 },
        };
        Final one = FinalParameters(Config(8), "one"), eight = FinalParameters(Config(1), "eight");
        for (int step = 0; step < 5; step++)
        {
            Assert.Equal(one.Steps[step].Loss, eight.Steps[step].Loss, 1e-6);
            Assert.Equal(one.Steps[step].Norm, eight.Steps[step].Norm, 1e-6);
        }
        Assert.NotEqual(one.Bytes, eight.Bytes); // otherwise nothing was compared
    }

    private Final FinalParameters(RunConfig config, string name)
    {
        using RunPlan plan = RunPlan.Create(config);
        using IBackend backend = Backends.CreateCpu(2);
        using Trainer trainer = Trainer.Create(plan, _runs.Start(name, config), backend, checkpoint: null);
        (double, double, double)[] steps = [.. Enumerable.Range(0, (int)plan.TotalSteps).Select(_ => trainer.UpdateOnce())];
        return new Final(TinyGpt2.Bytes(trainer.Model.Parameters.All), steps);
    }

    private sealed record Final(byte[] Bytes, (double Loss, double Norm, double Rate)[] Steps);
}
