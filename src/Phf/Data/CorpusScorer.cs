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
