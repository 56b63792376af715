using System.Globalization;
using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>
/// A file of phf align worked out against its prior: tokenizer, features, prompts, steps, memory. What can be wrong without sampling is found here, before
/// anything large is allocated.
/// </summary>
public sealed class AlignmentPlan : IDisposable
{
    private const int DefaultMaxLength = 128;
    private const long PackingBytes = 64L << 20; // packed operands and scratch of the engine

    private AlignmentPlan(FeatureSet features, PromptSet prompts, TagTokens tags, LearningRateSchedule schedule, IReadOnlyList<PreferencePair> pairs) =>
        (Features, Prompts, Tags, Schedule, Pairs) = (features, prompts, tags, schedule, pairs);

    /// <summary>As it was given.</summary>
    public required AlignmentSection Section { get; init; }

    /// <summary>The configuration of the run: the prior's, starting from the prior. The verbs that read a run find tags and data in it.</summary>
    public required RunConfig Config { get; init; }

    /// <summary>Folder of the prior.</summary>
    public required string PriorDirectory { get; init; }

    public required BpeTokenizer Tokenizer { get; init; }

    /// <summary>The shape of the model; for ppo with a value head, whose values start at 0.</summary>
    public required Gpt2Config Model { get; init; }

    /// <summary>Longest text in tokens, prompt included.</summary>
    public required int MaxLength { get; init; }

    /// <summary>0 where nothing is trained.</summary>
    public required long TotalSteps { get; init; }

    /// <summary>Texts of a step.</summary>
    public int TextsPerStep => Section.Training.SequencesPerStep;

    /// <summary>Whether what is asked for is a distribution: not a reward without penalty, nor one whose penalty is led, and not nothing.</summary>
    internal bool HasTarget => Section.Target.Kind != "none" && Section.Target.Beta != 0 && Section.Method.TargetKl is null;

    /// <summary>Whether the model is taught tags that the prior does not know.</summary>
    internal bool LearnsTags => Section.Method.Name == "quark";

    /// <summary>Estimated memory of the run in bytes: prior, model, gradients and moments, activations, and those of a learned baseline.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Where the prior's own run stood; null where it is of no run.</summary>
    internal TrainerState? PriorState { get; private init; }

    internal FeatureSet Features { get; }

    internal PromptSet Prompts { get; }

    internal TagTokens Tags { get; }

    internal LearningRateSchedule Schedule { get; }

    /// <summary>What the offline methods learn from; empty for the others.</summary>
    internal IReadOnlyList<PreferencePair> Pairs { get; }

    /// <exception cref="InvalidDataException">The prior is none, or does not fit what is asked.</exception>
    /// <exception cref="InsufficientMemoryException">The run would not fit into memory; the message gives both numbers.</exception>
    public static AlignmentPlan Create(AlignmentSection section)
    {
        ModelSource source = ModelSource.Find(section.Prior ?? throw new InvalidDataException("no model to align; name a run, a checkpoint or a model directory"));
        RunConfig config = ConfigOf(section, source);
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(source.Directory);
        Gpt2Config model = Gpt2Config.FromFile(Path.Combine(source.Directory, "config.json")) with { ValueOffset = section.Method.Name == "ppo" ? 0 : null };
        if (tokenizer.VocabularySize > model.VocabularySize)
            throw new InvalidDataException($"{source.Directory}: the tokenizer has {tokenizer.VocabularySize} tokens, the model {model.VocabularySize}; they do not belong together");
        if (section.Method.Name == "quark")
        {
            tokenizer = tokenizer.WithAddedTokens([.. config.Dataset.ConditionalTrainingConfig!.Tags]);
            model = model with { VocabularySize = Math.Max(model.VocabularySize, tokenizer.VocabularySize) };
        }
        int maxLength = section.Sampling.MaxLength ?? Math.Min(DefaultMaxLength, model.Positions);
        if (maxLength > model.Positions) throw new InvalidDataException($"sampling.max_length {maxLength} is longer than the model's n_positions {model.Positions}");
        TagTokens tags = TagTokens.Of(config.Dataset.ConditionalTrainingConfig, tokenizer);
        long steps = section.Method.IsSampling ? 0 : section.Training.MaxSteps!.Value;
        var prompts = PromptSet.Create(section.Sampling, tokenizer, tags, maxLength);
        var schedule = LearningRateSchedule.Of(section.Training, steps);
        IReadOnlyList<PreferencePair> pairs = section.Method.IsOffline ? PreferencePairs.Read(section, tokenizer, tags, maxLength) : [];
        var plan = new AlignmentPlan(FeatureSet.Create(section.Target, tokenizer), prompts, tags, schedule, pairs)
        {
            Section = section,
            Config = config,
            PriorDirectory = source.Directory,
            Tokenizer = tokenizer,
            Model = model,
            MaxLength = maxLength,
            TotalSteps = steps,
            PriorState = source.Run is null ? null : Checkpoint.ReadState(source.Directory),
            MemoryBytes = MemoryFor(section, model, maxLength),
        };
        plan.CheckMemory();
        return plan;
    }

    public void Dispose() => Features.Dispose();

    private static RunConfig ConfigOf(AlignmentSection section, ModelSource source)
    {
        RunConfig prior = source.Run?.Config() ?? new RunConfig();
        if (section.Method.Name == "quark") prior = WithQuantileTags(prior, section.Method.Quantiles, source.Directory);
        return prior with
        {
            Dataset = prior.Dataset with { SkipTokens = default },
            Model = new ModelSection { FromScratch = false, PathOrName = source.Directory },
            Objective = new ObjectiveSection(),
            Training = section.Training,
        };
    }

    /// <summary>A tag for each quantile of the reward, best first; to the verbs that read the run they are tags of conditional training by document.</summary>
    private static RunConfig WithQuantileTags(RunConfig prior, int quantiles, string directory)
    {
        if (prior.Dataset.ConditionalTrainingConfig is not null)
            throw new InvalidDataException($"{directory} was trained with tags of its own, and quark gives tags another meaning; align a model without tags, or take another method");
        string[] tags = [.. Enumerable.Range(1, quantiles).Select(quantile => $"<|reward-{quantile}|>")];
        Threshold[] thresholds = [.. Enumerable.Range(1, quantiles - 1).Select(quantile => Threshold.Parse(string.Create(CultureInfo.InvariantCulture, $"p{100.0 * quantile / quantiles:0.##}")))];
        return prior with
        {
            Tokenizer = prior.Tokenizer with { SpecialTokens = [.. prior.Tokenizer.SpecialTokens, .. tags] },
            Dataset = prior.Dataset with
            {
                ConditionalTrainingConfig = new() { Prefixes = tags, Thresholds = thresholds, TagUnit = ConditionalTrainingConfig.PerDocument, MaskControlTokens = true },
            },
        };
    }

    private static long MemoryFor(AlignmentSection section, Gpt2Config model, int maxLength)
    {
        long parameters = new ParameterLayout(model).Shapes.Sum(shape => Arena.SizeOf(shape.Rows, shape.Columns)) * sizeof(float);
        long logits = (long)ClassifierChunk.Rows(model.VocabularySize) * ClassifierChunk.Stride(model.VocabularySize) * sizeof(float);
        if (section.Method.IsSampling) return parameters + PackingBytes;
        int learners = section.Method.LearnedBaseline ? 2 : 1; // each has weights, gradients and two moments
        int frozen = section.Method.Name is "gdc" or "gdc++" ? 2 : 1; // prior and proposal
        return (4 * learners + frozen) * parameters
            + learners * Activations.Bytes(model, section.Training.PerDeviceTrainBatchSize, maxLength - 1, forTraining: true, section.Training.RecomputeKind) + logits + PackingBytes;
    }

    private void CheckMemory()
    {
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (MemoryBytes <= available) return;
        throw new InsufficientMemoryException($"this run needs {MemoryBytes / 1e9:F1} GB of memory and there are {available / 1e9:F1} GB; "
            + "make training.per_device_train_batch_size or sampling.max_length smaller, or set training.recompute to layer");
    }
}
