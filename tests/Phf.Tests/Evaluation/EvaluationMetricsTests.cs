using System.Text.Json;
using Phf.Evaluation;
using Phf.Numerics.Random;

namespace Phf.Tests.Evaluation;

/// <summary>Diversity, length and extremes against the numbers that the reference's own classes gave (golden/metrics), and against brute force.</summary>
public sealed class EvaluationMetricsTests
{
    [Fact]
    public void DistinctError_IsTheJackknife_AndTheSpreadOfSamples()
    {
        string[] few = ["a b c", "a b", "b c a b", "", "d e"];
        double[] without = [.. Enumerable.Range(0, few.Length).Select(t => NGramStatistics.Of([.. few.Where((_, i) => i != t)], 2).Distinct)];
        double mean = without.Average();
        Assert.Equal(Math.Sqrt(without.Sum(value => (value - mean) * (value - mean)) * 4 / 5), NGramStatistics.Of(few, 2).DistinctError, 1e-12);
        Assert.True(double.IsNaN(NGramStatistics.Of(["a b"], 2).DistinctError));

        // Sets of 100 texts of words with a Zipf law: the error that one set tells is how much sets differ.
        var random = new Rng(3);
        NGramStatistics[] sets = [.. Enumerable.Range(0, 300).Select(_ => NGramStatistics.Of([.. Enumerable.Range(0, 100).Select(_ => Text(ref random))], 2))];
        double average = sets.Average(set => set.Distinct), spread = Math.Sqrt(sets.Average(set => Math.Pow(set.Distinct - average, 2)));
        Assert.InRange(sets.Average(set => set.DistinctError) / spread, 0.8, 1.35);
        Assert.InRange(sets.Count(set => set.DistinctInterval!.Low <= average && average <= set.DistinctInterval.High) / 300.0, 0.9, 1);

        static string Text(ref Rng random)
        {
            var words = new List<string>();
            for (int i = 0; i < 20; i++) words.Add($"w{(int)Math.Exp(random.NextDouble() * Math.Log(200))}");
            return string.Join(' ', words);
        }
    }

    private static readonly string[] Texts = Shared.Exists ? ReadTexts("texts.json") : [];

    [GoldenTheory]
    [InlineData("all_texts", 0, 30)]
    [InlineData("first_ten", 0, 10)]
    public void NGramStatistics_MatchReference(string set, int begin, int end)
    {
        JsonElement expected = Golden("golden.json").GetProperty(set);
        for (int n = 1; n <= 3; n++)
        {
            NGramStatistics statistics = NGramStatistics.Of(Texts[begin..end], n);
            Assert.Equal(expected.GetProperty($"distinct-{n}-grams").GetDouble(), statistics.MeanDistinctPerText, 1e-12);
            Assert.Equal(expected.GetProperty($"entropy-{n}-grams").GetDouble(), statistics.Entropy, 1e-12);
            if (n == 2) Assert.Equal(expected.GetProperty("distinct-2-grams_in_batch").GetInt32(), statistics.DistinctCount);
        }
        EvaluationScenario scenario = EvaluationScenario.From("all", "", Texts[begin..end], new double[end - begin], 0);
        Assert.Equal(expected.GetProperty("length").GetDouble(), scenario.MeanLength!.Value, 1e-12);
    }

    [GoldenFact]
    public void NGramStatistics_OfEachText_MatchReference()
    {
        JsonElement expected = Golden("golden.json").GetProperty("per_text");
        for (int i = 0; i < Texts.Length; i++)
            for (int n = 1; n <= 3; n++)
            {
                NGramStatistics statistics = NGramStatistics.Of([Texts[i]], n);
                Assert.Equal(expected[i].GetProperty($"distinct_{n}").GetDouble(), statistics.MeanDistinctPerText, 1e-12);
                Assert.Equal(Math.Max(0, expected[i].GetProperty("words").GetInt32() - n + 1), statistics.Total);
            }
    }

    [GoldenFact]
    public void NGramStatistics_OfManyTexts_MatchReference()
    {
        JsonElement expected = Golden("golden.json").GetProperty("over_200_texts");
        string[] texts = ReadTexts("texts_over_200.json");
        for (int n = 1; n <= 3; n++)
        {
            NGramStatistics statistics = NGramStatistics.Of(texts, n);
            Assert.Equal(expected.GetProperty($"distinct-{n}-grams").GetDouble(), statistics.MeanDistinctPerText, 1e-12);
            Assert.Equal(expected.GetProperty($"entropy-{n}-grams").GetDouble(), statistics.Entropy, 1e-12);
        }
    }

    [GoldenFact]
    public void ExpectedMaximum_OfColumns_MatchesReference()
    {
        foreach (JsonElement expected in Golden("max_at_k.json").GetProperty("cases").EnumerateArray())
        {
            double[] scores = expected.GetProperty("scores").EnumerateArray().Select(score => score.GetDouble()).ToArray();
            int k = expected.GetProperty("k").GetInt32();
            JsonElement reference = expected.GetProperty("reference");
            Assert.Equal(reference.ValueKind == JsonValueKind.String ? double.NaN : reference.GetDouble(), ExpectedMaximum.OfColumns(scores, k), 1e-12);
        }
    }

    [Fact]
    public void ExpectedMaximum_IsTheMeanOverAllSubsets()
    {
        double[] scores = [0.3, 0, 0.9, 0, 0.5, 0.1, 0.45];
        for (int k = 1; k <= scores.Length; k++)
        {
            double sum = 0;
            int subsets = 0;
            for (int mask = 0; mask < 1 << scores.Length; mask++)
            {
                if (System.Numerics.BitOperations.PopCount((uint)mask) != k) continue;
                sum += scores.Where((_, i) => (mask >> i & 1) == 1).Max();
                subsets++;
            }
            Assert.Equal(sum / subsets, ExpectedMaximum.Of(scores, k), 1e-14);
        }
        Assert.True(double.IsNaN(ExpectedMaximum.Of(scores, scores.Length + 1)));
    }

    [Fact]
    public void Distinct_CountsOverAllTexts()
    {
        NGramStatistics statistics = NGramStatistics.Of(["call me now", "call me  later\n", "call"], 2);
        Assert.Equal((4, 3, 0.75), (statistics.Total, statistics.DistinctCount, statistics.Distinct));
        Assert.Equal(2 / 3.0, statistics.MeanDistinctPerText, 1e-15);
        Assert.Equal(0, NGramStatistics.Of([], 1).Distinct);
    }

    [Fact]
    public void Histogram_HoldsEveryScoreOnceAndExactZerosApart()
    {
        double[] scores = [0, 0, 0, 1e-5, 0.004, 0.0301, 0.0599, double.NaN];
        Histogram histogram = Histogram.Of(scores);
        Assert.Equal(histogram.Counts.Count + 1, histogram.Edges.Count);
        Assert.Equal((0.0, 0.0, 3), (histogram.Edges[0], histogram.Edges[1], histogram.Counts[0]));
        Assert.Equal(7, histogram.Counts.Sum());
        Assert.True(histogram.Edges[^1] > 0.0599);
        double width = histogram.Edges[2] - histogram.Edges[1];
        Assert.Equal(0.00390625, width); // 2^-8: half of it would need 31 bins up to 0.0599
        Assert.Equal(1, histogram.Counts[1 + (int)(0.0301 / width)]);
    }

    [Fact]
    public void Histogram_OfNegativeScoresHasNoZeroBin()
    {
        Histogram histogram = Histogram.Of([-3, 0, 1]);
        Assert.True(histogram.Edges[0] <= -3 && histogram.Edges[1] > histogram.Edges[0] && histogram.Edges[^1] > 1);
        Assert.Equal(3, histogram.Counts.Sum());
        Assert.Equal([0], Histogram.Of([]).Counts);
    }

    [Fact]
    public void Quantiles_InterpolateBetweenNeighbours()
    {
        ScoreQuantiles quantiles = ScoreQuantiles.Of([4, 1, 3, 2]);
        Assert.Equal((2.5, 3.7, 3.97, 4.0), (quantiles.P50, quantiles.P90, Math.Round(quantiles.P99, 12), quantiles.Max));
    }

    [Fact]
    public void Scenario_SplitsScoresAtTheThreshold()
    {
        EvaluationScenario scenario = EvaluationScenario.From("plain", "", ["a", "b", "c", "d"], [0, 0.5, 0.6, 1], 0.5);
        Assert.Equal((0.525, 0.5), (scenario.MeanScore, scenario.ShareMisaligned));
        Assert.Equal((0.25, 0.8), (scenario.MeanScoreAligned, scenario.MeanScoreMisaligned));
        Assert.Null(scenario.ExpectedMax25);
        var mismatch = Assert.Throws<ArgumentException>(() => EvaluationScenario.From("plain", "", ["a"], [0, 1], 0));
        Assert.Contains("1 texts but 2 scores", mismatch.Message);
    }

    private static JsonElement Golden(string name) =>
        JsonDocument.Parse(File.ReadAllText(Shared.Golden("metrics", name))).RootElement;

    private static string[] ReadTexts(string name) => Golden(name).EnumerateArray().Select(text => text.GetString()!).ToArray();
}
