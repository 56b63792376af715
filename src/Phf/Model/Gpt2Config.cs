using System.Text.Json;
using System.Text.Json.Nodes;
using Phf.Formats;
using Phf.Numerics.Backend;

namespace Phf.Model;

/// <summary>
/// The shape of a GPT-2 as Hugging Face's config.json gives it. Dropout rates are read over: Phf trains without dropout.
/// <c>reorder_and_upcast_attn</c> only changes the order and precision of half-precision attention, so it needs nothing here.
/// </summary>
public sealed record Gpt2Config
{
    /// <summary>V, <c>vocab_size</c>.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest sequence in tokens, <c>n_positions</c>.</summary>
    public int Positions { get; init; } = 1024;

    /// <summary>C, <c>n_embd</c>.</summary>
    public int Channels { get; init; } = 768;

    /// <summary>L, <c>n_layer</c>.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>H, <c>n_head</c>; divides C.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Width of the feed-forward layer, <c>n_inner</c>; 4 C when the file says null.</summary>
    public int Inner { get; init; }

    /// <summary><c>layer_norm_epsilon</c>.</summary>
    public float LayerNormEpsilon { get; init; } = 1e-5f;

    /// <summary><c>activation_function</c>: gelu_new and gelu_pytorch_tanh (the same function), gelu, relu or silu.</summary>
    public string ActivationName { get; init; } = "gelu_new";

    /// <summary>Divide the scores by the root of the head size, <c>scale_attn_weights</c>.</summary>
    public bool ScaleAttention { get; init; } = true;

    /// <summary>Divide layer i's scores by i + 1, <c>scale_attn_by_inverse_layer_idx</c>.</summary>
    public bool ScaleAttentionByInverseLayer { get; init; }

    /// <summary>The output head is the token table, <c>tie_word_embeddings</c>; false: it has numbers of its own.</summary>
    public bool TieHead { get; init; } = true;

    /// <summary>
    /// Null: no value head. Else the model has one, V = -sigmoid(h . v + offset) with h after the last layer norm: what it expects of
    /// the reward of the token that comes next. Written to config.json, where transformers reads over it, and not read from there:
    /// only training needs V, and it says so.
    /// </summary>
    public float? ValueOffset { get; init; }

    /// <summary>
    /// K: the model has a classification head of that many classes, <c>score.weight</c> (K, C) as in transformers' GPT2ForSequenceClassification. 0: none.
    /// Neither read from config.json nor written to it: the head belongs to finetuning.
    /// </summary>
    public int ClassCount { get; init; }

    public int HeadSize => Channels / Heads;

    internal int InnerChannels => Inner > 0 ? Inner : 4 * Channels;

    internal Activation Activation => ActivationName switch
    {
        "relu" => Activation.Relu,
        "gelu" => Activation.Gelu,
        "silu" => Activation.Silu,
        _ => Activation.GeluTanh,
    };

    /// <summary>What layer <paramref name="layer"/>'s attention scores are multiplied by.</summary>
    internal float AttentionScale(int layer) =>
        (float)((ScaleAttention ? 1 / Math.Sqrt(HeadSize) : 1) / (ScaleAttentionByInverseLayer ? layer + 1 : 1));

    /// <summary>Counted floating-point operations of one trained token: 6 (12 L C^2 + V C) + 6 L T C with causal attention.</summary>
    public double TrainingFlopsPerToken(int time) =>
        6 * ((4.0 * Channels * Channels + 2.0 * Channels * InnerChannels) * Layers + (double)VocabularySize * Channels) + 6.0 * Layers * time * Channels;

    /// <summary>Throws when a field is out of its range; every problem in one message.</summary>
    /// <exception cref="InvalidDataException">With <paramref name="source"/> as the place.</exception>
    public Gpt2Config Validated(string source)
    {
        var problems = new List<string>();
        Check("vocab_size", VocabularySize, 2, 1 << 24);
        Check("n_positions", Positions, 1, 1 << 20);
        Check("n_embd", Channels, 1, 1 << 16);
        Check("n_layer", Layers, 1, 1 << 10);
        Check("n_head", Heads, 1, 1 << 10);
        if (Inner != 0) Check("n_inner", Inner, 1, 1 << 18);
        if (problems.Count == 0 && Channels % Heads != 0) problems.Add($"n_embd {Channels} is no multiple of n_head {Heads}");
        if (ActivationName is not ("gelu_new" or "gelu_pytorch_tanh" or "gelu" or "relu" or "silu"))
            problems.Add($"activation_function '{ActivationName}' is not supported; gelu_new, gelu_pytorch_tanh, gelu, relu and silu are");
        if (!(LayerNormEpsilon > 0 && LayerNormEpsilon < 1)) problems.Add($"layer_norm_epsilon {LayerNormEpsilon} is not between 0 and 1");
        return problems.Count == 0 ? this : throw new InvalidDataException($"{source}: {string.Join("; ", problems)}");

        void Check(string key, int value, int least, int most)
        {
            if (value < least || value > most) problems.Add($"{key} {value} is not between {least} and {most}");
        }
    }

    /// <summary>Reads a config.json.</summary>
    /// <exception cref="InvalidDataException">Not JSON, not a GPT-2, or a value that cannot be honoured.</exception>
    public static Gpt2Config FromFile(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = json.RootElement;
            string type = root.TryGetProperty("model_type", out JsonElement value) ? value.GetString() ?? "" : "gpt2";
            if (type != "gpt2") throw new InvalidDataException($"{path}: model_type is '{type}'; only gpt2 can be read");
            if (Flag("add_cross_attention", false)) throw new InvalidDataException($"{path}: add_cross_attention is not supported");
            return new Gpt2Config
            {
                VocabularySize = Whole("vocab_size", 50257),
                Positions = Whole("n_positions", 1024),
                Channels = Whole("n_embd", 768),
                Layers = Whole("n_layer", 12),
                Heads = Whole("n_head", 12),
                Inner = Whole("n_inner", 0),
                LayerNormEpsilon = Present("layer_norm_epsilon") is { } epsilon ? epsilon.GetSingle() : 1e-5f,
                ActivationName = Present("activation_function") is { } name ? name.GetString() ?? "" : "gelu_new",
                ScaleAttention = Flag("scale_attn_weights", true),
                ScaleAttentionByInverseLayer = Flag("scale_attn_by_inverse_layer_idx", false),
                TieHead = Flag("tie_word_embeddings", true),
            }.Validated(path);

            JsonElement? Present(string key) =>
                root.TryGetProperty(key, out JsonElement element) && element.ValueKind != JsonValueKind.Null ? element : null;
            int Whole(string key, int otherwise) => Present(key)?.GetInt32() ?? otherwise;
            bool Flag(string key, bool otherwise) => Present(key)?.GetBoolean() ?? otherwise;
        }
        catch (Exception problem) when (problem is JsonException or FormatException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: not the config.json of a GPT-2: {problem.Message}", problem);
        }
    }

    /// <summary>Writes config.json as transformers reads it; dropout is 0 because Phf trains without.</summary>
    /// <param name="path">Written beside and renamed.</param>
    /// <param name="endOfTextId">bos and eos token.</param>
    /// <param name="type">Of the weights beside it: F32, F16 or BF16.</param>
    public void Save(string path, int endOfTextId, SafetensorsType type = SafetensorsType.F32)
    {
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray("GPT2LMHeadModel"),
            ["model_type"] = "gpt2",
            ["vocab_size"] = VocabularySize,
            ["n_positions"] = Positions,
            ["n_ctx"] = Positions,
            ["n_embd"] = Channels,
            ["n_layer"] = Layers,
            ["n_head"] = Heads,
            ["n_inner"] = Inner > 0 ? Inner : null,
            ["activation_function"] = ActivationName,
            ["layer_norm_epsilon"] = LayerNormEpsilon,
            ["initializer_range"] = 0.02,
            ["scale_attn_weights"] = ScaleAttention,
            ["scale_attn_by_inverse_layer_idx"] = ScaleAttentionByInverseLayer,
            ["reorder_and_upcast_attn"] = false,
            ["resid_pdrop"] = 0.0,
            ["embd_pdrop"] = 0.0,
            ["attn_pdrop"] = 0.0,
            ["bos_token_id"] = endOfTextId,
            ["eos_token_id"] = endOfTextId,
            ["tie_word_embeddings"] = TieHead,
            ["torch_dtype"] = type switch { SafetensorsType.F16 => "float16", SafetensorsType.BF16 => "bfloat16", _ => "float32" },
            ["use_cache"] = true,
        };
        if (ValueOffset is { } offset) json["value_head_offset"] = offset;
        DurableFile.WriteText(path, json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }
}
