using System.Diagnostics;
using Phf.Encoders;
using Phf.Formats;
using Phf.Formats.PyTorch;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Tests.Encoders;
using Phf.Text;
using Xunit.Abstractions;

namespace Phf.Tests.Formats;

/// <summary>
/// Thousands of damaged files per format: each is read or refused with <see cref="InvalidDataException"/>, within a second, and without
/// allocating more than four times its size and a constant. Up to 20,000 mutants per format, as many as the time allows.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int Mutants = 20_000;
    private const long FixedBytes = 400_000; // the exception, its stack trace, and tables that do not depend on the file
    private const long PickleBytes = 8_000_000; // a value of a pickle may be one byte there and an empty dictionary here, and a mutant nests thousands
    private const long EncoderBytes = 4_000_000; // a tokenizer's cache of words, the same for any vocabulary
    private static readonly TimeSpan Box = TimeSpan.FromSeconds(2), Longest = TimeSpan.FromSeconds(1);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Safetensors()
    {
        SafetensorsWriter.Write(_folder.At("whole"),
        [
            SafetensorsTensor.Of<float>("transformer.wte.weight", new float[6], 2, 3), SafetensorsTensor.Of<Half>("half", new Half[4], 4),
            SafetensorsTensor.Of<long>("counts", new long[2], 1, 2), SafetensorsTensor.Of<byte>("empty", Array.Empty<byte>(), 0),
        ], new Dictionary<string, string> { ["format"] = "pt" });
        Fuzz([File.ReadAllBytes(_folder.At("whole"))], "model.safetensors", seed: 1, OpenWeights);
    }

    [Fact]
    public void PyTorchZip() => Fuzz([Fixture("dtypes.pt"), Fixture("nested.pt"), Fixture("views.pt")], "pytorch_model.bin", seed: 2, OpenPyTorch, PickleBytes);

    [Fact]
    public void PyTorchLegacy() => Fuzz([Fixture("dtypes.legacy.pt"), Fixture("nested.legacy.pt"), Fixture("views.legacy.pt")], "pytorch_model.bin", seed: 3, OpenPyTorch, PickleBytes);

    [Fact]
    public void Index()
    {
        SafetensorsWriter.Write(_folder.At("a"), [SafetensorsTensor.Of<float>("x", new float[1], 1), SafetensorsTensor.Of<float>("y", new float[1], 1)]);
        Fuzz(["""{"metadata": {"total_size": 8}, "weight_map": {"x": "a", "y": "a"}}"""u8.ToArray()], "model.safetensors.index.json", seed: 4, OpenWeights);
    }

    [Fact]
    public void TokenizerJson()
    {
        BpeTrainer.Train(["the cat sat on the mat"], 262).Save(_folder.At("whole"));
        Fuzz([File.ReadAllBytes(_folder.At("whole", "tokenizer.json"))], "tokenizer.json", seed: 5,
            path => BpeTokenizer.FromDirectory(Path.GetDirectoryName(path)!).Encode("the cat <|endoftext|>"), EncoderBytes);
    }

    [Fact]
    public void ConfigJson()
    {
        new Gpt2Config { VocabularySize = 100, Layers = 2 }.Save(_folder.At("whole"), endOfTextId: 0);
        Fuzz([File.ReadAllBytes(_folder.At("whole"))], "config.json", seed: 6, path => Gpt2Config.FromFile(path));
    }

    /// <summary>A model directory as a whole: however the two files disagree, no memory is taken for a model that is not there.</summary>
    [Fact]
    public void ModelDirectory()
    {
        var config = new Gpt2Config { VocabularySize = 5, Positions = 4, Channels = 4, Layers = 1, Heads = 1 };
        using IBackend backend = Backends.CreateReference();
        using (var model = new Gpt2(config, backend)) Gpt2Weights.Write(_folder.At("model.safetensors"), model.Parameters);
        config.Save(_folder.At("whole"), endOfTextId: 0);
        Fuzz([File.ReadAllBytes(_folder.At("whole"))], "config.json", seed: 7, path => Gpt2Weights.Load(Path.GetDirectoryName(path)!, backend).Dispose());
    }

    /// <summary>An encoder's directory, likewise.</summary>
    [Fact]
    public void EncoderDirectory()
    {
        TinyEncoder.OfTexts(("toxicity", []), ("obscene", [])).Write(_folder.FullName);
        using IBackend backend = Backends.CreateReference();
        Fuzz([File.ReadAllBytes(_folder.At("config.json"))], "config.json", seed: 8, path => Encoder.Load(EncoderFiles.Find(Path.GetDirectoryName(path)!), backend).Dispose());
    }

    private static byte[] Fixture(string name) => File.ReadAllBytes(PyTorchFileTests.Fixture(name));

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
        Assert.True(tensor.ByteLength <= new FileInfo(tensor.Path).Length, tensor.Name);
        if (tensor.Type is SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.F64) tensor.CopyAsF32(new float[tensor.Count]);
    }

    private void Fuzz(byte[][] originals, string name, ulong seed, Action<string> read, long fixedBytes = FixedBytes)
    {
        var mutator = new Mutator(seed);
        string path = _folder.At(name);
        int done = 0, refused = 0;
        for (var clock = Stopwatch.StartNew(); done < Mutants && clock.Elapsed < Box; done++)
        {
            byte[] mutant = mutator.Mutate(originals[done % originals.Length]);
            File.Delete(path); // a file that is truncated and written again is flushed to the disk by some file systems: 2 ms each
            File.WriteAllBytes(path, mutant);
            if (done == 0) Try(path, read); // what is made once per process counts for no mutant
            (bool isRefused, TimeSpan time, long bytes) = Try(path, read);
            if (time > Longest) time = Try(path, read).Time; // twice, so that a busy machine is not taken for a slow reader
            Assert.True(time < Longest, $"mutant {done} of seed {seed}: {time.TotalSeconds:F1} s for {mutant.Length} bytes");
            Assert.True(bytes <= 4L * mutant.Length + fixedBytes, $"mutant {done} of seed {seed}: {bytes} bytes allocated for a file of {mutant.Length}");
            if (isRefused) refused++;
        }
        output.WriteLine($"{done} mutants, {refused} refused");
        Assert.True(done >= 100, $"only {done} mutants in {Box.TotalSeconds} s");
        Assert.InRange(refused, done / 20, done - 1);
    }

    private static (bool IsRefused, TimeSpan Time, long Bytes) Try(string path, Action<string> read)
    {
        long before = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
        bool isRefused = false;
        try
        {
            read(path);
        }
        catch (InvalidDataException)
        {
            isRefused = true;
        }
        return (isRefused, Stopwatch.GetElapsedTime(start), GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
