using System.CommandLine;
using Phf.Data;
using Phf.Formats;
using Phf.Text;

namespace Phf.Cli.Verbs;

/// <summary><c>phf pack</c>: scored segments become memory-mapped token shards.</summary>
internal static class PackVerb
{
    private static readonly Argument<string[]> Files = new("SCORED")
    {
        Description = "files written by phf score, .jsonl or .jsonl.gz; - is standard input",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<string> Tokenizer = new("--tokenizer") { Description = "folder of the tokenizer", Required = true, HelpName = "DIR" };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "folder to create", Required = true, HelpName = "DIR" };
    private static readonly Option<double> HeldOut = new("--held-out")
    {
        Description = "share of the documents kept apart in heldout/; 0 for none",
        HelpName = "SHARE",
        DefaultValueFactory = _ => 0.02,
    };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "decides which documents are held out", DefaultValueFactory = _ => 0, HelpName = "N" };
    private static readonly Option<long> ShardTokens = new("--shard-tokens")
    {
        Description = "tokens per shard",
        HelpName = "N",
        DefaultValueFactory = _ => new PackOptions().MaxShardTokens,
    };
    private static readonly Option<int> Threads = new("--threads")
    {
        Description = "threads that tokenize",
        HelpName = "N",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };
    private static readonly Option<bool> Force = new("--force") { Description = "replace the dataset if it exists" };

    public static Command Create()
    {
        var command = new Command("pack", "Tokenize scored files into memory-mapped shards.")
        {
            Files, Tokenizer, Output, HeldOut, Seed, ShardTokens, Threads, Force,
        };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        string[] files = parsed.GetRequiredValue(Files);
        string output = parsed.GetRequiredValue(Output);
        var options = new PackOptions
        {
            HeldOutFraction = parsed.GetValue(HeldOut),
            Seed = parsed.GetValue(Seed),
            MaxShardTokens = parsed.GetValue(ShardTokens),
            Threads = parsed.GetValue(Threads),
            Force = parsed.GetValue(Force),
            Cancellation = cancellation,
        };
        if (!(options.HeldOutFraction is >= 0 and < 1))
            throw new UsageException($"--held-out {options.HeldOutFraction}: 0 up to but not including 1 was expected");
        if (options.MaxShardTokens is < 1 or > PackOptions.LargestShard)
            throw new UsageException($"--shard-tokens {options.MaxShardTokens}: 1 to {PackOptions.LargestShard} was expected");
        if (options.Threads < 1) throw new UsageException($"--threads {options.Threads}: at least 1 was expected");
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(parsed.GetRequiredValue(Tokenizer));
        PackResult? result = null;
        ConsoleProgress.Run("packing", "documents", InputFile.TotalBytes(files), progress =>
            result = Packer.Pack(files, tokenizer, output, options with { Progress = (bytes, documents) => progress.Report(bytes, documents) }));
        Report(output, result!);
        return ExitCode.Done;
    }

    private static void Report(string output, PackResult result)
    {
        var rows = new List<(string, string)>
        {
            ("scorer", result.Train.Scorer ?? "not named"),
            ("segmenter", result.Train.Segmenter ?? "not named"),
            ("tokenizer", $"{SummaryTable.Count(result.Train.Tokenizer.VocabularySize)} tokens, {result.Train.Tokenizer.Fingerprint}"),
        };
        foreach (DatasetManifest split in new[] { result.Train, result.HeldOut }.OfType<DatasetManifest>())
        {
            rows.Add((split.Split, $"{SummaryTable.Count(split.Documents)} documents, {SummaryTable.Count(split.Segments)} segments, "
                + $"{SummaryTable.Count(split.Tokens)} tokens, "
                + (split.Spans is { } spans ? $"{SummaryTable.Count(spans)} spans, " : "") + $"{split.Shards.Count} {(split.Shards.Count == 1 ? "shard" : "shards")}"));
            rows.Add(("  segment scores", SummaryTable.Quantiles(split.SegmentScores)));
            rows.Add(("  document means", SummaryTable.Quantiles(split.DocumentScores)));
        }
        if (result.EmptySegments > 0)
            rows.Add(("left out", $"{SummaryTable.Count(result.EmptySegments)} segments without text, "
                + $"{SummaryTable.Count(result.EmptyDocuments)} documents of such"));
        SummaryTable.Write(output, rows);
    }
}
