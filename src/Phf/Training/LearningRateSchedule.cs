namespace Phf.Training;

/// <summary>
/// The learning rate of each step, as transformers' schedulers give it: a linear climb from 0 over the warm-up steps, then linear
/// or cosine to 0 at the last step, or constant. The first of several warm-up steps has rate 0.
/// </summary>
public sealed record LearningRateSchedule(string Kind, double Peak, long WarmupSteps, long TotalSteps)
{
    /// <param name="step">Steps done before this one, from 0.</param>
    public double At(long step)
    {
        if (step < WarmupSteps) return Peak * step / Math.Max(1, WarmupSteps);
        double progress = (double)(step - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps);
        return Kind switch
        {
            "linear" => Peak * Math.Max(0, 1 - progress),
            "cosine" => Peak * Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress))),
            "constant" => Peak,
            _ => throw new ArgumentException($"lr_scheduler_type '{Kind}' is not known; linear, cosine and constant are"),
        };
    }
}
