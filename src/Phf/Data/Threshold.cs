using System.Globalization;

namespace Phf.Data;

/// <summary>
/// A threshold on scores: a number (0 is one) or a percentile of the training data, written <c>p50</c>.
/// </summary>
public readonly record struct Threshold
{
    private Threshold(double value, bool isPercentile) => (Value, IsPercentile) = (value, isPercentile);

    /// <summary>The score, or the percentile from 0 to 100.</summary>
    public double Value { get; }

    public bool IsPercentile { get; }

    /// <summary>A threshold at a score.</summary>
    public static Threshold At(double score) => double.IsFinite(score)
        ? new Threshold(score, isPercentile: false)
        : throw new ArgumentException($"a threshold is a finite number, not {score}");

    /// <summary>Reads <c>0.000286</c> or <c>p50</c>.</summary>
    /// <exception cref="ArgumentException">Neither a finite number nor a percentile from p0 to p100.</exception>
    public static Threshold Parse(string text)
    {
        bool isPercentile = text.StartsWith('p') || text.StartsWith('P');
        if (double.TryParse(text.AsSpan(isPercentile ? 1 : 0), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && double.IsFinite(value) && (!isPercentile || value is >= 0 and <= 100))
            return new Threshold(value, isPercentile);
        throw new ArgumentException(
            $"'{text}' is no threshold; give a number such as 0.000286, or a percentile of the data from p0 to p100");
    }

    /// <summary>The score meant: the number itself, or the percentile of the documents' mean scores or of the segments' scores.</summary>
    public double Resolve(PackedDataset dataset, bool ofDocuments)
        => !IsPercentile ? Value : ofDocuments ? dataset.DocumentScorePercentile(Value) : dataset.SegmentScorePercentile(Value);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsPercentile ? "p" : "")}{Value}");
}
