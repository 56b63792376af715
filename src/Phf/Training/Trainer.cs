using System.Diagnostics;
using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Training;

/// <summary>
/// Trains a model into a run directory, which it keeps locked: the one loop of all training. Everything that decides the result is in the checkpoints, so N steps
/// are the same to the bit as N/2 steps, a kill, a resumption and N/2 more.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly Configuration.RunConfig _config;
    private readonly RunDirectory _run;
    private readonly RunLock _lock;
    private readonly ILearner _learner;
    private double _earlierSeconds;

    private Trainer(Configuration.RunConfig config, RunDirectory run, RunLock locked, ILearner learner) => (_config, _run, _lock, _learner) = (config, run, locked, learner);

    public Gpt2 Model => _learner.Model;

    /// <summary>Steps done.</summary>
    public long Step => _learner.Step;

    /// <summary>Sets a run up: new weights, those of <c>model.path_or_name</c>, or those of <paramref name="checkpoint"/>.</summary>
    /// <exception cref="IOException">Another process trains in the run's folder.</exception>
    /// <exception cref="InvalidDataException">The checkpoint is damaged, or belongs to other data or another configuration.</exception>
    public static Trainer Create(RunPlan plan, RunDirectory run, IBackend backend, string? checkpoint) =>
        Create(plan.Config, run, Learner.Create(plan, backend, checkpoint));

    /// <summary>Runs any learner; it is disposed with the trainer, or at once where the folder is taken.</summary>
    /// <param name="config">Says what is due when.</param>
    /// <param name="run">Where to.</param>
    /// <param name="learner">Set up.</param>
    /// <exception cref="IOException">Another process trains in the run's folder.</exception>
    internal static Trainer Create(Configuration.RunConfig config, RunDirectory run, ILearner learner)
    {
        try
        {
            return new Trainer(config, run, RunLock.Take(run.Path), learner);
        }
        catch
        {
            learner.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Trains to the last step. When cancelled, the current step is finished, with what is due after it, and saved before the exception leaves.
    /// </summary>
    /// <param name="observer">Told what happens.</param>
    /// <param name="sample">Writes samples after a step (the plan says when); null writes none.</param>
    /// <param name="cancel">Stops after the step at hand.</param>
    /// <exception cref="InvalidDataException">A number was no longer finite; the last checkpoint is untouched.</exception>
    public void Run(ITrainingObserver observer, Action<Gpt2, long>? sample = null, CancellationToken cancel = default)
    {
        Configuration.TrainingSection training = _config.Training;
        _run.Continue(Step);
        _earlierSeconds = _run.ElapsedSeconds();
        using var metrics = new MetricsLog(_run);
        var clock = Stopwatch.StartNew();
        if (Step == 0 && _learner.EvaluatesAtStart) _learner.Evaluate(metrics, observer);
        while (Step < _learner.TotalSteps)
        {
            StepReport report = TrainStep(clock);
            observer.OnStep(report);
            bool isLast = Step == _learner.TotalSteps, saves = isLast || IsDue(training.SaveEvery);
            if (Step == 1 || isLast || report.IsSkipped || IsDue(training.LoggingSteps)) metrics.Write(report, _learner.AddTo);
            bool evaluates = isLast || IsDue(training.EvaluateEvery) || (saves && training.LoadBestModelAtEnd);
            double? heldOutLoss = evaluates ? _learner.Evaluate(metrics, observer) : null;
            if (sample is not null && SamplesAreDue) sample(Model, Step);
            bool isCancelled = cancel.IsCancellationRequested; // asked once, so that nothing is left unsaved
            // A checkpoint that only an interruption made is never the best: the run that is left alone does not have it.
            if (saves || isCancelled) Save(metrics, observer, clock, saves && training.LoadBestModelAtEnd ? heldOutLoss : null);
            if (isCancelled && !isLast) throw new OperationCanceledException(cancel);
        }
    }

    /// <inheritdoc cref="ILearner.UpdateOnce"/>
    internal (double Loss, double Norm, double Rate) UpdateOnce() => _learner.UpdateOnce();

    public void Dispose()
    {
        _learner.Dispose();
        _lock.Dispose();
    }

    private bool SamplesAreDue
    {
        get
        {
            Configuration.GenerationSection generation = _config.Generation;
            if (generation.ScenarioConfigs.Count == 0) return false;
            return generation.ForceCallOn.Contains((int)Step) || IsDue(generation.EveryNSteps);
        }
    }

    private bool IsDue(int every) => every > 0 && Step % every == 0;

    private StepReport TrainStep(Stopwatch clock)
    {
        double before = clock.Elapsed.TotalSeconds;
        long skippedBefore = _learner.SkippedSteps, tokensBefore = _learner.Tokens;
        (double loss, double norm, double rate) = UpdateOnce();
        double seconds = Math.Max(1e-9, clock.Elapsed.TotalSeconds - before), perSecond = (_learner.Tokens - tokensBefore) / seconds;
        return new StepReport(Step, _learner.TotalSteps, _learner.Tokens, loss, norm, rate, 1e3 * seconds, perSecond,
            1e-9 * perSecond * _learner.FlopsPerToken, Elapsed(clock), _learner.SkippedSteps > skippedBefore, _learner.SkippedSteps);
    }

    private void Save(MetricsLog metrics, ITrainingObserver observer, Stopwatch clock, double? heldOutLoss)
    {
        string path = _run.CheckpointPath(Step);
        metrics.WriteSaving(Step, Path.GetFileName(path), Elapsed(clock));
        _learner.Save(path, heldOutLoss);
        observer.OnCheckpoint(Step, path);
        if (_config.Training.SaveTotalLimit is { } limit) _run.Prune(limit, _learner.Best?.Step);
    }

    private double Elapsed(Stopwatch clock) => _earlierSeconds + clock.Elapsed.TotalSeconds;
}
