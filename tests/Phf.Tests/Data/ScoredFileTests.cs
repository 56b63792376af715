using System.Text.Json;
using Phf.Data;

namespace Phf.Tests.Data;

public sealed class ScoredFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WriteThenRead_IsTheSame()
    {
        ScoredDocument[] documents =
        [
            new(["One. ", "Zwei \"ü\"\n", "\u2028<b>😀"], [0, 0.1, 1e-300]) { Scorer = "pii/x", Segmenter = "sentence/1" },
            new(["only"], [-3]),
        ];
        using (FileStream file = File.Create(_folder.At("s.jsonl")))
            foreach (ScoredDocument document in documents) ScoredFile.Write(file, document);
        ScoredDocument[] read = [.. ScoredFile.Read(_folder.At("s.jsonl"))];
        Assert.Equal(2, read.Length);
        foreach (var (expected, actual) in documents.Zip(read))
        {
            Assert.Equal(expected.Texts, actual.Texts);
            Assert.Equal(expected.Scores, actual.Scores);
            Assert.Equal((expected.Scorer, expected.Segmenter), (actual.Scorer, actual.Segmenter));
        }
    }

    [Fact]
    public void Write_HasTheReferencesFields_AndThePlainMean()
    {
        using var buffer = new MemoryStream();
        ScoredFile.Write(buffer, new ScoredDocument(["a very long segment ", "b"], [0.5, 0]) { Scorer = "s", Segmenter = "line" });
        using JsonDocument json = JsonDocument.Parse(buffer.ToArray());
        Assert.Equal(["texts", "scores", "avg_score", "num_sents", "scorer", "segmenter"], json.RootElement.EnumerateObject().Select(field => field.Name));
        Assert.Equal(0.25, json.RootElement.GetProperty("avg_score").GetDouble());
        Assert.Equal(2, json.RootElement.GetProperty("num_sents").GetInt32());
    }

    [Fact]
    public void Read_ThePublishedForm()
    {
        // num_sents is 5 in all documents of the published PII data: the number of their fields.
        ScoredDocument document = Assert.Single(Read("""{"texts": ["a", "b"], "meta": {"scores": [], "set": null}, "scores": [1, 0.5], "avg_score": 0.7, "num_sents": 5}"""));
        Assert.Equal((0.75, 0.7), (document.AvgScore, document.StatedAverage));
        Assert.Null(document.Scorer);
    }

    [Theory]
    [InlineData("0.75", false)]
    [InlineData("0.7500001", false)]
    [InlineData("0.751", true)]
    [InlineData("null", false)]
    [InlineData("\"0.9\"", false)]
    public void Read_AnotherAverage_IsNoticed(string average, bool isAnother)
        => Assert.Equal(isAnother, Assert.Single(Read($$"""{"texts": ["a", "b"], "scores": [1, 0.5], "avg_score": {{average}}}""")).StatesAnotherAverage);

    [Theory]
    [InlineData("""{"texts": ["a", "b", "c"], "scores": [1, 2]}""", "3 texts but 2 scores")]
    [InlineData("""{"scores": [1]}""", "no field 'texts'")]
    [InlineData("""{"texts": ["a"]}""", "no field 'scores'")]
    [InlineData("""{"texts": ["a"], "scores": [NaN]}""", "no JSON")]
    [InlineData("""{"texts": ["a"], "scores": [Infinity]}""", "no JSON")]
    [InlineData("""{"texts": ["a"], "scores": [1e999]}""", "score 0 is not a finite number")]
    [InlineData("""{"texts": ["a"], "scores": ["NaN"]}""", "'scores' holds a String, expected Number")]
    [InlineData("""{"texts": [5], "scores": [1]}""", "'texts' holds a Number, expected String")]
    [InlineData("""{"texts": "a", "scores": [1]}""", "'texts' is no list")]
    [InlineData("""{"texts": [], "scores": []}""", "no texts")]
    [InlineData("""{"texts": ["a"], "scores": [1], "num_sents": 2, "scorer": "x"}""", "1 texts but num_sents is 2")]
    [InlineData("""{"texts": ["a"], "scores": [1], "scorer": 5}""", "another type")]
    [InlineData("""{"texts": ["\ud800"], "scores": [1]}""", "another type")]
    [InlineData("""{"texts": ["a"], "scores": [1]""", "no JSON")]
    [InlineData("""{"texts": ["a"], "scores": [1]} x""", "no JSON")]
    [InlineData("""[]""", "no JSON object")]
    public void Read_BadLine_NamesFileLineAndRemedy(string line, string found)
    {
        string good = """{"texts": ["a"], "scores": [1]}""";
        string message = Assert.Throws<InvalidDataException>(() => Read($"{good}\n{line}\n")).Message;
        Assert.StartsWith($"{_folder.At("s.jsonl")} line 2: ", message);
        Assert.Contains(found, message);
        Assert.EndsWith("score the file again with phf score", message);
    }

    [Fact]
    public void Read_EmptyFile_IsAnError() => Assert.EndsWith("is empty", Assert.Throws<InvalidDataException>(() => Read("")).Message);

    private List<ScoredDocument> Read(string content)
    {
        File.WriteAllText(_folder.At("s.jsonl"), content);
        return [.. ScoredFile.Read(_folder.At("s.jsonl"))];
    }
}
