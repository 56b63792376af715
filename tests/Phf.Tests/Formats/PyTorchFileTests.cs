using System.IO.Compression;
using System.Text;
using Phf.Formats;
using Phf.Formats.PyTorch;

namespace Phf.Tests.Formats;

/// <summary>Files written by PyTorch (tools/make-pytorch-fixtures.py), in both of its formats, and made-up ones that break the rules.</summary>
public sealed class PyTorchFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Path of a file that PyTorch wrote.</summary>
    internal static string Fixture(string name) => Path.Combine(Shared.RepositoryRoot, "tests", "Phf.Tests", "Formats", "Fixtures", name);

    [Theory]
    [InlineData("dtypes.pt")]
    [InlineData("dtypes.legacy.pt")]
    [InlineData("protocol4.pt")]
    [InlineData("protocol4.legacy.pt")]
    public void Open_EveryType_GivesTheNumbers(string name)
    {
        using PyTorchFile file = OpenFixture(name);
        float[] signed = [-2, -1, 0, 1, 2, 3];
        Assert.Equal(["f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "bool", "scalar", "empty"], file.Tensors.Keys);
        foreach (string floating in new[] { "f64", "f32", "f16", "bf16" }) Assert.Equal(signed, AsF32(file.Tensors[floating]));
        Assert.Equal([-2, -1, 0, 1, 2, 3], file.Tensors["i64"].Values<long>().ToArray());
        Assert.Equal([-2, -1, 0, 1, 2, 3], file.Tensors["i32"].Values<int>().ToArray());
        Assert.Equal([-2, -1, 0, 1, 2, 3], file.Tensors["i16"].Values<short>().ToArray());
        Assert.Equal([-2, -1, 0, 1, 2, 3], file.Tensors["i8"].Values<sbyte>().ToArray());
        Assert.Equal([0, 1, 2, 3, 4, 5], file.Tensors["u8"].Values<byte>().ToArray());
        Assert.Equal([0, 0, 0, 1, 1, 1], file.Tensors["bool"].Values<byte>().ToArray());
        Assert.Equal([7.5f], AsF32(file.Tensors["scalar"]));
        Assert.Equal([2, 3], file.Tensors["f16"].Shape);
        Assert.Equal([0, 4], file.Tensors["empty"].Shape);
        Assert.Empty(file.Tensors["scalar"].Shape);
        Assert.Contains("'i32' is I32, F32 was expected", Assert.Throws<InvalidDataException>(() => file.Tensors["i32"].Values<float>().Length).Message);
    }

    [Theory]
    [InlineData("views.pt")]
    [InlineData("views.legacy.pt")]
    public void Open_Views_HonourOffsetAndStrides(string name)
    {
        using PyTorchFile file = OpenFixture(name);
        float[] transposed = [.. Enumerable.Range(0, 24).Select(i => (float)((i % 4 * 6) + (i / 4)))];
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (float)i), AsF32(file.Tensors["base"]));
        Assert.Equal(transposed, AsF32(file.Tensors["transposed"]));
        Assert.Equal(transposed, AsF32(file.Tensors["halves"]));
        Assert.Equal([2, 8, 14, 20], AsF32(file.Tensors["column"]));
        Assert.Equal([7, 8, 9, 10, 13, 14, 15, 16], AsF32(file.Tensors["block"]));
        Assert.Equal([0, 3, 12, 15], AsF32(file.Tensors["strided"]));
        Assert.Equal([6, 7, 8, 9, 10, 11], AsF32(file.Tensors["row"]));
        Assert.Equal([true, false, false, false, false, true], new[] { "base", "transposed", "column", "block", "strided", "row" }.Select(view => file.Tensors[view].IsContiguous));
    }

    [Theory]
    [InlineData("nested.pt")]
    [InlineData("nested.legacy.pt")]
    public void Open_NestedDictionaries_GiveTheStateAndTheValues(string name)
    {
        using PyTorchFile file = OpenFixture(name);
        Assert.Equal(["weight", "bias"], file.Tensors.Keys);
        Assert.Equal([0, 1, 2, 3, 4, 5], AsF32(file.Tensors["weight"]));
        var root = (Dictionary<string, object?>)file.Root!;
        var config = (Dictionary<string, object?>)root["config"]!;
        Assert.Equal("BERT", ((Dictionary<string, object?>)config["arch"]!)["type"]);
        Assert.Equal(["a", "b"], (List<object?>)config["names"]!);
        Assert.Equal([1L, 300L], (object?[])config["pair"]!);
        Assert.Equal([2L, 3L], (object?[])config["size"]!);
        Assert.Equal((0.25, true, null, 1L << 40, -5L, -(1L << 40)), (config["rate"], config["flag"], config["none"], config["large"], config["negative"], config["odd"]));
        Assert.Equal(string.Concat(Enumerable.Repeat("caf\u00e9 ", 100)), config["text"]);
        Assert.True(((Dictionary<string, object?>)root["optimizer"]!).ContainsKey("param_groups"));
    }

    [Theory]
    [InlineData("parameter.pt")]
    [InlineData("parameter.legacy.pt")]
    public void Open_ParametersInNestedDictionaries_HaveDottedNames(string name)
    {
        using PyTorchFile file = OpenFixture(name);
        Assert.Equal([1, 1], AsF32(file.Tensors["layers.0.w"]));
    }

    [Theory]
    [InlineData("code.pt", "posix.system")]
    [InlineData("code.legacy.pt", "posix.system")]
    [InlineData("code-protocol4.pt", "posix.system")]
    [InlineData("code-protocol4.legacy.pt", "posix.system")]
    [InlineData("sparse.pt", "torch._utils._rebuild_sparse_tensor")]
    [InlineData("complex.pt", "torch.ComplexFloatStorage")]
    [InlineData("expanded.pt", "'weight': [5] has more elements than its storage, 1")]
    public void Open_MoreThanTensors_IsRefusedByName(string name, string named) =>
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => OpenFixture(name)).Message);

    [GoldenFact]
    public void Open_DetoxifyCheckpoint_BothFormatsHoldTheSame()
    {
        using var zip = PyTorchFile.Open(Shared.Golden("classifier", "detoxify_checkpoint", "tiny_original.ckpt"));
        using var legacy = PyTorchFile.Open(Shared.Golden("classifier", "detoxify_checkpoint", "tiny_original.legacy.ckpt"));
        using var safetensors = SafetensorsFile.Open(Shared.Golden("classifier", "bert_original", "model.safetensors"));
        Assert.Equal(zip.Tensors.Keys, legacy.Tensors.Keys);
        Assert.True(((Dictionary<string, object?>)zip.Root!).ContainsKey("config"));
        int compared = 0;
        foreach ((string tensor, StoredTensor stored) in zip.Tensors)
        {
            Assert.Equal(stored.Shape, legacy.Tensors[tensor].Shape);
            if (stored.Type != SafetensorsType.F32) continue;
            Assert.Equal(AsF32(stored), AsF32(legacy.Tensors[tensor]));
            if (!safetensors.Tensors.TryGetValue(tensor, out SafetensorsEntry? entry)) continue;
            Assert.Equal(safetensors.Span<float>(entry).ToArray(), AsF32(stored));
            compared++;
        }
        Assert.True(compared >= 30, $"only {compared} tensors have the names of model.safetensors");
    }

    /// <summary>A pickle may say in a byte what takes a hundred here; what it may make goes by the size of the file.</summary>
    [Theory]
    [InlineData("}", 20_000)]
    [InlineData("N", 200_000)]
    public void Open_MoreValuesThanTensorsNeed_IsRefused(string instruction, int times)
    {
        string path = _folder.At("a.pt");
        byte[] whole = File.ReadAllBytes(Fixture("nested.legacy.pt"));
        byte[] many = System.Text.Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat(instruction, times)));
        File.WriteAllBytes(path, [.. whole[..15], .. many, .. whole[15..]]); // behind the first pickle
        Assert.Contains("more values than tensors", Assert.Throws<InvalidDataException>(() => PyTorchFile.Open(path)).Message);
    }

    /// <summary>Pickles in the letters of their instructions, behind the protocol; the storage "0" has four numbers.</summary>
    public static TheoryData<string, string> BadPickles => new()
    {
        { "", "cut short" },
        { ".", "takes more values than there are" },
        { "(.", "takes more values than there are" },
        { "t.", "a mark that is not there" },
        { "NR.", "takes more values than there are" },
        { "K\u0001)R.", "calls a value that is no function" },
        { "X\u00ff\u00ff\u00ff\u00ff", "a string of 4294967295 bytes leaves the file" },
        { "X\u0001\0\0\0\u00ff.", "not UTF-8" },
        { "N\u0080\u0005.", "protocol 5" },
        { "Nr\u00ff\u00ff\u00ff\u007f.", "remembers value 2147483647 after 0" },
        { "h\u0005.", "recalls value 5 of 0" },
        { "Ns.", "takes more values than there are" },
        { "NK\u0001K\u0001s.", "changes a value that is not a dictionary" },
        { "}}Ns.", "neither a string nor a whole number" },
        { "}" + Text("w") + "Ns" + Text("w") + "Ns.", "the key 'w' appears twice" },
        { "cos\nsystem\n.", "os.system" },
        { Text("os") + Text("system") + "\u0093.", "os.system" },
        { "cbuiltins\neval\n.", "builtins.eval" },
        { "(ios\nsystem\n.", "the pickle instruction 0x69" },
        { "ctorch\nSize\n)\u0081.", "the pickle instruction 0x81" },
        { "ctorch\nSize\nK\u0001\u0085R.", "torch.Size of the pickle cannot be read" },
        { Text("pid") + "Q.", "only those of storages are known" },
        { "}" + Text("w") + Tensor(offset: 1, "K\u0004", "K\u0001") + "s.", "'w': [4] reaches element 4 of a storage of 4" },
        { "}" + Text("w") + Tensor(offset: 0, "K\u0002", "K\u0004") + "s.", "'w': [2] reaches element 4 of a storage of 4" },
        { "}" + Text("w") + Tensor(offset: 0, "M\u00ff\u00ff", "K\0") + "s.", "'w': [65535] has more elements than its storage, 4" },
        { "}" + Text("w") + Tensor(offset: 0, "J\u00ff\u00ff\u00ff\u00ff", "K\u0001") + "s.", "is negative" },
        { "}" + Text("w") + Tensor(offset: 0, "K\u0004", "") + "s.", "storage, offset, shape and strides were expected" },
        { "}" + Text("w") + Tensor(offset: 0, "K\u0004", "K\u0001", count: 5) + "s.", "should have 5 elements of F32, the file has 16 bytes" },
        { "}" + Text("w") + Tensor(offset: 0, "K\u0004", "K\u0001", key: "1") + "s.", "storage '1' is missing" },
        { string.Concat(Enumerable.Repeat("}" + Text("w"), 50)) + "N" + new string('s', 50) + ".", "nested deeper than 32" },
    };

    [Theory]
    [MemberData(nameof(BadPickles))]
    public void Open_BrokenPickle_SaysWhatIsWrong(string pickle, string named)
    {
        string path = WriteZip(pickle);
        string message = Assert.Throws<InvalidDataException>(() => PyTorchFile.Open(path)).Message;
        Assert.Contains(named, message);
        Assert.StartsWith(path, message);
    }

    [Fact]
    public void Open_DictionaryInsideItself_IsReadOnce()
    {
        string path = WriteZip("}q\0" + Text("w") + Tensor(offset: 1, "K\u0003", "K\u0001") + "s" + Text("self") + "h\0s.");
        using PyTorchFile file = PyTorchFile.Open(path);
        Assert.Equal([1, 2, 3], AsF32(Assert.Single(file.Tensors).Value));
    }

    [Fact]
    public void Open_OtherZipFiles_SayWhatTheyAre()
    {
        string path = _folder.At("a.zip");
        using (ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create)) Add(zip, "x/readme.txt", [1, 2]);
        Assert.Contains("without data.pkl", Assert.Throws<InvalidDataException>(() => PyTorchFile.Open(path)).Message);
        using (ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Update)) Add(zip, "x/data.pkl", new byte[100], CompressionLevel.Optimal);
        Assert.Contains("'x/data.pkl' is compressed", Assert.Throws<InvalidDataException>(() => PyTorchFile.Open(path)).Message);
        Assert.Contains("not little-endian", Assert.Throws<InvalidDataException>(() => PyTorchFile.Open(WriteZip("N.", ("a/byteorder", "big"u8.ToArray())))).Message);
        Assert.Contains("TorchScript", Assert.Throws<InvalidDataException>(() => PyTorchFile.Open(WriteZip("N.", ("a/constants.pkl", [])))).Message);
    }

    [Theory]
    [InlineData("dtypes.pt")]
    [InlineData("dtypes.legacy.pt")]
    public void Open_CutAnywhere_IsRefused(string name)
    {
        byte[] whole = File.ReadAllBytes(Fixture(name));
        string path = _folder.At("cut");
        for (int length = 0; length < whole.Length; length += 17)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Throws<InvalidDataException>(() => PyTorchFile.Open(path));
        }
        File.WriteAllBytes(path, [.. whole, 0]);
        Assert.Throws<InvalidDataException>(() => PyTorchFile.Open(path));
    }

    private static string Text(string value) => $"X{(char)value.Length}\0\0\0{value}";

    /// <summary>A tensor of one dimension; size and stride in pickle's letters.</summary>
    private static string Tensor(int offset, string size, string stride, string key = "0", int count = 4) =>
        $"ctorch._utils\n_rebuild_tensor_v2\n(({Text("storage")}ctorch\nFloatStorage\n{Text(key)}{Text("cpu")}K{(char)count}tQK{(char)offset}({size}t({stride}t\u0089}}tR";

    private static void Add(ZipArchive zip, string name, byte[] content, CompressionLevel level = CompressionLevel.NoCompression)
    {
        using Stream entry = zip.CreateEntry(name, level).Open();
        entry.Write(content);
    }

    /// <summary>An archive as torch.save lays it out, with storage "0" = 0, 1, 2, 3.</summary>
    private string WriteZip(string pickle, params (string Name, byte[] Content)[] more)
    {
        string path = _folder.At("made.pt");
        File.Delete(path);
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        Add(zip, "a/data.pkl", [0x80, 2, .. Encoding.Latin1.GetBytes(pickle)]);
        Add(zip, "a/data/0", [.. Enumerable.Range(0, 4).SelectMany(i => BitConverter.GetBytes((float)i))]);
        foreach ((string name, byte[] content) in more) Add(zip, name, content);
        return path;
    }

    private static float[] AsF32(StoredTensor tensor)
    {
        var values = new float[tensor.Count];
        tensor.CopyAsF32(values);
        return values;
    }

    private static PyTorchFile OpenFixture(string name) => PyTorchFile.Open(Fixture(name));
}
