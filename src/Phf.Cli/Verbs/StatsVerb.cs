using System.CommandLine;
using Phf.Data;
using Phf.Formats;

namespace Phf.Cli.Verbs;

/// <summary><c>phf stats</c>: the summary of scored files, with a histogram.</summary>
internal static class StatsVerb
{
    private static readonly Argument<string[]> Files = new("SCORED")
    {
        Description = "files written by phf score, .jsonl or .jsonl.gz; - is standard input",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Create()
    {
        var command = new Command("stats", "Summarise scored files: counts, quantiles, thresholds, histogram.") { Files };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string[] files = parsed.GetRequiredValue(Files);
        var summary = new ScoreSummary();
        var (scorers, segmenters) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        ConsoleProgress.Run("reading", "documents", InputFile.TotalBytes(files), progress =>
        {
            long before = 0, bytes = 0;
            foreach (string file in files)
            {
                foreach (ScoredDocument document in ScoredFile.Read(file, read => bytes = before + read))
                {
                    cancellation.ThrowIfCancellationRequested();
                    summary.Add(document);
                    scorers.Add(document.Scorer ?? "not said");
                    segmenters.Add(document.Segmenter ?? "not said");
                    progress.Report(bytes, summary.Documents);
                }
                before = bytes;
            }
        });
        if (summary.Documents == 0) throw new InvalidDataException($"{string.Join(", ", files)}: only blank lines; give a file that phf score wrote");
        SummaryTable.Write(string.Join(", ", files),
        [
            ("scorer", string.Join("; ", scorers)),
            ("segmenter", string.Join("; ", segmenters)),
            .. ScoreSummaryTable.Rows(summary),
        ]);
        SummaryTable.Write("segments by score", ScoreSummaryTable.HistogramRows(summary));
        return ExitCode.Done;
    }
}
