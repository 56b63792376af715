using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Phf.Scoring.Pep8;

namespace Phf.Tests.Scoring;

/// <summary>Recorded pycodestyle 2.8.0 output (Python 3.11) beside the text it was recorded on.</summary>
internal sealed class GoldenPep8
{
    private readonly JsonElement _row;

    private GoldenPep8(JsonElement row, string text) => (_row, Text) = (row, text);

    public string Text { get; }

    public string Name => _row.TryGetProperty("cut", out var cut) ? $"{_row.GetProperty("id")} cut at {cut}" : _row.GetProperty("id").ToString();

    public double Score => _row.GetProperty("score").GetDouble();

    /// <summary>False for two lone surrogates side by side, which are two characters in Python but one in UTF-16.</summary>
    public bool HasSameLength => !_row.TryGetProperty("len", out var length) || Text.EnumerateRunes().Count() == length.GetInt32();

    /// <summary>The list of the field <paramref name="field"/>: violations, all or all_hang_closing; null if the row has none.</summary>
    public Violation[]? Violations(string field = "violations") => !_row.TryGetProperty(field, out var list) ? null
        : [.. list.EnumerateArray().Select(item => new Violation(item[0].GetInt32(), item[1].GetInt32(), item[2].GetString()!))];

    /// <summary>What the paper's line scorer gives; "counts" in the recording stands for violations / length, line by line.</summary>
    public double[] LineScores()
    {
        JsonElement scores = _row.GetProperty("line_scores");
        if (scores.ValueKind == JsonValueKind.Array)
            return [.. scores.EnumerateArray().Select(score => score.ValueKind == JsonValueKind.String ? double.PositiveInfinity : score.GetDouble())];
        string[] lines = Text.Split('\n');
        int count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        var result = new double[count];
        foreach (Violation violation in Violations()!) result[violation.Line - 1]++;
        for (int i = 0; i < count; i++) result[i] /= lines[i].EnumerateRunes().Count() + (i < lines.Length - 1 ? 1 : 0);
        return result;
    }

    /// <summary>All rows of a set: snippets, truncated, humaneval or mbpp.</summary>
    public static List<GoldenPep8> Load(string set) => set switch
    {
        "snippets" => [.. Lines(Shared.Golden("pep8_snippets.jsonl.gz")).Select(row => new GoldenPep8(row, OwnText(row)))],
        "truncated" => Truncated(),
        _ => [.. Lines(Shared.Data("pep8", set + "_pycodestyle_2.8.0.jsonl.gz")).Select(row => new GoldenPep8(row, OwnText(row)))],
    };

    private static List<GoldenPep8> Truncated()
    {
        Dictionary<string, string> texts = Load("humaneval").Concat(Load("mbpp")).ToDictionary(row => row.Name, row => row.Text);
        return [.. Lines(Shared.Golden("pep8_truncated.jsonl.gz")).Select(row => new GoldenPep8(row, string.Concat(
            texts[row.GetProperty("id").ToString()].EnumerateRunes().Take(row.GetProperty("cut").GetInt32()))))];
    }

    private static IEnumerable<JsonElement> Lines(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line) yield return JsonElement.Parse(line);
    }

    private static string OwnText(JsonElement row)
    {
        if (row.TryGetProperty("text", out var text)) return text.GetString()!;
        var builder = new StringBuilder();
        foreach (var point in row.GetProperty("codepoints").EnumerateArray())
            builder.Append(point.GetInt32() < 0x10000 ? ((char)point.GetInt32()).ToString() : char.ConvertFromUtf32(point.GetInt32()));
        return builder.ToString();
    }
}
