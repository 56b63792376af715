using System.Text.Json.Nodes;
using Phf.Encoders;
using Phf.Formats;
using Phf.Numerics.Backend;

namespace Phf.Tests.Encoders;

/// <summary>Model directories as strangers make them: dialects that must load, and what is refused with the place and the cause.</summary>
public sealed class EncoderFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TinyEncoder _model = TinyEncoder.OfTexts(("toxicity", ["bad"]), ("obscene", ["worse"]));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void NamesWithoutPrefix_AndOldNorms_AreTheSameModel()
    {
        float[] expected = Logits(_model);
        foreach (string name in _model.TensorNames)
        {
            string other = name.Replace("LayerNorm.weight", "LayerNorm.gamma").Replace("LayerNorm.bias", "LayerNorm.beta");
            other = other.StartsWith("bert.", StringComparison.Ordinal) ? other[5..] : other;
            if (other != name) _model.Rename(name, other);
        }
        Assert.Equal(expected, Logits(_model));
    }

    [Theory]
    [InlineData("bert.encoder.layer.0.attention.self.key.weight")]
    [InlineData("bert.pooler.dense.bias")]
    [InlineData("classifier.weight")]
    public void MissingTensor_IsNamed(string name)
    {
        _model.Remove(name);
        Refused($"model.safetensors: tensor '{name}' is missing");
    }

    [Fact]
    public void TensorsThatDoNotFit_AreNamed()
    {
        _model.Reshape("classifier.weight", 2, 7);
        Refused("model.safetensors: tensor 'classifier.weight' has shape [2, 7], expected is [2, 20]");
    }

    [Fact]
    public void MoreLayersInTheFile_AreNoticed()
    {
        _model.Reshape("bert.encoder.layer.1.attention.self.query.weight", 20, 20);
        Refused("is of a model with more than the 1 layers that its configuration says");
    }

    [Fact]
    public void NumberThatIsNone_IsRefused()
    {
        _model.Values("classifier.bias")[1] = float.NaN;
        Refused("model.safetensors: tensor 'classifier.bias' holds NaN");
    }

    [Theory]
    [InlineData("architectures", """["BertForMaskedLM"]""", "the architecture is 'BertForMaskedLM'; Bert, Roberta, DistilBert with ForSequenceClassification or ForTokenClassification behind the name can be read")]
    [InlineData("architectures", """["XLMRobertaForSequenceClassification"]""", "the architecture is 'XLMRobertaForSequenceClassification'")]
    [InlineData("architectures", "null", "it names 0 architectures")]
    [InlineData("model_type", "\"albert\"", "model_type is 'albert', but the architecture is 'BertForSequenceClassification'")]
    [InlineData("hidden_size", "-20", "hidden_size -20 is not between 1 and 65536")]
    [InlineData("num_hidden_layers", "1000000000", "num_hidden_layers 1000000000 is not between 1 and 1024")]
    [InlineData("vocab_size", "16777216", "has shape [20, 20], expected is [16777216, 20]")]
    [InlineData("intermediate_size", "1e99", "not the config.json of an encoder")]
    [InlineData("num_attention_heads", "3", "the width 20 is no multiple of the 3 heads")]
    [InlineData("hidden_act", "\"mish\"", "activation 'mish' is not supported; gelu")]
    [InlineData("position_embedding_type", "\"relative_key\"", "position_embedding_type 'relative_key' is not supported; absolute is")]
    [InlineData("is_decoder", "true", "is_decoder is not supported")]
    [InlineData("problem_type", "\"regression\"", "problem_type 'regression' gives no probabilities")]
    [InlineData("id2label", """{"0": "a", "2": "b"}""", "id2label names 2 labels but reaches 2")]
    [InlineData("id2label", """{"0": "a", "1": "b", "2": "c"}""", "tensor 'classifier.weight' has shape [2, 20], expected is [3, 20]")]
    [InlineData("id2label", "{}", "the number of labels 0 is not between 1 and 16384")]
    [InlineData("layer_norm_eps", "2", "layer_norm_eps 2 is not between 0 and 1")]
    public void Settings_ThatCannotBe_AreNamed(string key, string value, string message)
    {
        _model.Config[key] = JsonNode.Parse(value);
        Refused(message);
    }

    [Theory]
    [InlineData(null, "toxicity obscene threat insult", true)]
    [InlineData(null, "toxic obscene threat insult identity_hate", true)]
    [InlineData(null, "neutral toxic", false)]
    [InlineData(null, "toxic", true)]
    [InlineData("single_label_classification", "toxicity obscene threat insult", false)]
    [InlineData("multi_label_classification", "neutral toxic", true)]
    public void Sigmoid_IsForManyLabels(string? problemType, string labels, bool expected)
    {
        TinyEncoder model = TinyEncoder.OfTexts([.. labels.Split(' ').Select(label => (label, Array.Empty<string>()))]);
        model.Config["problem_type"] = problemType;
        Assert.Equal(expected, EncoderFiles.Find(model.Write(_folder.At("model"))).Config.IsMultiLabel);
    }

    [Fact]
    public void Folder_WithoutItsParts_SaysWhatIsMissing()
    {
        _model.Write(_folder.At("model"));
        File.Delete(_folder.At("model", "config.json"));
        Refused(() => EncoderFiles.Find(_folder.At("model")), "no config.json, which says what the tensors are");
        File.Delete(_folder.At("model", "model.safetensors"));
        Refused(() => EncoderFiles.Find(_folder.At("model")), "no weights; a model directory has them in model.safetensors or pytorch_model.bin");
        Refused(() => EncoderFiles.Find(_folder.At("nowhere")), "no such file or folder");
        File.WriteAllText(_folder.At("model", "a.ckpt"), "a");
        File.WriteAllText(_folder.At("model", "b.ckpt"), "b");
        Refused(() => EncoderFiles.Find(_folder.At("model")), "has 2 .ckpt files; name one of them");
    }

    [Fact]
    public void PyTorchFileOfAnotherKind_IsNoDetoxifyCheckpoint()
    {
        string path = _folder.At("weights.ckpt");
        File.Copy(Formats.PyTorchFileTests.Fixture("dtypes.pt"), path);
        Refused(() => EncoderFiles.Find(path), "weights.ckpt: not a checkpoint of Detoxify that can be run: it has no dictionary config.arch.args");
    }

    [GoldenFact]
    public void DetoxifyCheckpoint_WithoutSizes_NeedsTheModelItWasMadeFrom()
    {
        File.Copy(Shared.Golden("classifier", "detoxify_checkpoint", "tiny_original.ckpt"), _folder.At("tiny.ckpt"));
        EncoderFiles files = EncoderFiles.Find(_folder.FullName);
        Assert.Equal((768, 30522), (files.Config.Channels, files.Config.VocabularySize)); // bert-base-uncased, as the file says
        using IBackend backend = Backends.CreateReference();
        Refused(() => Encoder.Load(files, backend), "tensor 'bert.embeddings.word_embeddings.weight' has shape [200, 32], expected is [30522, 768]");
        File.Copy(Shared.Golden("classifier", "roberta_unbiased", "config.json"), _folder.At("config.json"));
        Refused(() => EncoderFiles.Find(_folder.FullName), "its model is a Bert, but " + _folder.At("config.json") + " is of a Roberta");
    }

    [Fact]
    public void Inputs_ThatCannotBe_AreNamed()
    {
        using IBackend backend = Backends.CreateReference();
        using Encoder encoder = Encoder.Load(EncoderFiles.Find(_model.Write(_folder.At("model"))), backend);
        Assert.Empty(encoder.Logits([]));
        Wrong([], null, "an input has no tokens");
        Wrong(new int[17], null, "an input has 17 tokens, the model's longest is 16");
        Wrong([2, 20, 3], null, "token id 20 is not in the model's vocabulary of 20");
        Wrong([2, -1, 3], null, "token id -1 is not in the model's vocabulary of 20");
        Wrong([2, 3], [0, 2], "token type 2 is not among the model's 2");
        Wrong([2, 3], [0], "an input has 2 tokens but 1 types");

        void Wrong(int[] ids, int[]? types, string message) =>
            Assert.Contains(message, Assert.Throws<ArgumentException>(() => encoder.Logits([new EncoderInput([2, 3]), new EncoderInput(ids, types)])).Message);
    }

    private float[] Logits(TinyEncoder model)
    {
        using IBackend backend = Backends.CreateCpu(1);
        using Encoder encoder = Encoder.Load(EncoderFiles.Find(model.Write(_folder.At("model"))), backend);
        float[] logits = Assert.Single(encoder.Logits([new EncoderInput([2, 5, 7, 6, 3])]));
        Assert.True(logits[0] > logits[1] + 1); // token 7 is 'bad'
        return logits;
    }

    private void Refused(string message)
    {
        using IBackend backend = Backends.CreateReference();
        Refused(() => Encoder.Load(EncoderFiles.Find(_model.Write(_folder.At("model"))), backend), message);
    }

    private static void Refused(Func<object> load, string message) => Assert.Contains(message, Assert.Throws<InvalidDataException>(load).Message);
}
