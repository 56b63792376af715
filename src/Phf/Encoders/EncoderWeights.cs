using Phf.Formats;
using Phf.Numerics.Memory;

namespace Phf.Encoders;

/// <summary>
/// Reads an encoder's tensors by Hugging Face's names, with or without the family's prefix (<c>bert.</c>); the layer norms of files converted from TensorFlow
/// are called gamma and beta. Buffers such as <c>position_ids</c>, and heads of other tasks, are passed over.
/// </summary>
internal sealed class EncoderWeights(WeightFiles weights, EncoderConfig config)
{
    private readonly EncoderNames _names = EncoderNames.Of(config);

    /// <summary>Whether the files are those of a model of this shape: before memory is taken for what config.json claims, they must have it.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or has another shape, or the model in the files has more layers.</exception>
    public void Check()
    {
        long bytes = Expected().Sum(tensor => Find(tensor.Name, tensor.Shape).ByteLength);
        if (bytes > weights.FileBytes) throw new InvalidDataException($"{weights.Path}: tensors of {bytes} bytes overlap each other in {weights.FileBytes}; the file is damaged");
        if (TryFind(_names.Layer(config.Layers, _names.Query) + ".weight") is { } surplus)
            throw new InvalidDataException($"{surplus.Path}: tensor '{surplus.Name}' is of a model with more than the {config.Layers} layers that its configuration says");
    }

    /// <summary>Reads everything, after <see cref="Check"/>.</summary>
    /// <exception cref="InvalidDataException">A number is not finite.</exception>
    public void Read(EncoderParameters parameters)
    {
        int channels = config.Channels;
        Copy(_names.Embeddings("word_embeddings.weight"), parameters.WordTable.Span, config.VocabularySize, channels);
        ReadPlaces(parameters.PlaceTable);
        ReadNorm(_names.Embeddings("LayerNorm"), parameters.NormGain, parameters.NormBias);
        for (int number = 0; number < config.Layers; number++)
        {
            EncoderLayerParameters layer = parameters.Layers[number];
            string[] parts = [_names.Query, _names.Key, _names.Value];
            for (int part = 0; part < parts.Length; part++) ReadLinear(_names.Layer(number, parts[part]), layer.QkvWeight, layer.QkvBias, part * channels, channels);
            ReadLinear(_names.Layer(number, _names.Projection), layer.ProjectionWeight, layer.ProjectionBias);
            ReadNorm(_names.Layer(number, _names.Norm1), layer.Norm1Gain, layer.Norm1Bias);
            ReadLinear(_names.Layer(number, _names.Up), layer.UpWeight, layer.UpBias);
            ReadLinear(_names.Layer(number, _names.Down), layer.DownWeight, layer.DownBias);
            ReadNorm(_names.Layer(number, _names.Norm2), layer.Norm2Gain, layer.Norm2Bias);
        }
        if (config.Task == EncoderTask.Sequence) ReadLinear(_names.Dense, parameters.DenseWeight, parameters.DenseBias);
        ReadLinear(_names.Output, parameters.OutputWeight, parameters.OutputBias);
    }

    private IEnumerable<(string Name, long[] Shape)> Expected()
    {
        long channels = config.Channels, inner = config.Inner, labels = config.Labels.Count;
        var all = new List<(string, long[])>
        {
            (_names.Embeddings("word_embeddings.weight"), [config.VocabularySize, channels]),
            (_names.Embeddings("position_embeddings.weight"), [config.Positions, channels]),
        };
        if (config.TokenTypes > 0) all.Add((_names.Embeddings("token_type_embeddings.weight"), [config.TokenTypes, channels]));
        Norm(_names.Embeddings("LayerNorm"));
        for (int number = 0; number < config.Layers; number++)
        {
            foreach (string part in new[] { _names.Query, _names.Key, _names.Value, _names.Projection }) Linear(_names.Layer(number, part), channels, channels);
            Norm(_names.Layer(number, _names.Norm1));
            Linear(_names.Layer(number, _names.Up), channels, inner);
            Linear(_names.Layer(number, _names.Down), inner, channels);
            Norm(_names.Layer(number, _names.Norm2));
        }
        if (config.Task == EncoderTask.Sequence) Linear(_names.Dense, channels, channels);
        Linear(_names.Output, channels, labels);
        return all;

        void Linear(string name, long ins, long outs)
        {
            all.Add((name + ".weight", [outs, ins]));
            all.Add((name + ".bias", [outs]));
        }

        void Norm(string name)
        {
            all.Add((name + ".weight", [channels]));
            all.Add((name + ".bias", [channels]));
        }
    }

    /// <summary>Position and type embeddings are always added to each other, so they are once.</summary>
    private void ReadPlaces(Tensor table)
    {
        int channels = config.Channels, positions = config.Positions;
        var types = new float[config.TokenTypes * channels];
        if (config.TokenTypes > 0) Copy(_names.Embeddings("token_type_embeddings.weight"), types, config.TokenTypes, channels);
        Tensor first = table.Slice(0, positions);
        Copy(_names.Embeddings("position_embeddings.weight"), first.Span, positions, channels);
        for (int row = positions; row < table.Rows; row++) first.Row(row % positions).CopyTo(table.Row(row));
        for (int row = 0; row < table.Rows && config.TokenTypes > 0; row++)
            for (int c = 0; c < channels; c++) table.Row(row)[c] += types[row / positions * channels + c];
    }

    private void ReadNorm(string name, Tensor gain, Tensor bias)
    {
        Copy(name + ".weight", gain.Span, config.Channels);
        Copy(name + ".bias", bias.Span, config.Channels);
    }

    private void ReadLinear(string name, Tensor weight, Tensor bias) => ReadLinear(name, weight, bias, firstColumn: 0, weight.Columns);

    /// <summary>The file's (out, in) becomes <paramref name="outs"/> columns of (in, out).</summary>
    private void ReadLinear(string name, Tensor weight, Tensor bias, int firstColumn, int outs)
    {
        const int Tile = 32;
        int ins = weight.Rows;
        var stored = new float[checked(outs * ins)];
        Copy(name + ".weight", stored, outs, ins);
        for (int i0 = 0; i0 < ins; i0 += Tile)
            for (int o0 = 0; o0 < outs; o0 += Tile)
                for (int i = i0; i < Math.Min(ins, i0 + Tile); i++)
                {
                    Span<float> row = weight.Row(i).Slice(firstColumn, outs);
                    for (int o = o0; o < Math.Min(outs, o0 + Tile); o++) row[o] = stored[o * ins + i];
                }
        Copy(name + ".bias", bias.Span.Slice(firstColumn, outs), outs);
    }

    private void Copy(string name, Span<float> destination, params long[] shape) => Find(name, shape).CopyAsFiniteF32(destination);

    private StoredTensor Find(string name, long[] shape)
    {
        StoredTensor stored = TryFind(name) ?? throw new InvalidDataException($"{weights.Path}: tensor '{name}' is missing");
        return stored.Shape.SequenceEqual(shape) ? stored : throw new InvalidDataException(
            $"{stored.Path}: tensor '{stored.Name}' has shape [{string.Join(", ", stored.Shape)}], expected is [{string.Join(", ", shape)}]");
    }

    private StoredTensor? TryFind(string name)
    {
        string old = name.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal);
        foreach (string spelling in new[] { name, old })
        {
            if (weights.Tensors.TryGetValue(spelling, out StoredTensor? stored)) return stored;
            if (spelling.StartsWith(_names.Prefix, StringComparison.Ordinal) && weights.Tensors.TryGetValue(spelling[_names.Prefix.Length..], out stored)) return stored;
        }
        return null;
    }
}
