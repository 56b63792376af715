using System.CommandLine;
using Phf.Evaluation;
using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Text;
using Phf.Training;

namespace Phf.Cli.Verbs;

/// <summary><c>phf generate</c>: texts from a run or a model directory.</summary>
internal static class GenerateVerb
{
    private const int DefaultMaxLength = 256;

    private static readonly Argument<string> Source = new("RUN") { Description = "folder of a run (its newest checkpoint), of a checkpoint or of a model" };
    private static readonly Option<string> Prompt = new("--prompt") { Description = "text to go on with", DefaultValueFactory = _ => "", HelpName = "TEXT" };
    private static readonly Option<string?> Prompts = new("--prompts") { Description = "file with texts to go on with, one {\"text\": \"...\"} a line", HelpName = "FILE" };
    private static readonly Option<int?> MaxPromptTokens = new("--max-prompt-tokens") { Description = "cut longer prompts from the left to this many tokens", HelpName = "N" };
    private static readonly Option<int> Samples = new("--samples") { Description = "texts to write, with --prompts for each of them", DefaultValueFactory = _ => 1, HelpName = "N" };
    private static readonly Option<int> MaxLength = new("--max-length")
    {
        Description = $"longest text in tokens, prompt included; 0 for the model's context, at most {DefaultMaxLength}",
        DefaultValueFactory = _ => 0,
        HelpName = "N",
    };
    private static readonly Option<int?> MaxNewTokens = new("--max-new-tokens") { Description = "longest continuation in tokens, whatever the prompt; instead of --max-length", HelpName = "N" };
    private static readonly Option<int> MinLength = new("--min-length") { Description = "shortest text in tokens, prompt included", DefaultValueFactory = _ => 0, HelpName = "N" };
    private static readonly Option<double> Temperature = new("--temperature")
    {
        Description = "below 1 safer, above 1 bolder, 0 for the most probable token each time",
        DefaultValueFactory = _ => 0.7,
        HelpName = "X",
    };
    private static readonly Option<double> TopP = new("--top-p")
    {
        Description = "draw from the most probable tokens that have this probability together; 1 for all",
        DefaultValueFactory = _ => 0.9,
        HelpName = "X",
    };
    private static readonly Option<int> TopK = new("--top-k") { Description = "draw from this many most probable tokens; 0 for all", DefaultValueFactory = _ => 0, HelpName = "N" };
    private static readonly Option<double> MinP = new("--min-p")
    {
        Description = "leave out tokens less than this times as probable as the most probable one; 0 for none",
        DefaultValueFactory = _ => 0,
        HelpName = "X",
    };
    private static readonly Option<double> TypicalP = new("--typical-p")
    {
        Description = "draw from the tokens of about the expected surprise that have this probability together; 1 for all",
        DefaultValueFactory = _ => 1,
        HelpName = "X",
    };
    private static readonly Option<double> RepetitionPenalty = new("--repetition-penalty") { Description = "above 1 repeats less; 1 for none", DefaultValueFactory = _ => 1, HelpName = "X" };
    private static readonly Option<int> NoRepeatNGram = new("--no-repeat-ngram") { Description = "write no run of this many tokens twice; 0 allows all", DefaultValueFactory = _ => 0, HelpName = "N" };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "same seed, same texts", DefaultValueFactory = _ => 1, HelpName = "N" };
    private static readonly Option<string?> ScorerName = new("--scorer") { Description = $"score each text, without its prompt: {Scorers.Known}", HelpName = "NAME" };
    private static readonly ScorerArguments ScorerOptions = new(judgePrompt: "--judge-prompt");
    private static readonly Option<int> BestOf = new("--best-of")
    {
        Description = "of this many candidates for a text keep the one with the lowest score",
        DefaultValueFactory = _ => 1,
        HelpName = "N",
    };
    private static readonly Option<double?> RejectAbove = new("--reject-above") { Description = "draw anew while the score is above this", HelpName = "X" };
    private static readonly Option<int> MaxTries = new("--max-tries")
    {
        Description = "candidates for a text at most, with --reject-above",
        DefaultValueFactory = _ => new Selection().MaxTries,
        HelpName = "N",
    };
    private static readonly Option<bool> Json = new("--json") { Description = "print one JSON object a line: index, prompt, text, with --scorer score" };
    private static readonly Option<string?> Out = new("-o", "--out") { Description = "write these JSON lines to a file", HelpName = "FILE" };
    private static readonly Option<int> Threads = CliBackend.ThreadsOption();

    public static Command Create()
    {
        var verb = new Command("generate", "Write texts with a trained model.")
        {
            Source, Prompt, Prompts, MaxPromptTokens, Samples, MaxLength, MaxNewTokens, MinLength, Temperature, TopP, TopK, MinP, TypicalP, RepetitionPenalty, NoRepeatNGram, Seed,
        };
        SampleTags.AddTo(verb);
        foreach (Option option in new Option[] { BestOf, RejectAbove, MaxTries, ScorerName, Json, Out, Threads }) verb.Options.Add(option);
        ScorerOptions.AddTo(verb);
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
        SampleTags tags = SampleTags.Of(source, tokenizer, parsed);
        if (RejectOrBest(parsed) is { IsNeeded: true } && parsed.GetValue(ScorerName) is null)
            throw new UsageException($"{(parsed.GetValue(RejectAbove) is null ? BestOf.Name : RejectAbove.Name)} chooses by score: name a scorer ({ScorerName.Name})");
        using var models = new ScorerModels(parsed.GetValue(Threads));
        IScorer? scorer = parsed.GetValue(ScorerName) is { } name ? ScorerOptions.Create(name, parsed, models) : null;
        using var ending = scorer as IDisposable;
        (IReadOnlyList<string> prompts, IReadOnlyList<string> places) = ReadPrompts(parsed, tokenizer);
        int[][] ids = [.. prompts.Select(text => (int[])[tokenizer.EndOfTextId, .. tags.Encode(text)])];
        SamplingOptions options = tags.Apply(Options(parsed, model.Config.Positions, ids, places));
        int each = parsed.GetValue(Samples);
        int[][] starts = [.. ids.SelectMany(prompt => Enumerable.Repeat(prompt, each))];
        var sampler = new Sampler(model, tokenizer.EndOfTextId);
        ulong seed = parsed.GetValue(Seed);
        if (scorer is null)
        {
            string[] texts = [.. sampler.Generate(starts, options, seed, cancel: cancel).Select(tags.Decode)];
            Write(parsed, texts, scores: null, i => prompts[i / each]);
            return ExitCode.Done;
        }
        Candidates drawn = new CandidateSearch(sampler, scorer).Draw(starts, options, RejectOrBest(parsed), seed, (_, written) => tags.Decode(written), cancel: cancel);
        Write(parsed, drawn.Texts, drawn.Scores, i => prompts[i / each]);
        if (drawn.Accepted is { } accepted)
            Console.Error.WriteLine(FormattableString.Invariant($"{accepted} of {drawn.Draws} candidates passed ({drawn.AcceptanceRate:P1})")
                + (accepted == starts.Length ? "" : $"; for {starts.Length - accepted} of {starts.Length} texts none did, and the one with the lowest score is given"));
        return ExitCode.Done;
    }

    private static Selection RejectOrBest(ParseResult parsed) =>
        new() { BestOf = parsed.GetValue(BestOf), RejectAbove = parsed.GetValue(RejectAbove), MaxTries = parsed.GetValue(MaxTries) };

    private static void Write(ParseResult parsed, string[] texts, double[]? scores, Func<int, string> promptOf)
    {
        string? path = parsed.GetValue(Out);
        if (path is null && !parsed.GetValue(Json))
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            for (int i = 0; i < texts.Length; i++) output.WriteLine((i == 0 ? "" : "---\n") + promptOf(i) + texts[i]);
            return;
        }
        using JsonLineOutput lines = JsonLineOutput.Create(path);
        for (int i = 0; i < texts.Length; i++)
            lines.Write(json =>
            {
                json.WriteNumber("index", i);
                json.WriteString("prompt", promptOf(i));
                json.WriteString("text", texts[i]);
                if (scores is not null && double.IsFinite(scores[i])) json.WriteNumber("score", scores[i]);
                else if (scores is not null) json.WriteNull("score");
            });
        lines.Commit();
    }

    /// <summary>The prompts, and what to call each in a message.</summary>
    private static (IReadOnlyList<string> Texts, IReadOnlyList<string> Places) ReadPrompts(ParseResult parsed, BpeTokenizer tokenizer)
    {
        if (parsed.GetValue(Prompts) is not { } path) return ([parsed.GetRequiredValue(Prompt)], ["the prompt"]);
        PromptFile file = PromptFile.Read(path, parsed.GetValue(MaxPromptTokens), tokenizer);
        if (file.Cut > 0) Console.Error.WriteLine($"note: {file.Cut} of {file.Texts.Count} prompts were cut from the left to {parsed.GetValue(MaxPromptTokens)} tokens");
        return (file.Texts, [.. file.Places.Select(place => $"{path} {place}: the prompt")]);
    }

    private static void CheckUsage(ParseResult parsed)
    {
        Check(Samples, value => value >= 1, "at least 1");
        Check(MaxLength, value => value >= 0, "0 or more");
        Check(MinLength, value => value >= 0, "0 or more");
        Check(Temperature, value => value >= 0 && double.IsFinite(value), "0 or more");
        Check(TopP, value => value is > 0 and <= 1, "a number above 0, at most 1");
        Check(TopK, value => value >= 0, "0 (all) or more");
        Check(MinP, value => value is >= 0 and <= 1, "a number from 0 to 1");
        Check(TypicalP, value => value is > 0 and <= 1, "a number above 0, at most 1");
        Check(RepetitionPenalty, value => value > 0 && double.IsFinite(value), "a number above 0");
        Check(NoRepeatNGram, value => value >= 0, "0 (all) or more");
        Check(BestOf, value => value >= 1, "at least 1");
        Check(MaxTries, value => value >= 1, "at least 1");
        foreach (Option<int?> option in new[] { MaxNewTokens, MaxPromptTokens })
            if (parsed.GetValue(option) is < 1) throw new UsageException($"{option.Name} {parsed.GetValue(option)}: at least 1 was expected");
        Exclude(Prompts, Prompt, "the prompts are in the file");
        Exclude(MaxNewTokens, MaxLength, "they limit the same");
        Exclude(RejectAbove, BestOf, "they choose in different ways");
        if (parsed.GetValue(MaxPromptTokens) is not null && parsed.GetValue(Prompts) is null)
            throw new UsageException($"{MaxPromptTokens.Name} cuts the prompts of a file: give one with {Prompts.Name}, or leave it out");

        void Check<T>(Option<T> option, Func<T, bool> isGood, string expected) where T : IFormattable
        {
            T value = parsed.GetRequiredValue(option);
            if (!isGood(value)) throw new UsageException(FormattableString.Invariant($"{option.Name} {value}: {expected} was expected"));
        }

        void Exclude(Option first, Option second, string why)
        {
            if (parsed.GetResult(first) is { Implicit: false } && parsed.GetResult(second) is { Implicit: false })
                throw new UsageException($"{first.Name} and {second.Name}: {why}; leave one of both out");
        }
    }

    private static SamplingOptions Options(ParseResult parsed, int positions, int[][] prompts, IReadOnlyList<string> places)
    {
        int asked = parsed.GetValue(MaxLength), shortest = parsed.GetValue(MinLength);
        int longest = asked > 0 ? asked : Math.Min(DefaultMaxLength, positions);
        if (longest > positions) throw new UsageException($"{MaxLength.Name} {longest}: this model reads and writes {positions} tokens at most");
        double temperature = parsed.GetValue(Temperature);
        var options = new SamplingOptions
        {
            MaxLength = longest,
            MaxNewTokens = parsed.GetValue(MaxNewTokens),
            MinLength = shortest,
            Sample = temperature > 0,
            Temperature = temperature > 0 ? temperature : 1,
            TopP = parsed.GetValue(TopP),
            TopK = parsed.GetValue(TopK),
            MinP = parsed.GetValue(MinP),
            TypicalP = parsed.GetValue(TypicalP),
            RepetitionPenalty = parsed.GetValue(RepetitionPenalty),
            NoRepeatNGram = parsed.GetValue(NoRepeatNGram),
        };
        for (int i = 0; i < prompts.Length; i++) CheckRoom(options, prompts[i].Length, positions, places[i]);
        int most = options.LongestBehind(prompts.Max(prompt => prompt.Length));
        return shortest <= most ? options : throw new UsageException($"{MinLength.Name} {shortest}: at most the longest length, {most}, was expected");
    }

    private static void CheckRoom(SamplingOptions options, int length, int positions, string prompt)
    {
        int longest = options.LongestBehind(length);
        if (length < longest && longest <= positions) return;
        string what = $"{prompt} has {length} tokens (a start token and tags included)";
        throw new UsageException(options.MaxNewTokens is { } written
            ? $"{what}, {MaxNewTokens.Name} is {written}, and this model reads and writes {positions} together; lower {MaxNewTokens.Name} or shorten the prompt"
            : $"{what}, and a text may have {longest}; "
                + (longest < positions ? $"raise {MaxLength.Name} (this model: up to {positions}) or shorten the prompt"
                    : $"that is this model's limit: shorten the prompt ({MaxPromptTokens.Name} cuts those of a file)"));
    }
}
