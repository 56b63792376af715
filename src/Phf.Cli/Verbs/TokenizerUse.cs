using System.CommandLine;
using Phf.Data;
using Phf.Text;

namespace Phf.Cli.Verbs;

/// <summary><c>phf tokenizer encode</c>, <c>decode</c> and <c>convert</c>.</summary>
internal static class TokenizerUse
{
    private static readonly Argument<string> Tokenizer = new("TOKENIZER") { Description = "folder of a tokenizer, a run or a model, or one of a tokenizer's files; or a name of the Hub, once downloaded" };
    private static readonly Argument<string[]> Texts = new("FILE")
    {
        Description = "texts: .jsonl, .txt or .csv, each also .gz; - is standard input",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Argument<string[]> Ids = new("FILE")
    {
        Description = "token ids, [1, 2] or {\"ids\": [1, 2]} a line, also .gz; - is standard input",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<string?> OutputFile = new("--output", "-o") { Description = "file to write; without it, standard output", HelpName = "FILE" };
    private static readonly Option<string> OutputFolder = new("--output", "-o") { Description = "folder to create", Required = true, HelpName = "DIR" };
    private static readonly TextArguments TextArguments = new();
    private static readonly Option<bool> AddSpecial = new("--add-special") { Description = "put the special tokens around a text that the post-processor wants ([CLS], <s>, ...), as classifiers get it" };
    private static readonly Option<bool> SkipSpecial = new("--skip-special") { Description = "leave special tokens such as <|endoftext|> out of the text" };
    private static readonly Option<bool> CleanUp = new("--clean-up") { Description = "remove the blanks before punctuation and contractions, as transformers 4 does with clean_up_tokenization_spaces" };
    private static readonly Option<bool> Force = new("--force") { Description = "write into a folder that is not empty" };

    public static Command Encode()
    {
        var verb = new Command("encode", "Texts to token ids: {\"ids\": [...]} a line.") { Tokenizer, Texts, OutputFile, AddSpecial };
        TextArguments.AddTo(verb);
        verb.SetAction((parsed, cancel) => Task.FromResult(Encode(parsed, cancel)));
        return verb;
    }

    public static Command Decode()
    {
        var verb = new Command("decode", "Token ids to texts: {\"text\": ...} a line.") { Tokenizer, Ids, OutputFile, SkipSpecial, CleanUp };
        verb.SetAction((parsed, cancel) => Task.FromResult(Decode(parsed, cancel)));
        return verb;
    }

    public static Command Convert()
    {
        var verb = new Command("convert", "Write a byte-level BPE, read from any of its formats, as tokenizer.json, vocab.json with merges.txt and what transformers wants beside them.")
        {
            Tokenizer, OutputFolder, Force,
        };
        verb.SetAction(Convert);
        return verb;
    }

    private static int Encode(ParseResult parsed, CancellationToken cancel)
    {
        Func<string, IReadOnlyList<int>> encode = Encoder(TokenizerSource.OpenAny(parsed.GetRequiredValue(Tokenizer)), parsed.GetValue(AddSpecial));
        TextOptions options = TextArguments.Read(parsed) with { KeepsBlank = true };
        var skipped = new SkippedRecords();
        using JsonLineOutput output = JsonLineOutput.Create(parsed.GetValue(OutputFile));
        foreach (TextRecord record in TextRecords.Read(parsed.GetRequiredValue(Texts), options, skipped))
        {
            cancel.ThrowIfCancellationRequested();
            IReadOnlyList<int> ids = encode(record.Text);
            output.Write(json =>
            {
                if (record.Id is not null) json.WriteString("id", record.Id);
                JsonLineOutput.WriteIds(json, ids);
            });
        }
        output.Commit();
        foreach ((string name, string value) in SummaryTable.Rows(skipped)) Console.Error.WriteLine($"note: {name}: {value}");
        return ExitCode.Done;
    }

    /// <summary>A WordPiece, and any other with its special tokens, as a classifier takes it; else a byte-level BPE as a language model does.</summary>
    private static Func<string, IReadOnlyList<int>> Encoder(EncoderTokenizer tokenizer, bool addsSpecial)
    {
        if (addsSpecial || tokenizer.IsWordPiece)
        {
            var options = new EncodeOptions { AddSpecialTokens = addsSpecial };
            return text => tokenizer.Encode(text, pair: null, options).Ids;
        }
        return tokenizer.ForLanguageModels().Encode;
    }

    private static int Decode(ParseResult parsed, CancellationToken cancel)
    {
        EncoderTokenizer tokenizer = TokenizerSource.OpenAny(parsed.GetRequiredValue(Tokenizer));
        bool cleansUp = parsed.GetValue(CleanUp);
        Func<int[], string> decode = Decoder(tokenizer, parsed.GetValue(SkipSpecial));
        using JsonLineOutput output = JsonLineOutput.Create(parsed.GetValue(OutputFile));
        foreach ((int[] ids, string where) in TokenIdLines.Read(parsed.GetRequiredValue(Ids)))
        {
            cancel.ThrowIfCancellationRequested();
            if (ids.Any(id => (uint)id >= (uint)tokenizer.VocabularySize))
                throw new InvalidDataException($"{where}: token id {ids.First(id => (uint)id >= (uint)tokenizer.VocabularySize)}; this tokenizer has ids from 0 to {tokenizer.VocabularySize - 1}");
            string text = decode(ids);
            output.Write(json => json.WriteString("text", cleansUp ? SpaceCleanUp.Apply(text) : text));
        }
        output.Commit();
        return ExitCode.Done;
    }

    private static Func<int[], string> Decoder(EncoderTokenizer tokenizer, bool skipsSpecial)
    {
        if (tokenizer.IsWordPiece) return ids => tokenizer.Decode(ids, skipsSpecial);
        BpeTokenizer bpe = tokenizer.ForLanguageModels();
        return ids => bpe.Decode(ids, skipsSpecial);
    }

    private static int Convert(ParseResult parsed)
    {
        BpeTokenizer tokenizer = TokenizerSource.Open(parsed.GetRequiredValue(Tokenizer));
        string output = parsed.GetRequiredValue(OutputFolder);
        OutputFolders.Check(output, parsed.GetValue(Force));
        tokenizer.Save(output);
        SummaryTable.Write(output,
        [
            ("vocabulary", $"{SummaryTable.Count(tokenizer.VocabularySize)} tokens"),
            ("fingerprint", tokenizer.Fingerprint),
        ]);
        return ExitCode.Done;
    }
}
