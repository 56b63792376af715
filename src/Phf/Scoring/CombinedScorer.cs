using System.Globalization;

namespace Phf.Scoring;

/// <summary>How the scores of several scorers become one.</summary>
public enum Combination
{
    /// <summary>Sum of weight times score.</summary>
    Sum,

    /// <summary>Largest weight times score.</summary>
    Max,
}

/// <summary>A scorer and what its scores are multiplied by.</summary>
public readonly record struct WeightedScorer(IScorer Scorer, double Weight);

/// <summary>
/// Several scorers in one. Where one of them scores lines in their document (<see cref="ILineScorer"/>), so does the whole. Disposing disposes the parts.
/// </summary>
public sealed class CombinedScorer : ILineScorer, IDisposable
{
    private readonly WeightedScorer[] _parts;
    private readonly Combination _combination;

    /// <exception cref="ArgumentException">No part, or a weight that is not finite.</exception>
    public CombinedScorer(IReadOnlyList<WeightedScorer> parts, Combination combination)
    {
        if (parts.Count == 0) throw new ArgumentException("scorer 'combine' has no parts; name them with --part NAME=WEIGHT");
        foreach (WeightedScorer part in parts)
            if (!double.IsFinite(part.Weight)) throw new ArgumentException($"the weight of {part.Scorer.Id} is {part.Weight}; a finite number was expected");
        (_parts, _combination) = ([.. parts], combination);
        string list = string.Join(',', parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Weight}*{part.Scorer.Id}")));
        Id = $"combine/{(combination == Combination.Sum ? "sum" : "max")}({list})";
    }

    /// <summary><c>combine/sum(1*pii/...,0.5*toxicity/...)</c>, or <c>max</c>.</summary>
    public string Id { get; }

    public void Score(ReadOnlySpan<string> texts, Span<double> scores)
    {
        if (texts.Length != scores.Length) throw new ArgumentException($"{texts.Length} texts but room for {scores.Length} scores");
        double[] part = new double[texts.Length];
        for (int i = 0; i < _parts.Length; i++)
        {
            _parts[i].Scorer.Score(texts, part);
            Merge(part, _parts[i].Weight, scores, first: i == 0);
        }
    }

    public double[] ScoreLines(string document)
    {
        string[] lines = Lines(document);
        double[] scores = new double[lines.Length];
        for (int i = 0; i < _parts.Length; i++)
        {
            double[] part = new double[lines.Length];
            if (_parts[i].Scorer is ILineScorer scorer) part = scorer.ScoreLines(document);
            else _parts[i].Scorer.Score(lines, part);
            Merge(part, _parts[i].Weight, scores, first: i == 0);
        }
        return scores;
    }

    public void Dispose()
    {
        foreach (WeightedScorer part in _parts) (part.Scorer as IDisposable)?.Dispose();
    }

    private void Merge(ReadOnlySpan<double> part, double weight, Span<double> scores, bool first)
    {
        for (int i = 0; i < scores.Length; i++)
        {
            double score = weight * part[i];
            scores[i] = first ? score : _combination == Combination.Sum ? scores[i] + score : Math.Max(scores[i], score);
        }
    }

    private static string[] Lines(string document)
    {
        string[] lines = document.Split('\n');
        for (int i = 0; i < lines.Length - 1; i++) lines[i] += '\n';
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }
}
