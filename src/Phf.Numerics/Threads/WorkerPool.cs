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
/// waking a sleeper costs as much as a small matrix product. An empty run allocates nothing.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private const int SpinsBeforeSleep = 20_000;
    private const int LinePadding = 32; // ints between two workers' flags, so that they share no cache line

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim[] _wake;
    private readonly int[] _asleep;
    private ITileJob _job = EmptyJob.Instance;
    private int _tiles;
    private int _nextTile;
    private volatile int _generation;
    private int _running;
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
        _tiles = tiles;
        _nextTile = 0;
        _running = Workers - 1;
        _generation++;
        Interlocked.MemoryBarrier();
        for (int i = 1; i < Workers; i++)
            if (Interlocked.Exchange(ref _asleep[i * LinePadding], 0) == 1) _wake[i].Release();
        TakeTiles(0);
        for (int spins = 0; Volatile.Read(ref _running) != 0; spins++)
        {
            Thread.SpinWait(1);
            if (spins > SpinsBeforeSleep) Thread.Yield();
        }
    }

    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        Run(EmptyJob.Instance, Workers);
        for (int i = 1; i < Workers; i++)
        {
            _threads[i].Join();
            _wake[i].Dispose();
        }
    }

    private void TakeTiles(int worker)
    {
        for (int tile; (tile = Interlocked.Increment(ref _nextTile) - 1) < _tiles;) _job.RunTile(tile, worker);
    }

    private void WorkerLoop(int worker)
    {
        ref int asleep = ref _asleep[worker * LinePadding];
        for (int seen = 0; ;)
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
            // Both are read before the decrement below: only then may the caller begin the next run, which may be the one that ends the pool.
            seen = _generation;
            bool isLast = _stopping;
            if (!isLast) TakeTiles(worker);
            Interlocked.Decrement(ref _running);
            if (isLast) return;
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
