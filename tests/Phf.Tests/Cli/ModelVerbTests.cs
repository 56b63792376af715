using System.Text.Json;
using Phf.Formats;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;
using Phf.Training;

namespace Phf.Tests.Cli;

/// <summary>The small verbs on models: inspect, logprobs, export; and encode, decode and convert of tokenizers.</summary>
public sealed class ModelVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly BpeTokenizer _tokenizer = BpeTrainer.Train(["the cat sat on the mat"], 262);

    public ModelVerbTests()
    {
        var config = new Gpt2Config { VocabularySize = 262, Positions = 8, Channels = 8, Layers = 1, Heads = 2 };
        using IBackend backend = Backends.CreateReference();
        using var model = new Gpt2(config, backend);
        model.Initialize(seed: 1);
        ModelDirectory.Write(Model, model, _tokenizer, card: "# a card\n");
        File.WriteAllText(Texts, "{\"text\": \"the cat\", \"id\": \"a\"}\n{\"text\": \"the mat sat on the cat sat on the mat\"}\n");
    }

    private string Model => _folder.At("model");

    private string Texts => _folder.At("texts.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Inspect_SaysWhatItIs()
    {
        string shown = CliProcess.Run("inspect", Model, "--tensors").Succeeded().Output;
        foreach (string part in new[] { "model directory", "1 layers, 2 heads", "safetensors", "byte-level BPE, 262 tokens", "yes: phf generate", "transformer.wte.weight\tF32\t[262, 8]" })
            Assert.Contains(part, shown);
        File.Delete(Path.Combine(Model, "tokenizer.json"));
        File.Delete(Path.Combine(Model, "vocab.json"));
        Assert.Contains("without a tokenizer", CliProcess.Run("inspect", Model).Succeeded().Output);
        Assert.Contains("PyTorch", CliProcess.Run("inspect", Formats.PyTorchFileTests.Fixture("nested.pt")).Succeeded().Output);
        CliProcess.Run("inspect", Formats.PyTorchFileTests.Fixture("code.pt")).Failed(1, "posix.system");
        CliProcess.Run("inspect", _folder.At("nowhere")).Failed(1, "no such file or folder");
    }

    /// <summary>The second text is longer than the context, so it is read in overlapping windows.</summary>
    [Fact]
    public void LogProbs_OfTextsAndOfTheirIds_AreTheSame()
    {
        string fromTexts = CliProcess.Run("logprobs", Model, Texts, "--threads", "1").Succeeded().Output;
        File.WriteAllText(_folder.At("ids.jsonl"), fromTexts);
        CliProcess.Run("logprobs", Model, _folder.At("ids.jsonl"), "--ids", "-o", _folder.At("out.jsonl"), "--threads", "2").Succeeded();
        string[] lines = fromTexts.TrimEnd('\n').Split('\n');
        Assert.Equal([lines[0].Replace("\"id\":\"a\",", ""), lines[1]], File.ReadAllLines(_folder.At("out.jsonl")));
        using var json = JsonDocument.Parse(lines[1]);
        int[] ids = [.. json.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        Assert.Equal([_tokenizer.EndOfTextId, .. _tokenizer.Encode("the mat sat on the cat sat on the mat")], ids);
        Assert.True(ids.Length > 8);
        JsonElement[] logProbs = [.. json.RootElement.GetProperty("logprobs").EnumerateArray()];
        Assert.Equal(JsonValueKind.Null, logProbs[0].ValueKind);
        double sum = logProbs.Skip(1).Sum(value => value.GetDouble());
        Assert.Equal(sum, json.RootElement.GetProperty("sum").GetDouble(), 1e-4);
        Assert.Equal(Math.Exp(-sum / (ids.Length - 1)), json.RootElement.GetProperty("perplexity").GetDouble(), 1e-2);
        Assert.Equal(-sum / Math.Log(2) / 37, json.RootElement.GetProperty("bits_per_byte").GetDouble(), 1e-4);
        File.WriteAllText(_folder.At("ids.jsonl"), "[1, 262]\n");
        CliProcess.Run("logprobs", Model, _folder.At("ids.jsonl"), "--ids").Failed(1, "ids.jsonl line 1: token id 262; this model has ids from 0 to 261");
    }

    /// <summary>The source has no card to take over.</summary>
    [Fact]
    public void Export_WithoutACard_WritesAShortOne()
    {
        File.Delete(Path.Combine(Model, "README.md"));
        CliProcess.Run("export", Model, "-o", _folder.At("exported"), "--dtype", "float16").Succeeded();
        string card = File.ReadAllText(_folder.At("exported", "README.md"));
        Assert.StartsWith("---\nlibrary_name: transformers\n", card);
        Assert.Contains("| shape | 1 layers, 2 heads, width 8, 8 positions, 262 tokens, gelu_new |", card);
    }

    [Fact]
    public void Export_SixteenBits_IsAModelAgain()
    {
        string output = _folder.At("exported");
        CliProcess.Run("export", Model, "-o", output, "--dtype", "bfloat16").Succeeded();
        using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(output, "model.safetensors")))
            Assert.All(file.Tensors.Values, entry => Assert.Equal(SafetensorsType.BF16, entry.Type));
        Assert.Contains("\"bfloat16\"", File.ReadAllText(Path.Combine(output, "config.json")));
        Assert.Equal("# a card\n", File.ReadAllText(Path.Combine(output, "README.md")));
        using (var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, "generation_config.json"))))
            Assert.Equal(_tokenizer.EndOfTextId, json.RootElement.GetProperty("eos_token_id").GetInt32());
        CliProcess.Run("generate", output, "--max-length", "4").Succeeded();
        CliProcess.Run("export", Model, "-o", output).Failed(1, "--force");
    }

    [Fact]
    public void Tokenizer_EncodeThenDecode_GivesTheTexts()
    {
        string ids = CliProcess.Run("tokenizer", "encode", Model, Texts).Succeeded().Output;
        Assert.StartsWith("{\"id\":\"a\",\"ids\":[", ids);
        File.WriteAllText(_folder.At("ids.jsonl"), ids);
        string texts = CliProcess.Run("tokenizer", "decode", Path.Combine(Model, "tokenizer.json"), _folder.At("ids.jsonl")).Succeeded().Output;
        Assert.Equal("{\"text\":\"the cat\"}\n{\"text\":\"the mat sat on the cat sat on the mat\"}\n", texts);
        CliProcess.Run("tokenizer", "convert", Model, "-o", _folder.At("converted")).Succeeded();
        Assert.Equal(_tokenizer.Fingerprint, BpeTokenizer.FromDirectory(_folder.At("converted")).Fingerprint);
        File.WriteAllText(_folder.At("ids.jsonl"), "[1]\n{\"ids\": [\"x\"]}\n");
        CliProcess.Run("tokenizer", "decode", Model, _folder.At("ids.jsonl")).Failed(1, "ids.jsonl line 2: a list with \"x\", which is no token id; expected token ids as [1, 2]");
    }
}
