using Phf.Generation;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Evaluation;

/// <summary>One way of sampling: what stands before each sample, and how tokens are drawn.</summary>
public sealed record SamplingScenario
{
    public required string Name { get; init; }

    /// <summary>How it was drawn, one sentence for the report.</summary>
    public required string Description { get; init; }

    /// <summary>Samples to draw.</summary>
    public required int Samples { get; init; }

    /// <summary>Token ids before each sample, end-of-text first.</summary>
    public required int[] Prompt { get; init; }

    public required SamplingOptions Options { get; init; }

    /// <summary>
    /// The scenarios of a configuration. For a model with tags each gets companions: the reference's way (all tags banned after the
    /// first), and the worst tag in front, which shows whether the model knows the difference. A model that was cooled down without
    /// tags is asked after the best and after the worst tag, to show what is left of them.
    /// </summary>
    /// <exception cref="InvalidDataException">The configuration asks for something that cannot be done yet.</exception>
    public static IReadOnlyList<SamplingScenario> From(RunPlan plan) => From(plan.Config.Generation.ScenarioConfigs, plan);

    /// <summary>Those that begin at a document's start: what a run samples while it trains.</summary>
    public static IReadOnlyList<SamplingScenario> WithoutPrompts(RunPlan plan) =>
        From([.. plan.Config.Generation.ScenarioConfigs.Where(scenario => scenario.PromptsPath is null)], plan);

    /// <summary>
    /// What is sampled where a configuration has no scenario: what comes after the best tag, with all others banned; without tags, or
    /// where the model was cooled down without them, the start of a document.
    /// </summary>
    public static IReadOnlyList<SamplingScenario> Default(RunPlan plan)
    {
        IReadOnlyList<string> tags = plan.Tags.Texts;
        bool beginsWithTag = tags.Count > 0 && plan.TaggedSteps is null;
        var scenario = new ScenarioConfig
        {
            Name = "unconditional",
            NumSamples = 256,
            Prefix = beginsWithTag ? tags[0] : null,
            GenerateKwargs = new()
            {
                DoSample = true,
                MaxLength = Math.Min(64, plan.Model.Positions),
                Temperature = 0.7,
                TopP = 0.9,
                TopK = 0,
                BadWords = beginsWithTag ? [.. tags.Skip(1)] : tags,
            },
        };
        return From([scenario], plan);
    }

    private static List<SamplingScenario> From(IReadOnlyList<ScenarioConfig> configs, RunPlan plan)
    {
        var scenarios = new List<SamplingScenario>();
        foreach (ScenarioConfig config in configs)
        {
            if (config.PromptsPath is not null) throw new InvalidDataException($"scenario '{config.Name}': prompts_path is not available; leave it out");
            scenarios.Add(Own(config, plan));
            if (plan.Tags.Texts.Count > 0) scenarios.AddRange(Companions(config, plan, which: configs.Count == 1 ? "" : $"{config.Name}, "));
        }
        return scenarios;
    }

    private static SamplingScenario Own(ScenarioConfig config, RunPlan plan)
    {
        GenerateKwargs drawn = config.GenerateKwargs;
        int[] allowed = [.. Enumerable.Range(0, plan.Tags.Texts.Count).Where(tag => !drawn.BadWords.Contains(plan.Tags.Texts[tag]))];
        IReadOnlyList<int>[] banned = [.. BannedIds(config, plan), .. BannedWords(config, plan), .. plan.Tags.Bans(allowed)];
        string how = drawn.DoSample ? $"temperature {drawn.Temperature}, top-p {drawn.TopP}" : "the most probable token";
        string bans = banned.Length == 0 ? "" : $"; banned: {string.Join(", ", banned.Select(ids => plan.Tokenizer.Decode([.. ids])))}";
        return Create(config, plan, config.Prefix, banned) with
        {
            Name = config.Name,
            Description = $"{(config.Prefix is null ? "From the start of a document" : $"After {config.Prefix}")}, {how}, up to {drawn.MaxLength} tokens{bans}.",
        };
    }

    private static IEnumerable<SamplingScenario> Companions(ScenarioConfig config, RunPlan plan, string which)
    {
        IReadOnlyList<string> tags = plan.Tags.Texts;
        IReadOnlyList<int>[] words = [.. BannedIds(config, plan).Where(ids => !plan.Tags.Ids.Any(tag => tag.SequenceEqual(ids))), .. BannedWords(config, plan)];
        if (plan.TaggedSteps is not null)
            yield return After(0, "what the model was told before it was cooled down without tags");
        else if (plan.Blocks.Tags is { IsPerDocument: false })
            yield return Create(config, plan, WithTag(config.Prefix, tags, tags[0]), [.. words, .. plan.Tags.Bans()]) with
            {
                Name = $"{which}{(tags.Count == 2 ? "both" : "all")} tags banned",
                Description = $"After {tags[0]}, {(tags.Count == 2 ? "both" : "all")} tags banned afterwards: the reference's way, although training puts a tag before every segment.",
            };
        yield return After(tags.Count - 1, "what the model was told to avoid, to show that it knows the difference");

        SamplingScenario After(int tag, string why) => Create(config, plan, WithTag(config.Prefix, tags, tags[tag]), [.. words, .. plan.Tags.Bans(tag)]) with
        {
            Name = $"{which}after {tags[tag]}",
            Description = $"After {tags[tag]}, {(tags.Count == 2 ? "the other tag" : "the other tags")} banned: {why}.",
        };
    }

    private static SamplingScenario Create(ScenarioConfig config, RunPlan plan, string? prefix, IReadOnlyList<IReadOnlyList<int>> banned) => new()
    {
        Name = config.Name,
        Description = "",
        Samples = config.NumSamples,
        Prompt = [plan.Tokenizer.EndOfTextId, .. plan.Tags.Encode(prefix ?? "")],
        Options = new SamplingOptions
        {
            MaxLength = config.GenerateKwargs.MaxLength,
            MinLength = config.GenerateKwargs.MinLength,
            Sample = config.GenerateKwargs.DoSample,
            Temperature = config.GenerateKwargs.Temperature,
            TopP = config.GenerateKwargs.TopP,
            TopK = config.GenerateKwargs.TopK,
            Banned = banned,
            BatchSize = plan.Config.Generation.BatchSize,
        },
    };

    /// <summary>The banned ids. One that the tokenizer lacks (the reference's files name ids of GPT-2's) is never written, so it needs no ban.</summary>
    private static IEnumerable<IReadOnlyList<int>> BannedIds(ScenarioConfig config, RunPlan plan) =>
        config.GenerateKwargs.BadWordsIds.Where(ids => ids.All(id => id < plan.Tokenizer.VocabularySize));

    /// <summary>The banned words that are no tags, each one token.</summary>
    private static IEnumerable<int[]> BannedWords(ScenarioConfig config, RunPlan plan) =>
        config.GenerateKwargs.BadWords.Where(word => !plan.Tags.Texts.Contains(word)).Select(word => plan.Tokenizer.TryGetId(word, out int id)
            ? new[] { id }
            : throw new InvalidDataException($"scenario '{config.Name}': bad word '{word}' is no tag of this run and no token of the tokenizer; give several tokens as bad_words_ids"));

    /// <summary>The prefix with another tag in its tag's place; one without any gets the tag in front.</summary>
    private static string WithTag(string? prefix, IReadOnlyList<string> tags, string tag) =>
        tags.FirstOrDefault(own => prefix?.Contains(own, StringComparison.Ordinal) is true) is { } found
            ? prefix!.Replace(found, tag, StringComparison.Ordinal)
            : tag + prefix;
}
