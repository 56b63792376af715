using Phf.Data;
using Phf.Formats;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;
using Phf.Training;

namespace Phf.Tests.Cli;

/// <summary>phf inspect on the files that lie about: each is named for what it is, or refused with what was looked for.</summary>
public sealed class InspectVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public InspectVerbTests()
    {
        using IBackend backend = Backends.CreateReference();
        using var model = new Gpt2(new Gpt2Config { VocabularySize = 262, Positions = 8, Channels = 8, Layers = 1, Heads = 2 }, backend);
        model.Initialize(seed: 1);
        ModelDirectory.Write(_folder.At("model"), model, BpeTrainer.Train(["the cat sat on the mat"], 262), card: null);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("config.json", "settings of a model", "as a part of its folder: phf inspect")]
    [InlineData("generation_config.json", "Phf does not read it", "as a part of its folder")]
    [InlineData("tokenizer_config.json", "settings of a tokenizer", "as a part of its folder")]
    [InlineData("merges.txt", "file of a tokenizer", "yes: phf pack --tokenizer")]
    [InlineData("model.safetensors", "weights", "the model directory that it belongs to")]
    public void FileOfAModel_IsNamed(string file, params string[] shown) => AssertShown(_folder.At("model", file), shown);

    [Theory]
    [InlineData("a.jsonl", "{\"text\": \"x\", \"id\": 1}\n", "JSON lines with text, id", "as a corpus: phf score")]
    [InlineData("a.jsonl", "\n{\"texts\": [\"x\"], \"scores\": [0]}\n", "as scored texts: phf stats, phf pack")]
    [InlineData("a.jsonl", "{\"ids\": [1]}\n", "as token ids: phf tokenizer decode")]
    [InlineData("a.jsonl", "[1, 2]\n", "as token ids: phf tokenizer decode")]
    [InlineData("a.jsonl", "{\"body\\u001b[2J\": \"x\"}\n", "JSON lines with body?[2J", "--text-field NAME")]
    [InlineData("a.csv", "text\nx\n", "as a corpus")]
    [InlineData("run.yml", "dataset: {}\n", "as a task or method of phf train")]
    [InlineData("trainer_state.json", "{}", "the state of a training run")]
    public void TextFile_IsNamedByItsNameAndFirstRecord(string name, string content, params string[] shown)
    {
        File.WriteAllText(_folder.At(name), content);
        AssertShown(_folder.At(name), shown);
    }

    [Theory]
    [InlineData("notes.md", "some text that is long enough", "no kind of file that Phf knows")]
    [InlineData("other.json", "{\"a\": 1, \"b\": 2}", "no kind of file that Phf knows")]
    [InlineData("a.safetensors", "some text that is long enough", "no weights; it begins neither as safetensors")]
    [InlineData("a.jsonl", "x\n", "a.jsonl line 1: no JSON object")]
    [InlineData("a.jsonl", "", "is empty")]
    public void OtherFile_IsRefused(string name, string content, string message)
    {
        File.WriteAllText(_folder.At(name), content);
        CliProcess.Run("inspect", _folder.At(name)).Failed(1, message);
    }

    [Fact]
    public void FolderWithDamagedWeights_SaysWhatElseIsThere()
    {
        string path = _folder.At("model", "model.safetensors");
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..^100]);
        AssertShown(_folder.At("model"), "gpt2: 1 layers", "byte-level BPE, 262 tokens", "no: ");
        CliProcess.Run("inspect", _folder.At("model"), "--tensors").Failed(1, "no weights");
        File.WriteAllText(_folder.At("model", "config.json"), "{\"model_type\": 5}");
        AssertShown(_folder.At("model"), "model directory", "no: ");
    }

    [Fact]
    public void ShardAndOptimizerState_AreNoModels()
    {
        SafetensorsWriter.Write(_folder.At("optimizer.safetensors"), [SafetensorsTensor.Of<float>("m.a", new float[2], 2)]);
        AssertShown(_folder.At("optimizer.safetensors"), "optimizer's state", "2 F32");
        Directory.CreateDirectory(_folder.At("train"));
        File.WriteAllText(_folder.At("train", DatasetManifest.FileName), "{}");
        SafetensorsWriter.Write(_folder.At("train", "shard-00000.safetensors"), [SafetensorsTensor.Of<ushort>("tokens", new ushort[3], 3)]);
        AssertShown(_folder.At("train", "shard-00000.safetensors"), "shard of packed data", "3 U16");
    }

    private static void AssertShown(string path, params string[] shown)
    {
        string output = CliProcess.Run("inspect", path).Succeeded().Output.ReplaceLineEndings(" ");
        foreach (string part in shown) Assert.Contains(part, output);
    }
}
