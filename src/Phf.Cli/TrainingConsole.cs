using System.Globalization;
using Phf.Training;

namespace Phf.Cli;

/// <summary>Prints a run's progress as plain lines on standard output: the first step, then every loggingSteps steps and the last.</summary>
internal sealed class TrainingConsole(TextWriter output, int loggingSteps) : ITrainingObserver
{
    private long _firstStep;
    private double _startSeconds;

    public void OnStep(in StepReport report)
    {
        if (_firstStep == 0) (_firstStep, _startSeconds) = (report.Step, report.ElapsedSeconds - report.Milliseconds / 1e3);
        if (report.IsSkipped)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"step {report.Step} skipped: loss {report.Loss:F4} or norm {report.GradientNorm:F2} is an outlier (training.skip_outliers), {report.SkippedSteps} so far"));
        if (report.Step == _firstStep || report.Step % loggingSteps == 0 || report.Step == report.TotalSteps) output.WriteLine(Line(report));
    }

    public void OnEvaluation(in EvaluationReport report) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"step {report.Step} held-out loss {report.HeldOut.Loss:F4} | aligned {Loss(report.HeldOut.Aligned)} | misaligned {Loss(report.HeldOut.Misaligned)}"));

    public void OnCheckpoint(long step, string path) => output.WriteLine($"step {step} saved {path}");

    private static string Loss(double? value) => value is { } known ? known.ToString("F4", CultureInfo.InvariantCulture) : "none";

    private string Line(in StepReport r)
    {
        double perStep = (r.ElapsedSeconds - _startSeconds) / (r.Step - _firstStep + 1);
        var left = TimeSpan.FromSeconds(perStep * (r.TotalSteps - r.Step));
        string digits = r.TotalSteps.ToString(CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture,
            $"step {r.Step.ToString(CultureInfo.InvariantCulture).PadLeft(digits.Length)}/{digits} ({100.0 * r.Step / r.TotalSteps:F1}%) | loss {r.Loss:F4} | norm {r.GradientNorm:F2} | lr {r.LearningRate:0.0e-00} | {r.Milliseconds:F0} ms | {r.TokensPerSecond / 1e3:F1}k tok/s | {r.GigaflopsPerSecond:F0} GFLOP/s | eta {Durations.Text(left)}");
    }
}
