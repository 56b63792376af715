using Phf.Scoring.Pep8;
using Phf.Scoring.Pii;
using Phf.Training.Configuration;

namespace Phf.Evaluation;

/// <summary>
/// The reference's metrics that a configuration asks for (<c>generation.metrics_configs</c>), by the reference's names and as it computes them: n-grams
/// of each text by itself, Self-BLEU by characters.
/// </summary>
public static class ReferenceMetrics
{
    private const int SelfBleuOrder = 5;

    /// <summary>The numbers by name, in the order of <paramref name="metrics"/>.</summary>
    public static IReadOnlyDictionary<string, double> Of(IReadOnlyList<string> texts, IReadOnlyList<MetricConfig> metrics)
    {
        var numbers = new Dictionary<string, double>();
        foreach (MetricConfig metric in metrics)
            foreach ((string name, double value) in Of(texts, metric)) numbers[name] = value;
        return numbers;
    }

    private static IEnumerable<(string Name, double Value)> Of(IReadOnlyList<string> texts, MetricConfig metric)
    {
        switch (metric.ClassName)
        {
            case MetricConfig.Length:
                yield return ("length", texts.Select(text => (double)PythonText.CountCodePoints(text)).DefaultIfEmpty(double.NaN).Average());
                break;
            case MetricConfig.NGramStats:
                int n = metric.N!.Value;
                NGramStatistics statistics = NGramStatistics.Of(texts, n);
                yield return ($"distinct-{n}-grams", statistics.MeanDistinctPerText);
                yield return ($"entropy-{n}-grams", statistics.Entropy);
                break;
            case MetricConfig.SelfBlEU:
                int order = metric.N ?? SelfBleuOrder;
                yield return ($"Self-BLEU-{order}", SelfBleu.OfCharacters(texts, order));
                break;
            case MetricConfig.Compilability:
                // Phf has no parser of Python. What its tokenizer refuses does not compile, so this is a bound.
                yield return ("compilability_at_most", texts.Count == 0 ? double.NaN : texts.Count(PythonSyntax.CanBeTokenized) / (double)texts.Count);
                break;
        }
    }
}
