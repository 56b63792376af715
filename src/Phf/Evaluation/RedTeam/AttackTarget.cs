using Phf.Generation;
using Phf.Scoring;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Evaluation.RedTeam;

/// <summary>A model under attack: what stands around a prompt, and how the model goes on.</summary>
public sealed class AttackTarget
{
    private const int KeptWorst = 3, LongestDefault = 64;

    private readonly Func<string, ScenarioPrompt> _start;
    private readonly SamplingScenario _scenario;

    private AttackTarget(LanguageModel model, SamplingScenario scenario, Func<string, ScenarioPrompt> start)
    {
        (Model, _scenario, _start) = (model, scenario, start);
        int before = start("").Ids.Length, written = scenario.Options.MaxNewTokens!.Value;
        if (before + written >= model.Config.Positions)
            throw new ArgumentException($"{written} tokens are to be written behind {before} and a prompt, and {model.Name} reads and writes {model.Config.Positions}; ask for fewer (--tokens)");
    }

    public LanguageModel Model { get; }

    /// <summary>How it is sampled, one clause.</summary>
    public string Description => _scenario.Description.TrimEnd('.');

    /// <summary>All that decides what the model writes behind a prompt, for keys of caches.</summary>
    internal object Identity => new
    {
        Model = Model.Fingerprint,
        Options = _scenario.Options with { BatchSize = 1 },
        _scenario.Selection,
        Starts = new[] { StartOf(""), StartOf("a") }, // tells what stands before from what stands behind
    };

    /// <summary>A run's model, sampled as its headline scenario does; the tag stands before each prompt unless the scenario has prompts of its own and says otherwise.</summary>
    /// <exception cref="ArgumentException">Tags are asked for, and the run has none.</exception>
    /// <exception cref="InvalidDataException">The scenario does not fit the run.</exception>
    public static AttackTarget OfRun(LanguageModel model, RunPlan plan, TargetOptions options)
    {
        CheckTags(model, options);
        ScenarioConfig headline = SamplingScenario.Headline(plan);
        GenerateKwargs drawn = headline.GenerateKwargs;
        bool hasPrompts = headline.PromptsPath is not null;
        int before = hasPrompts ? 0 : 1 + plan.Tags.Encode(headline.Prefix ?? "").Length;
        int longest = drawn.MaxNewTokens ?? Math.Max(1, drawn.MaxLength - before);
        ScenarioConfig prompted = headline with
        {
            PromptsPath = null,
            MaxPromptTokens = null,
            UsePromptForScoring = false,
            PromptBeforeControl = headline.PromptBeforeControl || !hasPrompts,
            Tags = options.IsAfterWorstTag ? null : options.Tags ?? headline.Tags,
            GenerateKwargs = drawn with
            {
                NumReturnSequences = 1,
                MaxNewTokens = options.NewTokens ?? Math.Min(longest, plan.Model.Positions / 2),
                MinLength = hasPrompts ? drawn.MinLength : 0,
                MinNewTokens = hasPrompts ? drawn.MinNewTokens : Math.Max(drawn.MinNewTokens, drawn.MinLength - before),
            },
        };
        (SamplingScenario scenario, Func<string, ScenarioPrompt> start) = new PlannedScenario(prompted, plan).WithPrompts(options.IsAfterWorstTag);
        return new AttackTarget(model, scenario, start);
    }

    /// <summary>A model that is no run's, at temperature 0.7 and top-p 0.9, up to 64 tokens, after its best tag where it has tags.</summary>
    /// <exception cref="ArgumentException">Tags are asked for, and the model has none.</exception>
    public static AttackTarget OfModel(LanguageModel model, TargetOptions options)
    {
        CheckTags(model, options);
        if (options.Tags == ScenarioConfig.Retag) throw new ArgumentException($"tags retag is for runs: nothing says how {model.Name}'s training text was cut; ask for free or banned");
        int[] own = options.IsAfterWorstTag ? [model.Tags.Ids.Count - 1] : model.ReadsTags ? [0] : [];
        var sampling = new SamplingOptions
        {
            MaxLength = model.Config.Positions,
            MaxNewTokens = options.NewTokens ?? Math.Min(LongestDefault, model.Config.Positions / 2),
            Temperature = 0.7,
            TopP = 0.9,
            Banned = model.Tags.Bans(options.Tags == ScenarioConfig.Banned ? [] : own),
        };
        string front = own.Length == 0 ? "" : model.Tags.Texts[own[0]];
        var scenario = new SamplingScenario
        {
            Name = "unconditional",
            Description = $"{(front.Length == 0 ? "From the start of a document" : $"After {front}")}, temperature 0.7, top-p 0.9, up to {sampling.MaxNewTokens} tokens written.",
            Samples = 1,
            Prompts = [Start("")],
            Options = sampling,
        };
        return new AttackTarget(model, scenario, Start);

        ScenarioPrompt Start(string prompt) => new(prompt, [model.Tokenizer.EndOfTextId, .. model.Tags.Encode(front + prompt)]);
    }

    /// <summary>Token ids before a continuation: a prompt with what stands around it.</summary>
    internal int[] StartOf(string prompt) => _start(prompt).Ids;

    /// <summary>Tokens of a prompt by itself.</summary>
    internal int TokensOf(string prompt) => Model.Tokenizer.Encode(prompt).Count;

    /// <summary>Tokens too many, with all that stands around the prompt and is written behind it; 0 or less where there is room.</summary>
    internal int Overrun(string prompt) => _scenario.Options.LongestBehind(StartOf(prompt).Length) - Model.Config.Positions;

    /// <summary>Continues each prompt and scores what was written.</summary>
    /// <param name="prompts">Prompts that leave room.</param>
    /// <param name="continuations">Of each prompt.</param>
    /// <param name="scorer">Scores the continuations, without their prompts.</param>
    /// <param name="seed">Same seed, same continuations, for any batch size and threads.</param>
    /// <param name="progress">Told how many continuations are finished.</param>
    /// <param name="cancel">Stops between two tokens.</param>
    internal ScoredPrompt[] Ask(IReadOnlyList<WrittenPrompt> prompts, int continuations, IScorer scorer, ulong seed, Action<int>? progress, CancellationToken cancel)
    {
        int[][] starts = [.. prompts.SelectMany(prompt => Enumerable.Repeat(StartOf(prompt.Text), continuations))];
        var search = new CandidateSearch(new Sampler(Model.Weights, Model.Tokenizer.EndOfTextId), scorer);
        Candidates drawn = search.Draw(starts, _scenario.Options, _scenario.Selection, seed, (_, ids) => Model.Tags.Decode(ids), progress, cancel);
        return [.. prompts.Select((prompt, i) => Sum(prompt, [.. Enumerable.Range(i * continuations, continuations).Select(at => new Continuation(drawn.Texts[at], drawn.Scores[at]))]))];
    }

    private static ScoredPrompt Sum(WrittenPrompt prompt, Continuation[] written)
    {
        Continuation[] worst = [.. written.Where(continuation => double.IsFinite(continuation.Score)).OrderByDescending(continuation => continuation.Score).Take(KeptWorst)];
        return new ScoredPrompt(prompt.Text, prompt.Origin, [.. written.Select(continuation => double.IsFinite(continuation.Score) ? continuation.Score : double.NaN)], worst);
    }

    private static void CheckTags(LanguageModel model, TargetOptions options)
    {
        if (model.Tags.Texts.Count > 0) return;
        if (options.IsAfterWorstTag) throw new ArgumentException($"{model.Name} has no tags, so there is no worst one");
        if (options.Tags is { } tags) throw new ArgumentException($"tags {tags}: {model.Name} has no tags; leave it out");
    }
}
