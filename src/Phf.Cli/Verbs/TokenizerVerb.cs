using System.CommandLine;
using Phf.Data;
using Phf.Formats;
using Phf.Text;

namespace Phf.Cli.Verbs;

/// <summary><c>phf tokenizer</c>: <c>train</c> learns a byte-level BPE from texts; what uses one is in <see cref="TokenizerUse"/>.</summary>
internal static class TokenizerVerb
{
    private static readonly Argument<string[]> Files = new("FILE")
    {
        Description = "corpus: .jsonl ({\"text\": ...} or scored {\"texts\": [...]}), .txt or .csv, each also .gz; - is standard input",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "folder to create", Required = true, HelpName = "DIR" };
    private static readonly Option<int> VocabularySize = new("--vocab-size")
    {
        Description = $"ids wanted, at least {BpeTrainer.SmallestVocabulary} (256 bytes and {BpeTokenizer.EndOfText})",
        Required = true,
        HelpName = "N",
    };
    private static readonly Option<int> MinFrequency = new("--min-frequency") { Description = "pairs that occur less often are not merged", DefaultValueFactory = _ => 0, HelpName = "N" };
    private static readonly TextArguments Texts = new();
    private static readonly Option<bool> Force = new("--force") { Description = "write into a folder that is not empty" };

    public static Command Create()
    {
        var train = new Command("train", "Learn a byte-level BPE (GPT-2's kind) and save it as Hugging Face transformers opens it.")
        {
            Files, Output, VocabularySize, MinFrequency, Force,
        };
        Texts.AddTo(train);
        train.SetAction((parsed, cancellation) => Task.FromResult(Train(parsed, cancellation)));
        return new Command("tokenizer", "Make and use tokenizers.") { train, TokenizerUse.Encode(), TokenizerUse.Decode(), TokenizerUse.Convert() };
    }

    private static int Train(ParseResult parsed, CancellationToken cancellation)
    {
        string[] files = parsed.GetRequiredValue(Files);
        string output = parsed.GetRequiredValue(Output);
        int vocabularySize = parsed.GetValue(VocabularySize), minFrequency = parsed.GetValue(MinFrequency);
        if (vocabularySize < BpeTrainer.SmallestVocabulary)
            throw new UsageException($"--vocab-size {vocabularySize}: at least {BpeTrainer.SmallestVocabulary} was expected");
        if (minFrequency < 0) throw new UsageException($"--min-frequency {minFrequency}: 0 or more was expected");
        OutputFolders.Check(output, parsed.GetValue(Force));

        var skipped = new SkippedRecords();
        long documents = 0;
        Dictionary<string, long> pieces = [];
        ConsoleProgress.Run("reading", "documents", InputFile.TotalBytes(files), progress =>
            pieces = BpeTrainer.CountPieces(
                TextRecords.Read(files, Texts.Read(parsed), skipped, bytes => progress.Report(bytes, ++documents)).Select(record => record.Text), cancellation));
        if (documents == 0) throw new InvalidDataException($"no texts in {string.Join(", ", files)}{FirstReason(skipped)}");

        BpeTokenizer? tokenizer = null;
        int wanted = vocabularySize - BpeTrainer.SmallestVocabulary;
        ConsoleProgress.Run("merging", "tokens", wanted, progress =>
            tokenizer = BpeTrainer.Train(pieces, vocabularySize, minFrequency, (done, _) => progress.Report(done, done), cancellation));
        tokenizer!.Save(output);
        Report(output, tokenizer, vocabularySize, documents, pieces, skipped);
        return ExitCode.Done;
    }

    private static string FirstReason(SkippedRecords skipped) =>
        skipped.Total == 0 ? "" : $"; skipped {skipped.Total}, first: {skipped.Reasons.First().Key} at {skipped.Reasons.First().Value.First}";

    private static void Report(
        string output, BpeTokenizer tokenizer, int vocabularySize, long documents, Dictionary<string, long> pieces, SkippedRecords skipped)
    {
        string shortfall = tokenizer.VocabularySize < vocabularySize ? $" of {SummaryTable.Count(vocabularySize)} wanted: no pair was left to merge" : "";
        SummaryTable.Write(output,
        [
            ("documents", SummaryTable.Count(documents)),
            .. SummaryTable.Rows(skipped),
            ("words", $"{SummaryTable.Count(pieces.Values.Sum())}, {SummaryTable.Count(pieces.Count)} different"),
            ("vocabulary", $"{SummaryTable.Count(tokenizer.VocabularySize)} tokens{shortfall}"),
            ("fingerprint", tokenizer.Fingerprint),
        ]);
    }
}
