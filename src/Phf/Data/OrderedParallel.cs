namespace Phf.Data;

/// <summary>A parallel map that keeps the order and holds a bounded number of items, so that a corpus of any size passes through.</summary>
internal static class OrderedParallel
{
    private const int ItemsPerThread = 32; // enough that one long document does not stop the other threads

    /// <summary>
    /// Yields <paramref name="select"/> of each item in the order of <paramref name="source"/>, computed on up to
    /// <paramref name="threads"/> threads;
    /// <paramref name="source"/> is enumerated by the caller's thread. The first failing item, in order, throws.
    /// </summary>
    public static IEnumerable<TResult> Select<T, TResult>(
        IEnumerable<T> source, Func<T, TResult> select, int threads, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads).ConcurrentScheduler;
        var factory = new TaskFactory(stop.Token, TaskCreationOptions.DenyChildAttach, TaskContinuationOptions.None, scheduler);
        var window = new Queue<Task<TResult>>();
        try
        {
            foreach (T item in source)
            {
                cancellation.ThrowIfCancellationRequested();
                window.Enqueue(factory.StartNew(() => select(item)));
                if (window.Count == threads * ItemsPerThread) yield return window.Dequeue().GetAwaiter().GetResult();
            }
            while (window.Count > 0) yield return window.Dequeue().GetAwaiter().GetResult();
        }
        finally
        {
            // After an error or a break nothing may still run: the caller is about to dispose what the items use. What has not begun does not begin.
            stop.Cancel();
            Task.WhenAll(window).ContinueWith(static all => _ = all.Exception, TaskScheduler.Default).Wait(CancellationToken.None);
        }
    }
}
