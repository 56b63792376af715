using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

public sealed class OutlierGuardTests : IDisposable
{
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Skips_WhatLiesAbove_NotBelow_AndNotAtTheStart()
    {
        var guard = new OutlierGuard(deviations: 4, start: null);
        Assert.False(guard.Skips(8, 1)); // who knows what is usual yet
        for (int i = 1; i < 200; i++) Assert.False(guard.Skips(5 + Wave(i), 1 + Wave(3 * i)), $"step {i}");
        Assert.False(guard.Skips(0.1, 0.01));
        Assert.True(guard.Skips(5, 9));
        Assert.True(guard.Skips(40, 1));
        Assert.False(guard.Skips(5, 1));
        Assert.Equal(2, guard.Skipped);
    }

    [Fact]
    public void ALastingChange_IsAcceptedInTheEnd()
    {
        var guard = new OutlierGuard(deviations: 3, start: null);
        for (int i = 0; i < 100; i++) guard.Skips(5 + Wave(i), 1 + Wave(3 * i));
        int skipped = 0;
        while (guard.Skips(8, 1 + Wave(skipped))) skipped++;
        Assert.InRange(skipped, 1, 60);
    }

    [Fact]
    public void State_GoesOnTheSame()
    {
        OutlierGuard whole = new(3, start: null), half = new(3, start: null);
        for (int i = 0; i < 60; i++) Assert.Equal(whole.Skips(5 + Wave(i), 1), half.Skips(5 + Wave(i), 1));
        half = new OutlierGuard(3, half.State);
        for (int i = 0; i < 60; i++) Assert.Equal(whole.Skips(5 + Wave(i) + (i % 7 == 0 ? 3 : 0), 1), half.Skips(5 + Wave(i) + (i % 7 == 0 ? 3 : 0), 1));
        Assert.Equal(whole.State, half.State);
        Assert.True(whole.Skipped > 0);
    }

    /// <summary>A limit that a good part of the steps breaks: they leave the weights alone, are counted and logged, and a resumed run skips the same.</summary>
    [Fact]
    public void Run_SkipsUpdates_AndResumesTheSame()
    {
        RunConfig config = _runs.Config with
        {
            Training = _runs.Config.Training with { MaxSteps = 60, SaveSteps = 20, SkipOutliers = 0.5, LoggingSteps = 50, EvaluationStrategy = "no" },
            Generation = new(),
        };
        RunDirectory whole = _runs.Start("whole", config), halves = _runs.Start("halves", config);
        var observer = new Observer();
        SmallRun.Train(config, whole, observer: observer);
        long skipped = observer.Steps.Count(step => step.IsSkipped);
        Assert.True(skipped > 3, $"{skipped} skipped");
        Assert.DoesNotContain(observer.Steps.Take(20), step => step.IsSkipped);
        Assert.Equal(skipped, observer.Steps[^1].SkippedSteps);
        Assert.Equal(skipped, Checkpoint.ReadState(whole.LatestCheckpoint()).Outliers!.Skipped);
        Assert.Equal(skipped, File.ReadLines(whole.MetricsPath).Count(line => line.Contains("\"skipped\":true")));

        long middle = observer.Steps.Where(step => step.IsSkipped).ElementAt(1).Step + 1;
        Assert.Throws<KilledException>(() => SmallRun.Train(config, halves, observer: new Observer(killAt: Math.Max(middle, 41))));
        SmallRun.Train(config, halves, halves.LatestCheckpoint());
        foreach (string name in (string[])["model.safetensors", "optimizer.safetensors", "trainer_state.json"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole.LatestCheckpoint(), name)), File.ReadAllBytes(Path.Combine(halves.LatestCheckpoint(), name)));
    }

    private static double Wave(int i) => 0.2 * Math.Sin(1.7 * i);
}
