using Phf.Numerics.Threads;

namespace Phf.Tests.Numerics;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Run_EveryTileOnce_BusyOrAsleep(int workers)
    {
        using var pool = new WorkerPool(workers);
        for (int run = 0; run < 2000; run++)
        {
            var job = new CountingJob(tiles: run * 7 % 61, workers);
            if (run % 200 == 199) Thread.Sleep(20); // long enough for the workers to fall asleep
            pool.Run(job, job.Counts.Length);
            job.AssertComplete();
        }
    }

    [Fact]
    public async Task Run_SeveralPoolsAtOnce_DoNotDisturbEachOther()
    {
        Task[] callers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => Run_EveryTileOnce_BusyOrAsleep(workers: 3)))];
        await Task.WhenAll(callers);
    }

    /// <summary>A worker that is held up between its last tile and its next wait must still see the end.</summary>
    [Fact]
    public void Dispose_RightAfterARun_Ends()
    {
        for (int i = 0; i < 100; i++)
        {
            var pool = new WorkerPool(5);
            var job = new CountingJob(tiles: 11, workers: 5);
            pool.Run(job, 11);
            pool.Dispose();
            job.AssertComplete();
        }
    }

    [Fact]
    public void Dispose_Twice_OfSleepingWorkers_Ends()
    {
        var pool = new WorkerPool(3);
        Thread.Sleep(20);
        pool.Dispose();
        pool.Dispose();
    }

    private sealed class CountingJob(int tiles, int workers) : ITileJob
    {
        private readonly bool[] _busy = new bool[workers];
        private bool _shared; // an exception on a worker's thread would end the process

        public int[] Counts { get; } = new int[tiles];

        public void RunTile(int tile, int worker)
        {
            if (_busy[worker]) _shared = true;
            _busy[worker] = true;
            Interlocked.Increment(ref Counts[tile]);
            _busy[worker] = false;
        }

        public void AssertComplete()
        {
            Assert.All(Counts, count => Assert.Equal(1, count));
            Assert.False(_shared, "two tiles ran at once under one worker's number, which selects scratch memory");
        }
    }
}
