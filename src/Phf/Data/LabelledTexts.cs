using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Phf.Formats;
using Phf.Scoring.Classifier;

namespace Phf.Data;

/// <summary>Which fields hold text and label, and what label is positive.</summary>
public sealed record LabelOptions
{
    public string TextField { get; init; } = "text";

    public string LabelField { get; init; } = "label";

    /// <summary>A numeric label at or above this is positive.</summary>
    public double Threshold { get; init; } = 0.5;

    /// <summary>Labels that are positive as words, e.g. <c>hate</c>; every other word is not.</summary>
    public IReadOnlyList<string> Positive { get; init; } = [];
}

/// <summary>
/// Reads labelled texts from JSON lines or CSV (each also .gz). A label is a number, true or false, or a word of <see cref="LabelOptions.Positive"/>.
/// Records without text or label are skipped and counted; a word where numbers are expected is an error, because a guess would train nonsense.
/// </summary>
public static class LabelledTexts
{
    /// <exception cref="InvalidDataException">A file is empty or damaged, has no such column, or a label that cannot be told.</exception>
    /// <exception cref="IOException">A file is missing or unreadable.</exception>
    public static IEnumerable<LabelledText> Read(IEnumerable<string> paths, LabelOptions options, SkippedRecords skipped)
    {
        foreach (string path in paths)
        {
            using LineReader lines = LineReader.Open(path);
            bool isCsv = InputFile.ExtensionWithin(path) == ".csv";
            foreach (var (text, label, where) in isCsv ? FromCsv(lines, options, skipped) : FromJson(lines, options, skipped))
            {
                if (string.IsNullOrWhiteSpace(text)) skipped.Add(TextRecords.EmptyText, where);
                else if (label.Length == 0) skipped.Add("empty label", where);
                else yield return Labelled(text, label, options, where);
            }
            if (lines.Number == 0) throw new InvalidDataException($"{lines.Name} is empty");
        }
    }

    private static LabelledText Labelled(string text, string label, LabelOptions options, string where)
    {
        if (options.Positive.Count > 0) return new LabelledText(text, options.Positive.Contains(label, StringComparer.Ordinal));
        if (bool.TryParse(label, out bool truth)) return new LabelledText(text, truth);
        if (double.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number))
            return number is >= 0 and <= 1 ? new LabelledText(text, number >= options.Threshold, number) : new LabelledText(text, number >= options.Threshold);
        throw new InvalidDataException($"{where}: label '{Shortened.Of(label)}' is neither a number nor true or false; name the positive labels with --positive");
    }

    private static IEnumerable<(string Text, string Label, string Where)> FromCsv(LineReader lines, LabelOptions options, SkippedRecords skipped)
    {
        if (CsvTable.Open(lines) is not { } table) yield break;
        int text = table.Column(options.TextField, "--text-field"), label = table.Column(options.LabelField, "--label-field");
        foreach ((IReadOnlyList<string> fields, long line) in table.Records(skipped))
            yield return (fields[text], fields[label].Trim(), $"{lines.Name} line {line}");
    }

    private static IEnumerable<(string Text, string Label, string Where)> FromJson(LineReader lines, LabelOptions options, SkippedRecords skipped)
    {
        while (lines.Next())
        {
            if (lines.Line.Trim(" \t"u8).IsEmpty) continue;
            string? problem = Parse(lines.Line, options, out string text, out string label);
            if (problem is not null) skipped.Add(problem, lines.Where);
            else yield return (text, label, lines.Where);
        }
    }

    private static string? Parse(ReadOnlySpan<byte> line, LabelOptions options, out string text, out string label)
    {
        text = label = "";
        if (!Utf8.IsValid(line)) return TextRecords.NotUtf8;
        try
        {
            var reader = new Utf8JsonReader(line);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return "no JSON object";
            if (!document.RootElement.TryGetProperty(options.TextField, out JsonElement textField)) return $"no field '{options.TextField}'";
            if (textField.ValueKind != JsonValueKind.String) return $"field '{options.TextField}' is no string";
            if (!document.RootElement.TryGetProperty(options.LabelField, out JsonElement labelField)) return $"no field '{options.LabelField}'";
            if (labelField.ValueKind is JsonValueKind.Object or JsonValueKind.Array) return $"field '{options.LabelField}' is a {labelField.ValueKind}".ToLowerInvariant();
            (text, label) = (textField.GetString()!, labelField.ToString());
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
