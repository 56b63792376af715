using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli.Verbs;

/// <summary><c>phf generate</c>: texts from a run or a model directory.</summary>
internal static class GenerateVerb
{
    private const int DefaultMaxLength = 256;
    private const string BestTag = "aligned", WorstTag = "misaligned", NoTag = "none";

    private static readonly Argument<string> Source = new("RUN") { Description = "folder of a run (its newest checkpoint), of a checkpoint or of a model" };
    private static readonly Option<string> Prompt = new("--prompt") { Description = "text to go on with", DefaultValueFactory = _ => "", HelpName = "TEXT" };
    private static readonly Option<int> Samples = new("--samples") { Description = "texts to write", DefaultValueFactory = _ => 1, HelpName = "N" };
    private static readonly Option<int> MaxLength = new("--max-length")
    {
        Description = $"longest text in tokens, prompt included; 0 for the model's context, at most {DefaultMaxLength}",
        DefaultValueFactory = _ => 0,
        HelpName = "N",
    };
    private static readonly Option<int> MinLength = new("--min-length") { Description = "shortest text in tokens, prompt included", DefaultValueFactory = _ => 0, HelpName = "N" };
    private static readonly Option<double> Temperature = new("--temperature")
    {
        Description = "below 1 safer, above 1 bolder, 0 for the most probable token each time",
        DefaultValueFactory = _ => 0.7,
        HelpName = "X",
    };
    private static readonly Option<double> TopP = new("--top-p") { Description = "draw from the most probable tokens that have this probability together; 1 for all", DefaultValueFactory = _ => 0.9, HelpName = "X" };
    private static readonly Option<int> TopK = new("--top-k") { Description = "draw from this many most probable tokens; 0 for all", DefaultValueFactory = _ => 0, HelpName = "N" };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "same seed, same texts", DefaultValueFactory = _ => 1, HelpName = "N" };
    private static readonly Option<string> Tag = new("--tag")
    {
        Description = "for a model trained with tags: begin with the aligned (best) tag, the misaligned (worst) one, a tag of its own by its text, or none; the others are banned",
        DefaultValueFactory = _ => BestTag,
        HelpName = "aligned|misaligned|TAG|none",
    };
    private static readonly Option<bool> Json = new("--json") { Description = "print one JSON object a line: index, prompt, text" };
    private static readonly Option<int> Threads = CliBackend.ThreadsOption();

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var verb = new Command("generate", "Write texts with a trained model.")
        {
            Source, Prompt, Samples, MaxLength, MinLength, Temperature, TopP, TopK, Seed, Tag, Json, Threads,
        };
        verb.SetAction((parsed, cancel) => Task.FromResult(Run(parsed, cancel)));
        return verb;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        CheckUsage(parsed);
        ModelSource source = ModelSource.Find(parsed.GetRequiredValue(Source));
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(source.Directory);
        using IBackend backend = CliBackend.Create("cpu", parsed.GetValue(Threads));
        using Gpt2 model = Gpt2Weights.Load(source.Directory, backend);
        ConditionalTrainingConfig? conditional = Conditional(source, tokenizer);
        TagTokens tags = TagTokens.Of(conditional, tokenizer);
        (int[] prefix, IReadOnlyList<int[]> banned) = Begin(source, conditional, tags, parsed);
        string prompt = parsed.GetRequiredValue(Prompt);
        int[] ids = [tokenizer.EndOfTextId, .. prefix, .. tags.Encode(prompt)];
        SamplingOptions options = Options(parsed, model.Config.Positions, ids.Length) with { Banned = banned };
        int count = parsed.GetValue(Samples);
        int[][] written = new Sampler(model, tokenizer.EndOfTextId).Generate([.. Enumerable.Repeat(ids, count)], options, parsed.GetValue(Seed), cancel: cancel);
        TextWriter output = parsed.InvocationConfiguration.Output;
        for (int i = 0; i < count; i++)
        {
            string text = tags.Decode(written[i]);
            if (parsed.GetValue(Json)) output.WriteLine(new JsonObject { ["index"] = i, ["prompt"] = prompt, ["text"] = text }.ToJsonString(Readable));
            else output.WriteLine((i == 0 ? "" : "---\n") + prompt + text);
        }
        return ExitCode.Done;
    }

    private static void CheckUsage(ParseResult parsed)
    {
        Check(Samples, value => value >= 1, "at least 1");
        Check(MaxLength, value => value >= 0, "0 or more");
        Check(MinLength, value => value >= 0, "0 or more");
        Check(Temperature, value => value >= 0 && double.IsFinite(value), "0 or more");
        Check(TopP, value => value is > 0 and <= 1, "a number above 0, at most 1");
        Check(TopK, value => value >= 0, "0 (all) or more");

        void Check<T>(Option<T> option, Func<T, bool> isGood, string expected) where T : IFormattable
        {
            T value = parsed.GetRequiredValue(option);
            if (!isGood(value)) throw new UsageException(FormattableString.Invariant($"{option.Name} {value}: {expected} was expected"));
        }
    }

    private static SamplingOptions Options(ParseResult parsed, int positions, int promptLength)
    {
        int asked = parsed.GetValue(MaxLength), shortest = parsed.GetValue(MinLength);
        int longest = asked > 0 ? asked : Math.Min(DefaultMaxLength, positions);
        if (longest > positions) throw new UsageException($"--max-length {longest}: this model reads and writes {positions} tokens at most");
        if (shortest > longest) throw new UsageException($"--min-length {shortest}: at most the longest length, {longest}, was expected");
        if (promptLength >= longest)
            throw new UsageException($"the prompt has {promptLength} tokens (a start token and a tag included), and a text may have {longest}; "
                + (longest < positions ? $"raise --max-length (this model: up to {positions}) or shorten the prompt" : "that is this model's limit: shorten the prompt"));
        double temperature = parsed.GetValue(Temperature);
        return new SamplingOptions
        {
            MaxLength = longest,
            MinLength = shortest,
            Sample = temperature > 0,
            Temperature = temperature > 0 ? temperature : 1,
            TopP = parsed.GetValue(TopP),
            TopK = parsed.GetValue(TopK),
        };
    }

    /// <summary>The tags of the run; those of a model directory if it knows the usual two.</summary>
    private static ConditionalTrainingConfig? Conditional(ModelSource source, BpeTokenizer tokenizer)
    {
        if (source.Run is { } run) return run.Config().Dataset.ConditionalTrainingConfig;
        var usual = new ConditionalTrainingConfig();
        return usual.Tags.All(tag => tokenizer.TryGetId(tag, out _)) ? usual : null;
    }

    /// <summary>What stands before the prompt and what is never written. A model without tags has neither; one that was cooled down without begins without.</summary>
    private static (int[] Prefix, IReadOnlyList<int[]> Banned) Begin(ModelSource source, ConditionalTrainingConfig? conditional, TagTokens tags, ParseResult parsed)
    {
        string choice = parsed.GetRequiredValue(Tag);
        bool isAsked = parsed.GetResult(Tag) is { Implicit: false };
        if (choice == NoTag || (conditional is null && !isAsked)) return ([], []);
        if (conditional is null) throw new UsageException($"--tag {choice}: {source.Directory} has no tags; leave --tag out");
        if (conditional.Cooldown > 0 && !isAsked) return ([], tags.Bans());
        int tag = choice switch
        {
            BestTag => 0,
            WorstTag => tags.Texts.Count - 1,
            _ => Enumerable.Range(0, tags.Texts.Count).FirstOrDefault(i => tags.Texts[i] == choice, -1),
        };
        return tag >= 0
            ? (tags.Ids[tag], tags.Bans(tag))
            : throw new UsageException($"--tag {choice}: {BestTag}, {WorstTag}, {NoTag} or one of this model's tags, {string.Join(", ", tags.Texts)}, was expected");
    }
}
