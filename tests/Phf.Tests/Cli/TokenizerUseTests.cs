using System.IO.Compression;
using System.Text;
using Phf.Text;

namespace Phf.Tests.Cli;

/// <summary>phf tokenizer encode, decode and convert, as parts of a pipe.</summary>
public sealed class TokenizerUseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TokenizerUseTests() => BpeTrainer.Train(["the cat sat on the mat"], 262).Save(Bpe);

    private string Bpe => _folder.At("bpe");

    public void Dispose() => _folder.Dispose();

    /// <summary>Who sets the lines of two files side by side must find one for each text.</summary>
    [Fact]
    public void Encode_EmptyTexts_GiveALineEach()
    {
        string ids = Run("encode", Bpe, Write("a.txt", "the\n\n \nsat\n")).Succeeded().Output;
        Assert.Equal(["{\"ids\":[", "{\"ids\":[]}", "{\"ids\":[", "{\"ids\":["], ids.TrimEnd('\n').Split('\n').Select(line => line is "{\"ids\":[]}" ? line : line[..8]));
        Assert.Equal("{\"text\":\"the\"}\n{\"text\":\"\"}\n{\"text\":\" \"}\n{\"text\":\"sat\"}\n", Run("decode", Bpe, Write("a.ids", ids)).Succeeded().Output);
        CliResult json = Run("encode", Bpe, Write("a.jsonl", "{\"text\": \"\"}\n{\"body\": 1}\n")).Succeeded();
        Assert.Equal("{\"ids\":[]}\n", json.Output);
        Assert.Contains("no field 'text': 1, first", json.Error);
        Assert.Equal("{\"id\":\"7\",\"ids\":[]}\n", Run("encode", Bpe, Write("a.csv", "id,text\n7,\n")).Succeeded().Output);
    }

    [Fact]
    public void Encode_OutputNamedGz_IsCompressed()
    {
        string output = _folder.At("ids.jsonl.gz");
        Run("encode", Bpe, Write("a.dat", "the cat\n"), "--format", "txt", "-o", output).Succeeded();
        using (var reader = new StreamReader(new GZipStream(File.OpenRead(output), CompressionMode.Decompress))) Assert.StartsWith("{\"ids\":[", reader.ReadToEnd());
        Assert.Equal("{\"text\":\"the cat\"}\n", Run("decode", Bpe, output).Succeeded().Output);
    }

    /// <summary>A classifier's tokenizer, whole or without what goes around a text.</summary>
    [Fact]
    public void WordPiece_IsEncodedAndDecoded_ButNotConverted()
    {
        Directory.CreateDirectory(_folder.At("bert"));
        Write("bert/vocab.txt", string.Join('\n', "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "##s", "!"));
        string texts = Write("a.txt", "The cats!\n");
        Assert.Equal("{\"ids\":[5,6,7,8]}\n", Run("encode", _folder.At("bert"), texts).Succeeded().Output);
        string whole = Run("encode", _folder.At("bert/vocab.txt"), texts, "--add-special").Succeeded().Output;
        Assert.Equal("{\"ids\":[2,5,6,7,8,3]}\n", whole);
        Assert.Equal("{\"text\":\"the cats!\"}\n", Run("decode", _folder.At("bert"), Write("a.ids", whole), "--skip-special").Succeeded().Output);
        Run("convert", _folder.At("bert"), "-o", _folder.At("out")).Failed(1, "WordPiece");
        Assert.False(Directory.Exists(_folder.At("out")));
        Assert.Contains("WordPiece, 9 tokens, for classifiers", CliProcess.Run("inspect", _folder.At("bert")).Succeeded().Output);
    }

    [Theory]
    [InlineData("[1.5]", "a list with 1.5, which is no token id")]
    [InlineData("[1, null]", "a list with null")]
    [InlineData("[99999999999]", "a list with 99999999999")]
    [InlineData("\"abc\"", "no list")]
    [InlineData("{\"input_ids\": [1]}", "an object without \"ids\"")]
    [InlineData("[1] [2]", "no JSON")]
    [InlineData("[262]", "token id 262; this tokenizer has ids from 0 to 261")]
    [InlineData("[-1]", "token id -1")]
    public void Decode_WhatIsNoIds_IsRefusedWithItsLine(string line, string message) => Run("decode", Bpe, Write("a.ids", $"[1]\n{line}\n")).Failed(1, $"a.ids line 2: {message}");

    [Fact]
    public void MistypedOption_IsNotTakenForAFile()
    {
        Run("encode", Bpe, Write("a.txt", "a\n"), "--textfield", "x").Failed(2, "--textfield is neither an option nor a file");
        Run("encode", Bpe, "a.txt", "--format", "text").Failed(2, "jsonl");
        File.WriteAllText(_folder.At("--odd.txt"), "the\n", Encoding.UTF8);
        using CliProcess odd = CliProcess.Start(["tokenizer", "encode", Bpe, "--odd.txt"], folder: _folder.At("."));
        odd.Wait().Succeeded();
    }

    private static CliResult Run(string verb, params string[] arguments) => CliProcess.Run(["tokenizer", verb, .. arguments]);

    private string Write(string name, string content)
    {
        File.WriteAllText(_folder.At(name), content);
        return _folder.At(name);
    }
}
