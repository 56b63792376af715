namespace Phf.Scoring.Classifier;

/// <summary>One bin of a calibration curve: texts with a score in [<paramref name="From"/>, From + 0.1).</summary>
/// <param name="From">Lower end.</param>
/// <param name="Texts">How many texts.</param>
/// <param name="MeanScore">Mean of their scores.</param>
/// <param name="Share">Share of them that is positive.</param>
public sealed record CalibrationBin(double From, int Texts, double MeanScore, double Share);

/// <summary>How well scores tell positive texts from others.</summary>
public sealed record ClassifierMetrics
{
    private const int Bins = 10;

    public required int Texts { get; init; }

    public required int Positives { get; init; }

    /// <summary>Area under the ROC curve: the share of pairs of a positive and another text that the scores order rightly; a tie counts half.</summary>
    public required double Auc { get; init; }

    /// <summary>Average precision: the mean over the positives of the precision among the texts that score at least as high.</summary>
    public required double AveragePrecision { get; init; }

    /// <summary>Mean of (score - label)^2.</summary>
    public required double Brier { get; init; }

    /// <summary>Bins that hold texts, by score.</summary>
    public required IReadOnlyList<CalibrationBin> Calibration { get; init; }

    /// <param name="scores">A number for each text, higher is more positive. Calibration and Brier score mean something for probabilities only.</param>
    /// <param name="labels">Whether each text is positive.</param>
    /// <exception cref="ArgumentException">No positive text, or no other.</exception>
    public static ClassifierMetrics Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels)
    {
        int positives = labels.Count(true), negatives = labels.Length - positives;
        if (positives == 0 || negatives == 0)
            throw new ArgumentException($"{positives} positive and {negatives} other texts; at least one of each is needed to measure a classifier");
        (double auc, double precision) = Ranking(scores, labels, positives, negatives);
        double squares = 0;
        for (int i = 0; i < scores.Length; i++) squares += Math.Pow(scores[i] - (labels[i] ? 1 : 0), 2);
        return new ClassifierMetrics
        {
            Texts = labels.Length,
            Positives = positives,
            Auc = auc,
            AveragePrecision = precision,
            Brier = squares / scores.Length,
            Calibration = Curve(scores, labels),
        };
    }

    private static (double Auc, double AveragePrecision) Ranking(ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels, int positives, int negatives)
    {
        double[] keys = scores.ToArray();
        bool[] sorted = labels.ToArray();
        Array.Sort(keys, sorted);
        double pairs = 0, precision = 0;
        long above = 0, positivesAbove = 0;
        for (int last = keys.Length - 1; last >= 0;)
        {
            int first = last;
            while (first > 0 && keys[first - 1] == keys[last]) first--;
            int tiedPositives = sorted.AsSpan(first, last - first + 1).Count(true);
            int tiedOthers = last - first + 1 - tiedPositives;
            pairs += (double)tiedOthers * (positivesAbove + (tiedPositives / 2.0)); // each other text is below these positives
            above += last - first + 1;
            positivesAbove += tiedPositives;
            precision += (double)tiedPositives * positivesAbove / above;
            last = first - 1;
        }
        return (pairs / ((double)positives * negatives), precision / positives);
    }

    private static List<CalibrationBin> Curve(ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels)
    {
        var (counts, sums, positives) = (new int[Bins], new double[Bins], new int[Bins]);
        for (int i = 0; i < scores.Length; i++)
        {
            int bin = Math.Clamp((int)(scores[i] * Bins), 0, Bins - 1);
            counts[bin]++;
            sums[bin] += scores[i];
            if (labels[i]) positives[bin]++;
        }
        var curve = new List<CalibrationBin>();
        for (int bin = 0; bin < Bins; bin++)
            if (counts[bin] > 0) curve.Add(new CalibrationBin((double)bin / Bins, counts[bin], sums[bin] / counts[bin], (double)positives[bin] / counts[bin]));
        return curve;
    }
}
