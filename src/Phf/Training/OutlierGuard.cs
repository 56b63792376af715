namespace Phf.Training;

/// <summary>What <see cref="OutlierGuard"/> has seen: running mean and variance of loss and gradient norm.</summary>
/// <param name="Steps">Steps seen.</param>
/// <param name="Skipped">Steps whose update was skipped.</param>
/// <param name="LossMean">Of the loss.</param>
/// <param name="LossVariance">Of the loss.</param>
/// <param name="NormMean">Of the gradient norm.</param>
/// <param name="NormVariance">Of the gradient norm.</param>
public sealed record OutlierState(long Steps, long Skipped, double LossMean, double LossVariance, double NormMean, double NormVariance);

/// <summary>
/// Finds the steps whose loss or gradient norm lies more than Z standard deviations above its running mean (<c>skip_outliers</c>). The mean is
/// the plain one over the first <see cref="Window"/> steps, then exponential with weight 1 / Window. An outlier enters the mean as the
/// limit that it broke, so that one spike does not blind the guard, and a lasting change is accepted after a while.
/// </summary>
internal sealed class OutlierGuard(double deviations, OutlierState? start)
{
    private const int Window = 100, FirstJudged = 20;

    private RunningMoments _loss = new(start?.LossMean ?? 0, start?.LossVariance ?? 0);
    private RunningMoments _norm = new(start?.NormMean ?? 0, start?.NormVariance ?? 0);
    private long _steps = start?.Steps ?? 0;

    /// <summary>Steps skipped so far.</summary>
    public long Skipped { get; private set; } = start?.Skipped ?? 0;

    /// <summary>For the checkpoint: a guard that starts from it decides the same.</summary>
    public OutlierState State => new(_steps, Skipped, _loss.Mean, _loss.Variance, _norm.Mean, _norm.Variance);

    /// <summary>Takes a step's numbers in; true where its update is to be skipped.</summary>
    public bool Skips(double loss, double norm)
    {
        double weight = 1.0 / Math.Min(++_steps, Window);
        bool isJudged = _steps > FirstJudged;
        bool skips = _loss.Add(loss, weight, isJudged ? deviations : double.PositiveInfinity)
            | _norm.Add(norm, weight, isJudged ? deviations : double.PositiveInfinity);
        if (skips) Skipped++;
        return skips;
    }

    /// <summary>Mean and variance with exponentially falling weights (West 1979; with weights 1 / n they are the plain ones).</summary>
    private struct RunningMoments(double mean, double variance)
    {
        public double Mean { get; private set; } = mean;

        public double Variance { get; private set; } = variance;

        /// <summary>Adds a value, or the limit in its place; true where it lay above.</summary>
        public bool Add(double value, double weight, double deviations)
        {
            double limit = Variance > 0 ? Mean + deviations * Math.Sqrt(Variance) : double.PositiveInfinity;
            bool isAbove = value > limit;
            double difference = (isAbove ? limit : value) - Mean;
            Mean += weight * difference;
            Variance = (1 - weight) * (Variance + weight * difference * difference);
            return isAbove;
        }
    }
}
