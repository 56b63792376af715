using System.Globalization;
using Phf.Scoring;
using Phf.Text;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>The features of a target: for each text one number each.</summary>
internal sealed class FeatureSet : IDisposable
{
    private readonly IReadOnlyList<FeatureSection> _sections;
    private readonly IScorer[] _scorers;

    internal FeatureSet(IReadOnlyList<FeatureSection> sections, IScorer[] scorers) => (_sections, _scorers) = (sections, scorers);

    public IReadOnlyList<string> Names => [.. _sections.Select(section => section.Name)];

    /// <exception cref="ArgumentException">A scorer is not known, or misses something.</exception>
    public static FeatureSet Create(TargetSection target, BpeTokenizer tokenizer) =>
        new(target.Features, [.. target.Features.Select(feature => Create(feature, tokenizer))]);

    /// <summary>The features of each text.</summary>
    /// <exception cref="InvalidDataException">One is not a finite number.</exception>
    public double[][] Of(string[] texts)
    {
        double[][] features = [.. texts.Select(_ => new double[_scorers.Length])];
        double[] scores = new double[texts.Length];
        for (int k = 0; k < _scorers.Length; k++)
        {
            _scorers[k].Score(texts, scores);
            for (int i = 0; i < texts.Length; i++)
            {
                if (!double.IsFinite(scores[i]))
                    throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"feature {_sections[k].Name} ({_scorers[k].Id}) is {scores[i]} for text {i + 1} of {texts.Length}, "
                        + $"which has {texts[i].Length} characters; a target needs finite numbers, so look at the scorer"));
                features[i][k] = Value(_sections[k], scores[i]);
            }
        }
        return features;
    }

    public void Dispose()
    {
        foreach (IScorer scorer in _scorers) (scorer as IDisposable)?.Dispose();
    }

    private static double Value(FeatureSection feature, double score) =>
        feature.Words is not null ? score > 0 ? 1 : 0
        : feature.Above is { } lower ? score > lower ? 1 : 0
        : feature.AtMost is { } upper ? score <= upper ? 1 : 0
        : score;

    private static IScorer Create(FeatureSection feature, BpeTokenizer tokenizer) =>
        feature.Words is { } words ? new WordListScorer(words)
        : feature.Length is { } unit ? new LengthScorer(unit, tokenizer)
        : Scorers.Create(feature.Scorer!, new ScorerOptions { WordList = feature.List, Model = feature.Model, Pattern = feature.Pattern });
}
