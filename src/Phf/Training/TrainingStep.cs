using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Objectives;
using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>
/// The arithmetic of one step of the optimizer: the gradient of the objective's mean over one or more batches, clipping, AdamW.
/// Knows neither data nor files, and allocates nothing after its construction. In order: <see cref="Begin"/>,
/// <see cref="Accumulate"/> for each batch, <see cref="Update"/>.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly Gpt2 _model;
    private readonly IObjective _objective;
    private readonly AdamW _optimizer;
    private readonly bool _masksTags;
    private readonly float[] _positive, _negative, _logProbs, _logComplements;
    private readonly WeightedRegression? _regression;
    private readonly float[] _values, _dValues; // empty without a value head

    /// <param name="model">Is trained.</param>
    /// <param name="objective">Weighs the tokens.</param>
    /// <param name="training">The optimizer's numbers.</param>
    /// <param name="batch">B.</param>
    /// <param name="time">T.</param>
    /// <param name="masksTags">Whether targets that are tags cost nothing.</param>
    public TrainingStep(Gpt2 model, IObjective objective, TrainingSection training, int batch, int time, bool masksTags = false)
    {
        (_model, _objective, _masksTags) = (model, objective, masksTags);
        _optimizer = new AdamW(model, training);
        State = new Activations(model.Config, batch, time, forTraining: true, training.RecomputeKind);
        int n = batch * time;
        (_positive, _negative, _logProbs, _logComplements) = (new float[n], new float[n], new float[n], new float[n]);
        _regression = objective as WeightedRegression;
        if (_regression is { Options.UsesValues: true } && model.Config.ValueOffset is null)
            throw new ArgumentException($"{objective.Name} weighs by values, and the model has no value head");
        int values = _regression is not null && model.Config.ValueOffset is not null ? n : 0;
        (_values, _dValues) = (new float[values], new float[values]);
        Statistics = _regression is null ? null : new RegressionStatistics(_regression, n * training.AccumulationSteps);
    }

    /// <summary>Of the step at hand.</summary>
    public ParameterSet Gradients => _optimizer.Gradients;

    public ParameterSet FirstMoments => _optimizer.FirstMoments;

    public ParameterSet SecondMoments => _optimizer.SecondMoments;

    /// <summary>The forward pass's memory, free between two steps.</summary>
    public Activations State { get; }

    /// <summary>Weights and values of the step's batches so far; null for objectives without.</summary>
    public RegressionStatistics? Statistics { get; }

    /// <summary>Forgets the gradient of the step before.</summary>
    public void Begin()
    {
        _optimizer.Begin();
        Statistics?.Begin();
    }

    /// <summary>Forward and backward of one of <paramref name="batches"/> batches; returns its share of the step's mean loss.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="batches">Batches of the step.</param>
    /// <param name="usesValues">False while the value head, if there is one, only learns.</param>
    public double Accumulate(TokenBatch batch, int batches, bool usesValues = true)
    {
        float share = 1f / (_positive.Length * batches);
        double loss = 0;
        _model.Forward(batch.Inputs, batch.Positions, State);
        if (_values.Length > 0)
        {
            _model.Values(State, _values);
            loss += _regression!.ValueLoss(batch.Scores, _values, batch.Kinds, share, _dValues);
        }
        _objective.Weigh(batch.Scores, batch.Kinds, usesValues ? _values : default, _positive, _negative);
        LeaveOutMasked(batch.Kinds);
        Statistics?.KeepWeights(_positive);
        for (int i = 0; i < _positive.Length; i++)
        {
            _positive[i] *= share;
            _negative[i] *= share;
        }
        var weights = new TokenWeights(_positive, _objective.IsLikelihoodOnly ? default : _negative);
        _model.Classify(State, batch.Targets, weights, _logProbs, _logComplements, Gradients);
        if (_values.Length > 0) _model.ValuesBackward(State, _values, _dValues, _regression!.Options.IsValueDetached, Gradients);
        _model.Backward(batch.Inputs, batch.Positions, State, Gradients);
        for (int i = 0; i < _positive.Length; i++)
        {
            loss -= (double)_positive[i] * _logProbs[i];
            if (_negative[i] != 0) loss -= (double)_negative[i] * _logComplements[i];
        }
        Statistics?.Add(batch.Scores, _values, _logProbs);
        return loss;
    }

    /// <inheritdoc cref="AdamW.Norm"/>
    public double Norm() => _optimizer.Norm();

    /// <inheritdoc cref="AdamW.Update"/>
    public void Update(long update, double rate, double norm) => _optimizer.Update(update, rate, norm);

    /// <inheritdoc cref="AdamW.DescribeNotFinite"/>
    public string DescribeNotFinite() => _optimizer.DescribeNotFinite();

    public void Dispose()
    {
        _optimizer.Dispose();
        State.Dispose();
    }

    /// <summary>
    /// Masked tokens, and tags that are not to be written, pay nothing. They count in the mean all the same, so that a token weighs the same
    /// in every batch.
    /// </summary>
    private void LeaveOutMasked(ReadOnlySpan<TokenKind> kinds)
    {
        for (int i = 0; i < kinds.Length; i++)
            if (kinds[i] == TokenKind.Masked || (_masksTags && kinds[i] == TokenKind.ControlTag)) (_positive[i], _negative[i]) = (0, 0);
    }
}
