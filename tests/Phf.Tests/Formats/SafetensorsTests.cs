using System.Buffers.Binary;
using System.Text;
using Phf.Formats;

namespace Phf.Tests.Formats;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WriteThenOpen_GivesTheSameTensors()
    {
        string path = _folder.At("a.safetensors");
        float[] weights = [1, -2.5f, float.NaN, float.PositiveInfinity, 0, -0f];
        SafetensorsWriter.Write(path,
        [
            SafetensorsTensor.Of<byte>("bytes", new byte[] { 7, 8, 9 }, 3),
            SafetensorsTensor.Of<float>("weights", weights, 2, 3),
            SafetensorsTensor.Of<long>("scalar", new long[] { long.MinValue }),
            SafetensorsTensor.Of<ushort>("empty", Array.Empty<ushort>(), 0, 5),
            new("bf16", SafetensorsType.BF16, [2], stream => SafetensorsTensor.WriteValues<ushort>(stream, [0x3F80, 0xC020])),
        ], new Dictionary<string, string> { ["format"] = "pt", ["ünicode"] = "\"quoted\"" });

        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(5, file.Tensors.Count);
        Assert.Equal([2, 3], file.Entry("weights").Shape);
        Assert.Equal(weights.Select(BitConverter.SingleToInt32Bits), file.Span<float>("weights").ToArray().Select(BitConverter.SingleToInt32Bits));
        Assert.Equal([long.MinValue], file.Span<long>("scalar").ToArray());
        Assert.Equal([7, 8, 9], file.Span<byte>("bytes").ToArray());
        Assert.True(file.Span<ushort>("empty").IsEmpty);
        Assert.Equal([0x3F80, 0xC020], file.Span<ushort>("bf16").ToArray());
        Assert.Equal("\"quoted\"", file.Metadata["ünicode"]);
        foreach (SafetensorsEntry entry in file.Tensors.Values) Assert.Equal(0, entry.Offset % entry.Type.Size());
    }

    [Fact]
    public void Write_SameTensorsInAnyOrder_SameBytes()
    {
        SafetensorsTensor a = SafetensorsTensor.Of<float>("a", new float[] { 1 }, 1), b = SafetensorsTensor.Of<int>("b", new int[] { 2 }, 1);
        SafetensorsWriter.Write(_folder.At("1"), [a, b]);
        SafetensorsWriter.Write(_folder.At("2"), [b, a]);
        Assert.Equal(File.ReadAllBytes(_folder.At("1")), File.ReadAllBytes(_folder.At("2")));
    }

    /// <summary>Lengths that are no whole number of vectors too.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void WideFloats_EverySixteenBitFloat_IsExact(int skipped)
    {
        ushort[] bits = [.. Enumerable.Range(skipped / 2, 65_536 - skipped).Select(value => (ushort)value)];
        float[] fromF16 = new float[bits.Length], fromBF16 = new float[bits.Length];
        WideFloats.FromF16([.. bits.Select(BitConverter.UInt16BitsToHalf)], fromF16);
        WideFloats.FromBF16(bits, fromBF16);
        for (int i = 0; i < bits.Length; i++)
        {
            AssertSame((float)BitConverter.UInt16BitsToHalf(bits[i]), fromF16[i]);
            AssertSame(BitConverter.UInt32BitsToSingle((uint)bits[i] << 16), fromBF16[i]);
        }

        static void AssertSame(float expected, float actual) => // of zeros the sign counts, of NaNs nothing
            Assert.True(BitConverter.SingleToUInt32Bits(expected) == BitConverter.SingleToUInt32Bits(actual) || (float.IsNaN(expected) && float.IsNaN(actual)), $"{expected} became {actual}");
    }

    [Fact]
    public void IndexOfNonFinite_AnyPlace_IsFound()
    {
        foreach (int length in (int[])[1, 7, 8, 31, 64, 67])
        {
            float[] values = [.. Enumerable.Range(0, length).Select(i => i % 2 == 0 ? float.MaxValue : -float.Epsilon)];
            Assert.Equal(-1, WideFloats.IndexOfNonFinite(values));
            foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
                for (int i = 0; i < length; i++)
                {
                    float[] damaged = [.. values];
                    damaged[i] = damaged[^1] = bad;
                    Assert.Equal(i, WideFloats.IndexOfNonFinite(damaged));
                }
        }
    }

    [Fact]
    public void CopyAsF32_WidensEveryFloatingType()
    {
        double[] values = [1, -0.375, 1024];
        SafetensorsWriter.Write(_folder.At("a"),
        [
            SafetensorsTensor.Of<Half>("f16", values.Select(x => (Half)x).ToArray(), 3),
            new("bf16", SafetensorsType.BF16, [3],
                stream => SafetensorsTensor.WriteValues<ushort>(stream, [.. values.Select(x => (ushort)(BitConverter.SingleToUInt32Bits((float)x) >> 16))])),
            SafetensorsTensor.Of<float>("f32", values.Select(x => (float)x).ToArray(), 3),
            SafetensorsTensor.Of<double>("f64", values, 3),
            SafetensorsTensor.Of<int>("i32", new int[3], 3),
        ]);
        using SafetensorsFile file = SafetensorsFile.Open(_folder.At("a"));
        float[] destination = new float[3];
        foreach (string name in (string[])["f16", "bf16", "f32", "f64"])
        {
            destination.AsSpan().Clear();
            file.CopyAsF32(name, destination);
            Assert.Equal([1f, -0.375f, 1024f], destination);
        }
        Assert.Contains("'i32' is I32", Assert.Throws<InvalidDataException>(() => file.CopyAsF32("i32", destination)).Message);
        Assert.Contains("'f32' is [3]", Assert.Throws<InvalidDataException>(() => file.CopyAsF32("f32", new float[2])).Message);
        Assert.Contains("'f32' is F32", Assert.Throws<InvalidDataException>(() => file.Span<double>("f32").Length).Message);
        Assert.Contains("no tensor 'x'", Assert.Throws<InvalidDataException>(() => file.Span<float>("x").Length).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Span<float>(file.Entry("f32"), 2, 2).Length);
    }

    [Fact]
    public void Write_TensorThatBreaksItsPromise_LeavesNoFile()
    {
        var tooShort = new SafetensorsTensor("w", SafetensorsType.F32, [2], stream => stream.Write(new byte[4]));
        Assert.Contains("'w' wrote 4 bytes, its shape claims 8",
            Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(_folder.At("a"), [tooShort])).Message);
        SafetensorsTensor twin = SafetensorsTensor.Of<byte>("w", new byte[1], 1);
        Assert.Contains("'w'", Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(_folder.At("a"), [twin, twin])).Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.FullName));
    }

    public static TheoryData<string, int, string> BadFiles => new()
    {
        // header, bytes of data, what the message names
        { """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "'w' ends at byte" },
        { """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "1 bytes after tensor 'w'" },
        { """{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "'w' is F32 [3] = 12 bytes, but its data_offsets span 8" },
        { """{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "'w'" },
        { """{"w":{"dtype":"F64","shape":[9223372036854775807,9223372036854775807,2],"data_offsets":[0,16]}}""", 16, "'w'" },
        { """{"w":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,0]}}""", 0, "'w'" },
        { """{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "'w'" },
        { """{"w":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", 8, "'w'" },
        { """{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "'w'" },
        { """{"w":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775807]}}""", 8, "'w'" },
        { """{"w":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}""", 8, "'w' has dtype 'F31'" },
        { """{"w":{"dtype":"9","shape":[2],"data_offsets":[0,8]}}""", 8, "'w' has dtype '9'" },
        { """{"w":{"dtype":"F32","shape":[2]}}""", 8, "'w'" },
        { """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"extra":1}}""", 8, "'extra'" },
        { """{"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "'dtype' appears twice" },
        { """{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "'w'" },
        { """{"v":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}""", 6, "'w' overlaps tensor 'v'" },
        { """{"v":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"U8","shape":[2],"data_offsets":[6,8]}}""", 8, "2 bytes between tensor 'v' and tensor 'w'" },
        { """{"__metadata__":{"a":1}}""", 0, "'__metadata__'" },
        { """{"__metadata__":{"a":"1","a":"2"}}""", 0, "'a' appears twice" },
        { """{"w":"text"}""", 0, "'w'" },
        { """{"w":{"dtype":"F32","shape":[[[[[[[[[[1]]]]]]]]]],"data_offsets":[0,4]}}""", 4, "'w'" },
        { """{} {}""", 0, "header" },
        { """[]""", 0, "header" },
        { """{"w":""", 0, "header" },
        { "{}", 3, "3 bytes after the header" },
        { """{"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, "header" },
    };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void Open_BrokenPromise_IsRefusedByName(string header, int dataBytes, string named)
    {
        string path = _folder.At("bad.safetensors");
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        File.WriteAllBytes(path, file);
        string message = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path)).Message;
        Assert.Contains(named, message);
        Assert.StartsWith(path, message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(30)]
    public void Open_FileCutInItsHeader_IsRefused(int bytes)
    {
        string path = _folder.At("cut");
        SafetensorsWriter.Write(path, [SafetensorsTensor.Of<float>("w", new float[4], 4)]);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..bytes]);
        Assert.Contains("cut short", Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path)).Message);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(200_000_000UL)]
    public void Open_HeaderLengthFromAHostileFile_IsRefused(ulong length)
    {
        byte[] file = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        File.WriteAllBytes(_folder.At("a"), file);
        Assert.Contains($"claims {length} bytes", Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(_folder.At("a"))).Message);
    }

    [GoldenFact]
    public void Open_FilesOfTheReferenceImplementation()
    {
        string[] paths = Directory.GetFiles(Shared.Golden(), "*.safetensors", SearchOption.AllDirectories);
        Assert.NotEmpty(paths);
        foreach (string path in paths)
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            Assert.NotEmpty(file.Tensors);
        }
    }
}
