using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>Warm-up, stable phase, decay; the other schedules are compared with transformers' in <see cref="TrainingGoldenTests"/>.</summary>
public sealed class LearningRateScheduleTests
{
    private static readonly TrainingSection Wsd = new() { LrSchedulerType = "wsd", LearningRate = 2, WarmupSteps = 4, LrDecayRatio = 0.2 };

    [Fact]
    public void Wsd_ClimbsStaysAndFalls()
    {
        LearningRateSchedule schedule = LearningRateSchedule.Of(Wsd with { LrSchedulerKwargs = new() { DecayType = "linear" } }, totalSteps: 20);
        double[] expected = [0, 0.5, 1, 1.5, .. Enumerable.Repeat(2.0, 12), 2, 1.5, 1, 0.5];
        for (int step = 0; step < 20; step++) Assert.Equal(expected[step], schedule.At(step), 1e-12);
        Assert.Equal(0, schedule.At(20));
    }

    /// <summary>By hand from transformers' formula: f = form(t / 4), rate = peak (floor + (1 - floor) f).</summary>
    [Theory]
    [InlineData("cosine", 1, 0.85355339059327)]
    [InlineData("cosine", 2, 0.5)]
    [InlineData("linear", 3, 0.25)]
    [InlineData("1-sqrt", 1, 0.5)]
    public void Wsd_DecayForms_EndAtTheFloor(string form, int behind, double factor)
    {
        var kwargs = new LrSchedulerKwargs { DecayType = form, MinLrRatio = 0.1, NumDecaySteps = 4 };
        LearningRateSchedule schedule = LearningRateSchedule.Of(Wsd with { LrSchedulerType = "warmup_stable_decay", LrSchedulerKwargs = kwargs }, totalSteps: 100);
        Assert.Equal(2, schedule.At(95), 1e-12);
        Assert.Equal(2 * (0.1 + 0.9 * factor), schedule.At(96 + behind), 1e-10);
        Assert.Equal(0.2, schedule.At(100), 1e-12);
        Assert.Equal(0.2, schedule.At(0), 1e-12);
    }

    [Fact]
    public void Wsd_LongerThanTheRun_IsRefused()
    {
        var problem = Assert.Throws<InvalidDataException>(() => LearningRateSchedule.Of(Wsd with { WarmupSteps = 17 }, totalSteps: 20));
        Assert.Contains("17 steps of warm-up and 4 of decay, the run 20", problem.Message);
    }

    [Fact]
    public void ParametersOfWsd_WithAnotherSchedule_AreAProblem()
    {
        var problem = Assert.Throws<InvalidDataException>(() =>
            ConfigLoader.Load([], ["training.max_steps=5", "training.lr_decay_ratio=0.5", "training.lr_scheduler_kwargs.min_lr_ratio=0.1"]));
        Assert.Equal(2, problem.Message.Split('\n').Count(line => line.Contains("is a parameter of the schedule wsd alone")));
    }
}
