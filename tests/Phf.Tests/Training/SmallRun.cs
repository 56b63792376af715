using System.Text.Json.Nodes;
using Phf.Data;
using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Tests.Data;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>Runs of a tiny model on a tiny packed dataset with a held-out split.</summary>
internal sealed class SmallRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SmallRun() => DataPath = Pack("packed", documents: 30);

    /// <summary>The packed data of <see cref="Config"/>.</summary>
    public string DataPath { get; }

    /// <summary>8 steps of 4 sequences in 2 passes, everything logged, evaluated every 3 steps and saved every 4.</summary>
    public RunConfig Config => new()
    {
        Dataset = new() { Data = DataPath },
        Model = new() { Gpt2ConfigKwargs = new() { NEmbd = 16, NLayer = 2, NHead = 2, NPositions = 16 } },
        Training = new()
        {
            EffectiveBatchSize = 4,
            PerDeviceTrainBatchSize = 2,
            MaxSteps = 8,
            LearningRate = 1e-2,
            WeightDecay = 0.1,
            WarmupSteps = 2,
            LoggingSteps = 1,
            SaveSteps = 4,
            EvaluationStrategy = "steps",
            EvalSteps = 3,
        },
        Generation = new() { ScenarioConfigs = [new() { Name = "unconditional" }], EveryNSteps = 3, ForceCallOn = [4] },
    };

    public RunConfig Conditional => Tagged(new() { Threshold = Threshold.At(0.4), DropTokenFraction = 0.2 });

    /// <summary><see cref="Config"/> with other settings of the tags.</summary>
    public RunConfig Tagged(ConditionalTrainingConfig tags)
    {
        RunConfig config = Config;
        return config with
        {
            Tokenizer = new() { SpecialTokens = tags.TagForm == ConditionalTrainingConfig.AsText ? [] : tags.Tags },
            Dataset = config.Dataset with { ConditionalTrainingConfig = tags },
        };
    }

    /// <summary>Three tags at the 30th and 70th percentile.</summary>
    public static ConditionalTrainingConfig ThreeTags => new()
    {
        Thresholds = [Threshold.Parse("p30"), Threshold.Parse("p70")],
        Prefixes = ["<|good|>", "<|fair|>", "<|bad|>"],
    };

    public RunConfig Unlikelihood(double threshold, double alpha) =>
        Config with { Objective = new() { Name = "Unlikelihood", ScoreThreshold = Threshold.At(threshold), Alpha = alpha } };

    /// <summary>Reward-weighted regression; scores of the data are eighths below 1.</summary>
    public RunConfig RewardWeighted(double beta) => Config with { Objective = new() { Name = "RWR", Beta = beta } };

    /// <summary>Advantage-weighted regression with a value head that learns for two steps before it counts.</summary>
    public RunConfig AdvantageWeighted => Config with { Objective = new() { Name = "AWR", Beta = 0.3, UseHeadTrainSteps = 2 } };

    public string At(string name) => _folder.At(name);

    /// <summary>Packs documents 0 .. <paramref name="documents"/> - 1, a fifth of them held out.</summary>
    public string Pack(string name, int documents)
    {
        string scored = SmallDataset.WriteScored(_folder, documents, $"{name}.jsonl");
        Packer.Pack([scored], SmallDataset.Tokenizer, _folder.At(name), new PackOptions { HeldOutFraction = 0.2, MaxShardTokens = 200 });
        return _folder.At(name);
    }

    /// <summary>Packs documents 0 .. 29 with scores of spans, as <paramref name="spansOf"/> gives them for a segment and its score.</summary>
    public string PackSpans(string name, Func<string, double, ScoredSpan[]> spansOf)
    {
        using (FileStream file = File.Create(_folder.At($"{name}.jsonl")))
            foreach (ScoredDocument document in Enumerable.Range(0, 30).Select(SmallDataset.Document))
                ScoredFile.Write(file, document with { Spans = [.. document.Texts.Zip(document.Scores, spansOf)] });
        Packer.Pack([_folder.At($"{name}.jsonl")], SmallDataset.Tokenizer, _folder.At(name), new PackOptions { HeldOutFraction = 0.2, MaxShardTokens = 200 });
        return _folder.At(name);
    }

    public RunDirectory Start(string name, RunConfig config) => RunDirectory.Create(_folder.At(name), config, force: false);

    /// <summary>Trains to the end or until the observer stops it, writing two samples where they are due.</summary>
    public static void Train(RunConfig config, RunDirectory run, string? checkpoint = null, Observer? observer = null, int threads = 1)
    {
        using RunPlan plan = RunPlan.Create(config);
        using IBackend backend = Backends.CreateCpu(threads);
        using Trainer trainer = Trainer.Create(plan, run, backend, checkpoint);
        observer ??= new Observer();
        trainer.Run(observer, (model, step) => WriteSamples(plan, run, model, step), observer.Token);
    }

    /// <summary>Every parameter, by name, after all steps of a run of two threads that writes nothing.</summary>
    public Dictionary<string, float[]> FinalParameters(RunConfig config)
    {
        using RunPlan plan = RunPlan.Create(config);
        using IBackend backend = Backends.CreateCpu(2);
        using Trainer trainer = Trainer.Create(plan, Start(Guid.NewGuid().ToString(), config), backend, checkpoint: null);
        for (int step = 0; step < plan.TotalSteps; step++) trainer.UpdateOnce();
        return ByName(trainer.Model);
    }

    public static Dictionary<string, float[]> ByName(Gpt2 model) =>
        model.Parameters.Layout.Shapes.ToDictionary(shape => shape.Name, shape => model.Parameters[shape.Name].Span.ToArray());

    public void Dispose() => _folder.Dispose();

    private static void WriteSamples(RunPlan plan, RunDirectory run, Gpt2 model, long step)
    {
        int[][] prompts = [[plan.Tokenizer.EndOfTextId], [plan.Tokenizer.EndOfTextId]];
        foreach (int[] tokens in new Sampler(model, plan.Tokenizer.EndOfTextId).Generate(prompts, new SamplingOptions { MaxLength = 12 }, (ulong)step))
            File.AppendAllText(run.SamplesPath, new JsonObject { ["step"] = step, ["text"] = plan.Tokenizer.Decode(tokens) }.ToJsonString() + "\n");
    }
}

/// <summary>Remembers what it is told; can cancel at a step, or throw there as a kill would stop the run.</summary>
internal sealed class Observer(long? cancelAt = null, long? killAt = null) : ITrainingObserver
{
    private readonly CancellationTokenSource _source = new();

    public CancellationToken Token => _source.Token;

    public List<StepReport> Steps { get; } = [];

    public List<EvaluationReport> Evaluations { get; } = [];

    public void OnStep(in StepReport report)
    {
        Steps.Add(report);
        if (report.Step == cancelAt) _source.Cancel();
        if (report.Step == killAt) throw new KilledException();
    }

    public void OnEvaluation(in EvaluationReport report) => Evaluations.Add(report);

    public void OnCheckpoint(long step, string path) => Assert.True(Checkpoint.IsComplete(path));
}

internal sealed class KilledException : Exception;
