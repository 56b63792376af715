using Polly;
using Polly.Retry;

namespace Phf.Formats;

/// <summary>Asking a server again, each time after twice the wait, or after the one that it wants.</summary>
internal static class Retries
{
    /// <param name="count">How often at the most.</param>
    /// <param name="firstDelay">Before the first time.</param>
    /// <param name="again">Whether another attempt may do better.</param>
    /// <param name="wait">What the server wants; null for the usual wait.</param>
    public static ResiliencePipeline<T> Create<T>(int count, TimeSpan firstDelay, Func<T, bool> again, Func<T, TimeSpan?> wait) where T : class =>
        new ResiliencePipelineBuilder<T>().AddRetry(new RetryStrategyOptions<T>
        {
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result is { } reply && again(reply)),
            MaxRetryAttempts = count,
            Delay = firstDelay,
            BackoffType = DelayBackoffType.Exponential,
            DelayGenerator = arguments => ValueTask.FromResult(arguments.Outcome.Result is { } reply ? wait(reply) : null),
        }).Build();
}
