using System.Runtime.InteropServices;

namespace Phf.Evaluation;

/// <summary>
/// How varied a set of texts is, by n-grams of words (split at Unicode white space as Python's <c>str.split</c> does).
/// <see cref="MeanDistinctPerText"/> and <see cref="Entropy"/> are the numbers of the reference's <c>NGramStats</c>;
/// <see cref="Distinct"/> counts over all texts together, so it also falls when every text is varied but says the same (Li et al. 2016, distinct-n).
/// </summary>
public sealed record NGramStatistics
{
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

    /// <summary>Counts the n-grams of <paramref name="order"/> words in <paramref name="texts"/>, in time linear in the text.</summary>
    public static NGramStatistics Of(IReadOnlyList<string> texts, int order)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var wordIds = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        var ids = new NGramIds(order);
        var counts = new List<int>();
        var lastText = new List<int>(); // the last text that held an n-gram, so that a text's own are counted without a set per text
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
                    while (lastText.Count <= id) lastText.Add(-1);
                }
                counts[id]++;
                if (lastText[id] == t) continue;
                lastText[id] = t;
                distinctInText++;
            }
            if (inText <= 0) continue;
            total += inText;
            distinctPerText += distinctInText / (double)inText;
        }
        return new NGramStatistics
        {
            Order = order,
            Total = total,
            DistinctCount = counts.Count(count => count > 0),
            MeanDistinctPerText = texts.Count == 0 ? 0 : distinctPerText / texts.Count,
            Entropy = EntropyOf(counts, total),
        };
    }

    private static double EntropyOf(List<int> counts, long total)
    {
        double entropy = 0;
        foreach (int count in counts)
            if (count > 0) entropy -= count / (double)total * Math.Log(count / (double)total);
        return Math.Max(0, entropy); // a single n-gram gives -0
    }
}
