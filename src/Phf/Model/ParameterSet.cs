using Phf.Numerics.Memory;

namespace Phf.Model;

/// <summary>
/// One block of memory with a tensor for every entry of a layout: the parameters, their gradients, or one of the optimizer's
/// moments. New ones are zero. Linear weights are (in, out), as Hugging Face's GPT-2 stores them.
/// </summary>
public sealed class ParameterSet : IDisposable
{
    private readonly Arena _arena;
    private readonly Dictionary<string, Tensor> _byName = [];
    private readonly long _decayed;

    public ParameterSet(ParameterLayout layout, Gpt2Config config)
    {
        Layout = layout;
        _arena = new Arena(layout.Shapes.Sum(shape => Arena.SizeOf(shape.Rows, shape.Columns)));
        foreach (ParameterShape shape in layout.Shapes)
        {
            _byName.Add(shape.Name, _arena.Take(shape.Rows, shape.Columns));
            if (shape.Decays) _decayed = _arena.Used;
        }
        TokenTable = this[ParameterLayout.TokenTableName];
        Head = config.TieHead ? TokenTable : this[ParameterLayout.HeadName];
        PositionTable = this["transformer.wpe.weight"];
        FinalNormGain = this["transformer.ln_f.weight"];
        FinalNormBias = this["transformer.ln_f.bias"];
        if (config.ValueOffset is not null) ValueHead = this[ParameterLayout.ValueHeadName].Reshape(config.Channels, 1);
        Layers = [.. Enumerable.Range(0, config.Layers).Select(layer => new LayerParameters(this, $"transformer.h.{layer}."))];
    }

    public ParameterLayout Layout { get; }

    public Tensor this[string name] => _byName[name];

    /// <summary>Everything, for clipping and clearing.</summary>
    public FlatBlock All => _arena.All;

    /// <summary>What weight decay applies to.</summary>
    public FlatBlock Decayed => All.Slice(0, _decayed);

    /// <summary>Biases and layer norms.</summary>
    public FlatBlock NotDecayed => All.Slice(_decayed, All.Length - _decayed);

    /// <summary>(V, C), what a token becomes.</summary>
    public Tensor TokenTable { get; }

    /// <summary>(V, C), the output head: the token table itself where the model ties them.</summary>
    public Tensor Head { get; }

    internal Tensor PositionTable { get; } // (n_positions, C)

    internal Tensor FinalNormGain { get; } // (1, C)

    internal Tensor FinalNormBias { get; } // (1, C)

    internal Tensor ValueHead { get; } // (C, 1), a column that the product wants; empty without a value head

    internal IReadOnlyList<LayerParameters> Layers { get; }

    public void Dispose() => _arena.Dispose();
}

/// <summary>The tensors of one transformer block.</summary>
internal sealed class LayerParameters(ParameterSet set, string prefix)
{
    public Tensor Norm1Gain { get; } = set[prefix + "ln_1.weight"]; // (1, C)

    public Tensor Norm1Bias { get; } = set[prefix + "ln_1.bias"]; // (1, C)

    public Tensor QkvWeight { get; } = set[prefix + "attn.c_attn.weight"]; // (C, 3C)

    public Tensor QkvBias { get; } = set[prefix + "attn.c_attn.bias"]; // (1, 3C)

    public Tensor ProjectionWeight { get; } = set[prefix + "attn.c_proj.weight"]; // (C, C)

    public Tensor ProjectionBias { get; } = set[prefix + "attn.c_proj.bias"]; // (1, C)

    public Tensor Norm2Gain { get; } = set[prefix + "ln_2.weight"]; // (1, C)

    public Tensor Norm2Bias { get; } = set[prefix + "ln_2.bias"]; // (1, C)

    public Tensor UpWeight { get; } = set[prefix + "mlp.c_fc.weight"]; // (C, Inner)

    public Tensor UpBias { get; } = set[prefix + "mlp.c_fc.bias"]; // (1, Inner)

    public Tensor DownWeight { get; } = set[prefix + "mlp.c_proj.weight"]; // (Inner, C)

    public Tensor DownBias { get; } = set[prefix + "mlp.c_proj.bias"]; // (1, C)
}
