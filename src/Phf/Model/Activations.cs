using Phf.Numerics.Memory;

namespace Phf.Model;

/// <summary>What the backward pass computes again instead of having kept it: less memory, more time, the same bits.</summary>
public enum Recompute
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The first half of each feed-forward layer.</summary>
    Mlp,

    /// <summary>Each layer but its result.</summary>
    Layer,
}

/// <summary>
/// What the forward pass of up to B sequences of T tokens keeps for the backward pass, and the buffers that the backward pass
/// writes; planned once, in one block. N = B T.
/// </summary>
public sealed class Activations : IDisposable
{
    private readonly Arena _arena;

    /// <param name="config">The model.</param>
    /// <param name="batch">B.</param>
    /// <param name="time">T, at most the model's positions.</param>
    /// <param name="forTraining">False leaves out the backward pass's buffers, and the layers share theirs.</param>
    /// <param name="recompute">What is not kept for the backward pass.</param>
    public Activations(Gpt2Config config, int batch, int time, bool forTraining, Recompute recompute = Recompute.None)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(time, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time, config.Positions);
        Recompute = forTraining ? recompute : Recompute.Layer;
        (Batch, Time) = (batch, time);
        _arena = new Arena(Plan(config, batch, time, forTraining, Recompute).Sum(shape => Arena.SizeOf(shape.Rows, shape.Columns)));
        int rows = batch * time, channels = config.Channels, inner = config.InnerChannels;
        Embedded = _arena.Take(rows, channels);
        var layers = new LayerActivations[config.Layers];
        for (int layer = 0; layer < layers.Length; layer++)
            layers[layer] = new LayerActivations(_arena, config, batch, time, layer == 0 ? null : layers[0], Recompute);
        Layers = layers;
        Final = _arena.Take(rows, channels);
        FinalMean = _arena.Take(1, rows);
        FinalRstd = _arena.Take(1, rows);
        if (!forTraining) return;
        DFinal = _arena.Take(rows, channels);
        DResidual = _arena.Take(rows, channels);
        DBranch = _arena.Take(rows, channels);
        DQkv = _arena.Take(rows, 3 * channels);
        DInner = _arena.Take(rows, inner);
        if (config.ValueOffset is not { } offset) return;
        ValueLogits = _arena.Take(rows, 1);
        ValueOffset = _arena.Take(1, 1);
        ValueOffset.Span[0] = offset;
        DValueOffset = _arena.Take(1, 1);
    }

    public int Batch { get; }

    public int Time { get; }

    public Recompute Recompute { get; }

    public Tensor Final { get; } // (N, C), after the last layer norm

    public Tensor DFinal { get; } // (N, C)

    internal Tensor Embedded { get; } // (N, C)

    internal IReadOnlyList<LayerActivations> Layers { get; }

    internal Tensor FinalMean { get; } // (1, N)

    internal Tensor FinalRstd { get; } // (1, N)

    internal Tensor DResidual { get; } // (N, C)

    internal Tensor DBranch { get; } // (N, C)

    internal Tensor DQkv { get; } // (N, 3C)

    internal Tensor DInner { get; } // (N, Inner)

    internal Tensor ValueLogits { get; } // (N, 1), h . v + offset; then their gradient

    internal Tensor ValueOffset { get; } // (1, 1)

    internal Tensor DValueOffset { get; } // (1, 1), written and not used: the offset is no parameter

    /// <summary>Bytes that this block will take, known before it is allocated.</summary>
    public static long Bytes(Gpt2Config config, int batch, int time, bool forTraining, Recompute recompute = Recompute.None) =>
        sizeof(float) * Plan(config, batch, time, forTraining, forTraining ? recompute : Recompute.Layer).Sum(shape => Arena.SizeOf(shape.Rows, shape.Columns));

    public void Dispose() => _arena.Dispose();

    private static IEnumerable<(long Rows, long Columns)> Plan(Gpt2Config config, int batch, int time, bool forTraining, Recompute recompute)
    {
        long rows = (long)batch * time, channels = config.Channels, inner = config.InnerChannels;
        yield return (rows, channels); // Embedded
        for (int layer = 0; layer < config.Layers; layer++)
        {
            yield return (rows, channels); // Residual2
            if (layer == 0 || recompute != Recompute.Layer)
            {
                for (int i = 0; i < 3; i++) yield return (rows, channels); // Norm1, Attended, Residual1
                for (int i = 0; i < 4; i++) yield return (1, rows); // Mean1, Rstd1, Mean2, Rstd2
                yield return (rows, 3 * channels); // Qkv
                yield return ((long)batch * config.Heads, time); // LogSumExp
            }
            if (layer > 0 && recompute != Recompute.None) continue;
            yield return (rows, channels); // Norm2
            yield return (rows, inner); // PreActivation
            yield return (rows, inner); // Activated
        }
        yield return (rows, channels); // Final
        yield return (1, rows);
        yield return (1, rows);
        if (!forTraining) yield break;
        for (int i = 0; i < 3; i++) yield return (rows, channels); // DFinal, DResidual, DBranch
        yield return (rows, 3 * channels);
        yield return (rows, inner);
        if (config.ValueOffset is null) yield break;
        yield return (rows, 1);
        for (int i = 0; i < 2; i++) yield return (1, 1);
    }
}

/// <summary>What one transformer block keeps; what is computed again lies in the first block's tensors.</summary>
internal sealed class LayerActivations
{
    public LayerActivations(Arena arena, Gpt2Config config, int batch, int time, LayerActivations? first, Recompute recompute)
    {
        int rows = batch * time, channels = config.Channels, inner = config.InnerChannels;
        Residual2 = arena.Take(rows, channels);
        LayerActivations? shared = recompute == Recompute.Layer ? first : null;
        Norm1 = shared?.Norm1 ?? arena.Take(rows, channels);
        Mean1 = shared?.Mean1 ?? arena.Take(1, rows);
        Rstd1 = shared?.Rstd1 ?? arena.Take(1, rows);
        Qkv = shared?.Qkv ?? arena.Take(rows, 3 * channels);
        LogSumExp = shared?.LogSumExp ?? arena.Take(batch * config.Heads, time);
        Attended = shared?.Attended ?? arena.Take(rows, channels);
        Residual1 = shared?.Residual1 ?? arena.Take(rows, channels);
        Mean2 = shared?.Mean2 ?? arena.Take(1, rows);
        Rstd2 = shared?.Rstd2 ?? arena.Take(1, rows);
        shared = recompute == Recompute.None ? null : first;
        Norm2 = shared?.Norm2 ?? arena.Take(rows, channels);
        PreActivation = shared?.PreActivation ?? arena.Take(rows, inner);
        Activated = shared?.Activated ?? arena.Take(rows, inner);
    }

    public Tensor Norm1 { get; } // (N, C)

    public Tensor Mean1 { get; } // (1, N)

    public Tensor Rstd1 { get; } // (1, N)

    public Tensor Qkv { get; } // (N, 3C)

    public Tensor LogSumExp { get; } // (B H, T)

    public Tensor Attended { get; } // (N, C)

    public Tensor Residual1 { get; } // (N, C)

    public Tensor Norm2 { get; } // (N, C)

    public Tensor Mean2 { get; } // (1, N)

    public Tensor Rstd2 { get; } // (1, N)

    public Tensor PreActivation { get; } // (N, Inner)

    public Tensor Activated { get; } // (N, Inner)

    public Tensor Residual2 { get; } // (N, C)
}
