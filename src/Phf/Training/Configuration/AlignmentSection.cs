namespace Phf.Training.Configuration;

/// <summary>A file of <c>phf align</c>: what a finished model is to become, and how.</summary>
public sealed record AlignmentSection
{
    [Key("The model to start from and to stay near: a run, a checkpoint or a model directory. The argument of phf align sets it.")]
    public string? Prior { get; init; }

    [Key("What the model is to write.", Required = true)]
    public TargetSection Target { get; init; } = new();

    [Key("How it gets there.")]
    public MethodSection Method { get; init; } = new();

    [Key("What is sampled, while aligning and to measure.")]
    public AlignmentSampling Sampling { get; init; } = new();

    [Key("Stop when KL(model || prior), in nats per text, exceeds it; the last checkpoint stays. Not set: no limit.", Above = 0)]
    public double? MaxKl { get; init; }

    [Key("Steps, optimizer, log and checkpoints, as of a run; effective_batch_size is the number of texts of a step, which max_steps counts.")]
    public TrainingSection Training { get; init; } = new();

    /// <summary>The resolved file as YAML: every key that has a value. <see cref="AlignmentFile.Load"/> reads it back to the same.</summary>
    public string ToYaml() => ConfigWriter.Write(this);
}

/// <summary>Section <c>target</c>.</summary>
public sealed record TargetSection
{
    [Key("pointwise: the prior's texts for which every feature holds. distributional: features with given expectations, else as near to the prior as can be. "
        + "reward: the prior weighed by exp(reward / beta).", Required = true, Choices = ["pointwise", "distributional", "reward"])]
    public string Kind { get; init; } = "pointwise";

    [Key("What is measured of a text.", Required = true)]
    public IReadOnlyList<FeatureSection> Features { get; init; } = [];

    [Key("reward: weight of the KL penalty, on the scale of the reward. 0, for reinforce and ppo alone, is no penalty.", Min = 0)]
    public double? Beta { get; init; }
}

/// <summary>An item of <c>target.features</c>: a number for each text, from exactly one of scorer, words and length; with above or at_most it is 1 or 0.</summary>
public sealed record FeatureSection
{
    [Key("Name in logs and reports; letters, digits, - and _.", Required = true)]
    public string Name { get; init; } = "";

    [Key("A scorer of phf score.")]
    public string? Scorer { get; init; }

    [Key("1 where one of these words occurs, else 0; case does not count.")]
    public IReadOnlyList<string>? Words { get; init; }

    [Key("The text's length.", Choices = ["characters", "words", "tokens"])]
    public string? Length { get; init; }

    [Key("1 where the number is above it, else 0.")]
    public double? Above { get; init; }

    [Key("1 where the number is not above it, else 0.")]
    public double? AtMost { get; init; }

    [Key("distributional: the wanted expectation; 1 demands the feature of every text.")]
    public double? Moment { get; init; }

    [Key("reward: what the number is multiplied by before the features are added; scores are better when lower, so it is negative for them.")]
    public double Weight { get; init; } = 1;

    [Key("Scorer words: file with one word a line.")]
    public string? List { get; init; }

    [Key("Scorers toxicity and classifier: their model.")]
    public string? Model { get; init; }

    [Key("Scorer regex: the pattern.")]
    public string? Pattern { get; init; }
}

/// <summary>Section <c>method</c>. A parameter of another method than the one named is an error.</summary>
public sealed record MethodSection
{
    [Key("The method. The option --method of phf align sets it.", Choices = ["dpg", "gdc", "gdc++", "f-dpg", "cdpg", "reinforce"])]
    public string Name { get; init; } = "gdc";

    [Key("f-dpg: what is minimised: forward_kl is KL(p || pi), reverse_kl KL(pi || p), tv the total variation, js the Jensen-Shannon divergence.",
        Choices = ["forward_kl", "reverse_kl", "tv", "js"])]
    public string Divergence { get; init; } = "js";

    [Key("gdc and gdc++: steps from one comparison of the model with the proposal to the next; the proposal becomes the model where that is nearer to the target.", Min = 1)]
    public int ProposalSteps { get; init; } = 20;

    [Key("gdc and gdc++: texts of such a comparison.", Min = 2)]
    public int ProposalSamples { get; init; } = 512;

    [Key("reinforce: subtract the mean of the step's other texts from the reward of each.")]
    public bool Baseline { get; init; } = true;

    [Key("reinforce: lead target.beta so that KL(model || prior) becomes this, in nats per text. Not set: beta stays.", Above = 0)]
    public double? TargetKl { get; init; }
}

/// <summary>Section <c>sampling</c>. Texts are drawn at temperature 1 from all tokens, since only so are their probabilities the model's.</summary>
public sealed record AlignmentSampling
{
    [Key("Longest text in tokens, prompt included. Not set: the model's context, at most 128.", Min = 2)]
    public int? MaxLength { get; init; }

    [Key("Texts that samples go on with: JSON lines or another corpus. Not set: samples begin at a document's start.")]
    public string? Prompts { get; init; }

    [Key("Field or column of a prompt's text.")]
    public string PromptField { get; init; } = "text";

    [Key("Score prompt and continuation together (true) or the continuation alone (false).")]
    public bool ScorePrompt { get; init; }

    [Key("Texts of a step for each of its prompts; divides training.effective_batch_size. Without prompts all texts have the same beginning.", Min = 1)]
    public int SamplesPerPrompt { get; init; } = 8;

    [Key("Texts of the prior that the target is measured on before the first step.", Min = 2)]
    public int PriorSamples { get; init; } = 1024;

    [Key("Texts of the model that each evaluation draws.", Min = 2)]
    public int EvaluationSamples { get; init; } = 512;

    [Key("Fewest texts that the prior's samples may be worth under the target (their effective number).", Min = 1)]
    public double MinEffectiveSamples { get; init; } = 16;

    [Key("Texts written at once; decides memory and speed, not the result.", Min = 1)]
    public int BatchSize { get; init; } = 128;
}
