namespace Phf.Model;

/// <summary>One parameter: its name on disk (Hugging Face's), its shape, and whether weight decay applies to it.</summary>
public sealed record ParameterShape(string Name, int Rows, int Columns, bool IsVector)
{
    public long Count => (long)Rows * Columns;

    /// <summary>Decay is for matrices; biases and layer norms go without.</summary>
    public bool Decays => !IsVector;

    internal long[] DiskShape => IsVector ? [Columns] : [Rows, Columns];
}

/// <summary>
/// Names and shapes of a GPT-2's parameters in the order they lie in memory: all that weight decay applies to come first, so that
/// parameters, gradients and moments fall into two flat runs.
/// </summary>
public sealed class ParameterLayout
{
    /// <summary>v, (1, C), where the model has a value head; the reference's name.</summary>
    public const string ValueHeadName = "value_head.head.weight";

    /// <summary>W, (K, C), where the model has a classification head; transformers' name.</summary>
    public const string ClassHeadName = "score.weight";

    internal const string TokenTableName = "transformer.wte.weight", HeadName = "lm_head.weight";

    public ParameterLayout(Gpt2Config config)
    {
        int channels = config.Channels, inner = config.InnerChannels;
        (Layers, TiesHead) = (config.Layers, config.TieHead);
        var all = new List<ParameterShape>();
        Matrix(TokenTableName, config.VocabularySize, channels);
        Matrix("transformer.wpe.weight", config.Positions, channels);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            string prefix = $"transformer.h.{layer}.";
            Vector(prefix + "ln_1.weight", channels);
            Vector(prefix + "ln_1.bias", channels);
            Matrix(prefix + "attn.c_attn.weight", channels, 3 * channels);
            Vector(prefix + "attn.c_attn.bias", 3 * channels);
            Matrix(prefix + "attn.c_proj.weight", channels, channels);
            Vector(prefix + "attn.c_proj.bias", channels);
            Vector(prefix + "ln_2.weight", channels);
            Vector(prefix + "ln_2.bias", channels);
            Matrix(prefix + "mlp.c_fc.weight", channels, inner);
            Vector(prefix + "mlp.c_fc.bias", inner);
            Matrix(prefix + "mlp.c_proj.weight", inner, channels);
            Vector(prefix + "mlp.c_proj.bias", channels);
        }
        Vector("transformer.ln_f.weight", channels);
        Vector("transformer.ln_f.bias", channels);
        if (!TiesHead) Matrix(HeadName, config.VocabularySize, channels);
        if (config.ValueOffset is not null) Matrix(ValueHeadName, 1, channels);
        if (config.ClassCount > 0) Matrix(ClassHeadName, config.ClassCount, channels);
        Shapes = [.. all.Where(shape => shape.Decays), .. all.Where(shape => !shape.Decays)];
        Count = Shapes.Sum(shape => shape.Count);

        void Matrix(string name, int rows, int columns) => all.Add(new(name, rows, columns, IsVector: false));
        void Vector(string name, int columns) => all.Add(new(name, 1, columns, IsVector: true));
    }

    public IReadOnlyList<ParameterShape> Shapes { get; }

    /// <summary>L, the number of blocks.</summary>
    public int Layers { get; }

    /// <summary>Whether the output head is the token table.</summary>
    public bool TiesHead { get; }

    /// <summary>Number of parameters; a tied head counts once.</summary>
    public long Count { get; }
}
