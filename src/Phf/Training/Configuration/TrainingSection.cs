using Phf.Data;

namespace Phf.Training.Configuration;

/// <summary>Section <c>training</c>: names and defaults of Hugging Face's TrainingArguments, the reference's additions, our own.</summary>
[WithoutEffect("everything is computed in 32-bit floats", "fp16", "bf16", "tf32")]
[WithoutEffect("packed data has no columns", "remove_unused_columns")]
[WithoutEffect("blocks are read where they are used", "dataloader_num_workers", "dataloader_pin_memory")]
[WithoutEffect("the first step is always logged", "logging_first_step")]
[WithoutEffect("a run keeps its log in its own folder", "logging_dir", "report_to", "run_name", "disable_tqdm")]
[WithoutEffect("nothing is sent to the Hugging Face Hub", "push_to_hub", "hub_model_id", "hub_strategy", "hub_token", "hub_private_repo")]
public sealed record TrainingSection
{
    [Key("Folder of the run. Not set: the verb chooses one under runs/.")]
    public string? OutputDir { get; init; }

    [Key("Sequences per step of the optimizer; a multiple of per_device_train_batch_size. Not set: per_device_train_batch_size.", Min = 1)]
    public int? EffectiveBatchSize { get; init; }

    [Key("Sequences computed at once; decides memory, not the result.", Min = 1)]
    public int PerDeviceTrainBatchSize { get; init; } = 8;

    [Key("Tokens to train on, rounded down to whole steps; used when max_steps is not set.", Min = 1)]
    public long? NumTokens { get; init; }

    [Key("Steps of the optimizer; goes before num_tokens. Not set, or -1: num_tokens decides.", Min = -1)]
    public long? MaxSteps { get; init; }

    [Key("Tokens per sequence. Not set: the model's n_positions.", Min = 2)]
    public int? SequenceLength { get; init; }

    [Key("Peak learning rate of AdamW.", Min = 0)]
    public double LearningRate { get; init; } = 5e-5;

    [Key("Course of the learning rate after warm-up: linear or cosine to 0 at the last step, constant, or wsd (warmup_stable_decay): constant, "
        + "then down over the last steps.", Choices = ["linear", "cosine", "constant", "wsd", "warmup_stable_decay"])]
    public string LrSchedulerType { get; init; } = "linear";

    [Key("wsd: share of all steps at the end in which the learning rate goes down, rounded up to whole steps.", Min = 0, Max = 1)]
    public double LrDecayRatio { get; init; } = 0.1;

    [Key("wsd: Hugging Face's names for the rest of it.")]
    public LrSchedulerKwargs LrSchedulerKwargs { get; init; } = new();

    [Key("AdamW's decoupled weight decay; biases and layer normalisation are left out.", Min = 0)]
    public double WeightDecay { get; init; }

    [Key("AdamW's decay of the mean of gradients.", Min = 0, Max = 1)]
    public double AdamBeta1 { get; init; } = 0.9;

    [Key("AdamW's decay of the mean of squared gradients.", Min = 0, Max = 1)]
    public double AdamBeta2 { get; init; } = 0.999;

    [Key("AdamW's epsilon.", Min = 0)]
    public double AdamEpsilon { get; init; } = 1e-8;

    [Key("Gradients are scaled down to this norm; 0 leaves them as they are.", Min = 0)]
    public double MaxGradNorm { get; init; } = 1.0;

    [Key("Share of all steps in which the learning rate climbs from 0, rounded up to whole steps; used when warmup_steps is 0.", Min = 0, Max = 1)]
    public double WarmupRatio { get; init; }

    [Key("Steps in which the learning rate climbs from 0.", Min = 0)]
    public long WarmupSteps { get; init; }

    [Key("Seed of the weights, of the order of the documents and of sampling.", Min = 0)]
    public long Seed { get; init; } = 42;

    [Key("Steps from one line of the log to the next.", Min = 1)]
    public int LoggingSteps { get; init; } = 500;

    [Key("Write checkpoints every save_steps (steps), or only the last one (no).", Choices = ["steps", "no"])]
    public string SaveStrategy { get; init; } = "steps";

    [Key("Steps from one checkpoint to the next.", Min = 1)]
    public int SaveSteps { get; init; } = 500;

    [Key("Keep this many of the newest checkpoints and delete older ones. Not set: all are kept.", Min = 1)]
    public int? SaveTotalLimit { get; init; }

    [Key("Measure the held-out loss at each checkpoint of save_steps and keep the best one whatever save_total_limit says; it is then the model of the run "
        + "(phf generate, phf evaluate, model.path_or_name).")]
    public bool LoadBestModelAtEnd { get; init; }

    [Key("Evaluate every eval_steps (steps), or not while training (no).", Choices = ["no", "steps"])]
    public string EvaluationStrategy { get; init; } = "no";

    [Key("Steps from one evaluation to the next. Not set: logging_steps.", Min = 1)]
    public int? EvalSteps { get; init; }

    [Key("Threads to compute on; 0 takes every core. The result is the same for any number.", Min = 0, Max = 1024)]
    public int Threads { get; init; }

    [Key("What the backward pass computes again instead of having kept it, for less memory: nothing, the first half of each feed-forward layer (mlp), or each layer. The result is the same.", Choices = ["none", "mlp", "layer"])]
    public string Recompute { get; init; } = "none";

    [Key("Who computes: cpu, or reference, the slow scalar code that cpu is tested against.", Choices = ["cpu", "reference"])]
    public string Backend { get; init; } = "cpu";

    [Key("Tokens that the model has seen in earlier runs: subtracted from num_tokens. auto asks the run of model.path_or_name.")]
    public TokenCount TokensAlreadySeen { get; init; }

    [Key("Skip the update of a step whose loss or gradient norm lies more than this many deviations above its running mean "
        + "(weights of the last hundred steps or so; the first 20 are never skipped). Not set: none is skipped.", Above = 0)]
    public double? SkipOutliers { get; init; }

    /// <summary>The key <see cref="Recompute"/>.</summary>
    internal Model.Recompute RecomputeKind => Enum.Parse<Model.Recompute>(Recompute, ignoreCase: true);

    /// <summary>Sequences per step of the optimizer.</summary>
    public int SequencesPerStep => EffectiveBatchSize ?? PerDeviceTrainBatchSize;

    /// <summary>Forward and backward passes per step: sequences per step / per_device_train_batch_size.</summary>
    public int AccumulationSteps => SequencesPerStep / PerDeviceTrainBatchSize;

    /// <summary>Steps from one checkpoint to the next; 0 for none but the last.</summary>
    public int SaveEvery => SaveStrategy == "no" ? 0 : SaveSteps;

    /// <summary>Steps from one evaluation to the next; 0 for none.</summary>
    public int EvaluateEvery => EvaluationStrategy == "no" ? 0 : EvalSteps ?? LoggingSteps;

    /// <summary>
    /// All steps of the run for sequences of <paramref name="sequenceLength"/> tokens: max_steps, or num_tokens less those
    /// <paramref name="alreadySeen"/>, rounded down to whole steps. Throws <see cref="InvalidDataException"/> when those are fewer than one
    /// step takes.
    /// </summary>
    public long TotalSteps(int sequenceLength, long alreadySeen = 0)
    {
        if (MaxSteps is >= 0) return MaxSteps.Value;
        long tokensPerStep = (long)SequencesPerStep * sequenceLength;
        long steps = ((NumTokens ?? 0) - alreadySeen) / tokensPerStep;
        if (steps > 0) return steps;
        string seen = alreadySeen > 0 ? $", of which the model has seen {alreadySeen} (training.tokens_already_seen)" : "";
        throw new InvalidDataException($"training.num_tokens is {NumTokens}{seen}; one step takes {SequencesPerStep} sequences of {sequenceLength} "
            + $"= {tokensPerStep} tokens; give more tokens or a smaller training.effective_batch_size");
    }

    /// <summary>Steps of warm-up among <paramref name="totalSteps"/>: warmup_steps, or the share warmup_ratio of them rounded up.</summary>
    public long WarmupStepsOf(long totalSteps) => WarmupSteps > 0 ? WarmupSteps : (long)Math.Ceiling(totalSteps * WarmupRatio);
}

/// <summary>Section <c>training.lr_scheduler_kwargs</c>, for the schedule wsd.</summary>
public sealed record LrSchedulerKwargs
{
    [Key("Steps at the end in which the learning rate goes down; goes before training.lr_decay_ratio.", Min = 1)]
    public long? NumDecaySteps { get; init; }

    [Key("Lowest rate, as a share of the peak: where the warm-up starts and the decay ends.", Min = 0, Max = 1)]
    public double MinLrRatio { get; init; }

    [Key("Form of the decay.", Choices = ["cosine", "linear", "1-sqrt"])]
    public string DecayType { get; init; } = "cosine";
}
