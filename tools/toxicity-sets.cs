// Writes the four files that the built-in toxicity model is trained and measured on (docs/toxicity-model.md):
//     dotnet run tools/toxicity-sets.cs FOLDER OUT
// FOLDER holds davidson_tweets.jsonl.gz ({"text", "label": hate | offensive | neither}; t-davidson/hate-speech-and-offensive-language, MIT) and
// civil_comments_{comments,annotations,spans}.csv.gz (ipavlopoulos/toxic_spans, CC0). OUT receives tweets-train.jsonl, tweets-test.jsonl,
// civil-train.jsonl and civil-test.jsonl: {"text", "label"}, label 0 or 1 for tweets, the share of raters that call a comment toxic for comments.
// A fifth of each set is for testing; texts that differ only in case, digits, punctuation or white space go to the same side.

#:project ../src/Phf/Phf.csproj
#:property PublishAot=false

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Phf.Formats;

if (args.Length != 2) throw new ArgumentException("usage: dotnet run tools/toxicity-sets.cs FOLDER OUT");
Directory.CreateDirectory(args[1]);

var tweets = new List<(string Text, double Label)>();
using (LineReader lines = LineReader.Open(Path.Combine(args[0], "davidson_tweets.jsonl.gz")))
    while (lines.Next())
    {
        using JsonDocument row = JsonDocument.Parse(lines.Line.ToArray());
        tweets.Add((row.RootElement.GetProperty("text").GetString()!, row.RootElement.GetProperty("label").GetString() == "neither" ? 0 : 1));
    }
Write("tweets", tweets);

// A rater calls a comment toxic by marking spans or the whole of it, unless the same rater also says 'not toxic'.
HashSet<string> marked = [.. Rows("civil_comments_spans.csv.gz").Select(row => row["annotation"])];
Dictionary<string, double> shares = Rows("civil_comments_annotations.csv.gz").GroupBy(row => row["comment_id"])
    .ToDictionary(rows => rows.Key, rows => rows.Average(row => (row["all toxic"] == "True" || marked.Contains(row["annotation"])) && row["not toxic"] != "True" ? 1.0 : 0));
Write("civil", Rows("civil_comments_comments.csv.gz").Select(row => (row["comment_text"], shares[row["comment_id"]])));

IEnumerable<Dictionary<string, string>> Rows(string name)
{
    using LineReader lines = LineReader.Open(Path.Combine(args[0], name));
    var csv = new CsvReader(lines);
    csv.Next();
    string[] columns = [.. csv.Fields];
    while (csv.Next() == CsvResult.Record) yield return columns.Zip(csv.Fields).ToDictionary(pair => pair.First, pair => pair.Second);
}

void Write(string name, IEnumerable<(string Text, double Label)> rows)
{
    using var train = new StreamWriter(Path.Combine(args[1], $"{name}-train.jsonl"));
    using var test = new StreamWriter(Path.Combine(args[1], $"{name}-test.jsonl"));
    foreach (var (text, label) in rows)
    {
        string letters = string.Concat(text.Where(char.IsLetter)).ToLowerInvariant();
        StreamWriter side = SHA256.HashData(Encoding.UTF8.GetBytes(letters))[0] < 51 ? test : train; // 51 of 256
        side.Write(JsonSerializer.Serialize(new Dictionary<string, object> { ["text"] = text, ["label"] = label }) + "\n");
    }
}
