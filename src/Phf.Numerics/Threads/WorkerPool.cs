namespace Phf.Numerics.Threads;

/// <summary>Work that falls into numbered tiles. A tile's result must not depend on which worker runs it, nor on the others.</summary>
internal interface ITileJob
{
    /// <param name="tile">Which tile, from 0.</param>
    /// <param name="worker">Who runs it, from 0: selects the worker's private scratch memory.</param>
    void RunTile(int tile, int worker);
}

/// <summary>
/// A fixed team of threads; the caller is worker 0. Tiles are taken from a counter, so results are the same for any number of
/// threads as long as tiles are cut without regard to it. A waiting worker spins for about a millisecond before it sleeps, because
/// waking a sleeper costs as much as a small matrix product. The caller waits for tiles, not for workers: one that the system does
/// not run at the moment (other programs, fewer cores than threads) holds nothing up. An empty run allocates nothing.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private const int SpinsBeforeSleep = 20_000;
    private const int SpinsBeforeYield = 1_000; // the caller's, for the last tiles; some 35 us, after which their workers may need its core
    private const int LinePadding = 32; // ints between two workers' flags, so that they share no cache line

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim[] _wake;
    private readonly int[] _asleep;
    private ITileJob _job = EmptyJob.Instance;
    private long _ticket; // number of tiles in the upper half, the next one to take in the lower
    private int _done;
    private volatile int _generation;
    private volatile bool _stopping;

    public WorkerPool(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        Workers = workers;
        _asleep = new int[workers * LinePadding];
        _wake = new SemaphoreSlim[workers];
        _threads = new Thread[workers];
        for (int i = 1; i < workers; i++)
        {
            int worker = i;
            _wake[i] = new SemaphoreSlim(0);
            _threads[i] = new Thread(() => WorkerLoop(worker)) { IsBackground = true, Name = $"phf-worker-{i}" };
            _threads[i].Start();
        }
    }

    public int Workers { get; }

    /// <summary>Runs tiles 0 .. <paramref name="tiles"/> - 1 and returns when all are done.</summary>
    public void Run(ITileJob job, int tiles)
    {
        if (Workers == 1 || tiles <= 1)
        {
            for (int tile = 0; tile < tiles; tile++) job.RunTile(tile, 0);
            return;
        }
        _job = job;
        _done = 0;
        Interlocked.Exchange(ref _ticket, (long)tiles << 32); // from here on tiles may be taken, by a worker late from the last run too
        WakeWorkers();
        TakeTiles(0);
        for (int spins = 0; Volatile.Read(ref _done) != tiles; spins++)
        {
            Thread.SpinWait(1);
            if (spins > SpinsBeforeYield) Thread.Yield();
        }
    }

    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        WakeWorkers();
        for (int i = 1; i < Workers; i++)
        {
            _threads[i].Join();
            _wake[i].Dispose();
        }
    }

    private void WakeWorkers()
    {
        _generation++;
        Interlocked.MemoryBarrier();
        for (int i = 1; i < Workers; i++)
            if (Interlocked.Exchange(ref _asleep[i * LinePadding], 0) == 1) _wake[i].Release();
    }

    /// <summary>
    /// A ticket below the number of tiles that came with it keeps its run from ending until it is counted as done, so the job read
    /// behind it is that run's.
    /// </summary>
    private void TakeTiles(int worker)
    {
        int done = 0;
        while (true)
        {
            long ticket = Interlocked.Increment(ref _ticket) - 1;
            if ((int)ticket >= (int)(ticket >> 32)) break;
            _job.RunTile((int)ticket, worker);
            done++;
        }
        if (done > 0) Interlocked.Add(ref _done, done);
    }

    private void WorkerLoop(int worker)
    {
        ref int asleep = ref _asleep[worker * LinePadding];
        for (int seen = 0; !_stopping;)
        {
            for (int spins = 0; _generation == seen;)
            {
                if (++spins < SpinsBeforeSleep)
                {
                    Thread.SpinWait(1);
                    continue;
                }
                spins = 0;
                Volatile.Write(ref asleep, 1);
                Interlocked.MemoryBarrier();
                // Whoever clears the flag decides: the caller releases the semaphore, or this worker saw the new job itself.
                if (_generation == seen || Interlocked.Exchange(ref asleep, 0) == 0) _wake[worker].Wait();
            }
            seen = _generation;
            TakeTiles(worker);
        }
    }

    private sealed class EmptyJob : ITileJob
    {
        public static readonly EmptyJob Instance = new();

        public void RunTile(int tile, int worker)
        {
        }
    }
}
