using System.Text.Json;
using Phf.Numerics.Backend;

namespace Phf.Encoders;

/// <summary>Families of encoders that differ in their tensors' names, positions and heads; the layers between are the same.</summary>
public enum EncoderKind
{
    /// <summary>Devlin et al. 2018.</summary>
    Bert,

    /// <summary>Liu et al. 2019.</summary>
    Roberta,

    /// <summary>Sanh et al. 2019.</summary>
    DistilBert,
}

/// <summary>What an encoder gives labels to.</summary>
public enum EncoderTask
{
    /// <summary>A text.</summary>
    Sequence,

    /// <summary>Each token.</summary>
    Tokens,
}

/// <summary>The shape of an encoder with a classifying head, as Hugging Face's config.json gives it. Dropout is read over: encoders are run, not trained.</summary>
public sealed partial record EncoderConfig
{
    /// <summary><c>model_type</c>.</summary>
    public required EncoderKind Kind { get; init; }

    /// <summary>From <c>architectures</c>.</summary>
    public required EncoderTask Task { get; init; }

    /// <summary>V, <c>vocab_size</c>.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Rows of the position table, <c>max_position_embeddings</c>; a RoBERTa leaves the first ones unused.</summary>
    public int Positions { get; init; } = 512;

    /// <summary>C, <c>hidden_size</c> or <c>dim</c>.</summary>
    public int Channels { get; init; } = 768;

    /// <summary>L, <c>num_hidden_layers</c> or <c>n_layers</c>.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>H, <c>num_attention_heads</c> or <c>n_heads</c>; divides C.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Width of the feed-forward layer, <c>intermediate_size</c> or <c>hidden_dim</c>.</summary>
    public int Inner { get; init; } = 3072;

    /// <summary>Kinds of tokens (first text, second text), <c>type_vocab_size</c>; 0 for DistilBERT, which tells none apart.</summary>
    public int TokenTypes { get; init; } = 2;

    /// <summary><c>layer_norm_eps</c>.</summary>
    public float LayerNormEpsilon { get; init; } = 1e-12f;

    /// <summary><c>hidden_act</c> or <c>activation</c>.</summary>
    public string ActivationName { get; init; } = "gelu";

    /// <summary>The token that a RoBERTa gives no position, <c>pad_token_id</c>.</summary>
    public int PadId { get; init; }

    /// <summary>A name for each output, <c>id2label</c>.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Each label has a probability of its own (sigmoid); otherwise the labels share one (softmax).</summary>
    public bool IsMultiLabel { get; init; }

    /// <summary>Longest sequence in tokens, special ones included.</summary>
    public int Context => Positions - FirstPosition;

    /// <summary>The model's name in messages and ids.</summary>
    public string KindName => Kind.ToString().ToLowerInvariant();

    internal int HeadSize => Channels / Heads;

    internal float AttentionScale => (float)(1 / Math.Sqrt(HeadSize));

    /// <summary>Row of the position table for the first token: RoBERTa counts from behind the padding's.</summary>
    internal int FirstPosition => Kind == EncoderKind.Roberta ? PadId + 1 : 0;

    internal Activation Activation => ActivationName switch
    {
        "relu" => Activation.Relu,
        "silu" or "swish" => Activation.Silu,
        "gelu" => Activation.Gelu,
        _ => Activation.GeluTanh,
    };

    /// <summary>Counted floating-point operations of sequences of T tokens, per token: 2 L (4 C^2 + 2 C Inner) + 4 L T C. Head and tables count none.</summary>
    public double FlopsPerToken(int time) => Layers * (8.0 * Channels * Channels + 4.0 * Channels * Inner + 4.0 * time * Channels);

    /// <summary>Throws when a field is out of its range; every problem in one message.</summary>
    /// <exception cref="InvalidDataException">With <paramref name="source"/> as the place.</exception>
    public EncoderConfig Validated(string source)
    {
        var problems = new List<string>();
        Check("vocab_size", VocabularySize, 2, 1 << 24);
        Check("max_position_embeddings", Positions, 1, 1 << 16);
        Check(Kind == EncoderKind.DistilBert ? "dim" : "hidden_size", Channels, 1, 1 << 16);
        Check(Kind == EncoderKind.DistilBert ? "n_layers" : "num_hidden_layers", Layers, 1, 1 << 10);
        Check(Kind == EncoderKind.DistilBert ? "n_heads" : "num_attention_heads", Heads, 1, 1 << 10);
        Check(Kind == EncoderKind.DistilBert ? "hidden_dim" : "intermediate_size", Inner, 1, 1 << 18);
        if (Kind != EncoderKind.DistilBert) Check("type_vocab_size", TokenTypes, 1, 16);
        Check("pad_token_id", PadId, 0, VocabularySize - 1);
        Check("the number of labels", Labels.Count, 1, 1 << 14);
        if (problems.Count == 0 && Channels % Heads != 0) problems.Add($"the width {Channels} is no multiple of the {Heads} heads");
        if (problems.Count == 0 && Context < 2) problems.Add($"max_position_embeddings {Positions} leaves no place behind pad_token_id {PadId}");
        if (ActivationName is not ("gelu" or "gelu_new" or "gelu_pytorch_tanh" or "relu" or "silu" or "swish"))
            problems.Add($"activation '{ActivationName}' is not supported; gelu, gelu_new, gelu_pytorch_tanh, relu, silu and swish are");
        if (!(LayerNormEpsilon > 0 && LayerNormEpsilon < 1)) problems.Add($"layer_norm_eps {LayerNormEpsilon} is not between 0 and 1");
        return problems.Count == 0 ? this : throw new InvalidDataException($"{source}: {string.Join("; ", problems)}");

        void Check(string key, int value, int least, int most)
        {
            if (value < least || value > most) problems.Add($"{key} {value} is not between {least} and {most}");
        }
    }

    /// <summary>Reads a config.json.</summary>
    /// <exception cref="InvalidDataException">Not JSON, another architecture, or a value that cannot be honoured.</exception>
    public static EncoderConfig FromFile(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return new JsonConfig(json.RootElement, path).Read().Validated(path);
        }
        catch (Exception problem) when (problem is JsonException or FormatException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: not the config.json of an encoder: {problem.Message}", problem);
        }
    }
}
