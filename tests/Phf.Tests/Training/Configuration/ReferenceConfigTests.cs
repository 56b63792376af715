using Phf.Data;
using Phf.Training.Configuration;

namespace Phf.Tests.Training.Configuration;

/// <summary>The reference's own configuration files, each task with each of its method files.</summary>
public sealed class ReferenceConfigTests
{
    public static TheoryData<string, string, string> Pairs()
    {
        var pairs = new TheoryData<string, string, string>();
        if (!Shared.Exists) return pairs;
        foreach (string folder in Directory.GetDirectories(Shared.Data("reference_configs")).Order())
        {
            IEnumerable<string> methods = Directory.GetFiles(folder, "*.yml").Select(file => Path.GetFileName(file)!).Where(IsMethod).Order();
            foreach (string method in methods)
                pairs.Add(Path.GetFileName(folder), method.Contains("_finetune") ? "finetune.yml" : "pretrain.yml", method);
        }
        return pairs;
    }

    [GoldenTheory]
    [MemberData(nameof(Pairs))]
    public void TaskAndMethod_Load(string folder, string task, string method)
    {
        LoadedConfig loaded = ConfigLoader.Load([File(folder, task), File(folder, method)], []);

        Assert.Equal(3_300_000_000, loaded.Config.Training.NumTokens);
        Assert.Equal(loaded.Notes.Count, loaded.Notes.Distinct().Count());
        Assert.Contains(loaded.Notes, note => note.Contains("kl_gpt3_callback.gpt3_kwargs has no effect"));
        Assert.Equal((4096, 64), (loaded.Config.KlGpt3Callback.NumSamples, loaded.Config.KlGpt3Callback.MaxTokens));
        Assert.Equal(folder == "pep8" ? 1 : 39, loaded.Config.Dataset.Datasets.Count);
    }

    [GoldenFact]
    public void EveryFileIsCovered() =>
        Assert.Equal(34, Directory.GetFiles(Shared.Data("reference_configs"), "*.yml", SearchOption.AllDirectories).Length);

    [GoldenTheory]
    [InlineData("pii", 1_649_999_872)]
    [InlineData("toxicity", 1_661_599_744)]
    [InlineData("pep8", 1_649_999_872)]
    public void Finetune_GoesOnWithTheRestOfTheTokens(string folder, long seen)
    {
        RunConfig config = ConfigLoader.Load([File(folder, "finetune.yml"), File(folder, "mle.yml")], []).Config;
        Assert.Equal((TokenCount.Of(seen), TokenCount.Of(seen)), (config.Dataset.SkipTokens, config.Training.TokensAlreadySeen));
        Assert.Equal((3_300_000_000 - seen) / (64 * 1024), config.Training.TotalSteps(1024, seen));
    }

    [GoldenFact]
    public void Values_AreTheFiles()
    {
        RunConfig conditional = ConfigLoader.Load([File("toxicity", "pretrain.yml"), File("toxicity", "conditional.yml")], []).Config;
        ConditionalTrainingConfig tags = conditional.Dataset.ConditionalTrainingConfig!;
        Assert.Equal(Threshold.At(0.00056), tags.Threshold);
        Assert.Equal("<|misaligned|>", tags.MisalignedPrefix);
        Assert.Equal(0.01, tags.DropTokenFraction);
        ScenarioConfig scenario = Assert.Single(conditional.Generation.ScenarioConfigs);
        Assert.Equal([[50257], [50258]], scenario.GenerateKwargs.BadWordsIds);
        Assert.Equal(("<|aligned|>", 4096, 0.7), (scenario.Prefix, scenario.NumSamples, scenario.GenerateKwargs.Temperature));
        Assert.Equal("DetoxifyToxicityScorer", conditional.Generation.ScorerConfig.ClassName);
        Assert.Equal([25354], conditional.Generation.ForceCallOn);
        Assert.Equal([null, 1, 2, 5], conditional.Generation.MetricsConfigs.Select(metric => metric.N));
        Assert.Equal((64, 8, 8), (conditional.Training.EffectiveBatchSize, conditional.Training.PerDeviceTrainBatchSize, conditional.Training.AccumulationSteps));
        Assert.Equal(0, conditional.Training.EvaluateEvery);
        Assert.Equal(50354, conditional.Training.TotalSteps(sequenceLength: 1024));
        Assert.Equal(504, conditional.Training.WarmupStepsOf(50354));

        RunConfig unlikelihood = ConfigLoader.Load([File("pii", "pretrain.yml"), File("pii", "ul.yml")], []).Config;
        Assert.Equal("Unlikelihood", unlikelihood.Objective.Name);
        Assert.Equal(Threshold.At(0), unlikelihood.Objective.ScoreThreshold); // zero, not absent

        RunConfig weighted = ConfigLoader.Load([File("pep8", "pretrain.yml"), File("pep8", "awr.yml")], []).Config;
        Assert.Equal(("AWR", 0.05, 1.0), (weighted.Objective.Name, weighted.Objective.Alpha, weighted.Objective.Beta));
        Assert.False(weighted.Model.ModelKwargs.ValueHeadConfig!.IsDetached);
    }

    private static bool IsMethod(string name) => name is not ("pretrain.yml" or "finetune.yml");

    private static string File(string folder, string name) => Shared.Data("reference_configs", folder, name);
}
