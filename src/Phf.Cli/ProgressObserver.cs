using Phf.Training;

namespace Phf.Cli;

/// <summary>Shows a run's tokens on a progress display, and nothing else of it.</summary>
internal sealed class ProgressObserver(ConsoleProgress progress) : ITrainingObserver
{
    public void OnStep(in StepReport report) => progress.Report(report.Tokens, report.Tokens);

    public void OnEvaluation(in EvaluationReport report)
    {
    }

    public void OnCheckpoint(long step, string path)
    {
    }
}
