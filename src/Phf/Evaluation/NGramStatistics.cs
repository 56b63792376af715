using System.Runtime.InteropServices;

namespace Phf.Evaluation;

/// <summary>
/// How varied a set of texts is, by n-grams of words (split at Unicode white space as Python's <c>str.split</c> does).
/// <see cref="MeanDistinctPerText"/> and <see cref="Entropy"/> are the numbers of the reference's <c>NGramStats</c>;
/// <see cref="Distinct"/> counts over all texts together, so it also falls when every text is varied but says the same (Li et al. 2016, distinct-n).
/// </summary>
public sealed record NGramStatistics
{
    private const double Deviations = 1.959964; // half of a 95 % interval of a normal variable
    private const int Several = -2; // in place of a text, for an n-gram that more than one has

    /// <summary>Words per n-gram.</summary>
    public required int Order { get; init; }

    /// <summary>N-grams in all texts, repetitions counted.</summary>
    public required long Total { get; init; }

    /// <summary>Different n-grams in all texts.</summary>
    public required int DistinctCount { get; init; }

    /// <summary>Mean over texts of (different n-grams / n-grams); a text too short for any counts 0.</summary>
    public required double MeanDistinctPerText { get; init; }

    /// <summary>Entropy of the n-grams of all texts, in nats; 0 without n-grams.</summary>
    public required double Entropy { get; init; }

    /// <summary>Different n-grams / n-grams, over all texts; 0 without n-grams. Falls with the number of texts: compare equal numbers of samples.</summary>
    public double Distinct => Total == 0 ? 0 : DistinctCount / (double)Total;

    /// <summary>
    /// Standard error of <see cref="Distinct"/> over the texts, by the jackknife (Efron 1982): from what it is without each text in turn. A bootstrap would be
    /// too low throughout, since texts that are drawn twice repeat themselves. NaN with fewer than two texts.
    /// </summary>
    public double DistinctError { get; init; } = double.NaN;

    /// <summary>95 % interval of <see cref="Distinct"/>; null where the error is not known.</summary>
    internal Interval? DistinctInterval =>
        double.IsNaN(DistinctError) ? null : new Interval(Math.Max(0, Distinct - Deviations * DistinctError), Math.Min(1, Distinct + Deviations * DistinctError));

    /// <summary>Counts the n-grams of <paramref name="order"/> words in <paramref name="texts"/>, in time linear in the text.</summary>
    public static NGramStatistics Of(IReadOnlyList<string> texts, int order)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var wordIds = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        var ids = new NGramIds(order);
        var counts = new List<int>();
        var lastText = new List<int>(); // the last text that held an n-gram, so that a text's own are counted without a set per text
        var onlyText = new List<int>(); // the one text that holds an n-gram
        var ofText = new int[texts.Count];
        var words = new List<int>();
        long total = 0;
        double distinctPerText = 0;
        for (int t = 0; t < texts.Count; t++)
        {
            Words.ReadIds(texts[t], wordIds, words);
            int inText = words.Count - order + 1, distinctInText = 0;
            for (int i = 0; i < inText; i++)
            {
                int id = words[i];
                for (int k = 1; k < order; k++) id = ids.Extend(k, id, words[i + k]);
                if (id >= counts.Count)
                {
                    CollectionsMarshal.SetCount(counts, id + 1);
                    while (lastText.Count <= id)
                    {
                        lastText.Add(-1);
                        onlyText.Add(-1);
                    }
                }
                counts[id]++;
                if (lastText[id] == t) continue;
                onlyText[id] = lastText[id] < 0 ? t : Several;
                lastText[id] = t;
                distinctInText++;
            }
            if (inText <= 0) continue;
            ofText[t] = inText;
            total += inText;
            distinctPerText += distinctInText / (double)inText;
        }
        int distinct = counts.Count(count => count > 0);
        return new NGramStatistics
        {
            Order = order,
            Total = total,
            DistinctCount = distinct,
            MeanDistinctPerText = texts.Count == 0 ? 0 : distinctPerText / texts.Count,
            Entropy = EntropyOf(counts, total),
            DistinctError = JackknifeError(ofText, onlyText, distinct),
        };
    }

    /// <param name="ofText">N-grams of each text.</param>
    /// <param name="onlyText">For each n-gram the one text that holds it; below 0 for several, or none.</param>
    /// <param name="distinct">Different n-grams of all texts.</param>
    private static double JackknifeError(int[] ofText, List<int> onlyText, int distinct)
    {
        long n = ofText.Length, total = ofText.Sum(count => (long)count);
        if (n < 2) return double.NaN;
        var lost = new int[n];
        foreach (int text in onlyText)
            if (text >= 0) lost[text]++;
        double[] without = [.. ofText.Select((count, t) => total == count ? 0 : (distinct - lost[t]) / (double)(total - count))];
        double mean = without.Average();
        return Math.Sqrt(without.Sum(value => (value - mean) * (value - mean)) * (n - 1) / n);
    }

    private static double EntropyOf(List<int> counts, long total)
    {
        double entropy = 0;
        foreach (int count in counts)
            if (count > 0) entropy -= count / (double)total * Math.Log(count / (double)total);
        return Math.Max(0, entropy); // a single n-gram gives -0
    }
}
