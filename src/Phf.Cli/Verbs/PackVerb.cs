using System.CommandLine;
using System.CommandLine.Parsing;
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
        Arity = ArgumentArity.ZeroOrMore,
    };
    private static readonly Option<string> Tokenizer = new("--tokenizer") { Description = "folder of the tokenizer, or its name on the Hub, once downloaded (required)", HelpName = "DIR" };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "folder to create (required)", HelpName = "DIR" };
    private static readonly Option<double[]> Weight = new("--weight")
    {
        Description = "mix the files by weight in tokens, one --weight for each file in their order; without, they follow each other",
        HelpName = "W",
    };
    private static readonly Option<string?> Verify = new("--verify")
    {
        Description = "pack nothing: check every byte of a packed folder against its checksums",
        HelpName = "DIR",
    };
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
            Files, Tokenizer, Output, Weight, HeldOut, Seed, ShardTokens, Threads, Force, Verify,
        };
        command.Validators.Add(RequireWhatPackingNeeds);
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
        return command;
    }

    /// <summary>Files, tokenizer and output are needed unless a folder is only verified.</summary>
    private static void RequireWhatPackingNeeds(CommandResult result)
    {
        bool verifies = result.GetResult(Verify) is not null;
        bool hasFiles = result.GetValue(Files) is { Length: > 0 };
        if (verifies && hasFiles) result.AddError("--verify packs nothing; give it alone");
        if (verifies) return;
        if (!hasFiles) result.AddError("Required argument missing for command: 'pack'.");
        foreach (Option option in (Option[])[Tokenizer, Output])
            if (result.GetResult(option) is null) result.AddError($"Option '{option.Name}' is required.");
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(Verify) is { } packed)
        {
            VerifyFolder(packed);
            return ExitCode.Done;
        }
        string[] files = parsed.GetRequiredValue(Files);
        string output = parsed.GetRequiredValue(Output);
        double[] weights = parsed.GetValue(Weight) ?? [];
        var options = new PackOptions
        {
            HeldOutFraction = parsed.GetValue(HeldOut),
            Seed = parsed.GetValue(Seed),
            MaxShardTokens = parsed.GetValue(ShardTokens),
            Threads = parsed.GetValue(Threads),
            Force = parsed.GetValue(Force),
            Weights = weights.Length > 0 ? weights : null,
            Cancellation = cancellation,
        };
        if (!(options.HeldOutFraction is >= 0 and < 1))
            throw new UsageException($"--held-out {options.HeldOutFraction}: 0 up to but not including 1 was expected");
        if (options.MaxShardTokens is < 1 or > PackOptions.LargestShard)
            throw new UsageException($"--shard-tokens {options.MaxShardTokens}: 1 to {PackOptions.LargestShard} was expected");
        if (options.Threads < 1) throw new UsageException($"--threads {options.Threads}: at least 1 was expected");
        if (weights.Length > 0 && weights.Length != files.Length)
            throw new UsageException($"{weights.Length} --weight for {files.Length} files: one for each was expected");
        foreach (double weight in weights)
            if (!(weight > 0 && double.IsFinite(weight))) throw new UsageException($"--weight {weight}: a number above 0 was expected");
        BpeTokenizer tokenizer = TokenizerSource.Open(parsed.GetRequiredValue(Tokenizer));
        PackResult? result = null;
        ConsoleProgress.Run("packing", "documents", InputFile.TotalBytes(files), progress =>
            result = Packer.Pack(files, tokenizer, output, options with { Progress = (bytes, documents) => progress.Report(bytes, documents) }));
        Report(output, result!, options.Weights);
        return ExitCode.Done;
    }

    /// <summary>The splits of a folder, or the one split that it is, with the tokenizer beside them.</summary>
    private static void VerifyFolder(string root)
    {
        if (!Directory.Exists(root)) throw new InvalidDataException($"--verify {root}: {(File.Exists(root) ? "a file" : "no such folder")}; give a folder written by phf pack");
        bool isSplit = File.Exists(Path.Combine(root, DatasetManifest.FileName));
        string[] splits = isSplit ? [root] : [Path.Combine(root, Packer.TrainSplit), .. HeldOutOf(root)];
        var rows = new List<(string, string)>();
        var problems = new List<string>();
        foreach (string split in splits)
        {
            try
            {
                rows.Add(VerifySplit(split, isSplit ? null : Path.Combine(root, Packer.TokenizerDirectory)));
            }
            catch (InvalidDataException problem)
            {
                problems.Add(problem.Message); // the other split is checked all the same
            }
        }
        if (problems.Count > 0) throw new InvalidDataException(string.Join('\n', problems));
        SummaryTable.Write(root, rows);

        static string[] HeldOutOf(string root)
            => Directory.Exists(Path.Combine(root, Packer.HeldOutSplit)) ? [Path.Combine(root, Packer.HeldOutSplit)] : [];
    }

    private static (string Name, string Value) VerifySplit(string split, string? tokenizer)
    {
        using PackedDataset data = PackedDataset.Open(split);
        data.VerifyChecksums();
        if (tokenizer is not null) data.CheckTokenizer(TokenizerSource.Open(tokenizer));
        IReadOnlyList<ShardInfo> shards = data.Manifest.Shards;
        return (data.Manifest.Split, $"{shards.Count} {(shards.Count == 1 ? "shard" : "shards")}, {SummaryTable.Count(shards.Sum(shard => shard.Bytes))} bytes "
            + $"as they were packed; {SummaryTable.Count(data.DocumentCount)} documents, {SummaryTable.Count(data.TokenCount)} tokens");
    }

    private static void Report(string output, PackResult result, IReadOnlyList<double>? weights)
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
        if (result.OtherAverages > 0)
            rows.Add(("avg_score", $"{SummaryTable.Count(result.OtherAverages)} documents state another than the mean of their scores; the mean is taken"));
        for (int i = 0; weights is not null && i < weights.Count; i++)
        {
            PackedInput input = result.Inputs[i];
            rows.Add(($"weight {SummaryTable.Number(weights[i])}", $"{input.Path}: {SummaryTable.Count(input.Documents)} documents, {SummaryTable.Count(input.Tokens)} tokens "
                + $"({SummaryTable.Number(100.0 * input.Tokens / result.Inputs.Sum(other => other.Tokens))} %); "
                + (input.LeftOut > 0 ? $"left out: {SummaryTable.Count(input.LeftOut)} documents" : "none left")));
        }
        SummaryTable.Write(output, rows);
    }
}
