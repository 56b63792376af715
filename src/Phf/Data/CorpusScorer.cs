using Phf.Scoring;
using Phf.Scoring.Pii;

namespace Phf.Data;

/// <summary>Scores a corpus: each document is cut into segments and each segment gets a score.</summary>
public sealed class CorpusScorer
{
    private readonly IScorer _scorer;
    private readonly Segmentation _segmentation;
    private readonly ISpanScorer? _spanScorer; // null where spans are not asked for

    /// <param name="scorer">Gives the scores.</param>
    /// <param name="segmentation">What gets a score.</param>
    /// <param name="withSpans">Also say which places of each segment its score comes from.</param>
    /// <exception cref="ArgumentException">Spans are asked for, and the scorer knows no places.</exception>
    public CorpusScorer(IScorer scorer, Segmentation segmentation, bool withSpans = false)
    {
        (_scorer, _segmentation) = (scorer, segmentation);
        if (!withSpans) return;
        _spanScorer = scorer as ISpanScorer
            ?? throw new ArgumentException($"scorer {scorer.Id} does not know the places that its scores come from; leave --spans out");
    }

    /// <summary>
    /// Yields the documents scored, in their order, whatever the number of threads. Memory is bounded: some documents per thread are held.
    /// </summary>
    /// <exception cref="InvalidDataException">The scorer gave something other than a finite number; the message names the
    /// document.</exception>
    public IEnumerable<ScoredDocument> Score(IEnumerable<TextRecord> records, int threads, CancellationToken cancellation)
        => OrderedParallel.Select(records, Score, threads, cancellation);

    private ScoredDocument Score(TextRecord record)
    {
        string[] texts = _segmentation.Split(record.Text);
        bool byLines = _segmentation == Segmentation.Line && _scorer is ILineScorer;
        double[] scores = byLines ? ((ILineScorer)_scorer).ScoreLines(record.Text) : ScoreEach(texts);
        int infinite = Array.FindIndex(scores, score => !double.IsFinite(score));
        if (infinite >= 0)
            throw new InvalidDataException($"{record.Where}: scorer {_scorer.Id} gave segment {infinite} the score {scores[infinite]}");
        return new ScoredDocument(texts, scores)
        {
            Scorer = _scorer.Id,
            Segmenter = _segmentation.Id(),
            Spans = _spanScorer is null ? null : byLines ? SpansOfLines(record.Text, texts, scores) : [.. texts.Select(_spanScorer.FindSpans)],
        };
    }

    /// <summary>The spans of a document whose lines are scored together, each moved into its line. A line that scores 0 has none.</summary>
    private IReadOnlyList<ScoredSpan>[] SpansOfLines(string text, string[] lines, double[] scores)
    {
        IReadOnlyList<ScoredSpan> all = _spanScorer!.FindSpans(text);
        var spans = new IReadOnlyList<ScoredSpan>[lines.Length];
        int start = 0, next = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            var own = new List<ScoredSpan>();
            int end = start + PythonText.CountCodePoints(lines[i]);
            for (; next < all.Count && all[next].Start < end; next++)
                if (scores[i] != 0) own.Add(all[next] with { Start = all[next].Start - start, End = all[next].End - start });
            (spans[i], start) = (own, end);
        }
        return spans;
    }

    private double[] ScoreEach(string[] texts)
    {
        double[] scores = new double[texts.Length];
        _scorer.Score(texts, scores);
        return scores;
    }
}
