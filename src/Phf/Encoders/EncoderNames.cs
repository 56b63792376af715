namespace Phf.Encoders;

/// <summary>What the parts of an encoder are called on disk. Each name but the prefixes has <c>.weight</c> and <c>.bias</c> behind it.</summary>
internal sealed record EncoderNames
{
    /// <summary>What a sequence classifier's or token classifier's file has before the encoder's own names.</summary>
    public required string Prefix { get; init; }

    /// <summary>Before the number of a layer.</summary>
    public required string Layers { get; init; }

    public required string Query { get; init; }

    public required string Key { get; init; }

    public required string Value { get; init; }

    public required string Projection { get; init; }

    public required string Norm1 { get; init; }

    public required string Up { get; init; }

    public required string Down { get; init; }

    public required string Norm2 { get; init; }

    /// <summary>The first half of a sequence classifier's head, whole name.</summary>
    public required string Dense { get; init; }

    /// <summary>The second half, whole name.</summary>
    public required string Output { get; init; }

    private static readonly EncoderNames Bert = new()
    {
        Prefix = "bert.",
        Layers = "encoder.layer.",
        Query = "attention.self.query",
        Key = "attention.self.key",
        Value = "attention.self.value",
        Projection = "attention.output.dense",
        Norm1 = "attention.output.LayerNorm",
        Up = "intermediate.dense",
        Down = "output.dense",
        Norm2 = "output.LayerNorm",
        Dense = "bert.pooler.dense",
        Output = "classifier",
    };

    private static readonly EncoderNames Roberta = Bert with { Prefix = "roberta.", Dense = "classifier.dense", Output = "classifier.out_proj" };

    private static readonly EncoderNames DistilBert = new()
    {
        Prefix = "distilbert.",
        Layers = "transformer.layer.",
        Query = "attention.q_lin",
        Key = "attention.k_lin",
        Value = "attention.v_lin",
        Projection = "attention.out_lin",
        Norm1 = "sa_layer_norm",
        Up = "ffn.lin1",
        Down = "ffn.lin2",
        Norm2 = "output_layer_norm",
        Dense = "pre_classifier",
        Output = "classifier",
    };

    public static EncoderNames Of(EncoderConfig config)
    {
        EncoderNames names = config.Kind switch
        {
            EncoderKind.Bert => Bert,
            EncoderKind.Roberta => Roberta,
            _ => DistilBert,
        };
        return config.Task == EncoderTask.Tokens ? names with { Output = "classifier" } : names;
    }

    public string Embeddings(string part) => $"{Prefix}embeddings.{part}";

    public string Layer(int number, string part) => $"{Prefix}{Layers}{number}.{part}";
}
