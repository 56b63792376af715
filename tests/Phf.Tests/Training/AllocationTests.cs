using Phf.Numerics.Backend;
using Phf.Tests.Numerics;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>Not beside other tests: the bytes of the whole process are counted.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}

[Collection(AloneCollection.Name)]
public sealed class AllocationTests : IDisposable
{
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    /// <summary>Several steps, with the workers, over the ends of epochs: not one managed byte.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void TrainingStep_AllocatesNothing(string name)
    {
        RunConfig config = _runs.Conditional;
        using RunPlan plan = RunPlan.Create(config);
        using IBackend backend = TestBackends.Create(name);
        using Trainer trainer = Trainer.Create(plan, _runs.Start(name, config), backend, checkpoint: null);
        for (int i = 0; i < 20; i++) trainer.UpdateOnce();
        long ofThread = 0, leastOfProcess = long.MaxValue;
        for (int window = 0; window < 10; window++)
        {
            long process = GC.GetTotalAllocatedBytes(precise: true), thread = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 5; i++) trainer.UpdateOnce();
            ofThread += GC.GetAllocatedBytesForCurrentThread() - thread;
            leastOfProcess = Math.Min(leastOfProcess, GC.GetTotalAllocatedBytes(precise: true) - process);
        }
        Assert.Equal(0, ofThread);
        Assert.Equal(0, leastOfProcess); // the least: the test runner's own threads may allocate now and then
    }
}
