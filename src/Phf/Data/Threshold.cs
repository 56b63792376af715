using System.Globalization;

namespace Phf.Data;

/// <summary>
/// A threshold on scores: a number (0 is one) or a percentile of the training data, written <c>p50</c>, or <c>p50=0.031</c> once it
/// has been worked out; then the number counts.
/// </summary>
public readonly record struct Threshold
{
    private Threshold(double value, bool isPercentile, double? recorded = null) => (Value, IsPercentile, Recorded) = (value, isPercentile, recorded);

    /// <summary>The score, or the percentile from 0 to 100.</summary>
    public double Value { get; }

    public bool IsPercentile { get; }

    /// <summary>The score that a percentile was in the data of a run; null before it has been worked out.</summary>
    public double? Recorded { get; }

    /// <summary>The threshold as somebody wrote it, without what it was in the data of a run.</summary>
    public Threshold Unrecorded => new(Value, IsPercentile);

    /// <summary>A threshold at a score.</summary>
    public static Threshold At(double score) => double.IsFinite(score)
        ? new Threshold(score, isPercentile: false)
        : throw new ArgumentException($"a threshold is a finite number, not {score}");

    /// <summary>Reads <c>0.000286</c>, <c>p50</c> or <c>p50=0.000286</c>.</summary>
    /// <exception cref="ArgumentException">Neither a finite number nor a percentile from p0 to p100.</exception>
    public static Threshold Parse(string text)
    {
        bool isPercentile = text.StartsWith('p') || text.StartsWith('P');
        if (!isPercentile && IsFinite(text, out double score)) return new Threshold(score, isPercentile);
        int equals = text.IndexOf('=');
        if (isPercentile && IsFinite(text.AsSpan(1..(equals < 0 ? text.Length : equals)), out double percent) && percent is >= 0 and <= 100)
        {
            if (equals < 0) return new Threshold(percent, isPercentile);
            if (IsFinite(text.AsSpan(equals + 1), out double recorded)) return new Threshold(percent, isPercentile, recorded);
        }
        throw new ArgumentException(
            $"'{text}' is no threshold; give a number such as 0.000286, or a percentile of the data from p0 to p100");

        static bool IsFinite(ReadOnlySpan<char> number, out double value) =>
            double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    /// <summary>
    /// The score meant: the number itself, a percentile's recorded number, or the percentile of the documents' mean scores or of the
    /// segments' scores.
    /// </summary>
    public double Resolve(PackedDataset dataset, bool ofDocuments)
        => !IsPercentile ? Value : Recorded ?? (ofDocuments ? dataset.DocumentScorePercentile(Value) : dataset.SegmentScorePercentile(Value));

    /// <summary>The same threshold with a percentile's number, as <see cref="Resolve"/> gives it, recorded.</summary>
    public Threshold RecordedOn(PackedDataset dataset, bool ofDocuments)
        => IsPercentile ? new Threshold(Value, IsPercentile, Resolve(dataset, ofDocuments)) : this;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(IsPercentile ? "p" : "")}{Value}{(Recorded is { } recorded ? $"={recorded:R}" : "")}");
}
