using System.Text.Json.Serialization;

namespace Phf.Alignment.Estimates;

/// <summary>
/// The constant Z of a target as the moving average of P(x) / q(x) over all samples of any proposals q so far: each batch's mean is unbiased, whatever
/// its proposal (Khalifa et al. 2021, algorithm 1). Mean and spread are kept by Welford's recurrence. All of it is in the checkpoint.
/// </summary>
/// <param name="Count">Samples so far.</param>
/// <param name="Mean">The estimate of Z; 0 without samples.</param>
/// <param name="SumOfSquares">Sum of squared deviations from the mean.</param>
public sealed record PartitionEstimate(long Count = 0, double Mean = 0, double SumOfSquares = 0)
{
    /// <summary>log Z; -infinity while no sample had a weight.</summary>
    [JsonIgnore]
    public double Log => Math.Log(Mean);

    /// <summary>Standard error of the mean; NaN with fewer than two samples.</summary>
    [JsonIgnore]
    public double StandardError => Count < 2 ? double.NaN : Math.Sqrt(SumOfSquares / (Count - 1) / Count);

    /// <summary>The estimate with further samples.</summary>
    /// <param name="logWeights">log P(x) - log q(x) of each.</param>
    public PartitionEstimate With(ReadOnlySpan<double> logWeights)
    {
        (long count, double mean, double squares) = (Count, Mean, SumOfSquares);
        foreach (double logWeight in logWeights)
        {
            double weight = Math.Exp(logWeight), from = weight - mean;
            mean += from / ++count;
            squares += from * (weight - mean);
        }
        return new PartitionEstimate(count, mean, squares);
    }
}
