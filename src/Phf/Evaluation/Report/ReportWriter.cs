using Phf.Formats;

namespace Phf.Evaluation.Report;

/// <summary>Writes reports. Files are whole or absent, depend on nothing outside themselves, and are the same bytes for the same runs.</summary>
public static class ReportWriter
{
    /// <summary>
    /// Writes one HTML page about <paramref name="runs"/> to <paramref name="path"/>, replacing what is there. Without <paramref name="corpus"/> the
    /// reference level is that of the first evaluation that knows its corpus.
    /// </summary>
    /// <exception cref="ArgumentException">There is no run.</exception>
    public static void Write(IReadOnlyList<RunReport> runs, CorpusFacts? corpus, string path)
    {
        Check(runs);
        DurableFile.WriteText(path, new ReportPage(runs, corpus ?? CorpusOf(runs)).ToString());
    }

    /// <summary>Writes the main chart alone as an SVG file, e.g. for a README; it follows the reader's choice of light or dark.</summary>
    /// <exception cref="ArgumentException">There is no run.</exception>
    /// <exception cref="InvalidDataException">No run has what the chart shows.</exception>
    public static void WriteMainChart(IReadOnlyList<RunReport> runs, CorpusFacts? corpus, string path)
    {
        Check(runs);
        IReadOnlyList<RunGroup> groups = RunGroup.Of(runs);
        if (ReportPage.CostsOf(runs).All(cost => WriteChart(groups, corpus ?? CorpusOf(runs), cost, "Misalignment against capability", path) is null))
            throw new InvalidDataException("no run has a score and a held-out loss or distance, so there is no chart; evaluate runs with phf evaluate");
    }

    /// <summary>Writes a chart of misalignment against one cost and says how to read it; null where no group has both.</summary>
    internal static string? WriteChart(IReadOnlyList<RunGroup> groups, CorpusFacts? corpus, Measure cost, string title, string path)
    {
        if (MainChart.Of(groups, cost) is not { } chart) return null;
        var look = new ChartLook(1000, 580, Direct: true, ChartTheme.Light, title);
        DurableFile.WriteText(path, chart.Draw(corpus, look) + "\n");
        return chart.Caption;
    }

    /// <summary>Writes everything that is known of the runs as one table of comma-separated values (docs/evaluation.md).</summary>
    /// <exception cref="ArgumentException">There is no run.</exception>
    public static void WriteCsv(IReadOnlyList<RunReport> runs, string path)
    {
        Check(runs);
        DurableFile.WriteText(path, ReportCsv.Of(runs));
    }

    private static void Check(IReadOnlyList<RunReport> runs)
    {
        if (runs.Count == 0) throw new ArgumentException("a report needs one run at least");
    }

    private static CorpusFacts? CorpusOf(IReadOnlyList<RunReport> runs) =>
        runs.Select(run => run.Evaluation?.Corpus).FirstOrDefault(facts => facts is not null);
}
