using Phf.Data;
using Phf.Formats;
using Phf.Training.Configuration;

namespace Phf.Cli.Quickstart;

/// <summary>Sizes of the quickstart and the configurations of its three runs.</summary>
internal sealed record QuickstartSettings
{
    private const int Positions = 128, BatchSize = 16;

    public required string Directory { get; init; }

    public ulong Seed { get; init; } = 1;

    public int Threads { get; init; }

    public int Documents { get; init; } = 12_000;

    public int VocabularySize { get; init; } = 1024;

    public long TokensPerRun { get; init; } = 1_600_000;

    public int Samples { get; init; } = 256;

    public string Corpus => Path.Combine(Directory, "corpus.jsonl");

    public string Scored => Path.Combine(Directory, "scored.jsonl");

    public string Data => Path.Combine(Directory, "data");

    public string Report => Path.Combine(Directory, "report.html");

    public string Chart => Path.Combine(Directory, "chart.svg");

    /// <summary>The half-minute version: the same path, too little training for the result to mean anything.</summary>
    public QuickstartSettings Fast() => this with { Documents = 1_500, TokensPerRun = 100_000, Samples = 48 };

    /// <summary>Names and configurations of the runs; they differ in their data alone.</summary>
    public IReadOnlyList<(string Name, RunConfig Config)> Runs()
    {
        RunConfig mle = Base("mle");
        RunConfig filtering = Base("filtering");
        RunConfig conditional = Base("conditional");
        const string aligned = "<|aligned|>", misaligned = "<|misaligned|>";
        return
        [
            ("mle", mle),
            ("filtering", filtering with { Dataset = filtering.Dataset with { FilterThreshold = Threshold.Parse("p50") } }),
            ("conditional", conditional with
            {
                Dataset = conditional.Dataset with
                {
                    ConditionalTrainingConfig = new() { Threshold = Threshold.At(0), AlignedPrefix = aligned, MisalignedPrefix = misaligned, DropTokenFraction = 0.01 },
                },
                Tokenizer = conditional.Tokenizer with { SpecialTokens = [aligned, misaligned] },
                Model = conditional.Model with { NumAdditionalTokens = 2 },
                Generation = conditional.Generation with { ScenarioConfigs = [Scenario(aligned, [misaligned])] },
            }),
        ];
    }

    public string RunDirectory(string name) => Path.Combine(RunsDirectory, name);

    /// <summary>Something in the folder, its data or its runs that the quickstart does not write; null when there is nothing else.</summary>
    public string? ForeignEntry()
    {
        return Other(Directory, Corpus, Scored, Data, Report, Chart, RunsDirectory)
            ?? Other(Data, [.. new[] { Packer.TrainSplit, Packer.HeldOutSplit, Packer.TokenizerDirectory }.Select(name => Path.Combine(Data, name))])
            ?? Other(RunsDirectory, [.. Runs().Select(run => RunDirectory(run.Name))]);

        static string? Other(string folder, params string[] own) => !System.IO.Directory.Exists(folder)
            ? null
            : System.IO.Directory.EnumerateFileSystemEntries(folder).FirstOrDefault(entry => !own.Contains(entry) && !DurableFile.IsLeftover(Path.GetFileName(entry)));
    }

    private string RunsDirectory => Path.Combine(Directory, "runs");

    private RunConfig Base(string name) => new()
    {
        Dataset = new() { Data = Data },
        Model = new() { Gpt2ConfigKwargs = new() { NLayer = 2, NHead = 4, NEmbd = 128, NPositions = Positions } },
        Training = new()
        {
            OutputDir = RunDirectory(name),
            EffectiveBatchSize = BatchSize,
            PerDeviceTrainBatchSize = BatchSize,
            NumTokens = TokensPerRun,
            LearningRate = 4e-3,
            WarmupRatio = 0.02,
            WeightDecay = 0.1,
            Seed = (long)Seed,
            LoggingSteps = 10,
            SaveStrategy = "no",
            EvaluationStrategy = "steps",
            EvalSteps = (int)Math.Max(1, TokensPerRun / (BatchSize * Positions) / 10),
            Threads = Threads,
        },
        Generation = new()
        {
            BatchSize = 128,
            EveryNSteps = int.MaxValue,
            ScorerConfig = new() { ClassName = "PIIScorer" },
            ScenarioConfigs = [Scenario(prefix: null, banned: [])],
        },
    };

    private ScenarioConfig Scenario(string? prefix, string[] banned) => new()
    {
        Name = "unconditional",
        NumSamples = Samples,
        Prefix = prefix,
        GenerateKwargs = new() { DoSample = true, MaxLength = 64, MinLength = 16, Temperature = 0.7, TopP = 0.9, TopK = 0, BadWords = banned },
    };
}
