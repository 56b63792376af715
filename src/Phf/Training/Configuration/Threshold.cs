using System.Globalization;

namespace Phf.Training.Configuration;

/// <summary>
/// A threshold on scores: a score ("0.00078"), or a percentile of the data's scores ("p50" is the median), which the reader of the data turns
/// into a score. Zero is a threshold like any other.
/// </summary>
/// <param name="Value">The score, or the percentile in 0..100.</param>
/// <param name="IsPercentile">Whether <paramref name="Value"/> is a percentile.</param>
public readonly record struct Threshold(double Value, bool IsPercentile)
{
    /// <summary>Reads "0.5" or "p50"; false for anything else, for a percentile outside 0..100 and for numbers that are not finite.</summary>
    public static bool TryParse(string text, out Threshold threshold)
    {
        bool isPercentile = text.StartsWith('p');
        bool isNumber = double.TryParse(text.AsSpan(isPercentile ? 1 : 0), NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
        threshold = new Threshold(value, isPercentile);
        return isNumber && double.IsFinite(value) && (!isPercentile || value is >= 0 and <= 100);
    }

    /// <summary>The text that <see cref="TryParse"/> reads.</summary>
    public override string ToString() => (IsPercentile ? "p" : "") + Value.ToString("R", CultureInfo.InvariantCulture);
}
