using System.Text.Json.Nodes;
using Phf.Alignment;
using Phf.Tests.Training;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Alignment;

public sealed class AlignerTests : IDisposable
{
    private readonly TinyAlignment _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("gdc", "pointwise", "killed at 6")] // with a proposal that has been replaced
    [InlineData("gdc++", "distributional", "cancelled at 5")]
    [InlineData("dpg", "reward", "killed at 7")]
    [InlineData("f-dpg", "distributional", "cancelled at 3")]
    [InlineData("cdpg", "pointwise", "killed at 6")]
    [InlineData("reinforce", "reward", "cancelled at 5")]
    [InlineData("ppo", "reward", "killed at 6")]
    [InlineData("quark", "reward", "killed at 6")]
    [InlineData("dpg with a learned baseline", "pointwise", "cancelled at 3")]
    [InlineData("f-dpg with a learned baseline", "distributional", "killed at 7")]
    [InlineData("cdpg with a learned baseline", "pointwise", "killed at 5")]
    [InlineData("reinforce with a learned baseline", "reward", "killed at 6")]
    public void StoppedAndResumed_EqualsOneRun(string named, string kind, string stop)
    {
        (string method, bool learns) = (named.Split(' ')[0], named.EndsWith("baseline", StringComparison.Ordinal));
        AlignmentSection section = _runs.Section(method, kind);
        if (learns) section = WithLearnedBaseline(section, alone: 2);
        if (method == "cdpg") section = _runs.WithPrompts(section);
        if (method is "reinforce" or "ppo") section = section with { Method = section.Method with { TargetKl = 0.01 } };
        _runs.Run(section, "whole");
        long step = stop[^1] - '0';
        if (stop.StartsWith("killed", StringComparison.Ordinal)) Assert.Throws<KilledException>(() => _runs.Run(section, "halves", observer: new Observer(killAt: step)));
        else Assert.ThrowsAny<OperationCanceledException>(() => _runs.Run(section, "halves", observer: new Observer(cancelAt: step)));
        _runs.Run(section, "halves", resumes: true, threads: 2);

        string whole = RunDirectory.Open(_runs.At("whole")).CheckpointPath(8), halves = RunDirectory.Open(_runs.At("halves")).CheckpointPath(8);
        string[] names = [.. Directory.GetFiles(whole).Select(file => Path.GetFileName(file))];
        Assert.Contains("alignment_state.json", names);
        Assert.Equal(learns, names.Contains("baseline.safetensors"));
        Assert.Equal(method.StartsWith("gdc", StringComparison.Ordinal), names.Contains("proposal.safetensors"));
        foreach (string name in names)
            Assert.True(File.ReadAllBytes(Path.Combine(whole, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(halves, name))), $"{name} differs");
        Assert.Equal(Lines("whole"), Lines("halves"));
        Assert.Equal([0, 3, 6, 8], Lines("whole").Select(line => JsonNode.Parse(line)!).Where(line => line["align_kl_prior"] is not null).Select(line => (int)line["step"]!));
    }

    [Theory]
    [InlineData("dpg", "pointwise")]
    [InlineData("gdc", "distributional")]
    [InlineData("gdc++", "reward")]
    [InlineData("f-dpg", "pointwise")]
    [InlineData("reinforce", "reward")]
    [InlineData("ppo", "reward")]
    [InlineData("dpg with a learned baseline", "distributional")]
    [InlineData("f-dpg with a learned baseline", "pointwise")]
    [InlineData("reinforce with a learned baseline", "reward")]
    public void EveryMethod_MovesTheFeatureTowardsItsTarget(string named, string kind)
    {
        AlignmentSection section = _runs.Section(named.Split(' ')[0], kind);
        if (named.EndsWith("baseline", StringComparison.Ordinal)) section = WithLearnedBaseline(section, alone: 10);
        section = section with
        {
            Target = section.Target with { Beta = kind == "reward" ? 0.2 : null, Features = [section.Target.Features[0] with { Moment = kind == "distributional" ? 0.8 : null }] },
        };
        section = Larger(section, steps: 30);
        List<AlignmentReport> reports = _runs.Run(section, "run");
        Assert.Equal([0, 30], reports.Select(report => report.Step));
        double before = reports[0].Features[0].Mean, after = reports[1].Features[0].Mean;
        Assert.Equal(0, reports[0].KlFromPrior, 1e-6); // the model is the prior still
        Assert.True(reports[1].KlFromPrior > 0);
        Assert.True(after > before + 0.06, $"E[phi] went from {before} to {after}"); // 4 standard errors of either
        if (kind == "distributional") Assert.True(after < 0.9);
        Assert.True(reports[1].Target!.TotalVariation < reports[0].Target!.TotalVariation, $"TV went from {reports[0].Target!.TotalVariation} to {reports[1].Target!.TotalVariation}");
    }

    [Fact]
    public void Quark_WritesWhatIsRewarded_BehindTheBestTag()
    {
        AlignmentSection section = Larger(_runs.Section("quark", "reward"), steps: 100);
        section = section with { Method = section.Method with { KlWeight = 0 }, Training = section.Training with { LearningRate = 2e-2 } };
        List<AlignmentReport> reports = _runs.Run(section, "run");
        Assert.True(reports[1].Features[0].Mean > reports[0].Features[0].Mean + 0.06, $"E[phi] went from {reports[0].Features[0].Mean} to {reports[1].Features[0].Mean}");
        RunConfig config = RunDirectory.Open(_runs.At("run")).Config();
        Assert.Equal("<|reward-1|>", config.Dataset.ConditionalTrainingConfig!.Tags[0]);
    }

    [Fact]
    public void Baseline_OfTheReward_ChangesTheStep()
    {
        AlignmentSection section = _runs.Section("reinforce", "reward");
        _runs.Run(section, "with");
        _runs.Run(section with { Method = section.Method with { Baseline = false } }, "without");
        Assert.NotEqual(Lines("with")[1], Lines("without")[1]);
    }

    [Theory]
    [InlineData("dpg", true, 3)] // 8 texts are never worth 10; told once after each measurement, of steps 0, 3 and 6
    [InlineData("f-dpg", false, 0)] // bounded weights
    [InlineData("reinforce", false, 0)]
    public void FewEffectiveTexts_AreToldOnceBetweenMeasurements(string method, bool isLogged, int warnings)
    {
        var told = new List<string>();
        _runs.Run(_runs.Section(method, method == "reinforce" ? "reward" : "pointwise"), "run", warnings: told);
        Assert.Equal(warnings, told.Count);
        Assert.All(told, warning => Assert.Contains("its 8 texts are worth", warning));
        Assert.Equal(isLogged, Lines("run").Any(line => line.Contains("align_effective_texts")));
    }

    [Fact]
    public void ManyEffectiveTexts_AreNoWarning()
    {
        var told = new List<string>();
        _runs.Run(Larger(_runs.Section("gdc", "distributional"), steps: 4), "run", warnings: told);
        Assert.Empty(told);
    }

    [Fact]
    public void RunningAway_StopsAndKeepsTheLastCheckpoint()
    {
        AlignmentSection section = _runs.Section("reinforce", "reward") with { MaxKl = 1e-3 };
        section = section with { Training = section.Training with { SaveSteps = 1, LearningRate = 0.1 } };
        var problem = Assert.Throws<InvalidDataException>(() => _runs.Run(section, "run"));
        Assert.Contains("step 3: KL(model || prior) is", problem.Message);
        Assert.Contains("above max_kl = 0.001", problem.Message);
        Assert.Equal(RunDirectory.Open(_runs.At("run")).CheckpointPath(2), RunDirectory.Open(_runs.At("run")).LatestCheckpoint());
    }

    [Theory]
    [InlineData("pointwise", "0{9}", "the target is met by 0 of 64 samples of the prior, fewer than sampling.min_effective_samples = 4")]
    [InlineData("distributional", "0{9}", "feature 1 is 0 in every one of 64 texts")]
    [InlineData("reward", "0{9}", "the reward is 0 for every one of 64 samples of the prior")]
    public void TargetThatThePriorNeverWrites_IsRefusedWithNumbers_AndLeavesNoRun(string kind, string pattern, string told)
    {
        AlignmentSection section = _runs.Section("dpg", kind);
        section = section with { Target = section.Target with { Features = [section.Target.Features[0] with { Pattern = pattern }] } };
        Assert.Contains(told, Assert.Throws<InvalidDataException>(() => _runs.Run(section, "run")).Message);
        Assert.True(RunDirectory.IsFree(_runs.At("run")));
    }

    [Fact]
    public void AnotherPriorOnResume_IsRefused()
    {
        AlignmentSection section = _runs.Section("dpg");
        Assert.ThrowsAny<OperationCanceledException>(() => _runs.Run(section, "run", observer: new Observer(cancelAt: 2)));
        var problem = Assert.Throws<InvalidDataException>(() => _runs.Run(section with { Prior = _runs.WritePrior("other", seed: 1) }, "run", resumes: true));
        Assert.Contains("is not the prior that", problem.Message);
    }

    [Fact]
    public void Proposal_IsReplaced_OnlyWhereTheModelIsNearer()
    {
        _runs.Run(Larger(_runs.Section("gdc"), steps: 20), "run");
        JsonNode[] compared = [.. Lines("run").Select(line => JsonNode.Parse(line)!).Where(line => line["align_proposal_replaced"] is not null)];
        Assert.Equal(4, compared.Length);
        Assert.All(compared, line => Assert.Equal((double)line["align_kl_target_to_model"]! < (double)line["align_kl_target_to_proposal"]!, (int)line["align_proposal_replaced"]! == 1));
        Assert.Contains(compared, line => (int)line["align_proposal_replaced"]! == 1);
    }

    [Fact]
    public void LearnedBaseline_LearnsAloneAtFirst_AndTakesVarianceAway()
    {
        AlignmentSection section = WithLearnedBaseline(Larger(_runs.Section("reinforce", "reward"), steps: 40), alone: 39);
        List<AlignmentReport> reports = _runs.Run(section, "run");
        JsonNode[] steps = [.. Lines("run").Select(line => JsonNode.Parse(line)!).Where(line => line["align_baseline_loss"] is not null)];
        Assert.Equal(40, steps.Length);
        Assert.All(steps[..39], line => Assert.Equal(0, (double)line["align_batch_kl_prior"]!, 1e-6)); // of the texts of the step, so before its update
        Assert.True(reports[1].KlFromPrior > 0, "and then the model moves");
        double first = (double)steps[0]["align_baseline_loss"]!, last = steps[^5..].Average(line => (double)line["align_baseline_loss"]!);
        Assert.True(last < 0.8 * first, $"squared error went from {first} to {last}");
        (double plain, double withBaseline) = reports[1].GradientVariance!.Value;
        Assert.True(withBaseline < 0.7 * plain, $"variance {withBaseline} of {plain}");
    }

    [Fact]
    public void LearnedBaseline_KeepsZ_OnceTheModelMoves()
    {
        AlignmentSection section = WithLearnedBaseline(_runs.Section("dpg"), alone: 3);
        List<AlignmentReport> reports = _runs.Run(section, "run");
        Assert.Equal([0, 3, 6, 8], reports.Select(report => report.Step));
        Assert.NotEqual(reports[0].Target!.Z, reports[1].Target!.Z);
        Assert.Equal(reports[1].Target!.Z, reports[3].Target!.Z);
    }

    [Fact]
    public void LedLambda_RisesUntilTheModelHasItsExpectation_AndIsResumed()
    {
        AlignmentSection section = WithLearnedBaseline(Larger(_runs.Section("f-dpg", "distributional"), steps: 60), alone: 5);
        section = section with
        {
            Target = section.Target with { Features = [section.Target.Features[0] with { Moment = 0.8 }] },
            Method = section.Method with { Divergence = "reverse_kl" },
            Training = section.Training with { SaveSteps = 30 },
        };
        double fixedLambda = _runs.Run(section, "fixed")[^1].Features[0].Mean;
        section = section with { Method = section.Method with { LambdaRate = 0.5 } };
        double led = _runs.Run(section, "led")[^1].Features[0].Mean;
        Assert.True(Math.Abs(led - 0.8) < Math.Abs(fixedLambda - 0.8) + 0.02 && Math.Abs(led - 0.8) < 0.07, $"E[phi] is {led}, and {fixedLambda} with lambda as it was fitted");
        Assert.Throws<KilledException>(() => _runs.Run(section, "halves", observer: new Observer(killAt: 40)));
        _runs.Run(section, "halves", resumes: true, threads: 2);
        Assert.Equal(Lines("led"), Lines("halves"));
        Assert.Contains("align_lambda_early", Lines("led")[^2]);
    }

    private static AlignmentSection WithLearnedBaseline(AlignmentSection section, int alone) =>
        section with { Method = section.Method with { LearnedBaseline = true, BaselineSteps = alone, GaeLambda = 0.8 } };

    /// <summary>Shorter texts and more of them, and smaller steps: less noise.</summary>
    private static AlignmentSection Larger(AlignmentSection section, int steps) => section with
    {
        Sampling = section.Sampling with { MaxLength = 6, PriorSamples = 512, EvaluationSamples = 512, BatchSize = 128 },
        Method = section.Method with { ProposalSteps = section.Method.Name.StartsWith("gdc", StringComparison.Ordinal) ? 5 : 20, ProposalSamples = 512 },
        Training = section.Training with { MaxSteps = steps, EffectiveBatchSize = 128, PerDeviceTrainBatchSize = 128, LearningRate = 5e-3, EvalSteps = steps },
    };

    /// <summary>Lines of the log without what the clock decides and without those of checkpoints.</summary>
    private List<string> Lines(string name) => [.. File.ReadLines(RunDirectory.Open(_runs.At(name)).MetricsPath).Where(line => !line.Contains("\"checkpoint\"")).Select(line =>
    {
        JsonObject json = JsonNode.Parse(line)!.AsObject();
        json.Remove("tokens_per_second");
        json.Remove("elapsed_seconds");
        return json.ToJsonString();
    })];
}
