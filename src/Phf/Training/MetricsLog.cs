using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Phf.Formats;

namespace Phf.Training;

/// <summary>
/// Appends lines to metrics.jsonl, and the same numbers to the event file for TensorBoard; each is written through at once, so that a kill loses
/// none.
/// </summary>
internal sealed class MetricsLog : IDisposable
{
    /// <summary>Of every line, and no curves.</summary>
    private static readonly string[] NotScalars = ["step", "elapsed_seconds"];

    /// <summary>How the names of a group of numbers begin, and the group's name in TensorBoard; train is the rest.</summary>
    private static readonly (string Start, string Group)[] Groups = [("heldout_", "heldout"), ("weights_", "weights"), ("weight_", "weights"), ("value_", "value"), ("align_", "align")];

    private readonly StreamWriter _writer;
    private readonly EventFile _events;

    public MetricsLog(RunDirectory run)
    {
        _writer = new StreamWriter(run.MetricsPath, append: true, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };
        _events = EventFile.Append(run.EventsPath);
    }

    /// <param name="report">The step.</param>
    /// <param name="addTo">Adds what the learner has to tell about it.</param>
    public void Write(in StepReport report, Action<JsonObject> addTo)
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
        if (report.SkippedSteps > 0) line["skipped_steps"] = report.SkippedSteps;
        if (report.IsSkipped) line["skipped"] = true;
        addTo(line);
        Write(line);
    }

    public void Write(in EvaluationReport report) => Write(new JsonObject
    {
        ["step"] = report.Step,
        ["tokens"] = report.Tokens,
        ["heldout_loss"] = report.HeldOut.Loss,
        ["heldout_loss_aligned"] = report.HeldOut.Aligned,
        ["heldout_loss_misaligned"] = report.HeldOut.Misaligned,
        ["heldout_bits_per_byte"] = report.HeldOut.BitsPerByte,
    });

    /// <summary>Notes a checkpoint before it is written. It holds no times of its own, so that its bytes depend on nothing but the run.</summary>
    public void WriteSaving(long step, string checkpoint, double elapsedSeconds) => Write(new JsonObject
    {
        ["step"] = step,
        ["checkpoint"] = checkpoint,
        ["elapsed_seconds"] = Math.Round(elapsedSeconds, 3),
    });

    public void Dispose()
    {
        _writer.Dispose();
        _events.Dispose();
    }

    /// <summary>Adds weights and values of a step to its line.</summary>
    public static void AddTo(JsonObject line, RegressionReport report)
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

    /// <summary>Appends a line; it has a step.</summary>
    public void Write(JsonObject line)
    {
        _writer.WriteLine(line.ToJsonString());
        var scalars = new List<(string, double)>();
        foreach ((string name, JsonNode? value) in line)
            if (!NotScalars.Contains(name) && value?.GetValueKind() == JsonValueKind.Number)
                scalars.Add((TagOf(name), value.Deserialize<double>()));
        if (scalars.Count > 0) _events.Write((long)line["step"]!, scalars);
    }

    /// <summary>E.g. loss is train/loss, heldout_loss is heldout/loss.</summary>
    private static string TagOf(string name)
    {
        foreach ((string start, string group) in Groups)
            if (name.StartsWith(start, StringComparison.Ordinal)) return $"{group}/{name[start.Length..]}";
        return $"train/{name}";
    }
}
