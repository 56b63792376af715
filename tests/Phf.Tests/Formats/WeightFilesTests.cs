using Phf.Formats;

namespace Phf.Tests.Formats;

/// <summary>One file or several with an index; what an index may not say.</summary>
public sealed class WeightFilesTests : IDisposable
{
    private const string Index = "model.safetensors.index.json";

    private readonly TemporaryFolder _folder = new();

    public WeightFilesTests()
    {
        SafetensorsWriter.Write(_folder.At("one.safetensors"), [SafetensorsTensor.Of<float>("a", new float[] { 1, 2 }, 2), SafetensorsTensor.Of<float>("b", new float[] { 3 }, 1)]);
        SafetensorsWriter.Write(_folder.At("two.safetensors"), [SafetensorsTensor.Of<Half>("c", new[] { (Half)4 }, 1)]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_Shards_GiveTheTensorsOfTheIndex()
    {
        WriteIndex("""{"metadata": {"total_size": 10}, "weight_map": {"a": "one.safetensors", "c": "two.safetensors"}}""");
        using WeightFiles weights = WeightFiles.Open(_folder.FullName);
        Assert.Equal(["a", "c"], weights.Tensors.Keys);
        Assert.Equal([1, 2], weights.Tensors["a"].Values<float>().ToArray());
        Assert.Equal(_folder.At("two.safetensors"), weights.Tensors["c"].Path);
        Assert.Equal("safetensors, 2 files", weights.Format);
    }

    /// <summary>In the Hub's cache every file is a link.</summary>
    [Fact]
    public void Open_Link_HasTheBytesOfItsFile()
    {
        File.CreateSymbolicLink(_folder.At("model.safetensors"), "one.safetensors");
        using WeightFiles weights = WeightFiles.Open(_folder.FullName);
        Assert.Equal(new FileInfo(_folder.At("one.safetensors")).Length, weights.FileBytes);
    }

    [Fact]
    public void Open_Directory_PrefersTheSingleFile()
    {
        WriteIndex("""{"weight_map": {"a": "one.safetensors"}}""");
        File.Copy(_folder.At("two.safetensors"), _folder.At("model.safetensors"));
        using WeightFiles weights = WeightFiles.Open(_folder.FullName);
        Assert.Equal(["c"], weights.Tensors.Keys);
    }

    [Theory]
    [InlineData("""{"weight_map": {"a": "../one.safetensors"}}""", "'../one.safetensors', which is no name of a file beside it")]
    [InlineData("""{"weight_map": {"a": "/etc/passwd"}}""", "no name of a file beside it")]
    [InlineData("""{"weight_map": {"a": ".."}}""", "no name of a file beside it")]
    [InlineData("""{"weight_map": {"a": "a\\b"}}""", "no name of a file beside it")]
    [InlineData("""{"weight_map": {"a": ""}}""", "no name of a file beside it")]
    [InlineData("""{"weight_map": {"a": null}}""", "no name of a file beside it")]
    [InlineData("""{"weight_map": {"a": 1}}""", "no index of weights")]
    [InlineData("""{"weight_map": {"a": "three.safetensors"}}""", "three.safetensors is missing")]
    [InlineData("""{"weight_map": {"x": "one.safetensors"}}""", "no tensor 'x'")]
    [InlineData("""{"weight_map": {"a": "one.safetensors", "a": "one.safetensors"}}""", "'a' appears twice")]
    [InlineData("""{"weight_map": {}}""", "weight_map is empty")]
    [InlineData("""{"weight_map": []}""", "no index of weights")]
    [InlineData("""{"metadata": {}}""", "no index of weights")]
    [InlineData("""{"weight_map": {"a": "model.safetensors.index.json"}}""", "no weights; it begins neither")]
    [InlineData("[", "no index of weights")]
    public void Open_BadIndex_SaysWhatIsWrong(string index, string named)
    {
        WriteIndex(index);
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => WeightFiles.Open(_folder.FullName)).Message);
    }

    [Fact]
    public void Open_WhatIsNoWeights_SaysWhatItIs()
    {
        Assert.Contains("model.safetensors is missing", Assert.Throws<InvalidDataException>(() => WeightFiles.Open(_folder.FullName)).Message);
        Assert.Contains("is missing", Assert.Throws<InvalidDataException>(() => WeightFiles.Open(_folder.At("nowhere.bin"))).Message);
        File.WriteAllText(_folder.At("model.safetensors"), "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n");
        Assert.Contains("git lfs pull", Assert.Throws<InvalidDataException>(() => WeightFiles.Open(_folder.FullName)).Message);
        File.WriteAllText(_folder.At("model.safetensors"), "");
        Assert.Contains("no safetensors file", Assert.Throws<InvalidDataException>(() => WeightFiles.Open(_folder.FullName)).Message);
    }

    private void WriteIndex(string json) => File.WriteAllText(_folder.At(Index), json);
}
