using Phf.Training;

namespace Phf.Cli;

/// <summary>Shows a run's tokens on a progress display, and nothing else of it. The rate is that of the tokens since <c>before</c>, where it goes on.</summary>
internal sealed class ProgressObserver(ConsoleProgress progress, long before) : ITrainingObserver
{
    public void OnStep(in StepReport report) => progress.Report(report.Tokens, report.Tokens - before);

    public void OnEvaluation(in EvaluationReport report)
    {
    }

    public void OnCheckpoint(long step, string path)
    {
    }
}
