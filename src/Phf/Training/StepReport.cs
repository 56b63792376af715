namespace Phf.Training;

/// <summary>What one step did.</summary>
/// <param name="Step">Its number, from 1.</param>
/// <param name="TotalSteps">Steps of the run.</param>
/// <param name="Tokens">Tokens trained on so far.</param>
/// <param name="Loss">The objective's mean over the step's tokens, in nats.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="LearningRate">The rate used.</param>
/// <param name="Milliseconds">Wall-clock time of the step.</param>
/// <param name="TokensPerSecond">Of this step.</param>
/// <param name="GigaflopsPerSecond">Counted flops 6 (12 L C^2 + V C) + 6 L T C a token.</param>
/// <param name="ElapsedSeconds">Training time so far, earlier sittings included.</param>
/// <param name="IsSkipped">The update was skipped as an outlier (<c>skip_outliers</c>).</param>
/// <param name="SkippedSteps">Skipped so far, this step included.</param>
public readonly record struct StepReport(
    long Step, long TotalSteps, long Tokens, double Loss, double GradientNorm, double LearningRate, double Milliseconds,
    double TokensPerSecond, double GigaflopsPerSecond, double ElapsedSeconds, bool IsSkipped, long SkippedSteps);

/// <summary>Held-out loss after a step.</summary>
public readonly record struct EvaluationReport(long Step, long Tokens, HeldOutLoss HeldOut);

/// <summary>Watches a run; called on the training thread.</summary>
public interface ITrainingObserver
{
    void OnStep(in StepReport report);

    void OnEvaluation(in EvaluationReport report);

    void OnCheckpoint(long step, string path);
}
