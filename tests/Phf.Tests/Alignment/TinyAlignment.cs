using Phf.Alignment;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Tests.Data;
using Phf.Tests.Model;
using Phf.Tests.Training;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Alignment;

/// <summary>Alignments of a tiny random model that writes at most 11 tokens.</summary>
internal sealed class TinyAlignment : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TinyAlignment()
    {
        Prior = WritePrior("prior", seed: 0);
        File.WriteAllText(_folder.At("prompts.jsonl"), "{\"text\": \"the cat\"}\n{\"text\": \"a dog sat\"}\n");
    }

    /// <summary>Folder of the prior.</summary>
    public string Prior { get; }

    public string At(string name) => _folder.At(name);

    public static BpeTokenizer Tokenizer => SmallDataset.Tokenizer;

    /// <summary>8 steps of 8 texts, saved every 4 and measured every 3; a third or so of the prior's texts have a letter of a to e.</summary>
    public AlignmentSection Section(string method, string kind = "pointwise") => new()
    {
        Prior = Prior,
        Target = new()
        {
            Kind = kind,
            Beta = kind == "reward" ? 0.5 : null,
            Features = [Feature("early", "[a-e]") with { Moment = kind == "distributional" ? 0.5 : null }],
        },
        Method = new() { Name = method, ProposalSteps = method.StartsWith("gdc", StringComparison.Ordinal) ? 2 : new MethodSection().ProposalSteps, ProposalSamples = 16 },
        Sampling = new() { MaxLength = 12, PriorSamples = 64, EvaluationSamples = 16, MinEffectiveSamples = 4, SamplesPerPrompt = 4, BatchSize = 8 },
        Training = new()
        {
            MaxSteps = 8,
            EffectiveBatchSize = 8,
            PerDeviceTrainBatchSize = 3,
            LearningRate = 1e-2,
            LrSchedulerType = "constant",
            LoggingSteps = 1,
            SaveSteps = 4,
            EvaluationStrategy = "steps",
            EvalSteps = 3,
        },
    };

    public AlignmentSection WithPrompts(AlignmentSection section) => section with { Sampling = section.Sampling with { Prompts = _folder.At("prompts.jsonl") } };

    public static FeatureSection Feature(string name, string pattern) => new() { Name = name, Scorer = "regex", Pattern = pattern, Above = 0 };

    /// <summary>Writes a model directory.</summary>
    public string WritePrior(string name, int seed)
    {
        using IBackend backend = Backends.CreateReference();
        var config = new Gpt2Config { VocabularySize = Tokenizer.VocabularySize, Positions = 16, Channels = 16, Layers = 1, Heads = 2 };
        using Gpt2 model = TinyGpt2.Create(backend, config);
        for (int i = 0; i < seed; i++) model.Parameters.TokenTable.Span[i] += 0.1f;
        ModelDirectory.Write(_folder.At(name), model, Tokenizer, card: null);
        return _folder.At(name);
    }

    /// <summary>Begins a run, or goes on with one, until its end or until the observer stops it; returns what was measured.</summary>
    public List<AlignmentReport> Run(AlignmentSection section, string name, bool resumes = false, Observer? observer = null, int threads = 1, List<string>? warnings = null)
    {
        var reports = new List<AlignmentReport>();
        RunDirectory run = resumes ? RunDirectory.Open(_folder.At(name)) : RunDirectory.Reserve(_folder.At(name), force: false);
        using AlignmentPlan plan = AlignmentPlan.Create(section);
        using IBackend backend = Backends.CreateCpu(threads);
        using Trainer trainer = Aligner.Create(plan, run, backend, resumes ? run.LatestCheckpoint() : null, reports.Add, warnings is null ? _ => { } : warnings.Add);
        if (!resumes) Aligner.Start(plan, run);
        observer ??= new Observer();
        trainer.Run(observer, cancel: observer.Token);
        return reports;
    }

    public void Dispose() => _folder.Dispose();
}
