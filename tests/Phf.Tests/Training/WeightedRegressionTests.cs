using System.Text.Json.Nodes;
using Phf.Data;
using Phf.Formats;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Objectives;
using Phf.Tests.Model;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>Runs of reward- and advantage-weighted regression: what is logged and saved, plans.</summary>
public sealed class WeightedRegressionTests : IDisposable
{
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    /// <summary>While it only learns, the language model is trained as by maximum likelihood with half the loss.</summary>
    [Fact]
    public void HeadTrainSteps_WeighEveryTokenTheSame()
    {
        RunConfig config = _runs.AdvantageWeighted with { Training = _runs.Config.Training with { MaxSteps = 3, WarmupSteps = 0 } };
        JsonNode[] lines = Log(config);
        Assert.All(lines[..2], line => Assert.Equal((1.0, 1.0), ((double)line["weights_min"]!, (double)line["weights_max"]!)));
        Assert.True((double)lines[2]["weights_max"]! > (double)lines[2]["weights_min"]!);
        Assert.NotEqual((double)lines[0]["value_avg"]!, (double)lines[1]["value_avg"]!); // it has learned
    }

    /// <summary>Values start where they are told to, whatever the text.</summary>
    [Theory]
    [InlineData("mean")]
    [InlineData("reference")]
    public void ValueInit_IsWhereValuesStart(string start)
    {
        RunConfig config = _runs.AdvantageWeighted with { Objective = _runs.AdvantageWeighted.Objective with { ValueInit = start } };
        JsonNode first = Log(config)[0];
        using PackedDataset data = PackedDataset.Open(Path.Combine(_runs.DataPath, "train"));
        double expected = start == "mean" ? -MeanScore(data) : -0.5;
        Assert.Equal(expected, (double)first["value_min"]!, 1e-6);
        Assert.Equal(expected, (double)first["value_max"]!, 1e-6);
        Assert.Null(first["value_reward_corr"]);
    }

    [Fact]
    public void Log_TellsOfWeightsAndValues()
    {
        JsonNode last = Log(_runs.AdvantageWeighted)[^1];
        double[] quantiles = [.. new[] { "weights_min", "weights_p10", "weights_p50", "weights_p90", "weights_max" }.Select(key => (double)last[key]!)];
        Assert.Equal(quantiles.Order(), quantiles);
        Assert.InRange((double)last["weight_avg"]!, quantiles[0], quantiles[4]);
        Assert.InRange((double)last["value_avg"]!, (double)last["value_min"]!, (double)last["value_max"]!);
        Assert.Equal(0, (double)last["weights_clipped"]!);
        Assert.InRange((double)last["value_reward_corr"]!, -1, 1);
        Assert.Equal((double)last["loss"]!, 0.5 * (double)last["weighted_lm_loss"]! + 0.5 * (double)last["value_loss"]!, 1e-5);
    }

    [Fact]
    public void ClippedWeights_AreCounted()
    {
        RunConfig config = _runs.RewardWeighted(beta: 0.3) with { Objective = new() { Name = "RWR", Beta = 0.3, ClipWeightMax = 0.5 } };
        JsonNode[] lines = Log(config);
        Assert.InRange(lines.Average(line => (double)line["weights_clipped"]!), 0.01, 0.99); // scores below 0.3 ln 2
        Assert.Equal(0.5, lines.Max(line => (double)line["weights_max"]!));
        Assert.All(lines, line => Assert.Null(line["value_avg"]));
    }

    [Fact]
    public void OtherObjectives_LogNoWeights() => Assert.Null(Log(_runs.Config)[0]["weight_avg"]);

    /// <summary>The head lies in model.safetensors under the reference's name; a reader that knows none is not disturbed.</summary>
    [Fact]
    public void Checkpoint_HoldsTheHead_AndLoadsWithoutIt()
    {
        RunDirectory run = _runs.Start("run", _runs.AdvantageWeighted);
        SmallRun.Train(_runs.AdvantageWeighted, run);
        using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(run.LatestCheckpoint(), Gpt2Weights.FileName)))
        {
            Assert.Equal([1, 16], file.Entry("value_head.head.weight").Shape);
            Assert.Contains(file.Span<float>("value_head.head.weight").ToArray(), value => value != 0);
        }
        using IBackend backend = Backends.CreateCpu(1);
        using Gpt2 model = Gpt2Weights.Load(run.LatestCheckpoint(), backend);
        Assert.DoesNotContain(model.Parameters.Layout.Shapes, shape => shape.Name == ParameterLayout.ValueHeadName);
    }

    [Theory]
    [InlineData(100, "close to plain MLE")]
    [InlineData(0.001, "not learned at all")]
    [InlineData(0.3, null)]
    public void Beta_FarFromTheScores_IsNoted(double beta, string? expected)
    {
        using RunPlan plan = RunPlan.Create(_runs.RewardWeighted(beta));
        if (expected is null) Assert.Empty(plan.Notes);
        else Assert.Contains(expected, Assert.Single(plan.Notes));
    }

    [Fact]
    public void ValueHeadThatNeverLearns_IsNoted()
    {
        using RunPlan plan = RunPlan.Create(_runs.AdvantageWeighted with { Objective = new() { Name = "AWR", Alpha = 1, Beta = 0.3 } });
        Assert.Contains("never learns", Assert.Single(plan.Notes));
    }

    [Fact]
    public void ValueHeadWithoutUse_IsNoted()
    {
        using RunPlan plan = RunPlan.Create(_runs.Config with { Model = _runs.Config.Model with { ModelKwargs = new() { ValueHeadConfig = new() } } });
        Assert.Contains("value_head_config has no effect", Assert.Single(plan.Notes));
        Assert.Null(plan.Model.ValueOffset);
    }

    /// <summary>Every configuration of the reference with values, at the size of the test's data.</summary>
    [GoldenTheory]
    [MemberData(nameof(ReferenceFiles))]
    public void ReferenceConfiguration_GivesAPlan(string folder, string method)
    {
        string task = method.Contains("_finetune") ? "finetune.yml" : "pretrain.yml";
        string[] overrides =
        [
            "training.tokens_already_seen=0", "dataset.skip_tokens=null", $"dataset.data='{_runs.DataPath}'", "tokenizer.path_or_name=null",
            "model.path_or_name=null", "model.from_scratch=true", "model.gpt2_config_kwargs={n_embd: 16, n_layer: 1, n_head: 2, n_positions: 1024, vocab_size: null}",
        ];
        RunConfig config = ConfigLoader.Load([Shared.Data("reference_configs", folder, task), Shared.Data("reference_configs", folder, method)], overrides).Config;
        using RunPlan plan = RunPlan.Create(config);
        var objective = Assert.IsType<WeightedRegression>(plan.Objective);
        Assert.True(objective.Options is { UsesValues: true, IsValueDetached: false });
        Assert.Equal((config.Objective.Alpha, config.Objective.Beta), (objective.Options.Alpha, objective.Options.Beta));
        Assert.NotNull(plan.Model.ValueOffset);
    }

    public static TheoryData<string, string> ReferenceFiles()
    {
        var files = new TheoryData<string, string>();
        if (!Shared.Exists) return files;
        foreach (string path in Directory.GetFiles(Shared.Data("reference_configs"), "*.yml", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            if (Path.GetFileName(path).Contains("wr")) files.Add(Path.GetFileName(Path.GetDirectoryName(path))!, Path.GetFileName(path));
        return files;
    }

    /// <summary>By the plain formula, from the documents.</summary>
    private static double MeanScore(PackedDataset data)
    {
        var reader = new BlockReader(data, new BlockOptions { BlockLength = 1 << 14, EndOfTextId = 0, Seed = 0, Shuffle = false, MaxEpochs = 1 });
        var scores = new float[(1 << 14) + 1];
        var kinds = new TokenKind[scores.Length];
        Assert.True(reader.Next(new int[scores.Length], scores, kinds));
        return Enumerable.Range(0, scores.Length).Where(i => kinds[i] == TokenKind.Text).Average(i => (double)scores[i]);
    }

    private JsonNode[] Log(RunConfig config)
    {
        RunDirectory run = _runs.Start("run", config);
        SmallRun.Train(config, run);
        return [.. File.ReadLines(run.MetricsPath).Select(line => JsonNode.Parse(line)!).Where(line => line["loss"] is not null)];
    }
}
