using System.Diagnostics;
using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Training;

/// <summary>
/// Trains a model by a plan into a run directory, which it keeps locked. Everything that decides the result is in the checkpoints, so N steps
/// are the same to the bit as N/2 steps, a kill, a resumption and N/2 more.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const int EvaluationTokens = 8_192;

    private readonly RunPlan _plan;
    private readonly RunDirectory _run;
    private readonly RunLock _lock;
    private readonly Learner _learner;
    private double _earlierSeconds;

    private Trainer(RunPlan plan, RunDirectory run, RunLock locked, Learner learner) => (_plan, _run, _lock, _learner) = (plan, run, locked, learner);

    public Gpt2 Model => _learner.Model;

    /// <summary>Steps done.</summary>
    public long Step => _learner.Step;

    /// <summary>Sets a run up: new weights, those of <c>model.path_or_name</c>, or those of <paramref name="checkpoint"/>.</summary>
    /// <exception cref="IOException">Another process trains in the run's folder.</exception>
    /// <exception cref="InvalidDataException">The checkpoint is damaged, or belongs to other data or another configuration.</exception>
    public static Trainer Create(RunPlan plan, RunDirectory run, IBackend backend, string? checkpoint)
    {
        Learner learner = Learner.Create(plan, backend, checkpoint);
        try
        {
            return new Trainer(plan, run, RunLock.Take(run.Path), learner);
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
        Configuration.TrainingSection training = _plan.Config.Training;
        _run.Continue(Step);
        _earlierSeconds = _run.ElapsedSeconds();
        using var metrics = new MetricsLog(_run);
        var clock = Stopwatch.StartNew();
        while (Step < _plan.TotalSteps)
        {
            StepReport report = TrainStep(clock);
            observer.OnStep(report);
            bool isLast = Step == _plan.TotalSteps, saves = isLast || IsDue(training.SaveEvery);
            if (Step == 1 || isLast || report.IsSkipped || IsDue(training.LoggingSteps)) metrics.Write(report, _learner.Statistics?.Report());
            bool evaluates = isLast || IsDue(training.EvaluateEvery) || (saves && training.LoadBestModelAtEnd);
            double? heldOutLoss = evaluates && _plan.HeldOut is not null ? Evaluate(metrics, observer) : null;
            if (sample is not null && SamplesAreDue) sample(Model, Step);
            bool isCancelled = cancel.IsCancellationRequested; // asked once, so that nothing is left unsaved
            // A checkpoint that only an interruption made is never the best: the run that is left alone does not have it.
            if (saves || isCancelled) Save(metrics, observer, clock, saves && training.LoadBestModelAtEnd ? heldOutLoss : null);
            if (isCancelled && !isLast) throw new OperationCanceledException(cancel);
        }
    }

    /// <inheritdoc cref="Learner.UpdateOnce"/>
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
            Configuration.GenerationSection generation = _plan.Config.Generation;
            if (generation.ScenarioConfigs.Count == 0) return false;
            return generation.ForceCallOn.Contains((int)Step) || IsDue(generation.EveryNSteps);
        }
    }

    private bool IsDue(int every) => every > 0 && Step % every == 0;

    private StepReport TrainStep(Stopwatch clock)
    {
        double before = clock.Elapsed.TotalSeconds;
        long skippedBefore = _learner.SkippedSteps;
        (double loss, double norm, double rate) = UpdateOnce();
        double seconds = Math.Max(1e-9, clock.Elapsed.TotalSeconds - before), perSecond = _plan.TokensPerStep / seconds;
        return new StepReport(Step, _plan.TotalSteps, _learner.Tokens, loss, norm, rate, 1e3 * seconds, perSecond,
            1e-9 * perSecond * _plan.Model.TrainingFlopsPerToken(_plan.SequenceLength), Elapsed(clock), _learner.SkippedSteps > skippedBefore, _learner.SkippedSteps);
    }

    /// <summary>Not to be cancelled: a resumed run would not make up for the line.</summary>
    private double Evaluate(MetricsLog metrics, ITrainingObserver observer)
    {
        HeldOutLoss loss = HeldOutLoss.Measure(Model, _learner.State, _plan.HeldOut!, _plan.Tokenizer, _plan.BlocksAt(Step), _plan.Threshold, EvaluationTokens,
            CancellationToken.None);
        var report = new EvaluationReport(Step, _learner.Tokens, loss);
        metrics.Write(report);
        observer.OnEvaluation(report);
        return loss.Loss;
    }

    private void Save(MetricsLog metrics, ITrainingObserver observer, Stopwatch clock, double? heldOutLoss)
    {
        string path = _run.CheckpointPath(Step);
        metrics.WriteSaving(Step, Path.GetFileName(path), Elapsed(clock));
        _learner.Save(path, heldOutLoss);
        observer.OnCheckpoint(Step, path);
        if (_plan.Config.Training.SaveTotalLimit is { } limit) _run.Prune(limit, _learner.Best?.Step);
    }

    private double Elapsed(Stopwatch clock) => _earlierSeconds + clock.Elapsed.TotalSeconds;
}
