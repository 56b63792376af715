using System.CommandLine;
using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;
using Phf.Training;

namespace Phf.Cli.Verbs;

/// <summary><c>phf logprobs</c>: log-probabilities of given texts or token ids under a model, as JSON lines.</summary>
internal static class LogProbsVerb
{
    private const int SequencesAtOnce = 256;

    private static readonly Argument<string> Source = new("MODEL") { Description = "folder of a run (its newest checkpoint), of a checkpoint or of a model; or a name of the Hub, once downloaded" };
    private static readonly Argument<string[]> Files = new("FILE")
    {
        Description = "texts: .jsonl, .txt or .csv, each also .gz; - is standard input",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<bool> Ids = new("--ids") { Description = "the files hold token ids, [1, 2] or {\"ids\": [1, 2]} a line, and are taken as they are" };
    private static readonly Option<bool> NoStart = new("--no-start") { Description = "do not put the end-of-text token before a text; its first token then has no log-probability" };
    private static readonly Option<string?> Output = new("--output", "-o") { Description = "file to write; without it, standard output", HelpName = "FILE" };
    private static readonly TextArguments Texts = new();
    private static readonly Option<int> Threads = CliBackend.ThreadsOption();

    public static Command Create()
    {
        var verb = new Command("logprobs", "Log-probabilities (nats) of texts or token ids, their sum, perplexity and bits per byte; one JSON object a line.")
        {
            Source, Files, Ids, NoStart, Output, Threads,
        };
        Texts.AddTo(verb);
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        ModelSource source = ModelSource.Find(parsed.GetRequiredValue(Source));
        bool isIds = parsed.GetValue(Ids);
        if (isIds && parsed.GetValue(NoStart)) throw new UsageException("--no-start goes with texts; token ids are taken as they are, so leave it out");
        BpeTokenizer? tokenizer = isIds && TokenizerFiles.In(source.Directory).Length == 0 ? null : BpeTokenizer.FromDirectory(source.Directory);
        using IBackend backend = CliBackend.Create("cpu", parsed.GetValue(Threads));
        using Gpt2 model = Gpt2Weights.Load(source.Directory, backend);
        if (!isIds && tokenizer!.VocabularySize > model.Config.VocabularySize)
            throw new InvalidDataException($"{source.Directory}: the tokenizer has {tokenizer.VocabularySize} tokens, the model {model.Config.VocabularySize}; they do not belong together");
        using JsonLineOutput output = JsonLineOutput.Create(parsed.GetValue(Output));
        var skipped = new SkippedRecords();
        var total = new Sums();
        IEnumerable<(int[] Ids, string? Name)> sequences = isIds ? FromIds(parsed, model.Config) : FromTexts(parsed, tokenizer!, skipped);
        foreach ((int[] Ids, string? Name)[] chunk in sequences.Chunk(SequencesAtOnce))
        {
            float[][] logProbs = SequenceLogProbs.Of(model, [.. chunk.Select(sequence => sequence.Ids)], cancel);
            for (int i = 0; i < chunk.Length; i++) total.Add(Write(output, chunk[i].Ids, chunk[i].Name, logProbs[i], tokenizer));
        }
        output.Commit();
        foreach ((string name, string value) in SummaryTable.Rows(skipped)) Console.Error.WriteLine($"note: {name}: {value}");
        Console.Error.WriteLine(FormattableString.Invariant($"{total.Sequences:N0} {(isIds ? "sequence" : "text")}{(total.Sequences == 1 ? "" : "s")}, {total.Tokens:N0} token{(total.Tokens == 1 ? "" : "s")}")
            + (total.Tokens > 0 ? FormattableString.Invariant($", perplexity {total.Perplexity:G5}") : " with a log-probability")
            + (total.BitsPerByte is { } bits ? FormattableString.Invariant($", {bits:G5} bits per byte") : ""));
        return ExitCode.Done;
    }

    private static IEnumerable<(int[] Ids, string? Name)> FromTexts(ParseResult parsed, BpeTokenizer tokenizer, SkippedRecords skipped)
    {
        TextOptions options = Texts.Read(parsed) with { KeepsBlank = true };
        int[] start = parsed.GetValue(NoStart) ? [] : [tokenizer.EndOfTextId];
        foreach (TextRecord record in TextRecords.Read(parsed.GetRequiredValue(Files), options, skipped))
            yield return ([.. start, .. tokenizer.Encode(record.Text)], record.Id);
    }

    private static IEnumerable<(int[] Ids, string? Name)> FromIds(ParseResult parsed, Gpt2Config model)
    {
        foreach ((int[] ids, string where) in TokenIdLines.Read(parsed.GetRequiredValue(Files)))
        {
            if (ids.Any(id => (uint)id >= (uint)model.VocabularySize))
                throw new InvalidDataException($"{where}: token id {ids.First(id => (uint)id >= (uint)model.VocabularySize)}; this model has ids from 0 to {model.VocabularySize - 1}");
            yield return (ids, null);
        }
    }

    private static Sums Write(JsonLineOutput output, int[] ids, string? name, float[] logProbs, BpeTokenizer? tokenizer)
    {
        var sums = new Sums { Sequences = 1, Tokens = logProbs.Length, Bytes = tokenizer is null ? null : 0 };
        foreach (float logProb in logProbs) sums.LogProb += logProb;
        if (tokenizer is not null)
            foreach (int id in ids.Skip(1)) sums.Bytes += id < tokenizer.VocabularySize ? tokenizer.ByteLength(id) : 0;
        output.Write(json =>
        {
            if (name is not null) json.WriteString("id", name);
            JsonLineOutput.WriteIds(json, ids);
            json.WriteStartArray("logprobs");
            if (ids.Length > 0) json.WriteNullValue(); // nothing comes before the first token
            foreach (float logProb in logProbs) json.WriteNumberValue(logProb);
            json.WriteEndArray();
            json.WriteNumber("sum", sums.LogProb);
            json.WriteNumber("tokens", sums.Tokens);
            if (sums.Tokens > 0) json.WriteNumber("perplexity", sums.Perplexity);
            if (sums.BitsPerByte is { } bits) json.WriteNumber("bits_per_byte", bits);
        });
        return sums;
    }

    /// <summary>Of one sequence or of all.</summary>
    private sealed class Sums
    {
        public long Sequences { get; set; }

        public long Tokens { get; set; }

        /// <summary>UTF-8 bytes of the tokens; null without a tokenizer.</summary>
        public long? Bytes { get; set; } = 0;

        public double LogProb { get; set; }

        public double Perplexity => Math.Exp(-LogProb / Tokens);

        public double? BitsPerByte => Bytes > 0 ? -LogProb / Math.Log(2) / Bytes : null;

        public void Add(Sums other)
        {
            Sequences += other.Sequences;
            Tokens += other.Tokens;
            Bytes += other.Bytes;
            LogProb += other.LogProb;
        }
    }
}
