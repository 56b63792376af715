using System.Text.Json.Nodes;
using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Training;

/// <summary>A model in training on packed data, with everything that decides how it goes on: weights, moments, step, place in the data.</summary>
public sealed class Learner : ILearner
{
    private const int EvaluationTokens = 8_192;

    private readonly RunPlan _plan;
    private readonly TrainingStep _update;
    private BatchFeeder _batches;
    private readonly OutlierGuard? _outliers;
    private readonly DataCursor[] _begun; // the first block of each sequence of the step at hand

    private Learner(RunPlan plan, Gpt2 model, TrainingStep update, TrainerState? state)
    {
        (_plan, Model, _update) = (plan, model, update);
        (Step, Tokens, Best) = (state?.Step ?? 0, state?.Tokens ?? 0, state?.Best);
        if (plan.Config.Training.SkipOutliers is { } deviations) _outliers = new OutlierGuard(deviations, state?.Outliers);
        BlockReader[] readers = BlockReader.OfLanes(plan.Data, plan.BlocksAt(Step), plan.Lanes, state?.Cursors ?? plan.Start.Cursors);
        _begun = new DataCursor[plan.Lanes];
        _batches = new BatchFeeder(readers, plan.BatchSize, plan.SequenceLength);
    }

    public Gpt2 Model { get; }

    /// <summary>Steps done.</summary>
    public long Step { get; private set; }

    public long TotalSteps => _plan.TotalSteps;

    /// <summary>Tokens trained on.</summary>
    public long Tokens { get; private set; }

    public double FlopsPerToken => _plan.Model.TrainingFlopsPerToken(_plan.SequenceLength);

    public bool EvaluatesAtStart => false;

    /// <summary>Steps whose update was skipped as an outlier.</summary>
    public long SkippedSteps => _outliers?.Skipped ?? 0;

    /// <summary>The best checkpoint so far; null where none was measured.</summary>
    public BestCheckpoint? Best { get; private set; }

    /// <summary>Sets training up: new weights, those of <c>model.path_or_name</c>, or those of <paramref name="checkpoint"/>.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged, or belongs to other data or another configuration.</exception>
    public static Learner Create(RunPlan plan, IBackend backend, string? checkpoint)
    {
        var model = new Gpt2(plan.Model, backend);
        TrainingStep? update = null;
        try
        {
            update = new TrainingStep(model, plan.Objective, plan.Config.Training, plan.BatchSize, plan.SequenceLength, masksTags: plan.Blocks.Tags is { IsMasked: true });
            TrainerState? state = null;
            if (checkpoint is not null) state = Load(plan, checkpoint, model, update);
            else if (plan.Config.Model.FromScratch) model.Initialize((ulong)plan.Config.Training.Seed);
            else Gpt2Weights.ReadWithNewTokens(plan.StartDirectory!, model, (ulong)plan.Config.Training.Seed);
            return new Learner(plan, model, update, state);
        }
        catch
        {
            update?.Dispose();
            model.Dispose();
            throw;
        }
    }

    /// <summary>One step of the optimizer: every micro-batch forward and backward, clip, update. Allocates nothing, but once before the first step
    /// without tags.</summary>
    /// <exception cref="InvalidDataException">A number is no longer finite; the parameters are as they were.</exception>
    public (double Loss, double Norm, double Rate) UpdateOnce()
    {
        if (Step == _plan.TaggedSteps) ReadWithoutTags();
        _update.Begin();
        _batches.Cursors.CopyTo(_begun);
        double loss = 0, rate = _plan.Schedule.At(Step);
        int firstBad = -1;
        bool usesValues = Step >= _plan.Config.Objective.UseHeadTrainSteps;
        for (int micro = 0; micro < _plan.Accumulation; micro++)
        {
            loss += _update.Accumulate(_batches.Take(), _plan.Accumulation, usesValues);
            if (firstBad < 0 && !double.IsFinite(loss)) firstBad = micro;
        }
        double norm = _update.Norm();
        if (!double.IsFinite(loss) || !double.IsFinite(norm)) throw NotFinite(loss, firstBad);
        if (_outliers is null || !_outliers.Skips(loss, norm)) _update.Update(Step + 1 - SkippedSteps, rate, norm);
        Step++;
        Tokens += _plan.TokensPerStep;
        return (loss, norm, rate);
    }

    void ILearner.AddTo(JsonObject line)
    {
        if (_update.Statistics is { } statistics) MetricsLog.AddTo(line, statistics.Report());
    }

    /// <summary>Not to be cancelled: a resumed run would not make up for the line.</summary>
    double? ILearner.Evaluate(MetricsLog metrics, ITrainingObserver observer)
    {
        if (_plan.HeldOut is null) return null;
        HeldOutLoss loss = HeldOutLoss.Measure(Model, _update.State, _plan.HeldOut, _plan.Tokenizer, _plan.BlocksAt(Step), _plan.Threshold, EvaluationTokens,
            CancellationToken.None);
        var report = new EvaluationReport(Step, Tokens, loss);
        metrics.Write(report);
        observer.OnEvaluation(report);
        return loss.Loss;
    }

    void ILearner.Save(string path, double? heldOutLoss)
    {
        if (heldOutLoss < (Best?.HeldoutLoss ?? double.PositiveInfinity)) Best = new BestCheckpoint(Step, heldOutLoss.Value);
        var state = new TrainerState(Step, _plan.TotalSteps, Tokens, [.. _batches.Cursors], _plan.Data.Fingerprint, _plan.Start.TokensBefore, Best, _outliers?.State);
        Checkpoint.Save(path, Model, _plan.Tokenizer, _update.FirstMoments, _update.SecondMoments, state, ModelCard.Text(_plan, state));
    }

    public void Dispose()
    {
        _batches.Dispose();
        _update.Dispose();
        Model.Dispose();
    }

    /// <summary>From here on text is read without tags, each sequence where it is. A cursor saved before counts tags, one saved after does not.</summary>
    private void ReadWithoutTags()
    {
        BlockReader[] tagged = BlockReader.OfLanes(_plan.Data, _plan.BlocksAt(Step), _plan.Lanes, [.. _batches.Cursors]);
        _batches.Dispose();
        BlockReader[] plain = BlockReader.OfLanes(_plan.Data, _plan.BlocksAt(Step + 1), _plan.Lanes, [.. tagged.Select(reader => reader.CursorWithoutTags)]);
        _batches = new BatchFeeder(plain, _plan.BatchSize, _plan.SequenceLength);
    }

    private static TrainerState Load(RunPlan plan, string checkpoint, Gpt2 model, TrainingStep update)
    {
        TrainerState state = Checkpoint.ReadState(checkpoint);
        if (state.DataFingerprint != plan.Data.Fingerprint)
            throw new InvalidDataException($"{checkpoint} was trained on other data than {plan.Data.Directory}; resume with the run's own data");
        if (state.TotalSteps != plan.TotalSteps)
            throw new InvalidDataException($"{checkpoint} is of a run of {state.TotalSteps} steps, now there would be {plan.TotalSteps}: "
                + $"{plan.Config.Model.PathOrName}, which training.tokens_already_seen: auto asks, has been trained further since; start a new run");
        if (state.Cursors.Count != plan.Lanes)
            throw new InvalidDataException($"{checkpoint} was trained with {state.Cursors.Count} sequences a step, not {plan.Lanes}");
        return Checkpoint.Load(checkpoint, model, update.FirstMoments, update.SecondMoments);
    }

    /// <param name="loss">The step's loss.</param>
    /// <param name="firstBad">The first micro-batch whose loss is not finite; -1 where all are.</param>
    private InvalidDataException NotFinite(double loss, int firstBad)
    {
        ReadOnlySpan<DataCursor> cursors = _begun;
        (int first, int rows) = firstBad < 0 ? (0, _plan.Lanes) : (firstBad * _plan.BatchSize, _plan.BatchSize);
        var documents = new SortedSet<long>();
        for (int lane = first; lane < first + rows; lane++)
            documents.UnionWith(BlockReader.DocumentsOfBlock(_plan.Data, _plan.BlocksAt(Step + 1) with { Lanes = _plan.Lanes, Lane = lane }, cursors[lane]));
        return new InvalidDataException($"step {Step + 1}: the loss is {loss} and {_update.DescribeNotFinite()}; this step is not saved. "
            + $"Lower training.learning_rate, or look at what was read: {(documents.Count == 1 ? "document" : "documents")} {string.Join(", ", documents)} "
            + $"of {_plan.Data.Directory} (from 0, as packed)");
    }
}
