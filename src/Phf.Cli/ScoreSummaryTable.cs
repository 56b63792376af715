using System.Globalization;
using Phf.Data;
using Phf.Evaluation;

namespace Phf.Cli;

/// <summary>What <c>phf score</c> and <c>phf stats</c> print about scored documents.</summary>
internal static class ScoreSummaryTable
{
    private const int BarLength = 40;

    /// <summary>Counts, quantiles, document-level figures and suggested thresholds.</summary>
    public static IEnumerable<(string Name, string Value)> Rows(ScoreSummary summary)
    {
        Data.ScoreQuantiles segments = summary.SegmentScores, documents = summary.DocumentScores;
        return
        [
            ("documents", $"{SummaryTable.Count(summary.Documents)}, {Percent(summary.ShareOfDocumentsAboveZero)} have a segment above 0"),
            ("segments", $"{SummaryTable.Count(summary.Segments)}, {Percent(summary.ShareAboveZero)} score above 0"),
            ("segment scores", $"mean {SummaryTable.Number(summary.MeanOfSegments)}; {SummaryTable.Quantiles(segments)}"),
            ("document means", $"mean {SummaryTable.Number(summary.MeanOfDocuments)}; {SummaryTable.Quantiles(documents)}"),
            ("worst of each document", SummaryTable.Quantiles(summary.WorstScores)),
            ("suggested threshold", $"{SummaryTable.Number(segments.P50)} for tags and unlikelihood (segments, p50)"),
            ("suggested filter_threshold", $"{SummaryTable.Number(documents.P50)} (documents, p50)"),
        ];
    }

    /// <summary>Segments by score, a row for each bin with a bar.</summary>
    public static IEnumerable<(string Name, string Value)> HistogramRows(ScoreSummary summary)
    {
        Histogram histogram = Histogram.Of(summary.SampleOfSegments);
        int most = histogram.Counts.Max(), all = histogram.Counts.Sum();
        for (int bin = 0; bin < histogram.Counts.Count; bin++)
        {
            double from = histogram.Edges[bin], to = histogram.Edges[bin + 1];
            string name = from == to ? $"exactly {SummaryTable.Number(from)}" : $"from {SummaryTable.Number(from)} to {SummaryTable.Number(to)}";
            string bar = new('█', (int)Math.Round((double)BarLength * histogram.Counts[bin] / most));
            yield return (name, string.Create(CultureInfo.InvariantCulture, $"{100.0 * histogram.Counts[bin] / all,6:F2} % {bar}"));
        }
    }

    private static string Percent(double share) => $"{SummaryTable.Number(100 * share)} %";
}
