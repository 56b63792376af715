using Phf.Formats;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;

namespace Phf.Encoders;

/// <summary>
/// An encoder with a classifying head, forward only: BERT, RoBERTa and DistilBERT differ in where positions begin and in the head; between lie the same layers, each an
/// attention and a feed-forward branch with a layer norm behind (Vaswani et al. 2017). Sequences of a batch lie one behind the other without padding, and a sequence
/// gives the same bits in any batch. Not for several threads at once. Letters: N tokens, C channels.
/// </summary>
public sealed class Encoder : IDisposable
{
    private const int RowsAtOnce = 1024; // N of a batch: weights are read from memory once for so many

    private readonly IBackend _backend;
    private EncoderState? _state;

    /// <param name="config">Of the model.</param>
    /// <param name="backend">Computes; stays alive as long as this.</param>
    public Encoder(EncoderConfig config, IBackend backend)
    {
        (Config, _backend) = (config, backend);
        Parameters = new EncoderParameters(config);
    }

    public EncoderConfig Config { get; }

    public EncoderParameters Parameters { get; }

    /// <summary>Loads a model.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing, has another shape or is not finite.</exception>
    public static Encoder Load(EncoderFiles files, IBackend backend)
    {
        using WeightFiles weights = WeightFiles.Open(files.WeightsPath);
        var reader = new EncoderWeights(weights, files.Config);
        reader.Check();
        var encoder = new Encoder(files.Config, backend);
        try
        {
            reader.Read(encoder.Parameters);
            return encoder;
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
    }

    /// <summary>Whether the weights are those of the model that its settings describe; reads none.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or has another shape.</exception>
    public static void Check(EncoderFiles files)
    {
        using WeightFiles weights = WeightFiles.Open(files.WeightsPath);
        new EncoderWeights(weights, files.Config).Check();
    }

    /// <summary>The head's outputs before sigmoid or softmax. Inputs are computed in batches of similar lengths.</summary>
    /// <param name="inputs">At most <see cref="EncoderConfig.Context"/> tokens each, and at least one.</param>
    /// <param name="cancel">Stops between two batches.</param>
    /// <returns>For each input a number per label; from a token classifier, a number per token and label, row by row.</returns>
    /// <exception cref="ArgumentException">An input is empty or too long, or an id is not in a table.</exception>
    public float[][] Logits(IReadOnlyList<EncoderInput> inputs, CancellationToken cancel = default)
    {
        foreach (EncoderInput input in inputs) Check(input);
        var results = new float[inputs.Count][];
        int[] sorted = [.. Enumerable.Range(0, inputs.Count).OrderBy(i => inputs[i].Ids.Length)];
        for (int first = 0, next; first < sorted.Length; first = next)
        {
            cancel.ThrowIfCancellationRequested();
            int rows = 0;
            for (next = first; next < sorted.Length && (next == first || rows + inputs[sorted[next]].Ids.Length <= RowsAtOnce); next++) rows += inputs[sorted[next]].Ids.Length;
            Run(inputs, sorted.AsSpan(first..next), rows, results);
        }
        return results;
    }

    /// <summary>Probabilities from a row of logits: one of each label, or shared among them.</summary>
    public double[] Probabilities(ReadOnlySpan<float> logits)
    {
        var result = new double[logits.Length];
        double largest = double.NegativeInfinity, total = 0;
        foreach (float logit in logits) largest = Math.Max(largest, logit);
        for (int i = 0; i < result.Length; i++) total += result[i] = Config.IsMultiLabel ? 1 / (1 + Math.Exp(-(double)logits[i])) : Math.Exp(logits[i] - largest);
        for (int i = 0; i < result.Length && !Config.IsMultiLabel; i++) result[i] /= total;
        return result;
    }

    public void Dispose()
    {
        _state?.Dispose();
        Parameters.Dispose();
    }

    private void Check(EncoderInput input)
    {
        if (input.Ids.Length == 0) throw new ArgumentException("an input has no tokens; at least one was expected");
        if (input.Ids.Length > Config.Context) throw new ArgumentException($"an input has {input.Ids.Length} tokens, the model's longest is {Config.Context}");
        foreach (int id in input.Ids)
            if ((uint)id >= (uint)Config.VocabularySize) throw new ArgumentException($"token id {id} is not in the model's vocabulary of {Config.VocabularySize}; is the tokenizer that of another model?");
        if (input.Types is not { } types || Config.TokenTypes == 0) return;
        if (types.Length != input.Ids.Length) throw new ArgumentException($"an input has {input.Ids.Length} tokens but {types.Length} types");
        foreach (int type in types)
            if ((uint)type >= (uint)Config.TokenTypes) throw new ArgumentException($"token type {type} is not among the model's {Config.TokenTypes}");
    }

    private void Run(IReadOnlyList<EncoderInput> inputs, ReadOnlySpan<int> chosen, int rows, float[][] results)
    {
        if (_state is null || _state.Rows < rows)
        {
            _state?.Dispose();
            _state = null; // should the next line fail
            _state = new EncoderState(Config, rows);
        }
        int at = 0;
        for (int i = 0; i < chosen.Length; i++)
        {
            _state.Starts[i] = at;
            at = Place(inputs[chosen[i]], _state, at);
        }
        _state.Starts[chosen.Length] = at;
        ReadOnlySpan<int> starts = _state.Starts.AsSpan(0, chosen.Length + 1);
        Tensor hidden = Forward(_state, starts);
        int labels = Config.Labels.Count;
        Tensor logits = Config.Task == EncoderTask.Tokens ? HeadOfTokens(_state, hidden) : HeadOfSequences(_state, hidden, starts);
        for (int i = 0; i < chosen.Length; i++)
        {
            (int row, int count) = Config.Task == EncoderTask.Tokens ? (starts[i], starts[i + 1] - starts[i]) : (i, 1);
            results[chosen[i]] = logits.Span.Slice(row * labels, count * labels).ToArray();
        }
    }

    /// <summary>Writes a sequence's tokens and places from row <paramref name="at"/> on; returns the row behind.</summary>
    private int Place(EncoderInput input, EncoderState state, int at)
    {
        int position = Config.FirstPosition;
        for (int i = 0; i < input.Ids.Length; i++, at++)
        {
            bool isPadding = Config.Kind == EncoderKind.Roberta && input.Ids[i] == Config.PadId; // has one place for all, wherever it stands
            int type = Config.TokenTypes == 0 ? 0 : input.Types?[i] ?? 0;
            state.Tokens[at] = input.Ids[i];
            state.Places[at] = type * Config.Positions + (isPadding ? Config.PadId : position++);
        }
        return at;
    }

    /// <summary>The last layer's result, (N, C).</summary>
    private Tensor Forward(EncoderState state, ReadOnlySpan<int> starts)
    {
        int n = starts[^1];
        float epsilon = Config.LayerNormEpsilon;
        Tensor hidden = state.Hidden.Slice(0, n), sum = state.Sum.Slice(0, n), middle = state.Middle.Slice(0, n), attended = state.Attended.Slice(0, n);
        Tensor qkv = state.Qkv.Slice(0, n), inner = state.Inner.Slice(0, n);
        _backend.Embed(state.Tokens.AsSpan(0, n), state.Places.AsSpan(0, n), Parameters.WordTable, Parameters.PlaceTable, sum);
        _backend.LayerNorm(sum, Parameters.NormGain, Parameters.NormBias, epsilon, hidden, state.Mean, state.Rstd);
        foreach (EncoderLayerParameters p in Parameters.Layers)
        {
            _backend.Linear(hidden, p.QkvWeight, p.QkvBias, residual: default, qkv);
            _backend.WholeAttention(qkv, starts, Config.Heads, Config.AttentionScale, attended);
            _backend.Linear(attended, p.ProjectionWeight, p.ProjectionBias, hidden, sum);
            _backend.LayerNorm(sum, p.Norm1Gain, p.Norm1Bias, epsilon, middle, state.Mean, state.Rstd);
            _backend.LinearActivation(middle, p.UpWeight, p.UpBias, Config.Activation, inner, inner);
            _backend.Linear(inner, p.DownWeight, p.DownBias, middle, sum);
            _backend.LayerNorm(sum, p.Norm2Gain, p.Norm2Bias, epsilon, hidden, state.Mean, state.Rstd);
        }
        return hidden;
    }

    private Tensor HeadOfTokens(EncoderState state, Tensor hidden)
    {
        Tensor logits = state.Logits.Slice(0, hidden.Rows);
        _backend.Linear(hidden, Parameters.OutputWeight, Parameters.OutputBias, residual: default, logits);
        return logits;
    }

    /// <summary>The first token speaks for its sequence.</summary>
    private Tensor HeadOfSequences(EncoderState state, Tensor hidden, ReadOnlySpan<int> starts)
    {
        int sequences = starts.Length - 1;
        Tensor first = state.Sum.Slice(0, sequences), dense = state.Middle.Slice(0, sequences), logits = state.Logits.Slice(0, sequences);
        for (int i = 0; i < sequences; i++) hidden.Row(starts[i]).CopyTo(first.Row(i));
        _backend.Linear(first, Parameters.DenseWeight, Parameters.DenseBias, residual: default, dense);
        bool isRelu = Config.Kind == EncoderKind.DistilBert;
        foreach (ref float value in dense.Span) value = isRelu ? MathF.Max(value, 0) : MathF.Tanh(value);
        _backend.Linear(dense, Parameters.OutputWeight, Parameters.OutputBias, residual: default, logits);
        return logits;
    }
}
