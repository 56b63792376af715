using System.IO.Compression;
using System.Text;
using Phf.Formats;

namespace Phf.Tests.Formats;

public sealed class LineReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("\n", new[] { "" })]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\nb\r\n\nc", new[] { "a", "b", "", "c" })]
    [InlineData("a\r\n", new[] { "a" })]
    [InlineData("a\rb\n", new[] { "a\rb" })]
    [InlineData("\uFEFFa\n\uFEFFb", new[] { "a", "\uFEFFb" })]
    public void Next_CutsAtLineEnds(string text, string[] expected)
    {
        Assert.Equal(expected, ReadAll(Write("a.txt", Encoding.UTF8.GetBytes(text))));
    }

    [Fact]
    public void Next_LinesLongerThanTheBuffer_ComeWhole()
    {
        string[] lines = [.. new[] { 0, 1, 65_535, 65_536, 65_537, 300_000, 3 }.Select((length, i) => new string((char)('a' + i), length))];
        Assert.Equal(lines, ReadAll(Write("a.txt", Encoding.UTF8.GetBytes(string.Join('\n', lines)))));
    }

    [Fact]
    public void Number_CountsFrom1_AndBadUtf8IsSeen()
    {
        using LineReader lines = LineReader.Open(Write("a.txt", [(byte)'a', (byte)'\n', 0xC3, 0x28, (byte)'\n', (byte)'b']));
        Assert.True(lines.Next() && lines.TryText(out string? first) && first == "a");
        Assert.True(lines.Next());
        Assert.False(lines.TryText(out _));
        Assert.EndsWith("a.txt line 2", lines.Where);
        Assert.True(lines.Next() && lines.TryText(out string? third) && third == "b");
        Assert.False(lines.Next());
        Assert.False(lines.Next());
    }

    [Fact]
    public void Gzip_OfSeveralMembers_ReadsAsOne()
    {
        string path = Write("a.txt.gz", [.. Gzip("one\ntw"), .. Gzip("o\nthree\n")]);
        Assert.Equal(["one", "two", "three"], ReadAll(path));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)] // the whole trailer
    [InlineData(20)]
    public void Gzip_CutShort_IsAnError(int missing)
    {
        byte[] whole = Gzip(string.Join('\n', Enumerable.Range(0, 1000)));
        string path = Write("a.txt.gz", whole[..^missing]);
        Assert.Contains($"{path}: the gzip data is damaged or cut short", Assert.Throws<InvalidDataException>(() => ReadAll(path)).Message);
    }

    [Fact]
    public void Gzip_NotGzip_IsAnError()
        => Assert.Contains("gzip", Assert.Throws<InvalidDataException>(() => ReadAll(Write("a.gz", "plain text, no gzip"u8.ToArray()))).Message);

    [Fact]
    public void Open_MissingOrDirectory_SaysSo()
    {
        Assert.Contains("does not exist", Assert.Throws<FileNotFoundException>(() => LineReader.Open(_folder.At("no.txt"))).Message);
        Assert.Contains("is a directory", Assert.Throws<IOException>(() => LineReader.Open(_folder.FullName)).Message);
    }

    private static List<string> ReadAll(string path)
    {
        using LineReader lines = LineReader.Open(path);
        var all = new List<string>();
        while (lines.Next())
        {
            Assert.True(lines.TryText(out string? text));
            all.Add(text);
        }
        return all;
    }

    private string Write(string name, byte[] content)
    {
        File.WriteAllBytes(_folder.At(name), content);
        return _folder.At(name);
    }

    private static byte[] Gzip(string text)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return buffer.ToArray();
    }
}
