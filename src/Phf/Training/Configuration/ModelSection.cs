namespace Phf.Training.Configuration;

/// <summary>Section <c>model</c>.</summary>
public sealed record ModelSection
{
    [Key("Folder of a run or model, or its name on the Hugging Face Hub if it was downloaded: its config.json alone with from_scratch, its weights too without. With from_scratch gpt2, gpt2-medium, gpt2-large, gpt2-xl, distilgpt2 and codeparrot/codeparrot-small need no folder.")]
    public string? PathOrName { get; init; }

    [Key("Start from random weights (true) or from those of path_or_name (false).")]
    public bool FromScratch { get; init; } = true;

    [Key("Rows added to the embedding for control tokens: the mean of the old rows plus normal noise of deviation 0.01.", Min = 0)]
    public int NumAdditionalTokens { get; init; }

    [Key("The model's shape; what is not set is taken from path_or_name, else from GPT-2.")]
    public Gpt2ConfigKwargs Gpt2ConfigKwargs { get; init; } = new();

    [Key("What the model class gets besides its shape.")]
    public ModelKwargs ModelKwargs { get; init; } = new();
}

/// <summary>Section <c>model.gpt2_config_kwargs</c>, with the names of Hugging Face's config.json.</summary>
[WithoutEffect("no key of GPT-2; transformers ignores it as well", "scale_attn_by")]
public sealed record Gpt2ConfigKwargs
{
    [Key("Width of the residual stream; a multiple of n_head. GPT-2: 768.", Min = 1)]
    public int? NEmbd { get; init; }

    [Key("Transformer blocks. GPT-2: 12.", Min = 1)]
    public int? NLayer { get; init; }

    [Key("Attention heads. GPT-2: 12.", Min = 1)]
    public int? NHead { get; init; }

    [Key("Longest sequence in tokens. GPT-2: 1024.", Min = 1)]
    public int? NPositions { get; init; }

    [Key("Width inside the feed-forward part. Not set: 4 n_embd.", Min = 1)]
    public int? NInner { get; init; }

    [Key("Rows of the embedding before num_additional_tokens. Not set: the tokenizer's vocabulary.", Min = 1)]
    public int? VocabSize { get; init; }

    [Key("Added to the variance in layer normalisation. GPT-2: 1e-5.", Above = 0)]
    public double? LayerNormEpsilon { get; init; }

    [Key("The activation inside the feed-forward part. GPT-2: gelu_new, the tanh form.")]
    public string? ActivationFunction { get; init; }

    [Key("Divide attention scores by the square root of a head's width. GPT-2: true.")]
    public bool? ScaleAttnWeights { get; init; }

    [Key("Divide attention scores by the block's number (1, 2, ...) too. GPT-2: false.")]
    public bool? ScaleAttnByInverseLayerIdx { get; init; }

    [Key("Compute attention scores in 32-bit floats whatever the model is in; kept in config.json, everything here is 32-bit. GPT-2: false.")]
    public bool? ReorderAndUpcastAttn { get; init; }

    [Key("The output head is the token table (true) or has numbers of its own (false). GPT-2: true.")]
    public bool? TieWordEmbeddings { get; init; }

    [Key("Dropout on the residual stream.", OnlyDefault = "there is no dropout here; set 0")]
    public double ResidPdrop { get; init; }

    [Key("Dropout on the embeddings.", OnlyDefault = "there is no dropout here; set 0")]
    public double EmbdPdrop { get; init; }

    [Key("Dropout on attention weights.", OnlyDefault = "there is no dropout here; set 0")]
    public double AttnPdrop { get; init; }
}

/// <summary>Section <c>model.model_kwargs</c>.</summary>
[WithoutEffect("a version on the Hugging Face Hub, which is not asked; path_or_name is a folder", "revision")]
public sealed record ModelKwargs
{
    [Key("The value head of AWR. Not set: one with is_detached false where the objective weighs by values, else none.")]
    public ValueHeadConfig? ValueHeadConfig { get; init; }
}

/// <summary>Section <c>model.model_kwargs.value_head_config</c>.</summary>
public sealed record ValueHeadConfig
{
    [Key("Keep the value loss from changing the transformer below the head.")]
    public bool IsDetached { get; init; }
}
