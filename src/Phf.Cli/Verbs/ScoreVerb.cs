using System.CommandLine;
using System.Globalization;
using Phf.Data;
using Phf.Formats;
using Phf.Scoring;

namespace Phf.Cli.Verbs;

/// <summary><c>phf score</c>: a corpus of texts becomes a corpus of scored segments.</summary>
internal static class ScoreVerb
{
    private const string StandardOutput = "-";

    private static readonly Argument<string[]> Files = new("FILE")
    {
        Description = "corpus files: .jsonl, .txt (a document per line) or .csv, each also .gz; - is standard input",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<string> Scorer = new("--scorer") { Description = $"what scores the segments: {Scorers.Known}", Required = true, HelpName = "NAME" };
    private static readonly ScorerArguments ScorerOptions = new();
    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "scored file to write, .jsonl or .jsonl.gz; - is standard output",
        Required = true,
        HelpName = "FILE",
    };
    private static readonly Option<Segmentation> Segment = new("--segment")
    {
        Description = "what gets a score: sentence, line (PEP8) or document",
        DefaultValueFactory = _ => Segmentation.Sentence,
    };
    private static readonly Option<bool> Spans = new("--spans") { Description = "also write the places that each score comes from (span_scores)" };
    private static readonly TextArguments Texts = new();
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
    private static readonly Option<bool> Force = new("--force") { Description = "replace the output, or an unfinished one, if it exists" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "go on where an unfinished run of the same settings was stopped" };

    public static Command Create()
    {
        var command = new Command("score", "Cut texts into segments and score each one.")
        {
            Files, Scorer, Output, Segment, Spans, Document, Threads, Force, Resume,
        };
        Texts.AddTo(command);
        ScorerOptions.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string[] files = parsed.GetRequiredValue(Files);
        string output = parsed.GetRequiredValue(Output);
        int threads = parsed.GetValue(Threads);
        if (threads < 1) throw new UsageException($"--threads {threads}: at least 1 was expected");
        if (output == StandardOutput && (parsed.GetValue(Resume) || parsed.GetValue(Force)))
            throw new UsageException("--output - is standard output, which can be neither resumed nor replaced; leave --resume and --force out, or name a file");
        if (output != StandardOutput) OutputFiles.Check(output, parsed.GetValue(Force), files);
        TextOptions options = Texts.Read(parsed) with { Document = parsed.GetValue(Document) };
        using var models = new ScorerModels(threads);
        IScorer scorer = ScorerOptions.Create(parsed.GetRequiredValue(Scorer), parsed, models);
        using var ending = scorer as IDisposable;
        Segmentation segmentation = parsed.GetValue(Segment);
        var corpus = new CorpusScorer(scorer, segmentation, parsed.GetValue(Spans), models.CharactersAtOnce);
        var skipped = new SkippedRecords();
        var summary = new ScoreSummary();
        if (output == StandardOutput)
        {
            using var stream = new BufferedStream(Console.OpenStandardOutput(), 1 << 16);
            ScoreAll(before: 0, document => ScoredFile.Write(stream, document));
        }
        else
        {
            string settings = Settings(scorer, segmentation, parsed.GetValue(Spans), options, files);
            using ScoredOutput file = parsed.GetValue(Resume)
                ? ScoredOutput.Resume(output, settings, summary.Add)
                : ScoredOutput.Create(output, settings, parsed.GetValue(Force));
            ToFile(file, before => ScoreAll(before, file.Add));
        }
        models.Tell();
        IEnumerable<(string, string)> rows = [("scorer", scorer.Id), ("segmenter", segmentation.Id()), .. ScoreSummaryTable.Rows(summary), .. SummaryTable.Rows(skipped)];
        if (output == StandardOutput) SummaryTable.WriteToError("standard output", rows);
        else SummaryTable.Write(output, rows);
        return ExitCode.Done;

        void ScoreAll(long before, Action<ScoredDocument> add) => Score(files, options, corpus, before, add, (summary, skipped), threads, cancellation);
    }

    /// <summary>Completes <paramref name="file"/>; where scoring fails, what was scored is kept for a run that goes on.</summary>
    /// <param name="file">May hold documents of a run that was stopped.</param>
    /// <param name="scoreBehind">Scores and adds all but so many documents.</param>
    private static void ToFile(ScoredOutput file, Action<long> scoreBehind)
    {
        if (file.Documents > 0) Console.Error.WriteLine($"continuing behind {SummaryTable.Count(file.Documents)} documents");
        try
        {
            scoreBehind(file.Documents);
        }
        catch
        {
            file.Keep();
            if (file.Documents > 0) Console.Error.WriteLine($"{SummaryTable.Count(file.Documents)} scored documents are kept; go on with --resume");
            throw;
        }
        file.Complete();
    }

    /// <summary>Scores all documents but the first <paramref name="before"/>, which were scored earlier.</summary>
    private static void Score(
        string[] files, TextOptions options, CorpusScorer scorer, long before, Action<ScoredDocument> add, (ScoreSummary Scores, SkippedRecords Skipped) summary, int threads,
        CancellationToken cancellation)
        => ConsoleProgress.Run("scoring", "documents", InputFile.TotalBytes(files), progress =>
        {
            long bytes = 0;
            IEnumerable<TextRecord> records = TextRecords.Read(files, options, summary.Skipped, read => bytes = read);
            foreach (ScoredDocument document in scorer.Score(Behind(records, before, () => progress.BeginAt(bytes)), threads, cancellation))
            {
                add(document);
                summary.Scores.Add(document);
                progress.Report(bytes, summary.Scores.Documents - before);
            }
            if (summary.Scores.Documents == 0) throw NothingUsable(files, summary.Skipped);
        });

    /// <summary>The records behind the first <paramref name="count"/>, which are read again so that what is skipped among them is counted.</summary>
    private static IEnumerable<TextRecord> Behind(IEnumerable<TextRecord> records, long count, Action reached)
    {
        long number = 0;
        foreach (TextRecord record in records)
        {
            if (number++ < count) continue;
            if (number == count + 1) reached();
            yield return record;
        }
        if (number < count)
            throw new InvalidDataException($"the input has {number} documents, but the unfinished run had scored {count}; give the same input, or start again with --force");
    }

    /// <summary>What decides the output, in words: a resumed run must have the same.</summary>
    private static string Settings(IScorer scorer, Segmentation segmentation, bool withSpans, TextOptions options, string[] files)
    {
        string corpus = string.Join(", ", files.Select(file => file == "-" || !File.Exists(file)
            ? file : string.Create(CultureInfo.InvariantCulture, $"{Path.GetFullPath(file)} of {new FileInfo(file).Length} bytes, {File.GetLastWriteTimeUtc(file):yyyy-MM-ddTHH:mm:ss.fffffffZ}")));
        return $"scorer {scorer.Id}, segmenter {segmentation.Id()}, {(withSpans ? "with" : "without")} spans, text field {options.TextField}, format {options.Format}, documents by {options.Document}, files {corpus}";
    }

    private static InvalidDataException NothingUsable(string[] files, SkippedRecords skipped)
    {
        string reasons = string.Join("; ", skipped.Reasons.Select(reason => $"{reason.Key}: {reason.Value.Count}, first {reason.Value.First}"));
        return new InvalidDataException($"{string.Join(", ", files)}: no usable document ({(reasons.Length > 0 ? reasons : "only blank lines")})");
    }
}
