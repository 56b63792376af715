using Phf.Numerics.Memory;

namespace Phf.Model;

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
    /// <param name="forTraining">False leaves out the backward pass's buffers.</param>
    public Activations(Gpt2Config config, int batch, int time, bool forTraining)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(time, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time, config.Positions);
        (Batch, Time) = (batch, time);
        _arena = new Arena(Plan(config, batch, time, forTraining).Sum(shape => Arena.SizeOf(shape.Rows, shape.Columns)));
        int rows = batch * time, channels = config.Channels, inner = config.InnerChannels;
        Embedded = _arena.Take(rows, channels);
        Layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new LayerActivations(_arena, config, batch, time))];
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
    public static long Bytes(Gpt2Config config, int batch, int time, bool forTraining) =>
        sizeof(float) * Plan(config, batch, time, forTraining).Sum(shape => Arena.SizeOf(shape.Rows, shape.Columns));

    public void Dispose() => _arena.Dispose();

    private static IEnumerable<(long Rows, long Columns)> Plan(Gpt2Config config, int batch, int time, bool forTraining)
    {
        long rows = (long)batch * time, channels = config.Channels, inner = config.InnerChannels;
        yield return (rows, channels); // Embedded
        for (int layer = 0; layer < config.Layers; layer++)
        {
            for (int i = 0; i < 5; i++) yield return (rows, channels); // Norm1, Attended, Residual1, Norm2, Residual2
            for (int i = 0; i < 4; i++) yield return (1, rows); // Mean1, Rstd1, Mean2, Rstd2
            yield return (rows, 3 * channels); // Qkv
            yield return ((long)batch * config.Heads, time); // LogSumExp
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

/// <summary>What one transformer block keeps.</summary>
internal sealed class LayerActivations(Arena arena, Gpt2Config config, int batch, int time)
{
    public Tensor Norm1 { get; } = arena.Take(batch * time, config.Channels); // (N, C)

    public Tensor Mean1 { get; } = arena.Take(1, batch * time); // (1, N)

    public Tensor Rstd1 { get; } = arena.Take(1, batch * time); // (1, N)

    public Tensor Qkv { get; } = arena.Take(batch * time, 3 * config.Channels); // (N, 3C)

    public Tensor LogSumExp { get; } = arena.Take(batch * config.Heads, time); // (B H, T)

    public Tensor Attended { get; } = arena.Take(batch * time, config.Channels); // (N, C)

    public Tensor Residual1 { get; } = arena.Take(batch * time, config.Channels); // (N, C)

    public Tensor Norm2 { get; } = arena.Take(batch * time, config.Channels); // (N, C)

    public Tensor Mean2 { get; } = arena.Take(1, batch * time); // (1, N)

    public Tensor Rstd2 { get; } = arena.Take(1, batch * time); // (1, N)

    public Tensor PreActivation { get; } = arena.Take(batch * time, config.InnerChannels); // (N, Inner)

    public Tensor Activated { get; } = arena.Take(batch * time, config.InnerChannels); // (N, Inner)

    public Tensor Residual2 { get; } = arena.Take(batch * time, config.Channels); // (N, C)
}
