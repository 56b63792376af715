using Phf.Generation;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Evaluation;

/// <summary>One way of sampling: what stands before each sample, and how tokens are drawn.</summary>
public sealed record SamplingScenario
{
    /// <summary>Samples where neither the configuration nor the user gives a number.</summary>
    public const int DefaultSamples = 4096;

    public required string Name { get; init; }

    /// <summary>How it was drawn, one sentence for the report.</summary>
    public required string Description { get; init; }

    /// <summary>Samples to draw.</summary>
    public required int Samples { get; init; }

    /// <summary>What samples begin with, at least one: the first <see cref="Repeats"/> samples with the first, the next with the second, and round again.</summary>
    public required IReadOnlyList<ScenarioPrompt> Prompts { get; init; }

    /// <summary>Samples that follow each other behind the same prompt.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>Prompt and continuation are scored as one text.</summary>
    public bool ScoresPrompt { get; init; }

    public required SamplingOptions Options { get; init; }

    public Selection Selection { get; init; } = new();

    /// <summary>Tokens of the longest text that is scored, with the first prompt.</summary>
    public int TextLength => Options.LongestBehind(Prompts[0].Ids.Length) - (ScoresPrompt ? 0 : Prompts[0].Ids.Length);

    /// <summary>What sample number <paramref name="sample"/> begins with.</summary>
    public ScenarioPrompt PromptOf(int sample) => Prompts[sample / Repeats % Prompts.Count];

    /// <summary>Token ids before each of <paramref name="count"/> samples.</summary>
    public int[][] StartsOf(int count) => [.. Enumerable.Range(0, count).Select(i => PromptOf(i).Ids)];

    /// <summary>What is scored of sample number <paramref name="sample"/>, of which <paramref name="continuation"/> was written.</summary>
    public string TextOf(int sample, string continuation) => ScoresPrompt ? PromptOf(sample).Text + continuation : continuation;

    /// <summary>
    /// The scenarios of a configuration. For a model with tags each that does not say how tags are treated gets companions: the reference's way (all tags
    /// banned after the first), and the worst tag in front, which shows whether the model knows the difference. A model that was cooled down without
    /// tags is asked after the best and after the worst tag, to show what is left of them.
    /// </summary>
    /// <exception cref="InvalidDataException">A scenario does not fit the run, or its prompts cannot be used.</exception>
    /// <exception cref="IOException">A file with prompts cannot be read.</exception>
    public static IReadOnlyList<SamplingScenario> From(RunPlan plan) => From(plan.Config.Generation.ScenarioConfigs, plan);

    /// <summary>Those that begin at a document's start: what a run samples while it trains.</summary>
    public static IReadOnlyList<SamplingScenario> WithoutPrompts(RunPlan plan) =>
        From([.. plan.Config.Generation.ScenarioConfigs.Where(scenario => scenario.PromptsPath is null)], plan);

    /// <summary>
    /// What is sampled where a configuration has no scenario: what comes after the best tag, with all others banned; without tags, or
    /// where the model was cooled down without them, the start of a document.
    /// </summary>
    public static IReadOnlyList<SamplingScenario> Default(RunPlan plan) => From([DefaultConfig(plan)], plan);

    /// <summary>The scenario that a run's numbers are quoted from: the first of its configuration, else the default one.</summary>
    internal static ScenarioConfig Headline(RunPlan plan) => plan.Config.Generation.ScenarioConfigs.FirstOrDefault() ?? DefaultConfig(plan);

    private static ScenarioConfig DefaultConfig(RunPlan plan) => new()
    {
        Name = "unconditional",
        NumSamples = DefaultSamples,
        Prefix = plan.Tags.Texts.Count > 0 && plan.TaggedSteps is null ? plan.Tags.Texts[0] : null,
        GenerateKwargs = new()
        {
            DoSample = true,
            MaxLength = Math.Min(64, plan.Model.Positions),
            Temperature = 0.7,
            TopP = 0.9,
            TopK = 0,
        },
    };

    private static List<SamplingScenario> From(IReadOnlyList<ScenarioConfig> configs, RunPlan plan)
    {
        var scenarios = new List<SamplingScenario>();
        foreach (ScenarioConfig config in configs)
        {
            var planned = new PlannedScenario(config, plan);
            scenarios.Add(planned.Own());
            if (plan.Tags.Texts.Count > 0 && !config.IsSpecific) scenarios.AddRange(planned.Companions(which: configs.Count == 1 ? "" : $"{config.Name}, "));
        }
        return scenarios;
    }
}
