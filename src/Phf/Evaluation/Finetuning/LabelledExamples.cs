using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Phf.Data;
using Phf.Formats;

namespace Phf.Evaluation.Finetuning;

/// <summary>A text, or a pair of texts, with its label.</summary>
public sealed record LabelledExample(string Text, string? Pair, string Label, string Where);

/// <summary>Which fields hold what: names of a header or of JSON, or numbers of columns from 1 in a file without a header.</summary>
public sealed record ExampleFields
{
    public string Text { get; init; } = "sentence";

    /// <summary>The second text of pairs; null for single texts.</summary>
    public string? Pair { get; init; }

    public string Label { get; init; } = "label";

    internal IReadOnlyList<string> Names => Pair is null ? [Text, Label] : [Text, Label, Pair];
}

/// <summary>
/// Reads labelled texts as GLUE has them (Wang et al. 2018): .tsv (tabs, quotes are ordinary characters), .csv or JSON lines, each also .gz. Labels are words: 1, 2.0 and
/// entailment are three. Records that cannot be used are skipped and counted.
/// </summary>
public static class LabelledExamples
{
    /// <exception cref="InvalidDataException">The file is empty or damaged, or has no such column.</exception>
    /// <exception cref="ArgumentException">The format cannot be told from the name.</exception>
    /// <exception cref="IOException">The file is missing or unreadable.</exception>
    public static IReadOnlyList<LabelledExample> Read(string path, ExampleFields fields, SkippedRecords skipped)
    {
        using LineReader lines = LineReader.Open(path);
        IEnumerable<LabelledExample> read = InputFile.ExtensionWithin(path) switch
        {
            ".tsv" => FromRows(lines, fields, skipped, Tabs(lines, skipped)),
            ".csv" => FromRows(lines, fields, skipped, Commas(lines, skipped)),
            ".jsonl" or ".ndjson" or ".json" => FromJson(lines, fields, skipped),
            _ => throw new ArgumentException($"{path}: the format cannot be told from the name; .tsv, .csv and .jsonl are known"),
        };
        var examples = new List<LabelledExample>();
        foreach (LabelledExample example in read)
        {
            if (string.IsNullOrWhiteSpace(example.Text) || (fields.Pair is not null && string.IsNullOrWhiteSpace(example.Pair))) skipped.Add("empty text", example.Where);
            else if (example.Label.Length == 0) skipped.Add("empty label", example.Where);
            else examples.Add(example);
        }
        if (examples.Count > 0) return examples;
        string why = skipped.Total == 0 ? "nothing but blank lines or a header" : $"{skipped.Reasons.First().Key} at {skipped.Reasons.First().Value.First}";
        throw new InvalidDataException($"{path}: no labelled text ({why}); say the fields with --text-field and --label-field");
    }

    private static IEnumerable<(string[] Fields, string Where)> Tabs(LineReader lines, SkippedRecords skipped)
    {
        while (lines.Next())
        {
            if (lines.Line.IsEmpty) continue;
            if (Utf8.IsValid(lines.Line)) yield return (Encoding.UTF8.GetString(lines.Line).Split('\t'), lines.Where);
            else skipped.Add("not UTF-8", lines.Where);
        }
    }

    private static IEnumerable<(string[] Fields, string Where)> Commas(LineReader lines, SkippedRecords skipped)
    {
        var csv = new CsvReader(lines);
        for (CsvResult result = csv.Next(); result != CsvResult.End; result = csv.Next())
        {
            string where = $"{lines.Name} line {csv.Line}";
            if (result == CsvResult.Record) yield return ([.. csv.Fields], where);
            else skipped.Add(result == CsvResult.BrokenUtf8 ? "not UTF-8" : "a quoted field that is never closed", where);
        }
    }

    private static IEnumerable<LabelledExample> FromRows(LineReader lines, ExampleFields fields, SkippedRecords skipped, IEnumerable<(string[] Fields, string Where)> rows)
    {
        int[]? columns = fields.Names.All(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0)
            ? [.. fields.Names.Select(name => int.Parse(name, CultureInfo.InvariantCulture) - 1)] : null;
        int width = columns is null ? 0 : columns.Max() + 1;
        foreach ((string[] row, string where) in rows)
        {
            if (columns is null)
            {
                (columns, width) = (ColumnsOf(row, fields, lines.Name), row.Length);
                continue;
            }
            if (row.Length < width) skipped.Add("fewer columns than expected", where);
            else yield return new LabelledExample(row[columns[0]], fields.Pair is null ? null : row[columns[2]], row[columns[1]].Trim(), where);
        }
    }

    private static int[] ColumnsOf(string[] header, ExampleFields fields, string file)
    {
        int[] columns = [.. fields.Names.Select(name => Array.IndexOf(header, name))];
        int missing = Array.IndexOf(columns, -1);
        return missing < 0 ? columns : throw new InvalidDataException($"{file}: no column '{fields.Names[missing]}'; the header has {string.Join(", ", header.Select(name => Shortened.Of(name)))}; "
            + "say --text-field and --label-field, or for a file without a header the numbers of the columns, from 1");
    }

    private static IEnumerable<LabelledExample> FromJson(LineReader lines, ExampleFields fields, SkippedRecords skipped)
    {
        while (lines.Next())
        {
            if (lines.Line.Trim(" \t"u8).IsEmpty) continue;
            string? problem = Parse(lines, fields, out string[] values);
            if (problem is not null) skipped.Add(problem, lines.Where);
            else yield return new LabelledExample(values[0], fields.Pair is null ? null : values[2], values[1].Trim(), lines.Where);
        }
    }

    /// <summary>The values of the fields; returns the reason to skip, or null.</summary>
    private static string? Parse(LineReader lines, ExampleFields fields, out string[] values)
    {
        values = new string[fields.Names.Count];
        if (!Utf8.IsValid(lines.Line)) return "not UTF-8";
        try
        {
            var reader = new Utf8JsonReader(lines.Line);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return "no JSON object";
            for (int i = 0; i < values.Length; i++)
            {
                string name = fields.Names[i];
                if (!document.RootElement.TryGetProperty(name, out JsonElement value)) return $"no field '{name}'";
                bool isWord = value.ValueKind == JsonValueKind.String || (name == fields.Label && value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False);
                if (!isWord) return $"field '{name}' is no {(name == fields.Label ? "label" : "string")}";
                values[i] = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
            }
            return null;
        }
        catch (JsonException)
        {
            return "no JSON";
        }
        catch (InvalidOperationException)
        {
            return "a lone surrogate in a string";
        }
    }
}
