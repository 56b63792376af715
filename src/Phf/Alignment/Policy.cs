using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>A text that pays sum -w_t log p_t.</summary>
/// <param name="Tokens">Prompt and text.</param>
/// <param name="Weights">w of each token but the first, 0 for those of the prompt.</param>
/// <param name="ValueSlopes">Where the model has values, the derivative of the loss with respect to that of each token but the first.</param>
/// <param name="Targets">What is predicted in the place of each token but the first; null for the tokens themselves.</param>
internal readonly record struct WeightedText(int[] Tokens, double[] Weights, double[]? ValueSlopes = null, int[]? Targets = null)
{
    /// <summary>The texts of a batch with one weight for all tokens of each.</summary>
    public static WeightedText[] Of(Draws draws, IReadOnlyList<double> weights) =>
        [.. draws.Tokens.Select((tokens, i) => new WeightedText(tokens, [.. Enumerable.Range(1, tokens.Length - 1).Select(t => t < draws.Starts[i] ? 0 : weights[i])]))];

    /// <summary>The texts of a batch with a weight for each token that was written.</summary>
    public static WeightedText[] Of(Draws draws, IReadOnlyList<double[]> weights) =>
        [.. draws.Tokens.Select((tokens, i) => new WeightedText(tokens, OfWritten(draws, i, weights[i])))];

    /// <summary>Numbers of a text's written tokens, behind zeros for those of its prompt but the first.</summary>
    public static double[] OfWritten(Draws draws, int text, IEnumerable<double> numbers) => [.. new double[draws.Starts[text] - 1], .. numbers];

    /// <summary>The text with its weights multiplied.</summary>
    public WeightedText Times(double factor) => this with { Weights = [.. Weights.Select(weight => weight * factor)] };
}

/// <summary>
/// The model that is aligned and its optimizer. All methods come down to this: texts with a weight for each token, and the engine's classifier, whose gradient
/// is that of sum -w log p.
/// </summary>
internal sealed class Policy : IDisposable
{
    private readonly AdamW _optimizer;
    private readonly Activations _state;
    private readonly int[] _inputs, _targets, _positions;
    private readonly float[] _weights, _logProbs, _logComplements;
    private readonly float[] _values; // or their derivatives; empty without a value head

    /// <param name="model">Is aligned; not disposed with this.</param>
    /// <param name="training">The optimizer's numbers, and how many texts are computed at once.</param>
    /// <param name="time">Tokens of the longest text, less one.</param>
    public Policy(Gpt2 model, TrainingSection training, int time)
    {
        Model = model;
        _optimizer = new AdamW(model, training);
        _state = new Activations(model.Config, training.PerDeviceTrainBatchSize, time, forTraining: true, training.RecomputeKind);
        int n = _state.Batch * _state.Time;
        (_inputs, _targets, _positions) = (new int[n], new int[n], new int[n]);
        (_weights, _logProbs, _logComplements) = (new float[n], new float[n], new float[n]);
        _values = new float[model.Config.ValueOffset is null ? 0 : n];
        for (int i = 0; i < n; i++) _positions[i] = i % time;
    }

    public Gpt2 Model { get; }

    /// <summary>Of the last update, or of <see cref="SquaredGradient"/>.</summary>
    public ParameterSet Gradients => _optimizer.Gradients;

    public ParameterSet FirstMoments => _optimizer.FirstMoments;

    public ParameterSet SecondMoments => _optimizer.SecondMoments;

    /// <summary>Updates of the parameters so far.</summary>
    public long Updates { get; set; }

    /// <summary>
    /// One update by the gradient of sum -w log p over the texts. Texts with all weights 0 are not computed; where there is no other, nothing changes.
    /// </summary>
    /// <exception cref="InvalidDataException">A number is no longer finite; the parameters are as they were.</exception>
    public (double Loss, double Norm) Update(IReadOnlyList<WeightedText> texts, double rate)
    {
        WeightedText[] paying = [.. texts.Where(text => text.Weights.Any(weight => weight != 0) || text.ValueSlopes?.Any(slope => slope != 0) is true)];
        if (paying.Length == 0) return (0, 0);
        double loss = Gradient(paying), norm = _optimizer.Norm();
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
            throw new InvalidDataException($"update {Updates + 1}: the loss is {loss} and {_optimizer.DescribeNotFinite()}; this step is not saved. Lower training.learning_rate");
        _optimizer.Update(++Updates, rate, norm);
        return (loss, norm);
    }

    /// <summary>For each text the values of its tokens but the first, each seen from the position before; of a model with a value head.</summary>
    public double[][] Values(IReadOnlyList<int[]> texts)
    {
        var values = new List<double[]>();
        foreach (int[][] batch in texts.Chunk(_state.Batch))
        {
            Fill(batch);
            Model.Forward(_inputs, _positions, _state);
            Model.LinearValues(_state, _values);
            values.AddRange(batch.Select((tokens, row) => _values.AsSpan(row * _state.Time, tokens.Length - 1).ToArray().Select(value => (double)value).ToArray()));
        }
        return [.. values];
    }

    /// <summary>The squared norm of the gradient of sum -w log p over the texts; changes nothing.</summary>
    public double SquaredGradient(IReadOnlyList<WeightedText> texts)
    {
        Gradient(texts);
        return Math.Pow(_optimizer.Norm(), 2);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _state.Dispose();
    }

    private double Gradient(IReadOnlyList<WeightedText> texts)
    {
        _optimizer.Begin();
        return texts.Chunk(_state.Batch).Sum(Accumulate);
    }

    /// <summary>What is behind a text's end is padding.</summary>
    private void Fill(int[][] texts)
    {
        Array.Clear(_inputs);
        Array.Clear(_targets);
        for (int row = 0; row < texts.Length; row++)
        {
            texts[row].AsSpan(..^1).CopyTo(_inputs.AsSpan(row * _state.Time));
            texts[row].AsSpan(1).CopyTo(_targets.AsSpan(row * _state.Time));
        }
    }

    private double Accumulate(WeightedText[] texts)
    {
        Fill([.. texts.Select(text => text.Tokens)]);
        for (int row = 0; row < texts.Length; row++) texts[row].Targets?.CopyTo(_targets, row * _state.Time);
        Spread(texts, text => text.Weights, _weights);
        Model.Forward(_inputs, _positions, _state);
        if (_weights.AsSpan().ContainsAnyExcept(0)) Model.Classify(_state, _targets, new TokenWeights(_weights, default), _logProbs, _logComplements, _optimizer.Gradients);
        else _state.DFinal.Span.Clear(); // values alone are learned
        if (_values.Length > 0)
        {
            Spread(texts, text => text.ValueSlopes, _values);
            Model.LinearValuesBackward(_state, _values, isDetached: false, _optimizer.Gradients);
        }
        Model.Backward(_inputs, _positions, _state, _optimizer.Gradients);
        double loss = 0;
        for (int i = 0; i < _weights.Length; i++) loss -= _weights[i] == 0 ? 0 : (double)_weights[i] * _logProbs[i];
        return loss;
    }

    private void Spread(WeightedText[] texts, Func<WeightedText, double[]?> numbers, float[] rows)
    {
        Array.Clear(rows);
        for (int row = 0; row < texts.Length; row++)
            if (numbers(texts[row]) is { } own)
                for (int t = 0; t < own.Length; t++) rows[row * _state.Time + t] = (float)own[t];
    }
}
