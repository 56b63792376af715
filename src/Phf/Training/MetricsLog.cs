using System.Text;
using System.Text.Json.Nodes;

namespace Phf.Training;

/// <summary>Appends lines to metrics.jsonl; each is written through at once, so that a kill loses none.</summary>
internal sealed class MetricsLog : IDisposable
{
    private readonly StreamWriter _writer;

    public MetricsLog(string path) => _writer = new StreamWriter(path, append: true, new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };

    public void Write(in StepReport report) => Write(new JsonObject
    {
        ["step"] = report.Step,
        ["tokens"] = report.Tokens,
        ["loss"] = report.Loss,
        ["grad_norm"] = report.GradientNorm,
        ["lr"] = report.LearningRate,
        ["tokens_per_second"] = Math.Round(report.TokensPerSecond, 1),
        ["elapsed_seconds"] = Math.Round(report.ElapsedSeconds, 3),
    });

    public void Write(in EvaluationReport report) => Write(new JsonObject
    {
        ["step"] = report.Step,
        ["tokens"] = report.Tokens,
        ["heldout_loss"] = report.HeldOut.Loss,
        ["heldout_loss_aligned"] = report.HeldOut.Aligned,
        ["heldout_loss_misaligned"] = report.HeldOut.Misaligned,
    });

    public void Dispose() => _writer.Dispose();

    private void Write(JsonObject line) => _writer.WriteLine(line.ToJsonString());
}
