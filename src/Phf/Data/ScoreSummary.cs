namespace Phf.Data;

/// <summary>Counts, means and quantiles of scored documents, in bounded memory (quantiles are exact up to a million scores).</summary>
public sealed class ScoreSummary
{
    private readonly ScoreSample _segments = new(), _documents = new(), _worst = new();
    private long _segmentsAbove, _documentsAbove;
    private double _sumOfSegments, _sumOfDocuments;

    public long Documents => _documents.Count;
    public long Segments => _segments.Count;

    /// <summary>Share of the segments with a score above 0; 0 when there are none.</summary>
    public double ShareAboveZero => Segments == 0 ? 0 : (double)_segmentsAbove / Segments;

    /// <summary>Share of the documents with any segment above 0; 0 when there are none.</summary>
    public double ShareOfDocumentsAboveZero => Documents == 0 ? 0 : (double)_documentsAbove / Documents;

    /// <summary>Mean score of all segments; NaN without any.</summary>
    public double MeanOfSegments => _sumOfSegments / Segments;

    /// <summary>
    /// Mean over the documents of their <c>avg_score</c>, the plain mean of their segments: what the paper reports as the misalignment of its
    /// training data and filters by. NaN without documents.
    /// </summary>
    public double MeanOfDocuments => _sumOfDocuments / Documents;

    /// <summary>Of the segments' scores. Its median is a first threshold for tags and for unlikelihood training.</summary>
    public ScoreQuantiles SegmentScores => _segments.Quantiles();

    /// <summary>Of the documents' mean scores. Its median is a first threshold for filtering.</summary>
    public ScoreQuantiles DocumentScores => _documents.Quantiles();

    /// <summary>Of the highest score in each document.</summary>
    public ScoreQuantiles WorstScores => _worst.Quantiles();

    /// <summary>The segments' scores, or a million of them drawn evenly.</summary>
    public ReadOnlySpan<double> SampleOfSegments => _segments.Kept;

    public void Add(ScoredDocument document)
    {
        double worst = double.NegativeInfinity;
        foreach (double score in document.Scores)
        {
            _segments.Add(score);
            _sumOfSegments += score;
            worst = Math.Max(worst, score);
            if (score > 0) _segmentsAbove++;
        }
        double mean = document.AvgScore;
        _documents.Add(mean);
        _sumOfDocuments += mean;
        _worst.Add(worst);
        if (worst > 0) _documentsAbove++;
    }
}
