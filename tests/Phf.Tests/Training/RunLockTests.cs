using Phf.Numerics.Backend;
using Phf.Training;

namespace Phf.Tests.Training;

public sealed class RunLockTests : IDisposable
{
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void SecondTrainer_IsRefused_WithTheProcess_UntilTheFirstIsGone()
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        using RunPlan plan = RunPlan.Create(_runs.Config);
        using IBackend backend = Backends.CreateCpu(1);
        using (Trainer first = Trainer.Create(plan, run, backend, checkpoint: null))
        {
            var problem = Assert.Throws<IOException>(() => Trainer.Create(plan, run, backend, checkpoint: null));
            Assert.Contains($"is being trained by process {Environment.ProcessId}; wait for it", problem.Message);
            Assert.Equal(0, first.Step);
        }
        Trainer.Create(plan, run, backend, checkpoint: null).Dispose();
        Assert.False(File.Exists(Path.Combine(run.Path, "train.pid")));
    }

    [Fact]
    public void WhatADeadProcessLeft_IsNoObstacle()
    {
        string folder = Directory.CreateDirectory(_runs.At("dead")).FullName;
        File.WriteAllText(Path.Combine(folder, "train.lock"), "");
        File.WriteAllText(Path.Combine(folder, "train.pid"), "1\n");
        Assert.True(RunDirectory.IsFree(folder));
        SmallRun.Train(_runs.Config, _runs.Start("dead", _runs.Config));
    }

    [Fact]
    public void TwoThatReservedAFolder_TheSecondStartsNothing()
    {
        RunDirectory one = RunDirectory.Reserve(_runs.At("both"), force: false), other = RunDirectory.Reserve(_runs.At("both"), force: false);
        one.Start(_runs.Config);
        Assert.Contains("holds a run since just now", Assert.Throws<IOException>(() => other.Start(_runs.Config)).Message);
    }
}
