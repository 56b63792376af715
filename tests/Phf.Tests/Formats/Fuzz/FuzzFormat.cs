using Phf.Data;
using Phf.Formats;
using Phf.Formats.PyTorch;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Text;
using Phf.Training.Configuration;

namespace Phf.Tests.Formats.Fuzz;

/// <summary>A format to be damaged.</summary>
/// <param name="FileName">Under which its reader finds it.</param>
/// <param name="Read">Reads the file of that name, to the end of what a program would take from it.</param>
/// <param name="FixedBytes">What reading may allocate besides four times the file.</param>
/// <param name="Seeds">Whole files.</param>
internal sealed record FuzzFormat(string FileName, Action<string> Read, long FixedBytes, params byte[][] Seeds)
{
    private const long Ordinary = 400_000; // the exception, its stack trace, and tables that do not depend on the file
    private const long OfPickles = 4_000_000; // as PickleReader grants any file
    private const long OfYaml = 4_000_000; // the YAML library's tokens, and a line for each of the problems that one slip of the pen makes
    private const long OfTokenizers = 4_000_000; // a cache of words, the same for any vocabulary

    public static readonly string[] Names = ["safetensors", "index", "pytorch-zip", "pytorch-legacy", "tokenizer", "merges", "word-list", "config-json", "config-yaml", "shard", "model"];

    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="folder">Gets what a reader wants beside the mutant.</param>
    /// <param name="fixtures">Folder with PyTorch's own files.</param>
    public static FuzzFormat Create(string name, FuzzFolder folder, string fixtures) => name switch
    {
        "safetensors" => Safetensors(folder),
        "index" => Index(folder),
        "pytorch-zip" => PyTorch(fixtures, "dtypes.pt", "nested.pt", "views.pt"),
        "pytorch-legacy" => PyTorch(fixtures, "dtypes.legacy.pt", "nested.legacy.pt", "views.legacy.pt"),
        "tokenizer" => Tokenizer(folder),
        "merges" => Merges(folder),
        "word-list" => new FuzzFormat("vocab.txt", _ => EncoderTokenizer.FromDirectory(folder.FullName).Encode("The cats, \u00e9!"), Ordinary,
            "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\n##s\n!\n\u00e9\n"u8.ToArray()),
        "config-json" => new FuzzFormat("config.json", path => Gpt2Config.FromFile(path), Ordinary, ConfigJson(folder, new Gpt2Config { VocabularySize = 100, Layers = 2 })),
        "config-yaml" => new FuzzFormat("run.yml", path => ConfigLoader.Load([path], []), OfYaml, Yaml),
        "shard" => Shard(folder),
        "model" => Model(folder),
        _ => throw new ArgumentException($"'{name}' is no format; known are {string.Join(", ", Names)}"),
    };

    private static byte[] Yaml => """
        dataset:
          datasets: [someone/one, 'two']
          is_split_by_sentences: true
          conditional_training_config: {threshold: p50, aligned_prefix: "<|good|>", misaligned_prefix: <|bad|>, drop_token_fraction: 0.01}
        tokenizer: {path_or_name: gpt2, special_tokens: ["<|good|>", <|bad|>]}
        model: {path_or_name: gpt2, from_scratch: yes, num_additional_tokens: 2}
        objective: {name: MLE}
        training:
          # a comment
          learning_rate: 5.0e-4
          effective_batch_size: 64
          num_tokens: 1.0E+7
        """u8.ToArray();

    private static FuzzFormat Safetensors(FuzzFolder folder)
    {
        SafetensorsWriter.Write(folder.At("whole"),
        [
            SafetensorsTensor.Of<float>("transformer.wte.weight", new float[6], 2, 3), SafetensorsTensor.Of<Half>("half", new Half[4], 4),
            SafetensorsTensor.Of<long>("counts", new long[2], 1, 2), SafetensorsTensor.Of<byte>("empty", Array.Empty<byte>(), 0),
        ], new Dictionary<string, string> { ["format"] = "pt" });
        return new FuzzFormat("model.safetensors", OpenWeights, Ordinary, File.ReadAllBytes(folder.At("whole")));
    }

    private static FuzzFormat Index(FuzzFolder folder)
    {
        SafetensorsWriter.Write(folder.At("a"), [SafetensorsTensor.Of<float>("x", new float[1], 1), SafetensorsTensor.Of<float>("y", new float[1], 1)]);
        return new FuzzFormat("model.safetensors.index.json", OpenWeights, Ordinary, """{"metadata": {"total_size": 8}, "weight_map": {"x": "a", "y": "a"}}"""u8.ToArray());
    }

    private static FuzzFormat PyTorch(string fixtures, params string[] seeds) =>
        new("pytorch_model.bin", OpenPyTorch, OfPickles, [.. seeds.Select(seed => File.ReadAllBytes(Path.Combine(fixtures, seed)))]);

    private static FuzzFormat Tokenizer(FuzzFolder folder)
    {
        BpeTrainer.Train(["the cat sat on the mat"], 262).Save(folder.At("whole"));
        return new FuzzFormat("tokenizer.json", _ => BpeTokenizer.FromDirectory(folder.FullName).Encode("the cat <|endoftext|>"), OfTokenizers,
            File.ReadAllBytes(folder.At("whole/tokenizer.json")));
    }

    private static FuzzFormat Merges(FuzzFolder folder)
    {
        BpeTrainer.Train(["the cat sat on the mat"], 262).Save(folder.At("whole"));
        File.Copy(folder.At("whole/vocab.json"), folder.At("vocab.json"));
        return new FuzzFormat("merges.txt", _ => BpeTokenizer.FromDirectory(folder.FullName).Encode("the cat <|endoftext|>"), OfTokenizers, File.ReadAllBytes(folder.At("whole/merges.txt")));
    }

    private static FuzzFormat Shard(FuzzFolder folder)
    {
        var info = new ShardInfo("shard-00000.safetensors", 0, "", Documents: 2, Segments: 3, Tokens: 7, Spans: 1);
        SafetensorsWriter.Write(folder.At("whole"),
        [
            SafetensorsTensor.Of<ushort>(PackedShard.TokensName, new ushort[] { 1, 2, 3, 4, 5, 6, 7 }, 7),
            SafetensorsTensor.Of<ulong>(PackedShard.SegmentStartsName, new ulong[] { 0, 2, 5 }, 3),
            SafetensorsTensor.Of<float>(PackedShard.ScoresName, new float[] { 0, 0.5f, 1 }, 3),
            SafetensorsTensor.Of<ulong>(PackedShard.DocumentStartsName, new ulong[] { 0, 2 }, 2),
            SafetensorsTensor.Of<ulong>(PackedShard.SpanStartsName, new ulong[] { 3 }, 1),
            SafetensorsTensor.Of<ulong>(PackedShard.SpanEndsName, new ulong[] { 4 }, 1),
            SafetensorsTensor.Of<float>(PackedShard.SpanScoresName, new float[] { 1 }, 1),
        ]);
        return new FuzzFormat(info.File, path => ReadShard(folder.FullName, info with { Bytes = new FileInfo(path).Length }), Ordinary, File.ReadAllBytes(folder.At("whole")));
    }

    private static void ReadShard(string folder, ShardInfo info)
    {
        using PackedShard shard = PackedShard.Open(folder, info);
        for (int document = 0; document < info.Documents; document++)
        {
            (int first, int behind) = shard.Segments(document);
            for (int segment = first; segment < behind; segment++)
            {
                (long begin, long end) = shard.Tokens(segment);
                shard.CopyTokens(begin, new int[end - begin], vocabularySize: 100);
            }
        }
    }

    /// <summary>A model directory as a whole: however the two files disagree, no memory is taken for a model that is not there.</summary>
    private static FuzzFormat Model(FuzzFolder folder)
    {
        var config = new Gpt2Config { VocabularySize = 5, Positions = 4, Channels = 4, Layers = 1, Heads = 1 };
        IBackend backend = Backends.CreateReference(); // holds nothing
        using (var model = new Gpt2(config, backend)) Gpt2Weights.Write(folder.At("model.safetensors"), model.Parameters);
        return new FuzzFormat("config.json", _ => Gpt2Weights.Load(folder.FullName, backend).Dispose(), Ordinary, ConfigJson(folder, config));
    }

    private static byte[] ConfigJson(FuzzFolder folder, Gpt2Config config)
    {
        config.Save(folder.At("whole"), endOfTextId: 0);
        return File.ReadAllBytes(folder.At("whole"));
    }

    private static void OpenWeights(string path)
    {
        using WeightFiles weights = WeightFiles.Open(path);
        foreach (StoredTensor tensor in weights.Tensors.Values) Touch(tensor);
    }

    private static void OpenPyTorch(string path)
    {
        using PyTorchFile file = PyTorchFile.Open(path);
        foreach (StoredTensor tensor in file.Tensors.Values) Touch(tensor);
    }

    /// <summary>Reads the elements: a tensor that passed the checks lies in the file.</summary>
    private static void Touch(StoredTensor tensor)
    {
        if (tensor.ByteLength > new FileInfo(tensor.Path).Length) throw new FuzzException($"tensor '{tensor.Name}' of {tensor.ByteLength} bytes is larger than its file");
        if (tensor.Type is SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.F64) tensor.CopyAsF32(new float[tensor.Count]);
    }
}
