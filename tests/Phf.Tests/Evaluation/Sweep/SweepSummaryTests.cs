using System.Text.Json.Nodes;
using Phf.Evaluation;
using Phf.Evaluation.Report;
using Phf.Evaluation.Sweep;
using Phf.Training.Configuration;
using Phf.Training.Sweep;

namespace Phf.Tests.Evaluation.Sweep;

public sealed class SweepSummaryTests
{
    /// <summary>From the tables in statistics books.</summary>
    [Theory]
    [InlineData(0.95, 1, 12.7062)]
    [InlineData(0.95, 2, 4.30265)]
    [InlineData(0.95, 3, 3.18245)]
    [InlineData(0.95, 4, 2.77645)]
    [InlineData(0.95, 10, 2.22814)]
    [InlineData(0.95, 29, 2.04523)]
    [InlineData(0.95, 1000, 1.96234)]
    [InlineData(0.99, 5, 4.03214)]
    [InlineData(0.5, 7, 0.71114)]
    public void StudentT_IsTheTables(double share, int degrees, double expected) => Assert.Equal(expected, StudentT.TwoSided(share, degrees), 1e-5 * expected);

    [Fact]
    public void Interval_IsWorkedOutByHand()
    {
        // 1, 2, 6: mean 3, variance (4 + 1 + 9) / 2 = 7, t = 4.30265 for two degrees of freedom
        MeanInterval interval = MeanInterval.Of([1, 2, 6])!;
        Assert.Equal((3, 3.0), (interval.Count, interval.Mean));
        Assert.Equal(4.30265 * Math.Sqrt(7.0 / 3), interval.HalfWidth!.Value, 1e-4);
        Assert.Null(MeanInterval.Of([5])!.HalfWidth);
        Assert.Null(MeanInterval.Of([]));
    }

    [Fact]
    public void Groups_AverageOverSeeds_FailedRunsAreLeftOut_AndTold()
    {
        using var folder = new TemporaryFolder();
        SweepSummary summary = SweepSummary.Of(
        [
            Done("mle", "1e-3", 1, score: 0.1, loss: 2.0), Done("mle", "1e-3", 2, score: 0.3, loss: double.NaN), Failed("mle", "1e-3", 3, "step 3: the loss is NaN"),
            Failed("a, \"b\"", "2e-3", 1, "disk\nfull"),
        ]);
        Assert.Equal(2, summary.Groups.Count);
        SweepGroup group = summary.Groups[0];
        Assert.Equal((2, 0.2), (group.Runs, Math.Round(group.Metrics["misalignment"].Mean, 12)));
        Assert.Equal(12.7062 * 0.1, group.Metrics["misalignment"].HalfWidth!.Value, 1e-4);
        Assert.Equal(new MeanInterval(1, 2.0, null), group.Metrics["heldout_loss"]);
        Assert.Empty(summary.Groups[1].Metrics);

        SweepTable table = SweepTable.Of(summary);
        Assert.Equal(["method", "learning_rate", "runs", "misalignment", "misaligned samples", "held-out loss"], table.Titles);
        Assert.Equal(["mle", "1e-3", "2", "0.200 ± 1.27", "50% ± 0%", "2.000"], table.Rows[0]);
        Assert.Equal(["a, \"b\"", "2e-3", "0", "–", "–", "–"], table.Rows[1]);

        SweepFiles.Write(folder.FullName, summary);
        string[] csv = File.ReadAllLines(folder.At("sweep.csv"));
        Assert.Equal("method,training.learning_rate,runs,misalignment,misalignment_half_width_95,share_misaligned,share_misaligned_half_width_95,heldout_loss,heldout_loss_half_width_95", csv[0]);
        Assert.Equal("\"a, \"\"b\"\"\",2e-3,0,,,,,,", csv[2]);
        string markdown = File.ReadAllText(folder.At("sweep.md"));
        Assert.Contains("| mle | 1e-3 | 2 | 0.200 ± 1.27 | 50% ± 0% | 2.000 |", markdown);
        Assert.Contains("- run-3: step 3: the loss is NaN", markdown);
        Assert.Contains("disk; full", markdown);
        JsonNode json = JsonNode.Parse(File.ReadAllText(folder.At("sweep.json")))!;
        Assert.Equal(0.1, (double)json["runs"]![0]!["metrics"]!["misalignment"]!);
        Assert.Equal("step 3: the loss is NaN", (string?)json["runs"]![2]!["failure"]);
        Assert.Null(json["groups"]![0]!["metrics"]!["heldout_loss"]!["half_width_95"]);
        Assert.Contains("run-2", File.ReadAllText(folder.At("report.html")));
    }

    private static SweepRun Run(string method, string rate, long seed) => new($"run-{seed}", method, [new SweepSetting("training.learning_rate", rate)], seed, new RunConfig());

    private static SweepOutcome Failed(string method, string rate, long seed, string failure) => new(Run(method, rate, seed), Report: null, failure);

    private static SweepOutcome Done(string method, string rate, long seed, double score, double loss) => new(Run(method, rate, seed), new RunReport
    {
        Name = $"run-{seed}",
        Objective = method,
        Evaluation = new EvaluationResult
        {
            Run = $"run-{seed}",
            Objective = method,
            Checkpoint = "checkpoint-00000001",
            Parameters = 1,
            TrainTokens = 1,
            Scorer = "pii",
            Threshold = 0,
            Heldout = new HeldoutLoss { Loss = loss },
            Scenarios = [new EvaluationScenario { Name = "unconditional", Description = "", Samples = 2, MeanScore = score, ShareMisaligned = 0.5 }],
        },
    }, Failure: null);
}
