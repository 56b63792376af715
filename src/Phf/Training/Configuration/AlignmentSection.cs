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

    [Key("What the offline methods (dpo, ipo, kto, orpo, simpo, cringe) learn from.")]
    public PreferenceSection Preferences { get; init; } = new();

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
        + "reward: the prior weighed by exp(reward / beta). none, for the offline methods: features are measured and nothing is asked of them.",
        Required = true, Choices = ["pointwise", "distributional", "reward", "none"])]
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

    [Key("A scorer of phf score; of their options only list, model (no encoder) and pattern can be set here.")]
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

    /// <summary>Whether it is 1 or 0.</summary>
    public bool IsBoolean => Above is not null || AtMost is not null || Words is not null;

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
    [Key("The method. The option --method of phf align sets it.", Choices = ["dpg", "gdc", "gdc++", "f-dpg", "cdpg", "reinforce", "ppo", "quark", "dpo", "ipo", "kto", "orpo", "simpo", "cringe", "rejection", "quasi-rejection", "best-of-n"])]
    public string Name { get; init; } = "gdc";

    /// <summary>Whether the method samples from the target and trains nothing.</summary>
    public bool IsSampling => Name is "rejection" or "quasi-rejection" or "best-of-n";

    /// <summary>Whether the method learns from given texts and samples none.</summary>
    public bool IsOffline => Name is "dpo" or "ipo" or "kto" or "orpo" or "simpo" or "cringe";

    [Key("f-dpg: what is minimised: forward_kl is KL(p || pi), reverse_kl KL(pi || p), tv the total variation, js the Jensen-Shannon divergence.",
        Choices = ["forward_kl", "reverse_kl", "tv", "js"])]
    public string Divergence { get; init; } = "js";

    [Key("gdc and gdc++: steps from one comparison of the model with the proposal to the next; the proposal becomes the model where that is nearer to the target.", Min = 1)]
    public int ProposalSteps { get; init; } = 20;

    [Key("gdc and gdc++: texts of such a comparison.", Min = 2)]
    public int ProposalSamples { get; init; } = 512;

    [Key("reinforce: subtract the mean of the step's other texts from the reward of each.")]
    public bool Baseline { get; init; } = true;

    [Key("dpg, f-dpg, cdpg and reinforce: a copy of the prior learns what is to be expected behind each prefix of a text, and a token weighs by what it changes of that, instead of by its whole text.")]
    public bool LearnedBaseline { get; init; }

    [Key("learned_baseline: first steps, in which it learns alone and the model stays as it is.", Min = 0)]
    public int BaselineSteps { get; init; } = 40;

    [Key("learned_baseline: its learning rate.", Above = 0)]
    public double BaselineRate { get; init; } = 1e-3;

    [Key("f-dpg with reverse_kl, learned_baseline and a distributional target: after each step lambda moves by this times what its texts lack of the wanted expectations, until the model itself has them. 0: lambda stays.", Min = 0)]
    public double LambdaRate { get; init; }

    [Key("reinforce and ppo: lead target.beta so that KL(model || prior) becomes this, in nats per text. Not set: beta stays.", Above = 0)]
    public double? TargetKl { get; init; }

    [Key("ppo: how often each step's texts are gone through.", Min = 1)]
    public int Epochs { get; init; } = 4;

    [Key("ppo: updates of each epoch, each by its share of the texts.", Min = 1)]
    public int Minibatches { get; init; } = 4;

    [Key("ppo: how far a token's probability may move from where it was drawn, as a share, before it counts no more.", Above = 0)]
    public double ClipRange { get; init; } = 0.2;

    [Key("ppo: how far a token's value may move before it counts no more.", Above = 0)]
    public double ValueClipRange { get; init; } = 0.2;

    [Key("ppo: weight of the value loss.", Min = 0)]
    public double ValueCoefficient { get; init; } = 0.1;

    [Key("ppo: discount of later rewards.", Min = 0, Max = 1)]
    public double Gamma { get; init; } = 1;

    [Key("ppo and learned_baseline: lambda of the generalised advantages: 1 trusts the rewards alone, 0 the next value.", Min = 0, Max = 1)]
    public double GaeLambda { get; init; } = 0.95;

    [Key("ppo: shift and scale the advantages of a step to mean 0 and variance 1.")]
    public bool Whiten { get; init; } = true;

    [Key("quark: quantiles of the reward, each with a tag; texts are drawn behind the best one.", Min = 2, Max = 100)]
    public int Quantiles { get; init; } = 5;

    [Key("quark: the newest texts that are kept to learn from.", Min = 1)]
    public int Pool { get; init; } = 4096;

    [Key("quark: weight of the penalty KL(prior || model) of each token; 0 for none.", Min = 0)]
    public double KlWeight { get; init; } = 0.05;

    [Key("dpo, ipo, kto and simpo: how sharply preferences are taken; for the first three the weight of staying near the prior.", Above = 0)]
    public double Beta { get; init; } = 0.1;

    [Key("dpo: probability that a pair is the wrong way round.", Min = 0, Below = 0.5)]
    public double LabelSmoothing { get; init; }

    [Key("ipo: log-probabilities are means over a text's tokens instead of sums.")]
    public bool ByLength { get; init; }

    [Key("kto: weight of the better texts.", Min = 0)]
    public double DesirableWeight { get; init; } = 1;

    [Key("kto: weight of the worse texts.", Min = 0)]
    public double UndesirableWeight { get; init; } = 1;

    [Key("orpo: weight of the odds ratio beside the likelihood of the better text.", Min = 0)]
    public double OddsWeight { get; init; } = 0.1;

    [Key("simpo: how much better, in beta x mean log-probability, the better text is to be.", Min = 0)]
    public double Margin { get; init; } = 1;

    [Key("cringe: weight of the worse texts' loss beside the likelihood of the better ones.", Min = 0)]
    public double CringeWeight { get; init; } = 1;

    [Key("cringe: the most probable tokens from which the one is drawn that a token of a worse text is held against.", Min = 1)]
    public int Alternatives { get; init; } = 5;

    [Key("quasi-rejection: the bound, as a quantile of the evidence in the prior's samples: smaller keeps more texts, larger is nearer to the target.", Above = 0, Max = 1)]
    public double BoundQuantile { get; init; } = 0.99;

    [Key("best-of-n: texts of which the one with the most evidence is kept.", Min = 2)]
    public int Candidates { get; init; } = 16;
}

/// <summary>Section <c>preferences</c>: exactly one of pairs and scored.</summary>
public sealed record PreferenceSection
{
    [Key("JSON lines {\"prompt\": ..., \"chosen\": ..., \"rejected\": ...}; the prompt may be left out.")]
    public string? Pairs { get; init; }

    [Key("A file of phf score: texts at or below the threshold are the better ones, those above it the worse ones, paired at random.")]
    public string? Scored { get; init; }

    [Key("scored: whole documents by their mean score, or segments, each with the text before it as its prompt.", Choices = ["document", "segment"])]
    public string Unit { get; init; } = "document";

    [Key("scored: a text with a score above it is a worse one.")]
    public double Threshold { get; init; }
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
    public int BatchSize { get; init; } = 32;
}
