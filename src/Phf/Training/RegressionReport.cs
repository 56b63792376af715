namespace Phf.Training;

/// <summary>What weighted regression is watched by, over the tokens of one step; the names in the log are the reference's.</summary>
/// <param name="LmLoss">Mean -log p, unweighted.</param>
/// <param name="WeightedLmLoss">Mean of weight times -log p.</param>
/// <param name="AdvantageAverage">Mean of reward minus value, before it is normalised.</param>
/// <param name="Weights">Quantiles of the tokens' weights, without alpha.</param>
/// <param name="WeightAverage">Their mean.</param>
/// <param name="ClippedShare">Share of the tokens whose weight is the largest allowed.</param>
/// <param name="Values">What the value head says; null without one.</param>
public sealed record RegressionReport(double LmLoss, double WeightedLmLoss, double AdvantageAverage, WeightQuantiles Weights, double WeightAverage,
    double ClippedShare, ValueReport? Values);

/// <summary>Smallest, largest and three percentiles between.</summary>
public sealed record WeightQuantiles(double Min, double P10, double P50, double P90, double Max);

/// <summary>Values V of a step's tokens.</summary>
/// <param name="Loss">Mean (V + score)^2.</param>
/// <param name="Min">Smallest.</param>
/// <param name="Max">Largest.</param>
/// <param name="Average">Mean.</param>
/// <param name="Deviation">Standard deviation, with N - 1.</param>
/// <param name="RewardCorrelation">Pearson's, of value and reward; null where one of them is constant.</param>
public sealed record ValueReport(double Loss, double Min, double Max, double Average, double Deviation, double? RewardCorrelation);
