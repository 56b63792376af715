using System.CommandLine;
using System.IO.Compression;
using Phf.Data;
using Phf.Formats;
using Phf.Scoring;

namespace Phf.Cli.Verbs;

/// <summary><c>phf score</c>: a corpus of texts becomes a corpus of scored segments.</summary>
internal static class ScoreVerb
{
    private static readonly Argument<string[]> Files = new("FILE")
    {
        Description = "corpus files: .jsonl, .txt (a document per line) or .csv, each also .gz; - is standard input",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<string> Scorer = new("--scorer") { Description = "what scores the segments: pii, or words with --list", Required = true, HelpName = "NAME" };
    private static readonly Option<string?> WordList = new("--list") { Description = "word list of the scorer words, one word a line", HelpName = "FILE" };
    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "scored file to write, .jsonl or .jsonl.gz",
        Required = true,
        HelpName = "FILE",
    };
    private static readonly Option<Segmentation> Segment = new("--segment")
    {
        Description = "what gets a score: sentence, line (PEP8) or document",
        DefaultValueFactory = _ => Segmentation.Sentence,
    };
    private static readonly Option<bool> Spans = new("--spans") { Description = "also write the places that each score comes from (span_scores)" };
    private static readonly Option<string> TextField = new("--text-field")
    {
        Description = "JSON field or CSV column with the text",
        HelpName = "NAME",
        DefaultValueFactory = _ => new TextOptions().TextField,
    };
    private static readonly Option<string> Format = new("--format")
    {
        Description = "format of the files; auto goes by their names",
        DefaultValueFactory = _ => "auto",
    };
    private static readonly Option<DocumentUnit> Document = new("--document")
    {
        Description = "what one document of a .txt file is: line, paragraph or file",
        DefaultValueFactory = _ => DocumentUnit.Line,
    };
    private static readonly Option<int> Threads = new("--threads")
    {
        Description = "threads that score",
        HelpName = "N",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };
    private static readonly Option<bool> Force = new("--force") { Description = "replace the output if it exists" };

    public static Command Create()
    {
        Format.AcceptOnlyFromAmong("auto", "jsonl", "txt", "csv");
        var command = new Command("score", "Cut texts into segments and score each one.")
        {
            Files, Scorer, WordList, Output, Segment, Spans, TextField, Format, Document, Threads, Force,
        };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string[] files = parsed.GetRequiredValue(Files);
        string output = parsed.GetRequiredValue(Output);
        int threads = parsed.GetValue(Threads);
        if (threads < 1) throw new UsageException($"--threads {threads}: at least 1 was expected");
        if (File.Exists(output) && !parsed.GetValue(Force))
            throw new IOException($"{output} exists; choose another name, or replace it with --force");
        var options = new TextOptions
        {
            TextField = parsed.GetRequiredValue(TextField),
            Document = parsed.GetValue(Document),
            Format = parsed.GetValue(Format) switch
            {
                "jsonl" => TextFormat.JsonLines,
                "txt" => TextFormat.Text,
                "csv" => TextFormat.Csv,
                _ => TextFormat.Auto,
            },
        };
        IScorer scorer = Scorers.Create(parsed.GetRequiredValue(Scorer), new ScorerOptions { WordList = parsed.GetValue(WordList) });
        var corpus = new CorpusScorer(scorer, parsed.GetValue(Segment), withSpans: parsed.GetValue(Spans));
        var skipped = new SkippedRecords();
        var summary = new ScoreSummary();
        using DurableFile file = DurableFile.Create(output);
        ConsoleProgress.Run("scoring", "documents", InputFile.TotalBytes(files), progress =>
        {
            long bytes = 0;
            using Stream stream = output.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)
                ? new GZipStream(file.Stream, CompressionLevel.Optimal, leaveOpen: true)
                : new BufferedStream(file.Stream, 1 << 16);
            foreach (ScoredDocument document in corpus.Score(TextRecords.Read(files, options, skipped, read => bytes = read), threads, cancellation))
            {
                ScoredFile.Write(stream, document);
                summary.Add(document);
                progress.Report(bytes, summary.Documents);
            }
            if (summary.Documents == 0) throw NothingUsable(files, skipped);
        });
        file.Commit();
        Report(output, scorer, parsed.GetValue(Segment), summary, skipped);
        return ExitCode.Done;
    }

    private static InvalidDataException NothingUsable(string[] files, SkippedRecords skipped)
    {
        string reasons = string.Join("; ", skipped.Reasons.Select(reason => $"{reason.Key}: {reason.Value.Count}, first {reason.Value.First}"));
        return new InvalidDataException($"{string.Join(", ", files)}: no usable document ({(reasons.Length > 0 ? reasons : "only blank lines")})");
    }

    private static void Report(string output, IScorer scorer, Segmentation segmentation, ScoreSummary summary, SkippedRecords skipped)
    {
        ScoreQuantiles segments = summary.SegmentScores, documents = summary.DocumentScores;
        SummaryTable.Write(output,
        [
            ("scorer", scorer.Id),
            ("segmenter", segmentation.Id()),
            ("documents", SummaryTable.Count(summary.Documents)),
            ("segments", $"{SummaryTable.Count(summary.Segments)}, {SummaryTable.Number(100 * summary.ShareAboveZero)} % score above 0"),
            ("segment scores", SummaryTable.Quantiles(segments)),
            ("document means", SummaryTable.Quantiles(documents)),
            ("suggested threshold", $"{SummaryTable.Number(segments.P50)} for tags and unlikelihood (segments, p50)"),
            ("suggested filter_threshold", $"{SummaryTable.Number(documents.P50)} (documents, p50)"),
            .. SummaryTable.Rows(skipped),
        ]);
    }
}
