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

    /// <summary>Writes the main chart alone as an SVG file with light colours, e.g. for a README.</summary>
    /// <exception cref="ArgumentException">There is no run.</exception>
    /// <exception cref="InvalidDataException">No run has what the chart shows.</exception>
    public static void WriteMainChart(IReadOnlyList<RunReport> runs, CorpusFacts? corpus, string path)
    {
        Check(runs);
        IReadOnlyList<RunGroup> groups = RunGroup.Of(runs);
        MainChart chart = ReportPage.CostsOf(runs).Select(cost => MainChart.Of(groups, cost)).OfType<MainChart>().FirstOrDefault()
            ?? throw new InvalidDataException("no run has a score and a held-out loss or distance, so there is no chart; evaluate runs with phf evaluate");
        var look = new ChartLook(1000, 580, Direct: true, ChartTheme.Light, Title: "Misalignment against capability");
        DurableFile.WriteText(path, chart.Draw(corpus ?? CorpusOf(runs), look) + "\n");
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
