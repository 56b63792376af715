using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Numerics.Random;

namespace Phf.Model;

/// <summary>
/// The class of a sequence from the hidden state h of its last token behind the final layer norm: softmax(h W^T), as transformers' GPT2ForSequenceClassification.
/// The classes take the place of the vocabulary in the engine's classifier. Letters: B batch, K classes, C channels.
/// </summary>
public sealed class ClassificationHead : IDisposable
{
    private const ulong Stream = 0x73636F7265; // its own random stream, apart from those of Gpt2.Initialize

    private readonly Gpt2 _model;
    private readonly Arena _arena;
    private readonly Tensor _hidden, _dHidden; // (B, C)
    private readonly Tensor _logits; // (B, K)
    private readonly float[] _logComplements;

    /// <param name="model">Has <see cref="Gpt2Config.ClassCount"/> of 2 or more; stays alive as long as this.</param>
    /// <param name="batch">B, the most sequences at a time.</param>
    public ClassificationHead(Gpt2 model, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(model.Config.ClassCount, 2);
        int channels = model.Config.Channels, classes = model.Config.ClassCount;
        _model = model;
        _arena = new Arena(2 * Arena.SizeOf(batch, channels) + Arena.SizeOf(batch, classes));
        _hidden = _arena.Take(batch, channels);
        _dHidden = _arena.Take(batch, channels);
        _logits = _arena.Take(batch, classes);
        _logComplements = new float[batch];
    }

    private Tensor Weight => _model.Parameters[ParameterLayout.ClassHeadName]; // W, (K, C)

    /// <summary>New weights: normal with deviation 0.02, as transformers draws them.</summary>
    public void Initialize(ulong seed) => new Rng(seed, Stream).FillNormal(Weight.Span, 0.02);

    /// <summary>
    /// log p of the labels after a <see cref="Gpt2.Forward"/>; with <paramref name="gradients"/> also the gradient of sum_i -weights_i log p_i, added to the head's and
    /// written to <see cref="Activations.DFinal"/>, for <see cref="Gpt2.Backward"/>.
    /// </summary>
    /// <param name="state">Of the forward pass.</param>
    /// <param name="lastRows">For each of up to B sequences the row of its last token in <see cref="Activations.Final"/>.</param>
    /// <param name="labels">As many numbers below K.</param>
    /// <param name="weights">What each sequence pays.</param>
    /// <param name="logProbs">As many values, written.</param>
    /// <param name="gradients">Added to; null computes none.</param>
    public void Classify(Activations state, ReadOnlySpan<int> lastRows, ReadOnlySpan<int> labels, ReadOnlySpan<float> weights, Span<float> logProbs, ParameterSet? gradients)
    {
        Tensor hidden = Gather(state, lastRows), dHidden = gradients is null ? default : _dHidden.Slice(0, lastRows.Length);
        _model.Backend.Classify(hidden, Weight, labels, new TokenWeights(weights, default), logProbs, _logComplements.AsSpan(0, lastRows.Length), dHidden,
            gradients is null ? default : gradients[ParameterLayout.ClassHeadName]);
        if (gradients is null) return;
        state.DFinal.Span.Clear();
        for (int i = 0; i < lastRows.Length; i++) dHidden.Row(i).CopyTo(state.DFinal.Row(lastRows[i]));
    }

    /// <summary>(sequences, K) logits after a <see cref="Gpt2.Forward"/>; valid until the next call.</summary>
    /// <inheritdoc cref="Classify"/>
    public Tensor Logits(Activations state, ReadOnlySpan<int> lastRows)
    {
        Tensor logits = _logits.Slice(0, lastRows.Length);
        _model.Backend.Logits(Gather(state, lastRows), Weight, logits);
        return logits;
    }

    public void Dispose() => _arena.Dispose();

    private Tensor Gather(Activations state, ReadOnlySpan<int> lastRows)
    {
        for (int i = 0; i < lastRows.Length; i++) state.Final.Row(lastRows[i]).CopyTo(_hidden.Row(i));
        return _hidden.Slice(0, lastRows.Length);
    }
}
