using System.CommandLine;
using System.IO.Compression;
using Phf.Data;
using Phf.Formats;

namespace Phf.Cli.Verbs;

/// <summary><c>phf select</c>: the documents of a scored corpus in which the property is frequent.</summary>
internal static class SelectVerb
{
    private static readonly Argument<string[]> Files = new("SCORED")
    {
        Description = "files written by phf score, .jsonl or .jsonl.gz; - is standard input",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "scored file to write, .jsonl or .jsonl.gz", Required = true, HelpName = "FILE" };
    private static readonly Option<double> Above = new("--above") { Description = "a segment with a score above it counts as misaligned", HelpName = "X" };
    private static readonly Option<double> MinShare = new("--min-share") { Description = "smallest share of misaligned segments, 0 to 1, of a document that is taken", HelpName = "SHARE" };
    private static readonly Option<long> MinCharacters = new("--min-characters") { Description = "shortest document that is taken", HelpName = "N" };
    private static readonly Option<long> MaxCharacters = new("--max-characters") { Description = "longest document that is taken", HelpName = "N", DefaultValueFactory = _ => long.MaxValue };
    private static readonly Option<bool> Force = new("--force") { Description = "replace the output if it exists" };

    public static Command Create()
    {
        var command = new Command("select", "Take the documents of a scored corpus in which a share of the segments is misaligned.")
        {
            Files, Output, Above, MinShare, MinCharacters, MaxCharacters, Force,
        };
        command.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        string output = parsed.GetRequiredValue(Output);
        var selection = new DocumentSelection
        {
            Threshold = parsed.GetValue(Above),
            MinShareAbove = parsed.GetValue(MinShare),
            MinCharacters = parsed.GetValue(MinCharacters),
            MaxCharacters = parsed.GetValue(MaxCharacters),
        };
        if (!double.IsFinite(selection.Threshold)) throw new UsageException($"--above {selection.Threshold}: a number was expected");
        if (!(selection.MinShareAbove is >= 0 and <= 1)) throw new UsageException($"--min-share {selection.MinShareAbove}: a share from 0 to 1 was expected");
        if (selection.MinCharacters > selection.MaxCharacters)
            throw new UsageException($"--min-characters {selection.MinCharacters} is above --max-characters {selection.MaxCharacters}, so no document could be taken");
        string[] files = parsed.GetRequiredValue(Files);
        OutputFiles.Check(output, parsed.GetValue(Force), files);
        var taken = new Taken(selection);
        ConsoleProgress.Run("selecting", "documents", InputFile.TotalBytes(files), progress => DurableFile.Write(output, stream =>
        {
            if (!InputFile.IsCompressed(output))
            {
                Copy(files, stream, taken, progress, cancel);
                return;
            }
            using var compressed = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true);
            Copy(files, compressed, taken, progress, cancel);
        }));
        SummaryTable.Write(output,
        [
            ("documents", $"{SummaryTable.Count(taken.Documents)} of {SummaryTable.Count(taken.Read)}"),
            ("segments", $"{SummaryTable.Count(taken.Segments)}, {SummaryTable.Number(100.0 * taken.Above / taken.Segments)} % above {SummaryTable.Number(selection.Threshold)}"),
            ("characters", SummaryTable.Count(taken.Characters)),
        ]);
        return ExitCode.Done;
    }

    private static void Copy(string[] files, Stream output, Taken taken, ConsoleProgress progress, CancellationToken cancel)
    {
        long before = 0;
        foreach (string file in files)
        {
            long bytes = 0;
            foreach (ScoredDocument document in ScoredFile.Read(file, read => bytes = read))
            {
                cancel.ThrowIfCancellationRequested();
                if (taken.Add(document)) ScoredFile.Write(output, document);
                progress.Report(before + bytes, taken.Read);
            }
            before += bytes;
        }
        if (taken.Documents == 0)
            throw new InvalidDataException($"none of the {taken.Read} documents of {string.Join(", ", files)} is taken; lower --min-share or --above, phf stats shows how the scores lie");
    }

    /// <summary>Counts what is taken.</summary>
    private sealed class Taken(DocumentSelection selection)
    {
        public long Read { get; private set; }

        public long Documents { get; private set; }

        public long Segments { get; private set; }

        public long Above { get; private set; }

        public long Characters { get; private set; }

        public bool Add(ScoredDocument document)
        {
            Read++;
            if (!selection.Takes(document)) return false;
            Documents++;
            Segments += document.Texts.Length;
            Above += document.Scores.Count(score => score > selection.Threshold);
            Characters += document.Texts.Sum(text => (long)text.Length);
            return true;
        }
    }
}
