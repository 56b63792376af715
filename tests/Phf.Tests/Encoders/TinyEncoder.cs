using System.Text.Json.Nodes;
using Phf.Formats;
using Phf.Text;

namespace Phf.Tests.Encoders;

/// <summary>
/// Model directories of one layer whose weights are made by hand, so that what they answer is known: each token has a channel of its own, attention takes the mean of
/// all tokens, the feed-forward layer adds nothing. A classifier of texts gives a label a high probability where one of its words is in the text; one of tokens labels the words.
/// </summary>
internal sealed class TinyEncoder
{
    public static readonly string[] Vocabulary =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "bad", ".", "alice", "smith", "##son", "acme", "corp", "paris", "met", "in", "worse", "##s", "a",
    ];

    /// <summary>Those with channels, then the bytes that no test writes: byte-level BPE has all 256.</summary>
    private static readonly string[] RobertaVocabulary = [.. RobertaWords, .. Enumerable.Range(0, 256).Select(b => ByteAlphabet.ToChar((byte)b).ToString()).Except(RobertaWords)];

    private static string[] RobertaWords =>
    [
        "<s>", "<pad>", "</s>", "<unk>", "t", "h", "e", "\u0120", "\u0120bad", "c", "a", "b", "d", ".", "ba", "bad", "i", "n", "s", "<mask>",
    ];

    private static readonly int Channels = Vocabulary.Length;
    private readonly Dictionary<string, (float[] Values, long[] Shape)> _tensors = [];

    private TinyEncoder(JsonObject config, string[] labels) => (Config, Labels) = (config, labels);

    /// <summary>The settings that <see cref="Write"/> writes; a test may change them.</summary>
    public JsonObject Config { get; }

    public string[] Labels { get; }

    public int Positions { get; private init; }

    /// <summary>A BERT for texts.</summary>
    /// <param name="wordsOfLabels">The labels, each with the words that speak for it.</param>
    public static TinyEncoder OfTexts(params (string Label, string[] Words)[] wordsOfLabels)
    {
        var model = Bert("BertForSequenceClassification", [.. wordsOfLabels.Select(entry => entry.Label)], positions: 16);
        model.Config["problem_type"] = "multi_label_classification";
        model.Linear("bert.pooler.dense", Channels, Channels, Identity);
        // The words' channels have their share of the mean, less what the norms take off: about 0 for a word in ten.
        model.Linear("classifier", Channels, wordsOfLabels.Length, (label, channel) => wordsOfLabels[label].Words.Contains(Vocabulary[channel]) ? 20 : 0);
        return model;
    }

    /// <summary>
    /// Writes a RoBERTa of texts as Detoxify's 'unbiased' is one, with the label toxicity for "bad" behind a blank; returns the folder. Its tokenizer is byte-level BPE, letter by letter but for
    /// that word.
    /// </summary>
    public static string WriteRoberta(string folder)
    {
        var model = Bert("RobertaForSequenceClassification", ["toxicity", "severe_toxicity"], positions: 18);
        model.Config["model_type"] = "roberta";
        model.Config["pad_token_id"] = 1;
        model.Config["problem_type"] = "multi_label_classification";
        foreach (string name in model.TensorNames) model.Rename(name, name.Replace("bert.", "roberta."));
        model.Table("roberta.embeddings.word_embeddings.weight", RobertaVocabulary.Length, (token, channel) => token == channel ? 1 : 0);
        model.Config["vocab_size"] = RobertaVocabulary.Length;
        model.Linear("classifier.dense", Channels, Channels, Identity);
        model.Linear("classifier.out_proj", Channels, 2, (label, channel) => label == 0 && RobertaVocabulary[channel] == "\u0120bad" ? 20 : 0);
        model.Write(folder);
        File.Delete(Path.Combine(folder, "vocab.txt"));
        var ids = new JsonObject();
        for (int i = 0; i < RobertaVocabulary.Length; i++) ids[RobertaVocabulary[i]] = i;
        File.WriteAllText(Path.Combine(folder, "vocab.json"), ids.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "merges.txt"), "#version: 0.2\nb a\nba d\n\u0120 bad\n");
        return folder;
    }

    /// <summary>A BERT for tokens.</summary>
    /// <param name="wordsOfLabels">The labels with their words; other words get the first label.</param>
    public static TinyEncoder OfTokens(params (string Label, string[] Words)[] wordsOfLabels)
    {
        var model = Bert("BertForTokenClassification", [.. wordsOfLabels.Select(entry => entry.Label)], positions: 16);
        model.Linear("classifier", Channels, wordsOfLabels.Length, (label, channel) => wordsOfLabels[label].Words.Contains(Vocabulary[channel]) ? 5 : 0);
        model._tensors["classifier.bias"].Values[0] = 4;
        // Each token sees itself alone.
        Array.Clear(model._tensors["bert.encoder.layer.0.attention.output.dense.weight"].Values);
        return model;
    }

    /// <summary>Leaves a tensor out.</summary>
    public void Remove(string tensor) => Assert.True(_tensors.Remove(tensor), tensor);

    /// <summary>Gives a tensor another shape.</summary>
    public void Reshape(string tensor, params long[] shape) => _tensors[tensor] = (new float[shape.Aggregate(1L, (product, size) => product * size)], shape);

    public float[] Values(string tensor) => _tensors[tensor].Values;

    public void Rename(string tensor, string name)
    {
        _tensors[name] = _tensors[tensor];
        Remove(tensor);
    }

    public string[] TensorNames => [.. _tensors.Keys];

    /// <summary>Writes config.json, vocab.txt and model.safetensors; returns the folder.</summary>
    public string Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "vocab.txt"), string.Join('\n', Vocabulary) + "\n");
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), _tensors.Select(entry => SafetensorsTensor.Of<float>(entry.Key, entry.Value.Values, entry.Value.Shape)));
        return folder;
    }

    private static TinyEncoder Bert(string architecture, string[] labels, int positions)
    {
        var names = new JsonObject();
        for (int i = 0; i < labels.Length; i++) names[i.ToString()] = labels[i];
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(architecture),
            ["model_type"] = "bert",
            ["vocab_size"] = Vocabulary.Length,
            ["hidden_size"] = Channels,
            ["num_hidden_layers"] = 1,
            ["num_attention_heads"] = 2,
            ["intermediate_size"] = 8,
            ["max_position_embeddings"] = positions,
            ["type_vocab_size"] = 2,
            ["id2label"] = names,
        };
        var model = new TinyEncoder(config, labels) { Positions = positions };
        const string Layer = "bert.encoder.layer.0.";
        model.Table("bert.embeddings.word_embeddings.weight", Vocabulary.Length, (token, channel) => token == channel ? 1 : 0);
        model.Table("bert.embeddings.position_embeddings.weight", positions, (_, _) => 0);
        model.Table("bert.embeddings.token_type_embeddings.weight", 2, (_, _) => 0);
        model.Norm("bert.embeddings.LayerNorm");
        model.Linear(Layer + "attention.self.query", Channels, Channels, (_, _) => 0);
        model.Linear(Layer + "attention.self.key", Channels, Channels, (_, _) => 0);
        model.Linear(Layer + "attention.self.value", Channels, Channels, Identity);
        model.Linear(Layer + "attention.output.dense", Channels, Channels, Identity);
        model.Norm(Layer + "attention.output.LayerNorm");
        model.Linear(Layer + "intermediate.dense", Channels, 8, (_, _) => 0);
        model.Linear(Layer + "output.dense", 8, Channels, (_, _) => 0);
        model.Norm(Layer + "output.LayerNorm");
        return model;
    }

    private static float Identity(int outs, int ins) => outs == ins ? 1 : 0;

    private void Table(string name, int rows, Func<int, int, float> value) => _tensors[name] = (Matrix(rows, Channels, value), [rows, Channels]);

    private void Linear(string name, int ins, int outs, Func<int, int, float> value)
    {
        _tensors[name + ".weight"] = (Matrix(outs, ins, value), [outs, ins]);
        _tensors[name + ".bias"] = (new float[outs], [outs]);
    }

    private void Norm(string name)
    {
        float[] gain = new float[Channels];
        Array.Fill(gain, 1);
        _tensors[name + ".weight"] = (gain, [Channels]);
        _tensors[name + ".bias"] = (new float[Channels], [Channels]);
    }

    private static float[] Matrix(int rows, int columns, Func<int, int, float> value) =>
        [.. Enumerable.Range(0, rows * columns).Select(i => value(i / columns, i % columns))];
}
