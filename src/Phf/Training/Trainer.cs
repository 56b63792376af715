using System.Diagnostics;
using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Training;

/// <summary>
/// Trains a model by a plan into a run directory. Everything that decides the result (weights, moments, place in the data, step) is
/// in the checkpoints, so N steps are the same to the bit as N/2 steps, a kill, a resumption and N/2 more.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const int EvaluationTokens = 8_192;

    private readonly RunPlan _plan;
    private readonly RunDirectory _run;
    private readonly Gpt2 _model;
    private readonly TrainingStep _update;
    private readonly TokenBatch _batch;
    private readonly BlockReader[] _readers; // one for each sequence of a step
    private long _step, _tokens;
    private double _earlierSeconds;

    private Trainer(RunPlan plan, RunDirectory run, Gpt2 model, string? checkpoint)
    {
        (_plan, _run, _model) = (plan, run, model);
        _update = new TrainingStep(model, plan.Objective, plan.Config.Training, plan.BatchSize, plan.SequenceLength);
        _batch = new TokenBatch(plan.BatchSize, plan.SequenceLength);
        IReadOnlyList<DataCursor>? cursors = null;
        if (checkpoint is not null)
        {
            if (Checkpoint.ReadState(checkpoint).DataFingerprint != plan.Data.Fingerprint)
                throw new InvalidDataException($"{checkpoint} was trained on other data than {plan.Data.Directory}; resume with the run's own data");
            TrainerState state = Checkpoint.Load(checkpoint, model, _update.FirstMoments, _update.SecondMoments);
            if (state.Cursors.Count != plan.BatchSize * plan.Accumulation)
                throw new InvalidDataException($"{checkpoint} was trained with {state.Cursors.Count} sequences a step, not {plan.BatchSize * plan.Accumulation}");
            (_step, _tokens, cursors, _earlierSeconds) = (state.Step, state.Tokens, state.Cursors, state.ElapsedSeconds);
        }
        int lanes = plan.BatchSize * plan.Accumulation;
        _readers = [.. Enumerable.Range(0, lanes).Select(lane => new BlockReader(plan.Data, plan.Blocks with { Lanes = lanes, Lane = lane }, cursors?[lane]))];
    }

    public Gpt2 Model => _model;

    /// <summary>Steps done.</summary>
    public long Step => _step;

    /// <summary>Sets a run up: new weights, those of <c>model.path_or_name</c>, or those of <paramref name="checkpoint"/>.</summary>
    public static Trainer Create(RunPlan plan, RunDirectory run, IBackend backend, string? checkpoint)
    {
        var model = new Gpt2(plan.Model, backend);
        if (checkpoint is null)
        {
            if (plan.Config.Model.FromScratch) model.Initialize((ulong)plan.Config.Training.Seed);
            else Gpt2Weights.ReadWithNewTokens(plan.StartDirectory!, model, (ulong)plan.Config.Training.Seed);
        }
        return new Trainer(plan, run, model, checkpoint);
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
        _run.Continue(_step);
        using var metrics = new MetricsLog(_run.MetricsPath);
        var clock = Stopwatch.StartNew();
        while (_step < _plan.TotalSteps)
        {
            StepReport report = TrainStep(clock);
            observer.OnStep(report);
            bool isLast = _step == _plan.TotalSteps;
            if (_step == 1 || isLast || _step % training.LoggingSteps == 0) metrics.Write(report, _update.Statistics?.Report());
            if (_plan.HeldOut is not null && (isLast || IsDue(training.EvaluateEvery))) Evaluate(metrics, observer);
            if (sample is not null && SamplesAreDue) sample(_model, _step);
            bool isCancelled = cancel.IsCancellationRequested; // asked once, so that nothing is left unsaved
            if (isLast || isCancelled || IsDue(training.SaveEvery)) Save(observer, clock);
            if (isCancelled && !isLast) throw new OperationCanceledException(cancel);
        }
    }

    /// <summary>One step of the optimizer: every micro-batch forward and backward, clip, update. Allocates nothing.</summary>
    internal (double Loss, double Norm, double Rate) UpdateOnce()
    {
        _update.Begin();
        double loss = 0, rate = _plan.Schedule.At(_step);
        bool usesValues = _step >= _plan.Config.Objective.UseHeadTrainSteps;
        for (int micro = 0; micro < _plan.Accumulation; micro++)
        {
            _batch.Fill(_readers.AsSpan(micro * _plan.BatchSize, _plan.BatchSize));
            loss += _update.Accumulate(_batch, _plan.Accumulation, usesValues);
        }
        double norm = _update.Update(_step + 1, rate, loss);
        _step++;
        _tokens += _plan.TokensPerStep;
        return (loss, norm, rate);
    }

    public void Dispose()
    {
        _model.Dispose();
        _update.Dispose();
    }

    private bool SamplesAreDue
    {
        get
        {
            Configuration.GenerationSection generation = _plan.Config.Generation;
            if (generation.ScenarioConfigs.Count == 0) return false;
            return generation.ForceCallOn.Contains((int)_step) || IsDue(generation.EveryNSteps);
        }
    }

    private bool IsDue(int every) => every > 0 && _step % every == 0;

    private StepReport TrainStep(Stopwatch clock)
    {
        double before = clock.Elapsed.TotalSeconds;
        (double loss, double norm, double rate) = UpdateOnce();
        double seconds = Math.Max(1e-9, clock.Elapsed.TotalSeconds - before), perSecond = _plan.TokensPerStep / seconds;
        return new StepReport(_step, _plan.TotalSteps, _tokens, loss, norm, rate, 1e3 * seconds, perSecond,
            1e-9 * perSecond * _plan.Model.TrainingFlopsPerToken(_plan.SequenceLength), _earlierSeconds + clock.Elapsed.TotalSeconds);
    }

    /// <summary>Not to be cancelled: a resumed run would not make up for the line.</summary>
    private void Evaluate(MetricsLog metrics, ITrainingObserver observer)
    {
        HeldOutLoss loss = HeldOutLoss.Measure(_model, _update.State, _plan.HeldOut!, _plan.Tokenizer, _plan.Blocks, _plan.Threshold, EvaluationTokens,
            CancellationToken.None);
        var report = new EvaluationReport(_step, _tokens, loss);
        metrics.Write(report);
        observer.OnEvaluation(report);
    }

    private void Save(ITrainingObserver observer, Stopwatch clock)
    {
        string path = _run.CheckpointPath(_step);
        var state = new TrainerState(_step, _plan.TotalSteps, _tokens, [.. _readers.Select(reader => reader.Cursor)], _plan.Data.Fingerprint, _earlierSeconds + clock.Elapsed.TotalSeconds);
        Checkpoint.Save(path, _model, _plan.Tokenizer, _update.FirstMoments, _update.SecondMoments, state);
        observer.OnCheckpoint(_step, path);
        if (_plan.Config.Training.SaveTotalLimit is not { } limit) return;
        foreach (string old in _run.Checkpoints().SkipLast(limit)) Checkpoint.Delete(old);
    }
}
