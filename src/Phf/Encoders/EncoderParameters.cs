using Phf.Numerics.Memory;

namespace Phf.Encoders;

/// <summary>The tensors of an encoder and its head in one block, zero at first. Linear weights are (in, out): the transpose of what the files have.</summary>
public sealed class EncoderParameters : IDisposable
{
    private readonly Arena _arena;

    public EncoderParameters(EncoderConfig config)
    {
        _arena = new Arena(Plan(config).Sum(shape => Arena.SizeOf(shape.Rows, shape.Columns)));
        int channels = config.Channels;
        WordTable = _arena.Take(config.VocabularySize, channels);
        PlaceTable = _arena.Take(Places(config), channels);
        NormGain = _arena.Take(1, channels);
        NormBias = _arena.Take(1, channels);
        Layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new EncoderLayerParameters(_arena, config))];
        if (config.Task == EncoderTask.Sequence)
        {
            DenseWeight = _arena.Take(channels, channels);
            DenseBias = _arena.Take(1, channels);
        }
        OutputWeight = _arena.Take(channels, config.Labels.Count);
        OutputBias = _arena.Take(1, config.Labels.Count);
    }

    /// <summary>Everything.</summary>
    public FlatBlock All => _arena.All;

    /// <summary>Number of parameters as the files have them.</summary>
    public static long Count(EncoderConfig config) =>
        Plan(config).Sum(shape => shape.Rows * shape.Columns) + (config.Positions + config.TokenTypes - Places(config)) * (long)config.Channels;

    internal Tensor WordTable { get; } // (V, C)

    internal Tensor PlaceTable { get; } // (types * positions, C): row type * positions + position is the sum of both embeddings

    internal Tensor NormGain { get; } // (1, C)

    internal Tensor NormBias { get; } // (1, C)

    internal IReadOnlyList<EncoderLayerParameters> Layers { get; }

    internal Tensor DenseWeight { get; } // (C, C); empty for token classifiers

    internal Tensor DenseBias { get; } // (1, C)

    internal Tensor OutputWeight { get; } // (C, labels)

    internal Tensor OutputBias { get; } // (1, labels)

    public void Dispose() => _arena.Dispose();

    private static int Places(EncoderConfig config) => Math.Max(1, config.TokenTypes) * config.Positions;

    private static IEnumerable<(long Rows, long Columns)> Plan(EncoderConfig config)
    {
        long channels = config.Channels, inner = config.Inner, labels = config.Labels.Count;
        yield return (config.VocabularySize, channels);
        yield return (Places(config), channels);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            yield return (channels, 3 * channels);
            yield return (1, 3 * channels);
            yield return (channels, channels);
            yield return (channels, inner);
            yield return (1, inner);
            yield return (inner, channels);
            for (int i = 0; i < 6; i++) yield return (1, channels); // biases of both projections, gain and bias of both norms
        }
        for (int i = 0; i < 2; i++) yield return (1, channels);
        if (config.Task == EncoderTask.Sequence)
        {
            yield return (channels, channels);
            yield return (1, channels);
        }
        yield return (channels, labels);
        yield return (1, labels);
    }
}

/// <summary>The tensors of one layer.</summary>
internal sealed class EncoderLayerParameters(Arena arena, EncoderConfig config)
{
    public Tensor QkvWeight { get; } = arena.Take(config.Channels, 3 * config.Channels); // (C, 3C)

    public Tensor QkvBias { get; } = arena.Take(1, 3 * config.Channels); // (1, 3C)

    public Tensor ProjectionWeight { get; } = arena.Take(config.Channels, config.Channels); // (C, C)

    public Tensor ProjectionBias { get; } = arena.Take(1, config.Channels); // (1, C)

    public Tensor Norm1Gain { get; } = arena.Take(1, config.Channels); // (1, C)

    public Tensor Norm1Bias { get; } = arena.Take(1, config.Channels); // (1, C)

    public Tensor UpWeight { get; } = arena.Take(config.Channels, config.Inner); // (C, Inner)

    public Tensor UpBias { get; } = arena.Take(1, config.Inner); // (1, Inner)

    public Tensor DownWeight { get; } = arena.Take(config.Inner, config.Channels); // (Inner, C)

    public Tensor DownBias { get; } = arena.Take(1, config.Channels); // (1, C)

    public Tensor Norm2Gain { get; } = arena.Take(1, config.Channels); // (1, C)

    public Tensor Norm2Bias { get; } = arena.Take(1, config.Channels); // (1, C)
}
