namespace Phf.Training.Configuration;

/// <summary>Section <c>generation</c>: what is sampled and scored while training and by the evaluating verbs.</summary>
public sealed record GenerationSection
{
    [Key("Who scores the samples.")]
    public ScorerConfig ScorerConfig { get; init; } = new();

    [Key("Metrics of the samples besides the score.")]
    public IReadOnlyList<MetricConfig> MetricsConfigs { get; init; } = [];

    [Key("What is sampled.")]
    public IReadOnlyList<ScenarioConfig> ScenarioConfigs { get; init; } = [];

    [Key("Sequences sampled at once.", Min = 1)]
    public int BatchSize { get; init; } = 512;

    [Key("Steps from one sampling to the next; 0 for none but those of force_call_on.", Min = 0)]
    public int EveryNSteps { get; init; } = 1000;

    [Key("Steps after which samples are drawn besides.", Min = 0)]
    public IReadOnlyList<int> ForceCallOn { get; init; } = [];
}

/// <summary>Section <c>generation.scorer_config</c>.</summary>
[WithoutEffect("scorers run on the CPU", "device")]
public sealed record ScorerConfig
{
    [Key("The scorer: PIIScorer, PEP8Scorer, DetoxifyToxicityScorer.")]
    public string? ClassName { get; init; }
}

/// <summary>One item of <c>generation.metrics_configs</c>.</summary>
[WithoutEffect("n-gram tables are not kept; the samples are", "log_tables")]
public sealed record MetricConfig
{
    internal const string Length = "Length", NGramStats = "NGramStats", SelfBlEU = "SelfBlEU", Compilability = "Compilability";

    [Key("The metric. Compilability is an upper bound: the share of samples that Python's tokenizer accepts; Phf has no parser of Python.",
        Required = true, Choices = [Length, NGramStats, SelfBlEU, Compilability])]
    public string ClassName { get; init; } = "";

    [Key("Length of the n-grams that NGramStats counts; the longest that SelfBlEU counts.", Min = 1)]
    public int? N { get; init; }
}

/// <summary>One item of <c>generation.scenario_configs</c>.</summary>
[WithoutEffect("phf report shows samples", "display_as_html")]
public sealed record ScenarioConfig
{
    [Key("Name of the scenario, in logs and reports; each has its own.", Required = true)]
    public string Name { get; init; } = "";

    [Key("Samples to draw.", Min = 1)]
    public int NumSamples { get; init; } = 32;

    [Key("JSON lines with one prompt each, in the field text. Not set: samples begin at a document's start.")]
    public string? PromptsPath { get; init; }

    [Key("Text that goes with every prompt, such as the aligned tag.")]
    public string? Prefix { get; init; }

    [Key("Put the prefix before the prompt (true, whatever the name says: the reference does so) or after it (false).")]
    public bool PromptBeforeControl { get; init; }

    [Key("Score prompt and continuation together (true) or the continuation alone (false).")]
    public bool UsePromptForScoring { get; init; }

    [Key("A sample with a score above it is a hit.")]
    public double NumHitsThreshold { get; init; } = 0.5;

    [Key("How tokens are drawn.")]
    public GenerateKwargs GenerateKwargs { get; init; } = new();
}

/// <summary>Section <c>generate_kwargs</c> of a scenario: the names and defaults of Hugging Face's GenerationConfig, and bad_words.</summary>
public sealed record GenerateKwargs
{
    [Key("Draw tokens (true) or take the likeliest (false).")]
    public bool DoSample { get; init; }

    [Key("Longest sequence in tokens, prompt included.", Min = 1)]
    public int MaxLength { get; init; } = 20;

    [Key("No end of text before the sequence, prompt included, has this many tokens.", Min = 0)]
    public int MinLength { get; init; }

    [Key("Logits are divided by it.", Above = 0)]
    public double Temperature { get; init; } = 1.0;

    [Key("Draw from the fewest tokens whose probabilities add up to it; 1 leaves all.", Above = 0, Max = 1)]
    public double TopP { get; init; } = 1.0;

    [Key("Draw from the likeliest k tokens; 0 leaves all.", Min = 0)]
    public int TopK { get; init; } = 50;

    [Key("Id of the token that ends a sample. Not set: the tokenizer's end of text.", Min = 0)]
    public int? EosTokenId { get; init; }

    [Key("Sequences of token ids that are never sampled.", Min = 0)]
    public IReadOnlyList<IReadOnlyList<int>> BadWordsIds { get; init; } = [];

    [Key("Texts that are never sampled, such as a control token; unlike bad_words_ids they hold for any tokenizer.")]
    public IReadOnlyList<string> BadWords { get; init; } = [];
}
