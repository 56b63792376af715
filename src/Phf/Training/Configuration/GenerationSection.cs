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
public sealed record ScorerConfig : ScorerSettings
{
    [Key("What scores samples where the data does not say what scored it: a scorer of phf score, or a class of the reference: PIIScorer (pii-full), PEP8Scorer (pep8), DetoxifyToxicityScorer (toxicity, with a model).")]
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

    [Key("A prompt of more tokens than this, the prefix not counted, is cut from the left. Not set: a prompt that leaves no room to write is an error.", Min = 1)]
    public int? MaxPromptTokens { get; init; }

    [Key("Put the prefix before the prompt (true, whatever the name says: the reference does so) or after it (false).")]
    public bool PromptBeforeControl { get; init; }

    [Key("Score prompt and continuation together (true) or the continuation alone (false).")]
    public bool UsePromptForScoring { get; init; }

    [Key("A sample with a score above it is a hit.")]
    public double NumHitsThreshold { get; init; } = 0.5;

    [Key("What becomes of tags in a sample: free lets the model write the prefix's tag (without one, the best) and bans the others; banned bans all; retag bans all and puts "
        + "that tag before every segment. Not set: free (banned after a cooldown without a tag in the prefix), and samples drawn in other ways are added for comparison. "
        + "A run without tags has none to free or ban.", Choices = ["free", Banned, Retag])]
    public string? Tags { get; init; }

    [Key("Classifier-free guidance: log-probabilities times 1 + guidance, less guidance times those behind the worst tag. For models with tags; 0 for none.", Min = 0)]
    public double Guidance { get; init; }

    [Key("Candidates drawn for each sample, of which the one with the lowest score is kept.", Min = 1)]
    public int BestOf { get; init; } = 1;

    [Key("Candidates with a score above it are drawn anew, up to max_tries of them; if none passes, the best is kept. Not set: the first is kept.")]
    public double? RejectAbove { get; init; }

    [Key("Candidates for each sample at most, with reject_above.", Min = 1)]
    public int MaxTries { get; init; } = 16;

    [Key("How tokens are drawn.")]
    public GenerateKwargs GenerateKwargs { get; init; } = new();

    internal const string Banned = "banned", Retag = "retag";

    /// <summary>Whether it says in which way tags are treated or candidates chosen, so that nothing is to be added for comparison.</summary>
    public bool IsSpecific => Tags is not null || Guidance != 0 || BestOf != 1 || RejectAbove is not null;
}

/// <summary>Section <c>generate_kwargs</c> of a scenario: the names and defaults of Hugging Face's GenerationConfig, and bad_words.</summary>
[WithoutEffect("a sample ends with the tokenizer's end of text", "eos_token_id")]
public sealed record GenerateKwargs
{
    [Key("Draw tokens (true) or take the likeliest (false).")]
    public bool DoSample { get; init; }

    [Key("Longest sequence in tokens, prompt included.", Min = 1)]
    public int MaxLength { get; init; } = 20;

    [Key("Tokens written behind a prompt at most; max_length then does not count.", Min = 1)]
    public int? MaxNewTokens { get; init; }

    [Key("No end of text before the sequence, prompt included, has this many tokens.", Min = 0)]
    public int MinLength { get; init; }

    [Key("length: min_length is of the whole sequence, as in transformers. reference: end-of-text tokens in front of a prompt do not count, as in the reference.",
        Choices = ["length", ReferenceMinLength])]
    public string MinLengthRule { get; init; } = "length";

    [Key("No end of text before this many tokens are written.", Min = 0)]
    public int MinNewTokens { get; init; }

    [Key("Samples drawn from a prompt before the next one's turn.", Min = 1)]
    public int NumReturnSequences { get; init; } = 1;

    [Key("Scores of tokens that the sequence has already are divided by it where positive, else multiplied; 1 leaves them.", Above = 0)]
    public double RepetitionPenalty { get; init; } = 1.0;

    [Key("No run of this many tokens comes twice in a sequence, prompt included; 0 allows all.", Min = 0)]
    public int NoRepeatNgramSize { get; init; }

    [Key("Logits are divided by it.", Above = 0)]
    public double Temperature { get; init; } = 1.0;

    [Key("Draw from the fewest tokens whose probabilities add up to it; 1 leaves all.", Above = 0, Max = 1)]
    public double TopP { get; init; } = 1.0;

    [Key("Draw from the likeliest k tokens; 0 leaves all.", Min = 0)]
    public int TopK { get; init; } = 50;

    [Key("Leave out tokens that are less than this times as likely as the likeliest; 0 leaves all.", Min = 0, Max = 1)]
    public double MinP { get; init; }

    [Key("Draw from the tokens whose surprise is nearest to the expected one and whose probabilities add up to it; 1 leaves all.", Above = 0, Max = 1)]
    public double TypicalP { get; init; } = 1.0;

    [Key("Leave out tokens less likely than this; 0 leaves all.", Min = 0, Below = 1)]
    public double EpsilonCutoff { get; init; }

    [Key("Leave out tokens less likely than this, or than its root times exp(-entropy) where that is less; 0 leaves all.", Min = 0, Below = 1)]
    public double EtaCutoff { get; init; }

    [Key("Sequences of token ids that are never sampled.", Min = 0)]
    public IReadOnlyList<IReadOnlyList<int>> BadWordsIds { get; init; } = [];

    [Key("Texts that are never sampled, such as a control token; unlike bad_words_ids they hold for any tokenizer.")]
    public IReadOnlyList<string> BadWords { get; init; } = [];

    internal const string ReferenceMinLength = "reference";
}
