using Phf.Data;
using Phf.Numerics.Backend;
using Phf.Tests.Numerics;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>Every objective for thirty steps on the literal backend and on the fast one.</summary>
public sealed class ObjectivesOnBackendsTests : IDisposable
{
    private const int Steps = 30;
    private const double Tolerance = 1e-6; // in nats, at losses of 1 to 6; 1.2e-7 was the most that was seen

    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("MLE")]
    [InlineData("filtering")]
    [InlineData("conditional")]
    [InlineData("unlikelihood")]
    [InlineData("soft unlikelihood")]
    [InlineData("RWR")]
    [InlineData("AWR")]
    public void ThirtySteps_LossesAgree(string objective)
    {
        double[] reference = Losses("reference", objective);
        foreach (string name in TestBackends.CpuNames)
        {
            double[] fast = Losses(name, objective);
            double difference = reference.Zip(fast, (a, b) => Math.Abs(a - b)).Max();
            Assert.True(difference <= Tolerance, $"{name}: losses differ by up to {difference:G3}");
            Assert.NotEqual(reference, fast); // otherwise one backend was compared with itself
        }
    }

    private double[] Losses(string backendName, string objective)
    {
        RunConfig config = Config(objective);
        config = config with
        {
            Model = new() { Gpt2ConfigKwargs = new() { NEmbd = 32, NLayer = 2, NHead = 2, NPositions = 32 } },
            Training = config.Training with { MaxSteps = Steps, LearningRate = 3e-3, PerDeviceTrainBatchSize = 4 },
        };
        using RunPlan plan = RunPlan.Create(config);
        using IBackend backend = TestBackends.Create(backendName);
        using Trainer trainer = Trainer.Create(plan, _runs.Start(Guid.NewGuid().ToString(), config), backend, checkpoint: null);
        return [.. Enumerable.Range(0, Steps).Select(_ => trainer.UpdateOnce().Loss)];
    }

    private RunConfig Config(string objective) => objective switch
    {
        "MLE" => _runs.Config,
        "filtering" => _runs.Config with { Dataset = _runs.Config.Dataset with { FilterThreshold = Threshold.Parse("p50") } },
        "conditional" => _runs.Conditional,
        "unlikelihood" => _runs.Unlikelihood(threshold: 0.4, alpha: 1),
        "soft unlikelihood" => _runs.Config with { Objective = new() { Name = "Unlikelihood", Soft = true, Alpha = 1 } },
        "RWR" => _runs.RewardWeighted(beta: 0.3),
        "AWR" => _runs.AdvantageWeighted,
        _ => throw new ArgumentException(objective),
    };
}
