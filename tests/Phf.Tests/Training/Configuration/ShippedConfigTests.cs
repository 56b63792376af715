using Phf.Data;
using Phf.Training;
using Phf.Training.Configuration;
using Phf.Training.Replication;

namespace Phf.Tests.Training.Configuration;

/// <summary>The files under configs/: every task, stage, method and size.</summary>
public sealed class ShippedConfigTests(ShippedConfigTests.Data data) : IClassFixture<ShippedConfigTests.Data>
{
    private static readonly string[] Tasks = ["toxicity", "pii", "pep8"], Methods = ["mle", "filtering", "conditional", "unlikelihood", "rwr", "awr"];

    /// <summary>
    /// What is overridden so that a run takes milliseconds: the number of steps, the batch, the tokens of a sequence, and the model's shape. n_positions is
    /// that of the longest samples (PEP8, paper), which the files are checked against.
    /// </summary>
    private static readonly string[] Tiny =
        ["training.max_steps=2", "training.effective_batch_size=4", "training.per_device_train_batch_size=2", "training.sequence_length=16"];

    private const string TinyShape = "model.gpt2_config_kwargs={n_layer: 1, n_embd: 16, n_head: 2, n_positions: 640}";

    public static TheoryData<string, string> Pairs()
    {
        var pairs = new TheoryData<string, string>();
        foreach (string task in Tasks)
            foreach (string method in Methods) pairs.Add(task, method);
        return pairs;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void EveryStageAndSize_RunsTwoSteps(string task, string method)
    {
        foreach (string stage in (string[])["pretrain", "finetune"])
            foreach (string size in (string[])["laptop", "paper", "experiment"])
            {
                string[] model = stage == "pretrain" ? [TinyShape] : [$"model.path_or_name={data.PlainRun}"];
                LoadedConfig loaded = ConfigLoader.Load(Files(task, stage, method, size), [.. Tiny, .. model]);
                Assert.Empty(loaded.Notes);
                string name = $"{task}-{stage}-{method}-{size}";
                RunConfig config = loaded.Config with { Dataset = loaded.Config.Dataset with { Data = data.Small.DataPath } };
                RunDirectory run = data.Small.Start(name, config);
                var observer = new Observer();
                SmallRun.Train(config, run, observer: observer);
                Assert.True(observer.Steps is [_, { Step: 2 }] && observer.Steps.All(step => double.IsFinite(step.Loss)), name);
            }
    }

    [Fact]
    public void EveryFile_IsReadByTheTestAbove()
    {
        HashSet<string> read = [.. Tasks.SelectMany(task => ((string[])["pretrain.yml", "finetune.yml", "paper.yml", "experiment.yml"]).Concat(Methods.Select(method => $"{method}.yml"))
            .Select(name => Path.Combine(task, name)))];
        read.UnionWith(["laptop.yml", "paper.yml", "experiment.yml", "conditional.yml", "finetune.yml"]); // what they stand on
        string[] scales = ["laptop", "tiny"]; // of phf replicate, read by the test below
        read.UnionWith(scales.SelectMany(scale => Tasks.Select(task => $"{task}-{scale}.yml").Append($"{scale}.yml")).Select(name => Path.Combine("replication", name)));
        read.UnionWith(Directory.GetFiles(Path.Combine(Shared.RepositoryRoot, "configs", "align")).Select(file => Path.Combine("align", Path.GetFileName(file)))); // AlignmentFileTests
        string folder = Path.Combine(Shared.RepositoryRoot, "configs");
        Assert.Equal(read.Order(), Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order());
    }

    /// <summary>Every experiment can be planned: six objectives, and finetuning from checkpoints that the plain run keeps.</summary>
    [Fact]
    public void Experiments_HaveAllRuns_AndFinetuningBeginsAtHalfAndAtNineTenths()
    {
        foreach (string task in Tasks)
        {
            ReplicationPlan plan = ReplicationPlan.Load(At("replication", $"{task}-laptop.yml"), "data", "runs", methods: null, seeds: null);
            Assert.Equal(2 * (6 + 2 * 5), plan.Runs.Count);
            Assert.Equal(plan.Settings.Data.Threshold, Threshold(plan, "conditional", conditional => conditional.Dataset.ConditionalTrainingConfig!.Threshold));
            Assert.Equal(plan.Settings.Data.Threshold, Threshold(plan, "unlikelihood", unlikelihood => unlikelihood.Objective.ScoreThreshold));
            ReplicationRun half = plan.Runs.Single(run => run is { Method: "rwr", FinetuneShare: 0.5, Seed: 2 });
            Assert.Equal((Path.Combine("runs", "mle-seed=2", "checkpoint-00001000"), 1e-3), (half.Config.Model.PathOrName, half.Config.Training.LearningRate));
            Assert.True(half.Config.Training.TokensAlreadySeen.IsAuto && half.Config.Dataset.SkipTokens.IsAuto && !half.Config.Model.FromScratch);
            Assert.EndsWith("checkpoint-00001800", plan.Runs.Single(run => run is { Method: "awr", FinetuneShare: 0.1, Seed: 1 }).Config.Model.PathOrName);
            Assert.Equal(1 + 5 * 3, ReplicationPlan.Load(At("replication", $"{task}-tiny.yml"), "data", "runs", methods: null, seeds: null).Runs.Count);
        }

        static double? Threshold(ReplicationPlan plan, string method, Func<RunConfig, Threshold?> of) => of(plan.Runs.First(run => run.Method == method).Config)?.Value;
    }

    [Fact]
    public void Laptop_IsTheFilesAsTheyAre_AndSmall()
    {
        foreach (string task in Tasks)
        {
            RunConfig config = ConfigLoader.Load(Files(task, "pretrain", "conditional", "laptop"), []).Config;
            Assert.Equal((4, 256, 3_200_000L, 64), (config.Model.Gpt2ConfigKwargs.NLayer, config.Model.Gpt2ConfigKwargs.NEmbd, config.Training.NumTokens,
                config.Generation.ScenarioConfigs[0].GenerateKwargs.MaxLength));
            Assert.NotNull(config.Generation.ScorerConfig.ClassName);
        }
    }

    /// <summary>The values that decide the result are those of the reference's files; RWR is written as what it comes to there (docs/objectives.md).</summary>
    [GoldenTheory]
    [MemberData(nameof(Pairs))]
    public void Paper_HasTheReferencesValues(string task, string method)
    {
        string theirName = method == "unlikelihood" ? "ul" : method;
        foreach (string stage in (string[])["pretrain", "finetune"])
        {
            string own = Shared.Data("reference_configs", task, $"{theirName}_finetune.yml");
            string theirMethod = stage == "finetune" && File.Exists(own) ? own : Shared.Data("reference_configs", task, $"{theirName}.yml");
            RunConfig theirs = ConfigLoader.Load([Shared.Data("reference_configs", task, $"{stage}.yml"), theirMethod], []).Config;
            RunConfig ours = ConfigLoader.Load(Files(task, stage, method, "paper"), stage == "finetune" ? ["model.path_or_name=runs/mle"] : []).Config;
            Assert.Equal(Values(theirs), Values(ours));
            if (stage == "pretrain") Assert.Equal((12, 768, 1024), (ours.Model.Gpt2ConfigKwargs.NLayer, ours.Model.Gpt2ConfigKwargs.NEmbd, ours.Model.Gpt2ConfigKwargs.NPositions));
        }
    }

    private static string Values(RunConfig config)
    {
        TrainingSection training = config.Training;
        ObjectiveSection objective = config.Objective;
        bool isRegression = objective.Name is "RWR" or "AWR";
        bool isFrozen = objective is { Name: "RWR", Value: "frozen" } or { Name: "AWR", Alpha: 1 };
        return string.Join('\n',
            $"{training.LearningRate} {training.EffectiveBatchSize} {training.PerDeviceTrainBatchSize} {training.NumTokens} {training.WeightDecay} {training.WarmupRatio} {training.LrSchedulerType}",
            $"filter {config.Dataset.FilterThreshold}, tags {config.Dataset.ConditionalTrainingConfig?.Threshold} {config.Dataset.ConditionalTrainingConfig?.DropTokenFraction} {config.Model.NumAdditionalTokens}",
            $"unlikelihood {objective.ScoreThreshold} {(objective.Name == "Unlikelihood" ? objective.Alpha ?? 1 : null)}",
            $"regression {(isRegression ? objective.Beta : null)} {(isFrozen ? "frozen" : isRegression ? objective.Alpha : null)}",
            $"samples {string.Join(", ", config.Generation.ScenarioConfigs.Take(1).Select(scenario => $"{scenario.NumSamples} {scenario.Prefix} {scenario.GenerateKwargs.MaxLength} {scenario.GenerateKwargs.Temperature} {scenario.GenerateKwargs.TopP}"))}");
    }

    private static string[] Files(string task, string stage, string method, string size)
    {
        string taskFile = At(task, $"{stage}.yml");
        return [taskFile, At(task, $"{method}.yml"), .. ConfigSize.FilesOf(taskFile, size)];
    }

    private static string At(string task, string name) => Path.Combine(Shared.RepositoryRoot, "configs", task, name);

    /// <summary>Packed data, and the run of plain language modelling that finetuning starts from.</summary>
    public sealed class Data : IDisposable
    {
        public Data()
        {
            RunConfig plain = Small.Config with { Generation = new() }; // finetuning reads it again, and its scenarios suit no model so small
            RunDirectory run = Small.Start("plain", plain);
            SmallRun.Train(plain, run);
            PlainRun = run.Path;
        }

        internal SmallRun Small { get; } = new();

        public string PlainRun { get; }

        public void Dispose() => Small.Dispose();
    }
}
