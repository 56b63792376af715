using System.Diagnostics;
using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Objectives;

namespace Phf.Training;

/// <summary>
/// Trains a model by a plan into a run directory. Everything that decides the result (weights, moments, place in the data, step) is
/// in the checkpoints, so N steps are the same to the bit as N/2 steps, a kill, a resumption and N/2 more.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const int EvaluationBlocks = 64;

    private readonly RunPlan _plan;
    private readonly RunDirectory _run;
    private readonly Gpt2 _model;
    private readonly ParameterSet _gradients, _firstMoments, _secondMoments;
    private readonly Activations _state;
    private readonly TokenBatch _batch;
    private readonly float[] _positive, _negative, _logProbs, _logComplements;
    private readonly BlockReader[] _readers; // one for each sequence of a step
    private long _step, _tokens;
    private double _earlierSeconds;

    private Trainer(RunPlan plan, RunDirectory run, Gpt2 model, string? checkpoint)
    {
        (_plan, _run, _model) = (plan, run, model);
        _gradients = new ParameterSet(model.Parameters.Layout, model.Config);
        _firstMoments = new ParameterSet(model.Parameters.Layout, model.Config);
        _secondMoments = new ParameterSet(model.Parameters.Layout, model.Config);
        _state = new Activations(model.Config, plan.BatchSize, plan.SequenceLength, forTraining: true);
        _batch = new TokenBatch(plan.BatchSize, plan.SequenceLength);
        int n = plan.BatchSize * plan.SequenceLength;
        (_positive, _negative, _logProbs, _logComplements) = (new float[n], new float[n], new float[n], new float[n]);
        IReadOnlyList<DataCursor>? cursors = null;
        if (checkpoint is not null)
        {
            if (Checkpoint.ReadState(checkpoint).DataFingerprint != plan.Data.Fingerprint)
                throw new InvalidDataException($"{checkpoint} was trained on other data than {plan.Data.Directory}; resume with the run's own data");
            TrainerState state = Checkpoint.Load(checkpoint, model, _firstMoments, _secondMoments);
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
            else Gpt2Weights.ReadWithNewTokens(Path.Combine(plan.StartDirectory!, Gpt2Weights.FileName), model, (ulong)plan.Config.Training.Seed);
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
            if (_step == 1 || isLast || _step % training.LoggingSteps == 0) metrics.Write(report);
            if (_plan.HeldOut is not null && (isLast || IsDue(training.EvaluateEvery))) Evaluate(metrics, observer);
            if (sample is not null && SamplesAreDue) sample(_model, _step);
            if (isLast || IsDue(training.SaveEvery) || cancel.IsCancellationRequested) Save(observer, clock);
            if (!isLast) cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>One step of the optimizer: every micro-batch forward and backward, clip, update. Allocates nothing.</summary>
    internal (double Loss, double Norm, double Rate) UpdateOnce()
    {
        _model.Backend.Clear(_gradients.All);
        double loss = 0;
        for (int micro = 0; micro < _plan.Accumulation; micro++) loss += Accumulate(micro);
        double norm = Math.Sqrt(_model.Backend.SquaredNorm(_gradients.All));
        if (!double.IsFinite(loss) || !double.IsFinite(norm)) throw NotFinite(loss);

        Configuration.TrainingSection training = _plan.Config.Training;
        double rate = _plan.Schedule.At(_step), limit = training.MaxGradNorm;
        double scale = limit > 0 && norm > limit ? limit / (norm + 1e-6) : 1; // as PyTorch's clip_grad_norm_
        var update = new AdamWStep((int)(_step + 1), (float)rate, (float)training.AdamBeta1, (float)training.AdamBeta2,
            (float)training.AdamEpsilon, (float)training.WeightDecay, (float)scale);
        ParameterSet p = _model.Parameters;
        _model.Backend.AdamW(p.Decayed, _gradients.Decayed, _firstMoments.Decayed, _secondMoments.Decayed, update);
        _model.Backend.AdamW(p.NotDecayed, _gradients.NotDecayed, _firstMoments.NotDecayed, _secondMoments.NotDecayed, update with { WeightDecay = 0 });
        _step++;
        _tokens += _plan.TokensPerStep;
        return (loss, norm, rate);
    }

    public void Dispose()
    {
        _model.Dispose();
        _gradients.Dispose();
        _firstMoments.Dispose();
        _secondMoments.Dispose();
        _state.Dispose();
    }

    private bool SamplesAreDue
    {
        get
        {
            Configuration.GenerationSection generation = _plan.Config.Generation;
            if (generation.ScenarioConfigs.Count == 0) return false;
            return generation.ForceCallOn.Contains((int)_step) || _step % generation.EveryNSteps == 0;
        }
    }

    private bool IsDue(int every) => every > 0 && _step % every == 0;

    /// <summary>Forward and backward of one micro-batch; returns its share of the step's mean loss.</summary>
    private double Accumulate(int micro)
    {
        _batch.Fill(_readers.AsSpan(micro * _plan.BatchSize, _plan.BatchSize));
        IObjective objective = _plan.Objective;
        objective.Weigh(_batch.Scores, _batch.Kinds, _positive, _negative);
        float share = 1f / (_positive.Length * _plan.Accumulation);
        for (int i = 0; i < _positive.Length; i++)
        {
            _positive[i] *= share;
            _negative[i] *= share;
        }
        var weights = new TokenWeights(_positive, objective.IsLikelihoodOnly ? default : _negative);
        _model.Forward(_batch.Inputs, _batch.Positions, _state);
        _model.Classify(_state, _batch.Targets, weights, _logProbs, _logComplements, _gradients);
        _model.Backward(_batch.Inputs, _batch.Positions, _state, _gradients);
        double loss = 0;
        for (int i = 0; i < _positive.Length; i++)
        {
            loss -= (double)_positive[i] * _logProbs[i];
            if (_negative[i] != 0) loss -= (double)_negative[i] * _logComplements[i];
        }
        return loss;
    }

    private StepReport TrainStep(Stopwatch clock)
    {
        double before = clock.Elapsed.TotalSeconds;
        (double loss, double norm, double rate) = UpdateOnce();
        double seconds = Math.Max(1e-9, clock.Elapsed.TotalSeconds - before), perSecond = _plan.TokensPerStep / seconds;
        return new StepReport(_step, _plan.TotalSteps, _tokens, loss, norm, rate, 1e3 * seconds, perSecond,
            1e-9 * perSecond * _plan.Model.TrainingFlopsPerToken(_plan.SequenceLength), _earlierSeconds + clock.Elapsed.TotalSeconds);
    }

    private void Evaluate(MetricsLog metrics, ITrainingObserver observer)
    {
        HeldOutLoss loss = HeldOutLoss.Measure(_model, _state, _plan.HeldOut!, _plan.Blocks, _plan.Threshold, EvaluationBlocks, CancellationToken.None);
        var report = new EvaluationReport(_step, _tokens, loss);
        metrics.Write(report);
        observer.OnEvaluation(report);
    }

    private void Save(ITrainingObserver observer, Stopwatch clock)
    {
        string path = _run.CheckpointPath(_step);
        var state = new TrainerState(_step, _plan.TotalSteps, _tokens, [.. _readers.Select(reader => reader.Cursor)], _plan.Data.Fingerprint, _earlierSeconds + clock.Elapsed.TotalSeconds);
        Checkpoint.Save(path, _model, _plan.Tokenizer, _firstMoments, _secondMoments, state);
        observer.OnCheckpoint(_step, path);
        if (_plan.Config.Training.SaveTotalLimit is not { } limit) return;
        foreach (string old in _run.Checkpoints().SkipLast(limit)) Checkpoint.Delete(old);
    }

    private InvalidDataException NotFinite(double loss)
    {
        string? tensor = _gradients.Layout.Shapes.FirstOrDefault(shape => !double.IsFinite(SumOfSquares(_gradients[shape.Name].Span)))?.Name;
        return new InvalidDataException($"step {_step + 1}: the loss is {loss} and the gradient of {tensor ?? "every tensor"} "
            + (tensor is null ? "is finite" : "is not finite") + "; the last checkpoint is untouched. Lower training.learning_rate, or look at the data of this step");
    }

    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values) sum += (double)value * value;
        return sum;
    }
}
