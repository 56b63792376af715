using System.Text;
using Phf.Formats;

namespace Phf.Tests.Formats;

public sealed class CsvReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a,b\n", "a|b")]
    [InlineData("a,b\r\nc,d", "a|b//c|d")]
    [InlineData(",\n", "|")]
    [InlineData("a\n\n\nb\n", "a//b")]
    [InlineData("\"a,b\",c\n", "a,b|c")]
    [InlineData("\"a \"\"quoted\"\" word\",\"\"\n", "a \"quoted\" word|")]
    [InlineData("\"two\nlines\",x\ny,z\n", "two\nlines|x//y|z")]
    [InlineData("\"two\r\nlines\",x\r\ny,z\r\n", "two\r\nlines|x//y|z")]
    [InlineData("\"a\n\nb\"\n", "a\n\nb")]
    [InlineData("5\" disk,\"x\"y\n", "5\" disk|xy")]
    [InlineData("\"\"\"\"\n", "\"")]
    [InlineData("\"a\"\"\nb\"\n", "a\"\nb")]
    [InlineData("ü,\"é\"\n", "ü|é")]
    public void Next_ReadsAsRfc4180(string text, string expected)
    {
        using LineReader lines = Open(Encoding.UTF8.GetBytes(text));
        var csv = new CsvReader(lines);
        var records = new List<string>();
        CsvResult result;
        while ((result = csv.Next()) == CsvResult.Record) records.Add(string.Join('|', csv.Fields));
        Assert.Equal(CsvResult.End, result);
        Assert.Equal(expected, string.Join("//", records));
    }

    [Fact]
    public void Next_BadRecords_AreTold_AndReadingGoesOn()
    {
        using LineReader lines = Open([.. "a\n\"b"u8, 0xFF, .. "\nb\"\nc\n\"open\nend"u8]);
        var csv = new CsvReader(lines);
        Assert.Equal((CsvResult.Record, 1), (csv.Next(), csv.Line));
        Assert.Equal((CsvResult.BrokenUtf8, 2), (csv.Next(), csv.Line));
        Assert.Equal((CsvResult.Record, 4), (csv.Next(), csv.Line));
        Assert.Equal((CsvResult.OpenQuote, 5), (csv.Next(), csv.Line));
        Assert.Equal(CsvResult.End, csv.Next());
    }

    private LineReader Open(byte[] content)
    {
        File.WriteAllBytes(_folder.At("a.csv"), content);
        return LineReader.Open(_folder.At("a.csv"));
    }
}
