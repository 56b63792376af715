using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>
/// The learning rate of each step, as transformers' schedulers give it: a linear climb from 0 over the warm-up steps, then linear
/// or cosine to 0 at the last step, or constant; or wsd, constant and down to <see cref="Floor"/> over the last
/// <see cref="DecaySteps"/>. The first of several warm-up steps has rate 0 (wsd: the floor).
/// </summary>
public sealed record LearningRateSchedule(string Kind, double Peak, long WarmupSteps, long TotalSteps)
{
    /// <summary>wsd: steps at the end in which the rate goes down.</summary>
    public long DecaySteps { get; init; }

    /// <summary>wsd: form of the decay: cosine, linear or 1-sqrt (Hägele et al. 2024).</summary>
    public string DecayType { get; init; } = "cosine";

    /// <summary>wsd: lowest rate as a share of the peak.</summary>
    public double Floor { get; init; }

    /// <exception cref="InvalidDataException">Warm-up and decay are longer than the run.</exception>
    public static LearningRateSchedule Of(TrainingSection training, long totalSteps)
    {
        long warmup = training.WarmupStepsOf(totalSteps);
        var schedule = new LearningRateSchedule(training.LrSchedulerType, training.LearningRate, warmup, totalSteps);
        if (!IsWsd(schedule.Kind)) return schedule;
        long decay = training.LrSchedulerKwargs.NumDecaySteps ?? (long)Math.Ceiling(totalSteps * training.LrDecayRatio);
        if (warmup + decay > totalSteps)
            throw new InvalidDataException($"the schedule wsd has {warmup} steps of warm-up and {decay} of decay, the run {totalSteps} in all; "
                + "lower training.lr_decay_ratio (or lr_scheduler_kwargs.num_decay_steps) or the warm-up");
        return schedule with { DecaySteps = decay, DecayType = training.LrSchedulerKwargs.DecayType, Floor = training.LrSchedulerKwargs.MinLrRatio };
    }

    /// <summary>Whether this is the name of the schedule of warm-up, stable phase and decay: ours or transformers'.</summary>
    internal static bool IsWsd(string kind) => kind is "wsd" or "warmup_stable_decay";

    /// <param name="step">Steps done before this one, from 0.</param>
    public double At(long step)
    {
        if (IsWsd(Kind)) return Peak * (Floor + (1 - Floor) * WarmupStableDecay(step));
        if (step < WarmupSteps) return Peak * step / Math.Max(1, WarmupSteps);
        double progress = (double)(step - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps);
        return Kind switch
        {
            "linear" => Peak * Math.Max(0, 1 - progress),
            "cosine" => Peak * Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress))),
            "constant" => Peak,
            _ => throw new ArgumentException($"lr_scheduler_type '{Kind}' is not known; linear, cosine, constant and wsd are"),
        };
    }

    /// <summary>Between 0 and 1, before the floor: transformers' get_wsd_schedule.</summary>
    private double WarmupStableDecay(long step)
    {
        if (step < WarmupSteps) return (double)step / WarmupSteps;
        if (step < TotalSteps - DecaySteps) return 1;
        double progress = Math.Min(1, (double)(step - (TotalSteps - DecaySteps)) / Math.Max(1, DecaySteps));
        return DecayType switch
        {
            "cosine" => 0.5 * (1 + Math.Cos(Math.PI * progress)),
            "linear" => 1 - progress,
            "1-sqrt" => 1 - Math.Sqrt(progress),
            _ => throw new ArgumentException($"decay_type '{DecayType}' is not known; cosine, linear and 1-sqrt are"),
        };
    }
}
