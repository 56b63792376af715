using System.Text.Json.Nodes;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>load_best_model_at_end: the checkpoint with the lowest held-out loss stays, and is the run's model.</summary>
public sealed class BestCheckpointTests : IDisposable
{
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    /// <summary>A rate at which the model gets worse and better by turns; every second step is saved and one checkpoint kept.</summary>
    private RunConfig Config => _runs.Config with
    {
        Training = _runs.Config.Training with { MaxSteps = 16, SaveSteps = 2, SaveTotalLimit = 1, LoadBestModelAtEnd = true, LearningRate = 1, LrSchedulerType = "constant", EvaluationStrategy = "no" },
    };

    [Fact]
    public void Best_IsKept_Recorded_AndTheModelOfTheRun()
    {
        RunDirectory run = _runs.Start("run", Config);
        var observer = new Observer();
        SmallRun.Train(Config, run, observer: observer);
        Assert.Equal([2L, 4, 6, 8, 10, 12, 14, 16], observer.Evaluations.Select(report => report.Step));
        EvaluationReport best = observer.Evaluations.MinBy(report => report.HeldOut.Loss);
        Assert.InRange(best.Step, 2, 14);
        Assert.Equal([run.CheckpointPath(best.Step), run.CheckpointPath(16)], run.Checkpoints());
        Assert.Equal(new BestCheckpoint(best.Step, best.HeldOut.Loss), Checkpoint.ReadState(run.LatestCheckpoint()).Best);
        Assert.Equal(run.CheckpointPath(best.Step), run.ModelCheckpoint());
        Assert.Equal(run.CheckpointPath(best.Step), ModelSource.Find(run.Path).Directory);
        Assert.Equal(run.CheckpointPath(16), run.LatestCheckpoint());
    }

    [Fact]
    public void Interrupted_EndsWithTheSameBest()
    {
        RunDirectory whole = _runs.Start("whole", Config), halves = _runs.Start("halves", Config);
        SmallRun.Train(Config, whole);
        foreach (int step in (int[])[3, 7]) // checkpoints that the other run does not have take no part
        {
            string? from = halves.Checkpoints().LastOrDefault();
            Assert.ThrowsAny<OperationCanceledException>(() => SmallRun.Train(Config, halves, from, new Observer(cancelAt: step)));
        }
        SmallRun.Train(Config, halves, halves.LatestCheckpoint());
        Assert.Equal(whole.Checkpoints().Select(Path.GetFileName), halves.Checkpoints().Select(Path.GetFileName));
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole.LatestCheckpoint(), "trainer_state.json")), File.ReadAllBytes(Path.Combine(halves.LatestCheckpoint(), "trainer_state.json")));
    }

    [Fact]
    public void EarlierCheckpoint_Resumed_DropsTheLaterOnes_AndWritesThemAgain()
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        SmallRun.Train(_runs.Config, run);
        byte[] weights = File.ReadAllBytes(Path.Combine(run.CheckpointPath(8), "model.safetensors"));
        Assert.Throws<KilledException>(() => SmallRun.Train(_runs.Config, run, run.CheckpointPath(4), new Observer(killAt: 5)));
        Assert.Equal([run.CheckpointPath(4)], run.Checkpoints());
        SmallRun.Train(_runs.Config, run, run.CheckpointPath(4));
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(run.CheckpointPath(8), "model.safetensors")));
        long[] steps = [.. File.ReadLines(run.MetricsPath).Where(line => line.Contains("\"loss\"")).Select(line => (long)JsonNode.Parse(line)!["step"]!)];
        Assert.Equal([1L, 2, 3, 4, 5, 6, 7, 8], steps);
    }

    [Fact]
    public void WithoutHeldOutText_IsRefused()
    {
        RunConfig config = Config with { Dataset = new() { Data = Path.Combine(_runs.DataPath, "train") }, Tokenizer = new() { PathOrName = Path.Combine(_runs.DataPath, "tokenizer") } };
        Assert.Contains("load_best_model_at_end needs held-out text", Assert.Throws<InvalidDataException>(() => RunPlan.Create(config)).Message);
    }
}
