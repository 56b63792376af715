using System.Text.Json.Nodes;
using Phf.Model;

namespace Phf.Training;

/// <summary>
/// A model in training with everything that decides how it goes on, as a <see cref="Trainer"/> runs it. It knows checkpoints, but no run directory or clock.
/// </summary>
internal interface ILearner : IDisposable
{
    Gpt2 Model { get; }

    /// <summary>Steps done.</summary>
    long Step { get; }

    long TotalSteps { get; }

    /// <summary>Tokens trained on.</summary>
    long Tokens { get; }

    /// <summary>Steps whose update was skipped as an outlier.</summary>
    long SkippedSteps { get; }

    /// <summary>The best checkpoint so far; null where none is kept.</summary>
    BestCheckpoint? Best { get; }

    /// <summary>Counted floating-point operations of a trained token.</summary>
    double FlopsPerToken { get; }

    /// <summary>Whether the model is measured before its first step too.</summary>
    bool EvaluatesAtStart { get; }

    /// <summary>One step.</summary>
    /// <exception cref="InvalidDataException">A number is no longer finite; the parameters are as they were.</exception>
    (double Loss, double Norm, double Rate) UpdateOnce();

    /// <summary>Adds what there is to tell about the last step to its line of the log.</summary>
    void AddTo(JsonObject line);

    /// <summary>Measures the model as it is now, and tells log and observer.</summary>
    /// <returns>The held-out loss; null where it is not measured.</returns>
    double? Evaluate(MetricsLog metrics, ITrainingObserver observer);

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="path">Its folder.</param>
    /// <param name="heldOutLoss">Of the model as it is now, where the best checkpoint is to be kept; null does not take part.</param>
    void Save(string path, double? heldOutLoss);
}
