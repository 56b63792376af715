using Phf.Numerics.Backend;
using Phf.Numerics.Memory;

namespace Phf.Model;

/// <summary>
/// The keys and values of B sequences that grow together, one token each per step, and the buffers of a step. All sequences are at
/// the same position.
/// </summary>
public sealed class DecodeState : IDisposable
{
    private readonly Gpt2 _model;
    private readonly Arena _arena;
    private readonly Tensor[] _keys, _values; // per layer, as IBackend.AttentionStep has them
    private readonly Tensor _residual, _middle, _norm, _qkv, _inner, _activated, _mean, _rstd;
    private readonly int[] _positions;
    private readonly int _room; // the caches' T

    /// <param name="model">Stays alive as long as this.</param>
    /// <param name="batch">B.</param>
    /// <param name="time">Longest sequence, at most the model's positions.</param>
    public DecodeState(Gpt2 model, int batch, int time)
    {
        Gpt2Config config = model.Config;
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time, config.Positions);
        _model = model;
        (Batch, Time) = (batch, time);
        int channels = config.Channels, inner = config.InnerChannels;
        _room = (time + AttentionShape.KeyBlock - 1) / AttentionShape.KeyBlock * AttentionShape.KeyBlock;
        _arena = new Arena(2 * config.Layers * Arena.SizeOf((long)batch * _room, channels) + 3 * Arena.SizeOf(batch, channels)
            + Arena.SizeOf(batch, 3 * channels) + 2 * Arena.SizeOf(batch, inner) + 2 * Arena.SizeOf(1, batch) + Arena.SizeOf(batch, config.VocabularySize));
        _keys = [.. Enumerable.Range(0, config.Layers).Select(_ => _arena.Take(batch * config.Heads * (_room / AttentionShape.KeyBlock), config.HeadSize * AttentionShape.KeyBlock))];
        _values = [.. Enumerable.Range(0, config.Layers).Select(_ => _arena.Take(batch * config.Heads * _room, config.HeadSize))];
        _residual = _arena.Take(batch, channels);
        _middle = _arena.Take(batch, channels);
        _norm = _arena.Take(batch, channels);
        _qkv = _arena.Take(batch, 3 * channels);
        _inner = _arena.Take(batch, inner);
        _activated = _arena.Take(batch, inner);
        _mean = _arena.Take(1, batch);
        _rstd = _arena.Take(1, batch);
        Logits = _arena.Take(batch, config.VocabularySize);
        _positions = new int[batch];
    }

    public int Batch { get; }

    public int Time { get; }

    /// <summary>Tokens taken so far by each sequence.</summary>
    public int Position { get; private set; }

    /// <summary>(B, V) scores of the next token after the last <see cref="Step"/>.</summary>
    public Tensor Logits { get; }

    /// <summary>Forgets all sequences.</summary>
    public void Reset() => Position = 0;

    /// <summary>Appends one token to every sequence and computes the logits of the next.</summary>
    /// <param name="tokens">B token ids.</param>
    /// <exception cref="InvalidOperationException">The sequences are full.</exception>
    public void Step(ReadOnlySpan<int> tokens)
    {
        if (Position == Time) throw new InvalidOperationException($"the sequences are full: {Time} tokens");
        IBackend backend = _model.Backend;
        Gpt2Config config = _model.Config;
        ParameterSet parameters = _model.Parameters;
        Array.Fill(_positions, Position);
        backend.Embed(tokens, _positions, parameters.TokenTable, parameters.PositionTable, _residual);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            LayerParameters p = parameters.Layers[layer];
            var shape = new AttentionShape(Batch, _room, config.Heads, config.HeadSize, config.AttentionScale(layer));
            backend.LayerNorm(_residual, p.Norm1Gain, p.Norm1Bias, config.LayerNormEpsilon, _norm, _mean, _rstd);
            backend.Linear(_norm, p.QkvWeight, p.QkvBias, residual: default, _qkv);
            backend.AttentionStep(_qkv, shape, Position, _keys[layer], _values[layer], _norm);
            backend.Linear(_norm, p.ProjectionWeight, p.ProjectionBias, _residual, _middle);
            backend.LayerNorm(_middle, p.Norm2Gain, p.Norm2Bias, config.LayerNormEpsilon, _norm, _mean, _rstd);
            backend.LinearActivation(_norm, p.UpWeight, p.UpBias, config.Activation, _inner, _activated);
            backend.Linear(_activated, p.DownWeight, p.DownBias, _middle, _residual);
        }
        backend.LayerNorm(_residual, parameters.FinalNormGain, parameters.FinalNormBias, config.LayerNormEpsilon, _norm, _mean, _rstd);
        backend.Logits(_norm, parameters.Head, Logits);
        Position++;
    }

    public void Dispose() => _arena.Dispose();
}
