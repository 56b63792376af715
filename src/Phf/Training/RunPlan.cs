using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Objectives;
using Phf.Text;
using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>
/// A configuration worked out against its data and tokenizer: thresholds as numbers, the model's shape, the number of steps, the
/// memory. Everything that can be wrong is found here, before anything large is allocated.
/// </summary>
public sealed class RunPlan : IDisposable
{
    private const long PackingBytes = 64L << 20; // packed operands and scratch of the engine

    private RunPlan()
    {
    }

    /// <summary>As it was given, with what its percentiles are in the data.</summary>
    public required RunConfig Config { get; init; }

    public required BpeTokenizer Tokenizer { get; init; }

    /// <summary>The training split.</summary>
    public required PackedDataset Data { get; init; }

    /// <summary>The held-out split; null when nothing was held out.</summary>
    public required PackedDataset? HeldOut { get; init; }

    public required Gpt2Config Model { get; init; }

    /// <summary>The folder of <c>model.path_or_name</c>'s model; null where the shape is written out, or is GPT-2's.</summary>
    public required string? StartDirectory { get; init; }

    public required IObjective Objective { get; init; }

    /// <summary>What a run is called: by its objective, but for filtering and conditional training, which are maximum likelihood on other data.</summary>
    public string MethodName => Blocks.Tags is not null ? "conditional" : Blocks.FilterThreshold is not null ? "filtering"
        : Config.Objective.Name.ToLowerInvariant() is var name and not "mle" ? name : "MLE";

    /// <summary>What the user should know before the run starts, e.g. that beta is far from the scale of the scores.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>How text is read; <see cref="BlocksAt"/> says how at the end of the run.</summary>
    public required BlockOptions Blocks { get; init; }

    /// <summary>The tags as tokens; empty without any.</summary>
    public required TagTokens Tags { get; init; }

    /// <summary>Steps that read text with its tags, the steps behind them without; null where all are alike.</summary>
    public required long? TaggedSteps { get; init; }

    /// <summary>Held-out segments with a score above it count as misaligned: the best tag's threshold, else the objective's, else 0.</summary>
    public required float Threshold { get; init; }

    /// <summary>T, tokens predicted per sequence.</summary>
    public required int SequenceLength { get; init; }

    /// <summary>B, sequences computed at once.</summary>
    public int BatchSize => Config.Training.PerDeviceTrainBatchSize;

    /// <summary>Forward and backward passes per step.</summary>
    public int Accumulation => Config.Training.AccumulationSteps;

    public required long TotalSteps { get; init; }

    public required LearningRateSchedule Schedule { get; init; }

    /// <summary>What is taken over from the run that the model comes from.</summary>
    public required DataStart Start { get; init; }

    /// <summary>Sequences per step of the optimizer; each reads its own share of the documents.</summary>
    public int Lanes => BatchSize * Accumulation;

    /// <summary>Tokens read in a step; in the reference's order the first of each sequence is not predicted.</summary>
    public long TokensPerStep => (long)Lanes * (Blocks.Reference is null ? SequenceLength : SequenceLength + 1);

    /// <summary>Parameters, gradients, both moments, activations and one chunk of logits, in bytes.</summary>
    public long MemoryBytes { get; private init; }

    /// <exception cref="InvalidDataException">Configuration, data and tokenizer do not fit each other.</exception>
    /// <exception cref="InsufficientMemoryException">The run would not fit into memory; the message gives both numbers.</exception>
    public static RunPlan Create(RunConfig config)
    {
        string root = config.Dataset.Data ?? throw new InvalidDataException("dataset.data is not set; give --data DIR (in a sweep the key data) with a folder written by phf pack");
        if (!Directory.Exists(root))
            throw new InvalidDataException($"no data at {root} ({(File.Exists(root) ? "a file" : $"no such folder: {Path.GetFullPath(root)}")}); "
                + "give the folder that phf pack wrote with --data DIR, also when it was moved");
        var opened = new List<PackedDataset>();
        try
        {
            bool isSplit = File.Exists(Path.Combine(root, DatasetManifest.FileName));
            string trainDirectory = Path.Combine(root, Packer.TrainSplit);
            if (!isSplit && !Directory.Exists(trainDirectory))
                throw new InvalidDataException($"{root} is no packed data: it has neither {DatasetManifest.FileName} nor {Packer.TrainSplit}/; give a folder written by phf pack");
            PackedDataset data = Open(isSplit ? root : trainDirectory);
            string heldOutDirectory = Path.Combine(root, Packer.HeldOutSplit);
            PackedDataset? heldOut = !isSplit && Directory.Exists(heldOutDirectory) ? Open(heldOutDirectory) : null;
            return Create(config, root, isSplit, data, heldOut);
        }
        catch
        {
            opened.ForEach(dataset => dataset.Dispose());
            throw;
        }

        PackedDataset Open(string directory)
        {
            opened.Add(PackedDataset.Open(directory));
            return opened[^1];
        }
    }

    /// <summary>How step number <paramref name="step"/>, from 1, reads text.</summary>
    public BlockOptions BlocksAt(long step) => step > TaggedSteps ? Blocks with { Tags = null } : Blocks;

    public void Dispose()
    {
        Data.Dispose();
        HeldOut?.Dispose();
    }

    private static RunPlan Create(RunConfig config, string root, bool isSplit, PackedDataset data, PackedDataset? heldOut)
    {
        (string tokenizerDirectory, string? aboutTokenizer) = NamedModel.TokenizerOf(config.Tokenizer, Path.Combine(isSplit ? Path.Combine(root, "..") : root, Packer.TokenizerDirectory));
        BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(tokenizerDirectory).WithAddedTokens([.. config.Tokenizer.SpecialTokens]);
        data.CheckTokenizer(tokenizer);
        Gpt2Config? named = NamedModel.ShapeOf(config.Model);
        ModelSource? source = named is null ? ModelSource.Find(config.Model.PathOrName!) : null;
        string? start = source?.Directory;
        config = config.WithThresholds((threshold, ofDocuments) => threshold.RecordedOn(data, ofDocuments));
        var objectiveThreshold = (float?)config.Objective.ScoreThreshold?.Resolve(data, ofDocuments: false);
        Gpt2Config model = ModelShape(config, named ?? Gpt2Config.FromFile(Path.Combine(start!, "config.json")), tokenizer);
        int length = config.Training.SequenceLength ?? model.Positions;
        if (length > model.Positions) throw new InvalidDataException($"training.sequence_length {length} is longer than the model's n_positions {model.Positions}");
        if (config.Training.LoadBestModelAtEnd && heldOut is null)
            throw new InvalidDataException($"training.load_best_model_at_end needs held-out text, and {root} has none; pack it with --held-out, or leave the key out");
        ConditionalTrainingConfig? conditional = config.Dataset.ConditionalTrainingConfig;
        TagTokens tagTokens = TagTokens.Of(conditional, tokenizer);
        ControlTags? tags = PlannedTags.Create(conditional, tagTokens, data);
        float threshold = (float?)tags?.Thresholds[0] ?? objectiveThreshold ?? 0;
        BlockOptions blocks = PlannedBlocks.Create(config, tokenizer, data, length) with { Tags = tags, SpanThreshold = threshold };
        DataStart dataStart = DataStart.Find(config, config.Model.FromScratch ? null : source, data, blocks);
        long steps = config.Training.TotalSteps(length, dataStart.TokensBefore);
        if (steps < 1) throw new InvalidDataException($"training.max_steps is {steps}; a run has at least 1 step");
        var objective = PlannedObjective.Create(config, data, objectiveThreshold, blocks);
        model = model with { ValueOffset = objective.ValueOffset };
        var plan = new RunPlan
        {
            Config = config,
            Tokenizer = tokenizer,
            Data = data,
            HeldOut = heldOut,
            Model = model,
            StartDirectory = start,
            Objective = objective.Objective,
            Notes = [.. aboutTokenizer is null ? (string[])[] : [aboutTokenizer], .. objective.Notes, .. PlannedTags.Notes(conditional, tagTokens, tags, data.Manifest), .. dataStart.Notes],
            Blocks = blocks,
            Tags = tagTokens,
            TaggedSteps = conditional?.TaggedStepsOf(steps),
            Threshold = threshold,
            SequenceLength = blocks.BlockLength,
            TotalSteps = steps,
            Schedule = LearningRateSchedule.Of(config.Training, steps),
            Start = dataStart,
            MemoryBytes = MemoryFor(model, config.Training.PerDeviceTrainBatchSize, blocks.BlockLength, config.Training.RecomputeKind),
        };
        plan.CheckMemory();
        return plan;
    }

    private static Gpt2Config ModelShape(RunConfig config, Gpt2Config start, BpeTokenizer tokenizer)
    {
        Gpt2ConfigKwargs own = config.Model.Gpt2ConfigKwargs;
        if (!config.Model.FromScratch) CheckShape(own, start, config.Model.PathOrName!);
        if (!config.Model.FromScratch && start.VocabularySize > tokenizer.VocabularySize)
            throw new InvalidDataException($"{config.Model.PathOrName} has {start.VocabularySize} tokens, the data's tokenizer {tokenizer.VocabularySize}; they do not belong together");
        int rows = config.Model.FromScratch && own.VocabSize is { } given ? given + config.Model.NumAdditionalTokens : tokenizer.VocabularySize;
        if (rows < tokenizer.VocabularySize)
            throw new InvalidDataException($"the model has {rows} tokens, the tokenizer {tokenizer.VocabularySize}; leave model.gpt2_config_kwargs.vocab_size out or raise it");
        return (start with
        {
            VocabularySize = rows,
            Channels = own.NEmbd ?? start.Channels,
            Layers = own.NLayer ?? start.Layers,
            Heads = own.NHead ?? start.Heads,
            Positions = own.NPositions ?? start.Positions,
            Inner = own.NInner ?? start.Inner,
            LayerNormEpsilon = (float)(own.LayerNormEpsilon ?? start.LayerNormEpsilon),
            ActivationName = own.ActivationFunction ?? start.ActivationName,
            ScaleAttention = own.ScaleAttnWeights ?? start.ScaleAttention,
            ScaleAttentionByInverseLayer = own.ScaleAttnByInverseLayerIdx ?? start.ScaleAttentionByInverseLayer,
            TieHead = own.TieWordEmbeddings ?? start.TieHead,
        }).Validated("model.gpt2_config_kwargs");
    }

    /// <summary>Weights that are taken over have their shape; another number of heads would even fit them, and be another model.</summary>
    private static void CheckShape(Gpt2ConfigKwargs own, Gpt2Config start, string name)
    {
        (string Key, int? Asked, int Is)[] sizes =
        [
            ("n_layer", own.NLayer, start.Layers), ("n_head", own.NHead, start.Heads), ("n_embd", own.NEmbd, start.Channels), ("n_positions", own.NPositions, start.Positions),
            ("n_inner", own.NInner, start.InnerChannels),
        ];
        string[] others = [.. sizes.Where(size => size.Asked is { } asked && asked != size.Is)
            .Select(size => $"model.gpt2_config_kwargs.{size.Key} is {size.Asked}, but the model {name} has {size.Is}")];
        if (others.Length > 0)
            throw new InvalidDataException($"{string.Join('\n', others)}\nweights keep their shape: leave these keys out (model.gpt2_config_kwargs: null), or set model.from_scratch to true");
    }

    /// <summary>What the run would take with another choice of what is computed again, in bytes.</summary>
    public long MemoryWith(Recompute recompute) => MemoryFor(Model, BatchSize, SequenceLength, recompute);

    private static long MemoryFor(Gpt2Config model, int batch, int length, Recompute recompute)
    {
        long parameters = new ParameterLayout(model).Shapes.Sum(shape => Arena.SizeOf(shape.Rows, shape.Columns)) * sizeof(float);
        long logits = (long)ClassifierChunk.Rows(model.VocabularySize) * ClassifierChunk.Stride(model.VocabularySize) * sizeof(float);
        return 4 * parameters + Activations.Bytes(model, batch, length, forTraining: true, recompute) + logits + PackingBytes;
    }

    private void CheckMemory()
    {
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (MemoryBytes <= available) return;
        throw new InsufficientMemoryException($"this run needs {MemoryBytes / 1e9:F1} GB of memory and there are {available / 1e9:F1} GB; "
            + "make the model, training.per_device_train_batch_size or training.sequence_length smaller, or set training.recompute to layer");
    }
}
