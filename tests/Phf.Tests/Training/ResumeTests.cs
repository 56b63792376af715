using System.Text.Json.Nodes;
using Phf.Data;
using Phf.Scoring;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>N steps are the same to the bit as some steps, a stop, a resumption and the rest.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly SmallRun _runs = new();

    public void Dispose() => _runs.Dispose();

    public static TheoryData<string, string> Cases => new()
    {
        { "MLE", "killed at 6" },
        { "MLE", "cancelled at 5" },
        { "MLE", "cancelled at 6" }, // where held-out loss and samples are due too
        { "conditional", "killed at 6" },
        { "unlikelihood", "cancelled at 4" },
        { "AWR", "killed at 6" },
        { "upsampled", "killed at 6" },
        { "spans", "cancelled at 5" },
        { "reference", "killed at 6" },
        { "AWR", "cancelled at 1" }, // while the value head only learns
        { "cooldown", "cancelled at 3" }, // before the last four steps, which read no tags
        { "cooldown", "killed at 6" }, // saved where they begin
        { "cooldown", "cancelled at 5" }, // saved among them
        { "cooldown of texts", "cancelled at 2" },
        { "cooldown of texts", "killed at 5" },
        { "cooldown of texts", "cancelled at 7" },
        { "documents", "killed at 6" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void StoppedAndResumed_EqualsOneRun(string objective, string stop)
    {
        RunConfig config = objective switch
        {
            "conditional" => _runs.Conditional,
            "cooldown" => _runs.Tagged(SmallRun.ThreeTags with { Cooldown = 0.5 }),
            "cooldown of texts" => _runs.Tagged(SmallRun.ThreeTags with { Cooldown = 0.5, TagForm = "text", MaskControlTokens = true }),
            "documents" => _runs.Tagged(SmallRun.ThreeTags with { TagUnit = "document", DropTokenFraction = 0.3 }),
            "AWR" => _runs.AdvantageWeighted,
            "unlikelihood" => _runs.Unlikelihood(0.4, 0.5),
            "upsampled" => With(dataset => dataset with { Upsample = new() { Thresholds = [Threshold.Parse("p50")], Weights = [1.5, 0.4] } }),
            "spans" => With(dataset => dataset with { Data = _runs.PackSpans("spans", (text, score) => [new ScoredSpan(0, 8, score)]), SpanScores = "mask" }),
            "reference" => With(dataset => dataset with { Order = "reference", ShuffleBuffer = 10, NumOfSequences = 12 }),
            _ => _runs.Config,
        };
        RunDirectory whole = _runs.Start("whole", config), halves = _runs.Start("halves", config);
        SmallRun.Train(config, whole);

        long step = stop[^1] - '0';
        if (stop.StartsWith("killed", StringComparison.Ordinal))
            Assert.Throws<KilledException>(() => SmallRun.Train(config, halves, observer: new Observer(killAt: step)));
        else
            Assert.ThrowsAny<OperationCanceledException>(() => SmallRun.Train(config, halves, observer: new Observer(cancelAt: step)));
        long saved = stop.StartsWith("killed", StringComparison.Ordinal) ? 4 : step;
        Assert.Equal(halves.CheckpointPath(saved), halves.LatestCheckpoint());
        var second = new Observer();
        SmallRun.Train(config, halves, halves.LatestCheckpoint(), second, threads: 2);

        Assert.Equal(saved + 1, second.Steps[0].Step);
        AssertSameCheckpoint(whole.CheckpointPath(8), halves.CheckpointPath(8));
        Assert.Equal(Lines(whole.MetricsPath), Lines(halves.MetricsPath));
        Assert.Equal(File.ReadAllText(whole.SamplesPath), File.ReadAllText(halves.SamplesPath));
        Assert.Equal([3, 3, 4, 4, 6, 6], File.ReadLines(whole.SamplesPath).Select(line => (long)JsonNode.Parse(line)!["step"]!));
    }

    [Fact]
    public void Resume_CountsTimeOfBothSittings()
    {
        RunDirectory run = _runs.Start("run", _runs.Config);
        Assert.ThrowsAny<OperationCanceledException>(() => SmallRun.Train(_runs.Config, run, observer: new Observer(cancelAt: 4)));
        double before = run.ElapsedSeconds();
        var second = new Observer();
        SmallRun.Train(_runs.Config, run, run.LatestCheckpoint(), second);
        Assert.True(before > 0);
        Assert.All(second.Steps, report => Assert.True(report.ElapsedSeconds > before));
    }

    private RunConfig With(Func<DatasetSection, DatasetSection> change) => _runs.Config with { Dataset = change(_runs.Config.Dataset) };

    /// <summary>Lines without the numbers that depend on the clock, and without those of the checkpoints: an interruption makes one more.</summary>
    private static IEnumerable<string> Lines(string metrics) => File.ReadLines(metrics).Where(line => !line.Contains("\"checkpoint\"")).Select(line =>
    {
        JsonObject json = JsonNode.Parse(line)!.AsObject();
        json.Remove("tokens_per_second");
        json.Remove("elapsed_seconds");
        return json.ToJsonString();
    });

    private static void AssertSameCheckpoint(string expected, string actual)
    {
        string[] names = [.. Directory.GetFiles(expected).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];
        Assert.Equal(names, Directory.GetFiles(actual).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Superset(new HashSet<string> { "COMPLETE", "config.json", "model.safetensors", "optimizer.safetensors", "tokenizer.json", "trainer_state.json" }, new HashSet<string>(names));
        foreach (string name in names)
        {
            string one = Path.Combine(expected, name), other = Path.Combine(actual, name);
            Assert.True(File.ReadAllBytes(one).AsSpan().SequenceEqual(File.ReadAllBytes(other)), $"{name} differs");
        }
    }
}
