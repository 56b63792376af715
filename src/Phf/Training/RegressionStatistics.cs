using Phf.Data;
using Phf.Objectives;

namespace Phf.Training;

/// <summary>Collects what a <see cref="RegressionReport"/> tells, over the batches of one step. Collecting allocates nothing.</summary>
internal sealed class RegressionStatistics(WeightedRegression objective, int tokens)
{
    private float[] _weights = new float[tokens];
    private int _count;
    private double _lmLoss, _weightedLmLoss, _advantages, _weightSum;
    private long _clipped;
    private bool _hasValues;
    private double _valueLoss, _minimum, _maximum;
    private double _valueMean, _rewardMean, _valueSquares, _rewardSquares, _products; // moments around the means (Welford)

    /// <summary>Forgets the step before.</summary>
    public void Begin()
    {
        (_count, _clipped, _hasValues) = (0, 0, false);
        (_lmLoss, _weightedLmLoss, _advantages, _weightSum, _valueLoss) = (0, 0, 0, 0, 0);
        (_minimum, _maximum) = (double.PositiveInfinity, double.NegativeInfinity);
        (_valueMean, _rewardMean, _valueSquares, _rewardSquares, _products) = (0, 0, 0, 0, 0);
    }

    /// <summary>Takes the weights of a batch, as <see cref="WeightedRegression.Weigh"/> gives them.</summary>
    public void KeepWeights(ReadOnlySpan<float> positive)
    {
        if (_weights.Length < _count + positive.Length) Array.Resize(ref _weights, _count + positive.Length);
        for (int i = 0; i < positive.Length; i++) _weights[_count + i] = (float)(positive[i] / objective.Options.Alpha);
    }

    /// <summary>Takes the rest of the batch whose weights were just kept.</summary>
    /// <param name="scores">N scores.</param>
    /// <param name="values">N values V; empty without a value head.</param>
    /// <param name="logProbs">N log-probabilities of the targets.</param>
    public void Add(ReadOnlySpan<float> scores, ReadOnlySpan<float> values, ReadOnlySpan<float> logProbs)
    {
        for (int i = 0; i < scores.Length; i++)
        {
            float weight = _weights[_count++];
            _weightSum += weight;
            _lmLoss -= logProbs[i];
            _weightedLmLoss -= (double)weight * logProbs[i];
            if (weight >= (float)objective.Options.ClipWeightMax) _clipped++;
            _advantages += objective.Advantage(scores, values, i);
            if (!values.IsEmpty) AddValue(objective.ValueOf(values[i]), -(double)scores[i]);
        }
    }

    /// <summary>The step's report. Sorts the weights: call it once, behind the last batch.</summary>
    public RegressionReport Report()
    {
        Span<float> sorted = _weights.AsSpan(0, _count);
        sorted.Sort();
        var quantiles = new WeightQuantiles(sorted[0], Percentiles.OfSorted(sorted, 10), Percentiles.OfSorted(sorted, 50), Percentiles.OfSorted(sorted, 90), sorted[^1]);
        double? correlation = _valueSquares > 0 && _rewardSquares > 0 ? _products / Math.Sqrt(_valueSquares * _rewardSquares) : null;
        ValueReport? values = _hasValues
            ? new ValueReport(_valueLoss / _count, _minimum, _maximum, _valueMean, Math.Sqrt(_valueSquares / Math.Max(1, _count - 1)), correlation)
            : null;
        return new RegressionReport(_lmLoss / _count, _weightedLmLoss / _count, _advantages / _count, quantiles, _weightSum / _count, (double)_clipped / _count, values);
    }

    private void AddValue(double value, double reward)
    {
        _hasValues = true;
        _valueLoss += (value - reward) * (value - reward);
        (_minimum, _maximum) = (Math.Min(_minimum, value), Math.Max(_maximum, value));
        double fromValue = value - _valueMean, fromReward = reward - _rewardMean;
        _valueMean += fromValue / _count;
        _rewardMean += fromReward / _count;
        _valueSquares += fromValue * (value - _valueMean);
        _rewardSquares += fromReward * (reward - _rewardMean);
        _products += fromValue * (reward - _rewardMean);
    }
}
