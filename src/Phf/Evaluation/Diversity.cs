using System.Text.Json.Serialization;
using Phf.Scoring.Pii;

namespace Phf.Evaluation;

/// <summary>How varied the samples of a scenario are, among each other and each in itself. Words are split at white space.</summary>
public sealed record Diversity
{
    private const int RepeatedOrder = 4, BleuOrder = 5;

    /// <summary>Entropy of the words of all samples, in nats.</summary>
    [JsonPropertyName("entropy_1")]
    public required double Entropy1 { get; init; }

    /// <summary>Entropy of the word pairs, in nats.</summary>
    [JsonPropertyName("entropy_2")]
    public required double Entropy2 { get; init; }

    /// <summary>Entropy of the word triples, in nats.</summary>
    [JsonPropertyName("entropy_3")]
    public required double Entropy3 { get; init; }

    /// <summary>Self-BLEU-5 by words (<see cref="SelfBleu"/>); null with fewer than two samples.</summary>
    [JsonPropertyName("self_bleu_5")]
    public double? SelfBleu5 { get; init; }

    /// <summary>95 % bootstrap interval of <see cref="SelfBleu5"/> over the samples, their references left as they are.</summary>
    [JsonPropertyName("self_bleu_5_interval")]
    public Interval? SelfBleu5Interval { get; init; }

    /// <summary>Share of samples that are, word for word, an earlier one.</summary>
    public required double Duplicates { get; init; }

    /// <summary>Share of samples without a word.</summary>
    public required double Empty { get; init; }

    /// <summary>
    /// Repetition within a sample: mean over samples of 1 - (different runs of four words) / (runs of four words), rep-4 of Welleck et al. 2020; null where no
    /// sample has four words.
    /// </summary>
    [JsonPropertyName("repeated_4_grams")]
    public double? Repeated4Grams { get; init; }

    /// <summary>Share of samples that end in a loop: their last words are one phrase three times in a row or more.</summary>
    public required double ShareLooping { get; init; }

    /// <summary>Words in the longest such loop of any sample; 0 without.</summary>
    public required int LongestLoop { get; init; }

    /// <summary>Lengths of the samples in characters (code points).</summary>
    public ScoreQuantiles? Lengths { get; init; }

    /// <summary>Measures a set of samples.</summary>
    public static Diversity Of(IReadOnlyList<string> texts) => Of(texts, [.. Enumerable.Range(1, 3).Select(n => NGramStatistics.Of(texts, n))]);

    /// <param name="texts">The samples.</param>
    /// <param name="statistics">Of their words, pairs and triples.</param>
    internal static Diversity Of(IReadOnlyList<string> texts, NGramStatistics[] statistics)
    {
        int[][] words = SelfBleu.WordIds(texts);
        double[] bleu = SelfBleu.OfWordsPerText(texts, BleuOrder);
        int[] loops = [.. words.Select(text => Repetition.Loop(text))];
        double[] repeated = [.. words.Where(text => text.Length >= RepeatedOrder).Select(text => Repetition.RepeatedShare(text, RepeatedOrder))];
        double n = Math.Max(1, texts.Count);
        return new Diversity
        {
            Entropy1 = statistics[0].Entropy,
            Entropy2 = statistics[1].Entropy,
            Entropy3 = statistics[2].Entropy,
            SelfBleu5 = texts.Count < 2 ? null : bleu.Sum() / bleu.Length,
            SelfBleu5Interval = Bootstrap.OfMean(bleu),
            Duplicates = (texts.Count - texts.Distinct(StringComparer.Ordinal).Count()) / n,
            Empty = words.Count(text => text.Length == 0) / n,
            Repeated4Grams = repeated.Length == 0 ? null : repeated.Average(),
            ShareLooping = loops.Count(loop => loop > 0) / n,
            LongestLoop = loops.DefaultIfEmpty().Max(),
            Lengths = texts.Count == 0 ? null : ScoreQuantiles.Of([.. texts.Select(text => (double)PythonText.CountCodePoints(text))]),
        };
    }
}
