using System.Text;
using System.Text.Json.Nodes;

namespace Phf.Training;

/// <summary>Appends lines to metrics.jsonl; each is written through at once, so that a kill loses none.</summary>
internal sealed class MetricsLog : IDisposable
{
    private readonly StreamWriter _writer;

    public MetricsLog(string path) => _writer = new StreamWriter(path, append: true, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };

    /// <param name="report">The step.</param>
    /// <param name="regression">Its weights and values; null for objectives without.</param>
    public void Write(in StepReport report, RegressionReport? regression)
    {
        var line = new JsonObject
        {
            ["step"] = report.Step,
            ["tokens"] = report.Tokens,
            ["loss"] = report.Loss,
            ["grad_norm"] = report.GradientNorm,
            ["lr"] = report.LearningRate,
            ["tokens_per_second"] = Math.Round(report.TokensPerSecond, 1),
            ["elapsed_seconds"] = Math.Round(report.ElapsedSeconds, 3),
        };
        if (regression is not null) AddTo(line, regression);
        Write(line);
    }

    public void Write(in EvaluationReport report) => Write(new JsonObject
    {
        ["step"] = report.Step,
        ["tokens"] = report.Tokens,
        ["heldout_loss"] = report.HeldOut.Loss,
        ["heldout_loss_aligned"] = report.HeldOut.Aligned,
        ["heldout_loss_misaligned"] = report.HeldOut.Misaligned,
    });

    public void Dispose() => _writer.Dispose();

    private static void AddTo(JsonObject line, RegressionReport report)
    {
        WeightQuantiles weights = report.Weights;
        line["lm_loss"] = report.LmLoss;
        line["weighted_lm_loss"] = report.WeightedLmLoss;
        line["advantage_avg"] = report.AdvantageAverage;
        line["weight_avg"] = report.WeightAverage;
        line["weights_min"] = weights.Min;
        line["weights_p10"] = weights.P10;
        line["weights_p50"] = weights.P50;
        line["weights_p90"] = weights.P90;
        line["weights_max"] = weights.Max;
        line["weights_clipped"] = report.ClippedShare;
        if (report.Values is not { } values) return;
        line["value_loss"] = values.Loss;
        line["value_min"] = values.Min;
        line["value_max"] = values.Max;
        line["value_avg"] = values.Average;
        line["value_std"] = values.Deviation;
        line["value_reward_corr"] = values.RewardCorrelation;
    }

    private void Write(JsonObject line) => _writer.WriteLine(line.ToJsonString());
}
