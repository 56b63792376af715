using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Numerics.Random;

namespace Phf.Model;

/// <summary>
/// GPT-2 (Radford et al. 2019) as Hugging Face defines it: learned positions, layer norm before each branch, the output head
/// the token table or a table of its own. Forward and backward are written out layer by layer. Letters: B batch, T time, N = B T, C channels, V vocabulary.
/// </summary>
public sealed class Gpt2 : IDisposable
{
    private const int InitializedAtOnce = 1 << 16; // elements; decides the numbers

    public Gpt2(Gpt2Config config, IBackend backend)
    {
        Config = config;
        Backend = backend;
        Parameters = new ParameterSet(new ParameterLayout(config), config);
    }

    public Gpt2Config Config { get; }

    public IBackend Backend { get; }

    public ParameterSet Parameters { get; }

    /// <summary>
    /// GPT-2's initialisation: normal with deviation 0.02, residual projections 0.02 / sqrt(2 L), gains 1, biases 0. Each piece of a tensor has
    /// its own random stream, so the numbers depend neither on the order in memory nor on the number of threads.
    /// </summary>
    public void Initialize(ulong seed)
    {
        ulong stream = 0;
        foreach (ParameterShape shape in Parameters.Layout.Shapes.OrderBy(shape => shape.Name, StringComparer.Ordinal))
        {
            Span<float> values = Parameters[shape.Name].Span;
            if (shape.Name == ParameterLayout.ValueHeadName)
            {
                values.Clear(); // V starts where its offset says, whatever the text
                continue;
            }
            if (shape.IsVector)
            {
                values.Fill(shape.Name.EndsWith(".weight", StringComparison.Ordinal) ? 1 : 0);
                continue;
            }
            double deviation = shape.Name.EndsWith("c_proj.weight", StringComparison.Ordinal) ? 0.02 / Math.Sqrt(2 * Config.Layers) : 0.02;
            Tensor tensor = Parameters[shape.Name];
            ulong first = ++stream << 32; // of the pieces' streams
            Backend.ForEach((values.Length + InitializedAtOnce - 1) / InitializedAtOnce, (piece, _) =>
            {
                int start = piece * InitializedAtOnce;
                var random = new Rng(seed, first + (ulong)piece);
                random.FillNormal(tensor.Span.Slice(start, Math.Min(InitializedAtOnce, tensor.Span.Length - start)), deviation);
            });
        }
    }

    /// <summary>Runs N = B T tokens, positions 0 .. T-1 in each sequence; the result is <see cref="Activations.Final"/>.</summary>
    /// <param name="tokens">(B, T) token ids.</param>
    /// <param name="positions">(B, T) the position of each token.</param>
    /// <param name="state">Keeps what <see cref="Backward"/> needs.</param>
    public void Forward(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Activations state)
    {
        Backend.Embed(tokens, positions, Parameters.TokenTable, Parameters.PositionTable, state.Embedded);
        Tensor residual = state.Embedded;
        for (int layer = 0; layer < Config.Layers; layer++)
        {
            LayerParameters p = Parameters.Layers[layer];
            LayerActivations a = state.Layers[layer];
            ForwardAttention(layer, residual, state);
            ForwardUp(layer, state);
            Backend.Linear(a.Activated, p.DownWeight, p.DownBias, a.Residual1, a.Residual2);
            residual = a.Residual2;
        }
        Backend.LayerNorm(residual, Parameters.FinalNormGain, Parameters.FinalNormBias, Config.LayerNormEpsilon, state.Final, state.FinalMean, state.FinalRstd);
    }

    /// <summary>
    /// The log-probabilities of the targets at every position of the last <see cref="Forward"/>; with <paramref name="gradients"/> also
    /// the gradient of the weighted loss, added to them, with respect to the head, and to <see cref="Activations.DFinal"/>. With room for
    /// <paramref name="margins"/> also each target's logit less the highest other one.
    /// </summary>
    public void Classify(Activations state, ReadOnlySpan<int> targets, TokenWeights weights, Span<float> logProbs, Span<float> logComplements, ParameterSet? gradients,
        Span<float> margins = default) =>
        Backend.Classify(state.Final, Parameters.Head, targets, weights, logProbs, logComplements,
            gradients is null ? default : state.DFinal, gradients is null ? default : gradients.Head, margins);

    /// <summary>h . v + offset at every position of the last <see cref="Forward"/>: a value without bounds of the token that follows it.</summary>
    /// <param name="state">Made for training, of a model with a value head.</param>
    /// <param name="values">N values, written.</param>
    public void LinearValues(Activations state, Span<float> values)
    {
        Backend.Linear(state.Final, Parameters.ValueHead, state.ValueOffset, residual: default, state.ValueLogits);
        state.ValueLogits.Span.CopyTo(values);
    }

    /// <summary>The same as <see cref="ValuesBackward"/> for a loss on the last <see cref="LinearValues"/>.</summary>
    public void LinearValuesBackward(Activations state, ReadOnlySpan<float> dValues, bool isDetached, ParameterSet gradients)
    {
        dValues.CopyTo(state.ValueLogits.Span);
        Backend.LinearBackward(state.ValueLogits, state.Final, Parameters.ValueHead, state.DBranch, gradients.ValueHead, state.DValueOffset);
        if (!isDetached) Backend.Add(state.DBranch, state.DFinal);
    }

    /// <summary>V = -sigmoid(h . v + offset) at every position of the last <see cref="Forward"/>: of the token that follows it.</summary>
    /// <param name="state">Made for training, of a model with a value head.</param>
    /// <param name="values">N values, written.</param>
    public void Values(Activations state, Span<float> values)
    {
        LinearValues(state, values);
        foreach (ref float value in values) value = (float)(-1 / (1 + Math.Exp(-value)));
    }

    /// <summary>
    /// Adds the gradient of a loss on the last <see cref="Values"/> to the head's and, unless it is detached, to
    /// <see cref="Activations.DFinal"/>, so after <see cref="Classify"/> and before <see cref="Backward"/>.
    /// </summary>
    /// <param name="state">That of <see cref="Values"/>.</param>
    /// <param name="values">N values V.</param>
    /// <param name="dValues">N derivatives of the loss with respect to V; overwritten.</param>
    /// <param name="isDetached">True keeps the gradient in the head.</param>
    /// <param name="gradients">Added to.</param>
    public void ValuesBackward(Activations state, ReadOnlySpan<float> values, Span<float> dValues, bool isDetached, ParameterSet gradients)
    {
        for (int i = 0; i < dValues.Length; i++) dValues[i] = dValues[i] * values[i] * (1 + values[i]); // V' = -s (1 - s) = V (1 + V)
        LinearValuesBackward(state, dValues, isDetached, gradients);
    }

    /// <summary>Adds to <paramref name="gradients"/> what follows from <see cref="Activations.DFinal"/>.</summary>
    public void Backward(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Activations state, ParameterSet gradients)
    {
        Tensor dResidual = state.DResidual, dBranch = state.DBranch;
        dResidual.Span.Clear();
        Tensor last = Config.Layers > 0 ? state.Layers[^1].Residual2 : state.Embedded;
        Backend.LayerNormBackward(state.DFinal, last, Parameters.FinalNormGain, state.FinalMean, state.FinalRstd, dResidual,
            gradients.FinalNormGain, gradients.FinalNormBias);
        for (int layer = Config.Layers - 1; layer >= 0; layer--)
        {
            LayerParameters p = Parameters.Layers[layer], d = gradients.Layers[layer];
            LayerActivations a = state.Layers[layer];
            Tensor input = layer == 0 ? state.Embedded : state.Layers[layer - 1].Residual2;
            bool isKept = layer == Config.Layers - 1; // the last layer's tensors are as the forward pass left them, shared or not
            if (!isKept && state.Recompute == Recompute.Layer) ForwardAttention(layer, input, state);
            if (!isKept && state.Recompute != Recompute.None) ForwardUp(layer, state);
            Backend.LinearBackward(dResidual, a.Activated, p.DownWeight, state.DInner, d.DownWeight, d.DownBias);
            Backend.ActivationBackward(a.PreActivation, Config.Activation, state.DInner);
            Backend.LinearBackward(state.DInner, a.Norm2, p.UpWeight, dBranch, d.UpWeight, d.UpBias);
            Backend.LayerNormBackward(dBranch, a.Residual1, p.Norm2Gain, a.Mean2, a.Rstd2, dResidual, d.Norm2Gain, d.Norm2Bias);
            Backend.LinearBackward(dResidual, a.Attended, p.ProjectionWeight, dBranch, d.ProjectionWeight, d.ProjectionBias);
            Backend.AttentionBackward(dBranch, a.Qkv, a.Attended, a.LogSumExp, Shape(state, layer), state.DQkv);
            Backend.LinearBackward(state.DQkv, a.Norm1, p.QkvWeight, dBranch, d.QkvWeight, d.QkvBias);
            Backend.LayerNormBackward(dBranch, input, p.Norm1Gain, a.Mean1, a.Rstd1, dResidual, d.Norm1Gain, d.Norm1Bias);
        }
        Backend.EmbedBackward(dResidual, tokens, positions, gradients.TokenTable, gradients.PositionTable);
    }

    public void Dispose() => Parameters.Dispose();

    private void ForwardAttention(int layer, Tensor input, Activations state)
    {
        LayerParameters p = Parameters.Layers[layer];
        LayerActivations a = state.Layers[layer];
        Backend.LayerNorm(input, p.Norm1Gain, p.Norm1Bias, Config.LayerNormEpsilon, a.Norm1, a.Mean1, a.Rstd1);
        Backend.Linear(a.Norm1, p.QkvWeight, p.QkvBias, residual: default, a.Qkv);
        Backend.Attention(a.Qkv, Shape(state, layer), a.Attended, a.LogSumExp);
        Backend.Linear(a.Attended, p.ProjectionWeight, p.ProjectionBias, input, a.Residual1);
    }

    private void ForwardUp(int layer, Activations state)
    {
        LayerParameters p = Parameters.Layers[layer];
        LayerActivations a = state.Layers[layer];
        Backend.LayerNorm(a.Residual1, p.Norm2Gain, p.Norm2Bias, Config.LayerNormEpsilon, a.Norm2, a.Mean2, a.Rstd2);
        Backend.LinearActivation(a.Norm2, p.UpWeight, p.UpBias, Config.Activation, a.PreActivation, a.Activated);
    }

    private AttentionShape Shape(Activations state, int layer) =>
        new(state.Batch, state.Time, Config.Heads, Config.HeadSize, Config.AttentionScale(layer));
}
