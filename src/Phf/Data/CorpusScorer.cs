using Phf.Scoring;

namespace Phf.Data;

/// <summary>Scores a corpus: each document is cut into segments and each segment gets a score.</summary>
public sealed class CorpusScorer(IScorer scorer, Segmentation segmentation)
{
    /// <summary>
    /// Yields the documents scored, in their order, whatever the number of threads. Memory is bounded: some documents per thread are held.
    /// </summary>
    /// <exception cref="InvalidDataException">The scorer gave something other than a finite number; the message names the
    /// document.</exception>
    public IEnumerable<ScoredDocument> Score(IEnumerable<TextRecord> records, int threads, CancellationToken cancellation)
        => OrderedParallel.Select(records, Score, threads, cancellation);

    private ScoredDocument Score(TextRecord record)
    {
        string[] texts = segmentation.Split(record.Text);
        double[] scores = segmentation == Segmentation.Line && scorer is ILineScorer lines ? lines.ScoreLines(record.Text) : ScoreEach(texts);
        int infinite = Array.FindIndex(scores, score => !double.IsFinite(score));
        if (infinite >= 0)
            throw new InvalidDataException($"{record.Where}: scorer {scorer.Id} gave segment {infinite} the score {scores[infinite]}");
        return new ScoredDocument(texts, scores) { Scorer = scorer.Id, Segmenter = segmentation.Id() };
    }

    private double[] ScoreEach(string[] texts)
    {
        double[] scores = new double[texts.Length];
        scorer.Score(texts, scores);
        return scores;
    }
}

/// <summary>Counts and quantiles of scored documents, in bounded memory (quantiles are exact up to a million scores).</summary>
public sealed class ScoreSummary
{
    private readonly ScoreSample _segments = new(), _documents = new();
    private long _above;

    public long Documents => _documents.Count;
    public long Segments => _segments.Count;

    /// <summary>Share of the segments with a score above 0; 0 when there are none.</summary>
    public double ShareAboveZero => Segments == 0 ? 0 : (double)_above / Segments;

    /// <summary>Of the segments' scores. Its median is a first threshold for tags and for unlikelihood training.</summary>
    public ScoreQuantiles SegmentScores => _segments.Quantiles();

    /// <summary>Of the documents' mean scores. Its median is a first threshold for filtering.</summary>
    public ScoreQuantiles DocumentScores => _documents.Quantiles();

    public void Add(ScoredDocument document)
    {
        foreach (double score in document.Scores)
        {
            _segments.Add(score);
            if (score > 0) _above++;
        }
        _documents.Add(document.AvgScore);
    }
}
