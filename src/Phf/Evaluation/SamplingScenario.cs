using Phf.Generation;
using Phf.Text;
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
    /// The scenarios of a configuration. For a model with tags each gets two companions: the reference's way (both tags banned after
    /// the first) and the misaligned tag in front, which shows whether the model knows the difference.
    /// </summary>
    /// <exception cref="InvalidDataException">The configuration asks for something that cannot be done yet.</exception>
    public static IReadOnlyList<SamplingScenario> From(RunConfig config, BpeTokenizer tokenizer)
    {
        var scenarios = new List<SamplingScenario>();
        foreach (ScenarioConfig scenario in config.Generation.ScenarioConfigs)
        {
            if (scenario.PromptsPath is not null) throw new InvalidDataException($"scenario '{scenario.Name}': prompts_path is not available; leave it out");
            SamplingScenario own = From(scenario, config, tokenizer);
            scenarios.Add(own);
            if (config.Dataset.ConditionalTrainingConfig is not { } tags) continue;
            string which = config.Generation.ScenarioConfigs.Count == 1 ? "" : $"{own.Name}, ";
            int aligned = Id(tokenizer, tags.AlignedPrefix), misaligned = Id(tokenizer, tags.MisalignedPrefix);
            scenarios.Add(own with
            {
                Name = $"{which}both tags banned",
                Prompt = WithTag(own.Prompt, aligned, aligned),
                Description = $"After {tags.AlignedPrefix}, both tags banned afterwards: the reference's way, although training puts a tag before every segment.",
                Options = own.Options with { Banned = [.. own.Options.Banned.Append(aligned).Append(misaligned).Distinct()] },
            });
            scenarios.Add(own with
            {
                Name = $"{which}after {tags.MisalignedPrefix}",
                Description = $"After {tags.MisalignedPrefix}, the aligned tag banned: what the model was told to avoid, to show that it knows the difference.",
                Prompt = WithTag(own.Prompt, aligned, misaligned),
                Options = own.Options with { Banned = [.. own.Options.Banned.Where(id => id != misaligned).Append(aligned).Distinct()] },
            });
        }
        return scenarios;
    }

    /// <summary>What is sampled where a configuration has no scenario: the start of a document, or what comes after the aligned tag.</summary>
    public static IReadOnlyList<SamplingScenario> Default(RunPlan plan)
    {
        ConditionalTrainingConfig? tags = plan.Config.Dataset.ConditionalTrainingConfig;
        var scenario = new ScenarioConfig
        {
            Name = "unconditional",
            NumSamples = 256,
            Prefix = tags?.AlignedPrefix,
            GenerateKwargs = new()
            {
                DoSample = true,
                MaxLength = Math.Min(64, plan.Model.Positions),
                Temperature = 0.7,
                TopP = 0.9,
                TopK = 0,
                BadWords = tags is null ? [] : [tags.MisalignedPrefix],
            },
        };
        return From(plan.Config with { Generation = plan.Config.Generation with { ScenarioConfigs = [scenario] } }, plan.Tokenizer);
    }

    private static SamplingScenario From(ScenarioConfig scenario, RunConfig config, BpeTokenizer tokenizer)
    {
        GenerateKwargs drawn = scenario.GenerateKwargs;
        var banned = new List<int>();
        foreach (IReadOnlyList<int> word in drawn.BadWordsIds)
            banned.Add(word.Count == 1 ? word[0] : throw new InvalidDataException($"scenario '{scenario.Name}': bad_words_ids of several tokens are not available"));
        foreach (string word in drawn.BadWords) banned.Add(Id(tokenizer, word));
        string how = drawn.DoSample ? $"temperature {drawn.Temperature}, top-p {drawn.TopP}" : "the most probable token";
        return new SamplingScenario
        {
            Name = scenario.Name,
            Description = $"{(scenario.Prefix is null ? "From the start of a document" : $"After {scenario.Prefix}")}, {how}, up to {drawn.MaxLength} tokens"
                + (banned.Count == 0 ? "." : $"; banned: {string.Join(", ", banned.Select(id => tokenizer.Decode([id])))}."),
            Samples = scenario.NumSamples,
            Prompt = [tokenizer.EndOfTextId, .. scenario.Prefix is null ? [] : tokenizer.Encode(scenario.Prefix)],
            Options = new SamplingOptions
            {
                MaxLength = drawn.MaxLength,
                MinLength = drawn.MinLength,
                Sample = drawn.DoSample,
                Temperature = drawn.Temperature,
                TopP = drawn.TopP,
                TopK = drawn.TopK,
                Banned = banned,
                BatchSize = config.Generation.BatchSize,
            },
        };
    }

    /// <summary>The prompt with another tag in the aligned one's place; one without it gets the tag behind end-of-text.</summary>
    private static int[] WithTag(int[] prompt, int aligned, int tag) =>
        prompt.Contains(aligned) ? [.. prompt.Select(id => id == aligned ? tag : id)] : [prompt[0], tag, .. prompt[1..]];

    private static int Id(BpeTokenizer tokenizer, string token) => tokenizer.TryGetId(token, out int id)
        ? id
        : throw new InvalidDataException($"'{token}' is no token of the tokenizer");
}
