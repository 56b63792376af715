using System.Text;
using Phf.Data;

namespace Phf.Tests.Data;

public sealed class TextRecordsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SkippedRecords _skipped = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void JsonLines_TextAndIdAndLine()
    {
        string path = Write("a.jsonl", "{\"id\": 7, \"text\": \"one \\ud83d\\ude00\"}\n\n{\"meta\": {\"text\": \"no\"}, \"text\": \"two\", \"id\": \"x\"}\n");
        Assert.Equal(
            [new TextRecord("one 😀", "7", path, 1), new TextRecord("two", "x", path, 3)],
            TextRecords.Read([path], new TextOptions(), _skipped));
        Assert.Equal(0, _skipped.Total);
    }

    [Theory]
    [InlineData("not json", "no JSON")]
    [InlineData("[1]", "no JSON object")]
    [InlineData("{\"text\": \"a\"} {}", "no JSON")]
    [InlineData("{\"text\": \"a\"", "no JSON")]
    [InlineData("{\"other\": \"a\"}", "no field 'text'")]
    [InlineData("{\"text\": 5}", "field 'text' is no string")]
    [InlineData("{\"text\": null}", "field 'text' is no string")]
    [InlineData("{\"text\": \"a \\ud800 b\"}", "a lone surrogate in a string")]
    [InlineData("{\"text\": \"\"}", "empty text")]
    [InlineData("{\"text\": \" \\n\"}", "empty text")]
    [InlineData("{\"texts\": [\"a\", 1]}", "no field 'text'")]
    public void JsonLines_BadRecord_IsSkippedAndCounted(string line, string reason)
    {
        string path = Write("a.jsonl", $"{{\"text\": \"good\"}}\n{line}\n{line}\n{{\"text\": \"good\"}}\n");
        Assert.Equal(2, TextRecords.Read([path], new TextOptions(), _skipped).Count());
        Assert.Equal((2, $"{path} line 2"), Assert.Single(_skipped.Reasons).Value);
        Assert.Equal(reason, _skipped.Reasons.Keys.Single());
    }

    [Fact]
    public void JsonLines_BrokenUtf8_IsSkipped()
    {
        File.WriteAllBytes(_folder.At("a.jsonl"), [.. "{\"text\": \""u8, 0xC3, 0x28, .. "\"}\n{\"text\": \"b\"}"u8]);
        Assert.Equal("b", Assert.Single(TextRecords.Read([_folder.At("a.jsonl")], new TextOptions(), _skipped)).Text);
        Assert.Equal((1, $"{_folder.At("a.jsonl")} line 1"), _skipped.Reasons["not UTF-8"]);
    }

    [Fact]
    public void JsonLines_ScoredDocument_ReadsAsItsText()
    {
        string path = Write("a.jsonl", "{\"texts\": [\"One. \", \"Two.\"], \"scores\": [0, 1], \"avg_score\": 0.5, \"num_sents\": 2}");
        Assert.Equal("One. Two.", Assert.Single(TextRecords.Read([path], new TextOptions(), _skipped)).Text);
    }

    [Fact]
    public void TextField_IsAnOption()
    {
        string path = Write("a.jsonl", "{\"body\": \"b\", \"text\": \"t\", \"key\": \"k\"}");
        TextRecord record = TextRecords.Read([path], new TextOptions { TextField = "body", IdField = "key" }, _skipped).Single();
        Assert.Equal(("b", "k"), (record.Text, record.Id));
    }

    [Theory]
    [InlineData(DocumentUnit.Line, new[] { "one", "two", "three ", "four" }, new long[] { 1, 2, 5, 6 })]
    [InlineData(DocumentUnit.Paragraph, new[] { "one\r\ntwo", "three \nfour" }, new long[] { 1, 5 })]
    [InlineData(DocumentUnit.File, new[] { "one\r\ntwo\r\n\n \nthree \nfour\n" }, new long[] { 1 })]
    public void PlainText_ByUnit(DocumentUnit unit, string[] texts, long[] lines)
    {
        string path = Write("a.txt", "one\r\ntwo\r\n\n \nthree \nfour\n");
        TextRecord[] records = [.. TextRecords.Read([path], new TextOptions { Document = unit }, _skipped)];
        Assert.Equal(texts, records.Select(record => record.Text));
        Assert.Equal(lines, records.Select(record => record.Line));
        Assert.Equal(0, _skipped.Total);
    }

    [Fact]
    public void PlainText_BrokenUtf8_SkipsItsDocumentOnly()
    {
        File.WriteAllBytes(_folder.At("a.txt"), [.. "a\nb"u8, 0xFF, .. "\n\nc"u8]);
        Assert.Equal("c", Assert.Single(TextRecords.Read([_folder.At("a.txt")], new TextOptions { Document = DocumentUnit.Paragraph }, _skipped)).Text);
        Assert.Equal((1, $"{_folder.At("a.txt")} line 1"), _skipped.Reasons["not UTF-8"]);
    }

    [Fact]
    public void Csv_ReadsTheColumn_AndSkipsBadRows()
    {
        string path = Write("a.csv", "id,text\n1,\"two\nlines, quoted\"\n2\n3,\n4,last\n5,\"open\n");
        Assert.Equal(
            [new TextRecord("two\nlines, quoted", "1", path, 2), new TextRecord("last", "4", path, 6)],
            TextRecords.Read([path], new TextOptions(), _skipped));
        Assert.Equal((1, $"{path} line 4"), _skipped.Reasons["another number of fields than the header"]);
        Assert.Equal((1, $"{path} line 5"), _skipped.Reasons["empty text"]);
        Assert.Equal((1, $"{path} line 7"), _skipped.Reasons["a quoted field that is never closed"]);
    }

    [Fact]
    public void Csv_WithoutTheColumn_NamesThoseThatAreThere()
    {
        string path = Write("a.csv", "id,comment\n1,x\n");
        string message = Assert.Throws<InvalidDataException>(() => TextRecords.Read([path], new TextOptions(), _skipped).ToList()).Message;
        Assert.Equal($"{path}: no column 'text'; the header has id, comment; say --text-field", message);
    }

    [Theory]
    [InlineData("id,text\n", "has a header row and no record below it")]
    [InlineData("id,text\n\n\r\n", "has a header row and no record below it")]
    [InlineData("id\ttext\n1\tx\n", "the header has id\ttext; fields must be separated by commas")]
    [InlineData("\"id,text\n1,x\n", "line 1: the header row is no valid CSV (a quoted field that is never closed)")]
    public void Csv_ThatIsNoTable_IsAnError(string content, string message)
    {
        string path = Write("a.csv", content);
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => TextRecords.Read([path], new TextOptions(), _skipped).ToList()).Message);
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => LabelledTexts.Read([path], new LabelOptions { LabelField = "id" }, _skipped).ToList()).Message);
    }

    [Fact]
    public void EmptyFile_IsAnError()
        => Assert.EndsWith("is empty", Assert.Throws<InvalidDataException>(
            () => TextRecords.Read([Write("a.jsonl", "")], new TextOptions(), _skipped).ToList()).Message);

    [Fact]
    public void UnknownExtension_AsksForTheFormat()
    {
        string path = Write("a.dat", "{\"text\": \"a\"}");
        Assert.Contains("--format", Assert.Throws<ArgumentException>(() => TextRecords.Read([path], new TextOptions(), _skipped).ToList()).Message);
        Assert.Single(TextRecords.Read([path], new TextOptions { Format = TextFormat.JsonLines }, _skipped));
    }

    [GoldenTheory]
    [InlineData("toxicity", "civil_comments_comments.csv.gz", "comment_text", 16_100)]
    [InlineData("pii", "presidio_synth_v2.jsonl.gz", "text", 1_500)]
    public void RealFiles_EveryRecordIsRead(string folder, string name, string field, int count)
    {
        string path = Shared.Data(folder, name);
        int read = TextRecords.Read([path], new TextOptions { TextField = field }, _skipped).Count();
        Assert.Equal(count, read + _skipped.Total);
        Assert.DoesNotContain(_skipped.Reasons.Keys, reason => reason != "empty text");
    }

    private string Write(string name, string content)
    {
        File.WriteAllText(_folder.At(name), content, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return _folder.At(name);
    }
}
