using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Phf.Formats;

namespace Phf.Data;

/// <summary>One document of a corpus: <paramref name="Source"/> and <paramref name="Line"/> (from 1) say where it was read.</summary>
public sealed record TextRecord(string Text, string? Id, string Source, long Line)
{
    public string Where => $"{Source} line {Line}";
}

/// <summary>Format of a corpus file; <see cref="Auto"/> goes by the extension: .jsonl .ndjson .json, .txt, .csv, each also with
/// .gz.</summary>
public enum TextFormat { Auto, JsonLines, Text, Csv }

/// <summary>What one document of a plain-text file is: a line, a paragraph (lines up to a blank one) or the whole file.</summary>
public enum DocumentUnit { Line, Paragraph, File }

/// <summary>How a corpus is read.</summary>
public sealed record TextOptions
{
    public TextFormat Format { get; init; } = TextFormat.Auto;

    /// <summary>JSON field or CSV column with the text.</summary>
    public string TextField { get; init; } = "text";

    /// <summary>JSON field or CSV column with a name for the document; need not exist.</summary>
    public string IdField { get; init; } = "id";

    public DocumentUnit Document { get; init; } = DocumentUnit.Line;

    /// <summary>A text of white space, or of nothing, is a document too: as many come out as went in.</summary>
    public bool KeepsBlank { get; init; }
}

/// <summary>
/// Reads the documents of a corpus one after the other. A record that cannot be used (not UTF-8, no JSON, no text, a lone surrogate...) is
/// skipped and counted; a missing, damaged or empty file is an error.
/// </summary>
public static class TextRecords
{
    internal const string NotUtf8 = "not UTF-8";
    internal const string EmptyText = "empty text";

    /// <param name="paths">Files, read in this order; <c>-</c> is standard input.</param>
    /// <param name="options">Format and fields.</param>
    /// <param name="skipped">Receives what was skipped.</param>
    /// <param name="bytesRead">Told the bytes of the files taken so far, before each document.</param>
    /// <exception cref="IOException">A file is missing or unreadable.</exception>
    /// <exception cref="InvalidDataException">A file is empty or damaged, or a CSV file has no such column.</exception>
    /// <exception cref="ArgumentException">The format cannot be told from the extension.</exception>
    public static IEnumerable<TextRecord> Read(
        IEnumerable<string> paths, TextOptions options, SkippedRecords skipped, Action<long>? bytesRead = null)
    {
        long before = 0;
        foreach (string path in paths)
        {
            TextFormat format = options.Format == TextFormat.Auto ? FormatOf(path) : options.Format;
            using LineReader lines = LineReader.Open(path);
            IEnumerable<TextRecord> records = format switch
            {
                TextFormat.Csv => CsvTexts.Read(lines, options, skipped),
                TextFormat.Text => PlainTexts.Read(lines, options, skipped),
                _ => JsonTexts.Read(lines, options, skipped),
            };
            foreach (TextRecord record in records)
            {
                bytesRead?.Invoke(before + lines.BytesRead);
                yield return record;
            }
            if (lines.Number == 0) throw new InvalidDataException($"{lines.Name} is empty");
            before += lines.BytesRead;
        }
    }

    private static TextFormat FormatOf(string path) => InputFile.ExtensionWithin(path) switch
    {
        ".jsonl" or ".ndjson" or ".json" => TextFormat.JsonLines,
        ".txt" => TextFormat.Text,
        ".csv" => TextFormat.Csv,
        _ => throw new ArgumentException($"{path}: the format cannot be told from the name; say --format jsonl, txt or csv"),
    };
}

/// <summary>JSON lines: one object per line with a string field for the text; a scored document ({"texts": [...]}) is read as its segments
/// joined.</summary>
internal static class JsonTexts
{
    public static IEnumerable<TextRecord> Read(LineReader lines, TextOptions options, SkippedRecords skipped)
    {
        byte[] textField = Encoding.UTF8.GetBytes(options.TextField), idField = Encoding.UTF8.GetBytes(options.IdField);
        while (lines.Next())
        {
            if (lines.Line.Trim(" \t"u8).IsEmpty) continue;
            string? problem = Parse(lines.Line, options.TextField, textField, idField, out string? text, out string? id);
            if (problem is null && !options.KeepsBlank && string.IsNullOrWhiteSpace(text)) problem = TextRecords.EmptyText;
            if (problem is not null) skipped.Add(problem, lines.Where);
            else yield return new TextRecord(text!, id, lines.Name, lines.Number);
        }
    }

    /// <summary>Returns the reason to skip, or null. No exception for an ordinary bad record, but JSON's own errors arrive as
    /// exceptions.</summary>
    private static string? Parse(ReadOnlySpan<byte> line, string field, byte[] textField, byte[] idField, out string? text, out string? id)
    {
        text = id = null;
        if (!Utf8.IsValid(line)) return TextRecords.NotUtf8;
        string? joined = null;
        bool found = false;
        try
        {
            var reader = new Utf8JsonReader(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return "no JSON object";
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isText = reader.ValueTextEquals(textField), isId = reader.ValueTextEquals(idField), isTexts = reader.ValueTextEquals("texts"u8);
                reader.Read();
                if (isText) found = true;
                if (isText && reader.TokenType == JsonTokenType.String) text = reader.GetString();
                else if (isId && reader.TokenType is JsonTokenType.String) id = reader.GetString();
                else if (isId && reader.TokenType is JsonTokenType.Number) id = Encoding.UTF8.GetString(reader.ValueSpan);
                else if (isTexts && reader.TokenType == JsonTokenType.StartArray) joined = Join(ref reader);
                else reader.Skip();
            }
            reader.Read(); // throws where something follows the object
        }
        catch (JsonException)
        {
            return "no JSON";
        }
        catch (InvalidOperationException)
        {
            return "a lone surrogate in a string"; // e.g. "\ud800": no Unicode text contains it
        }
        if (!found) text = joined;
        if (text is null) return found ? $"field '{field}' is no string" : $"no field '{field}'";
        return null;
    }

    /// <summary>The strings of a list in one; null when it holds anything else.</summary>
    private static string? Join(ref Utf8JsonReader reader)
    {
        var text = new StringBuilder();
        bool strings = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String) text.Append(reader.GetString());
            else (strings, _) = (false, reader.TrySkip());
        }
        return strings ? text.ToString() : null;
    }
}

/// <summary>Plain text: a document per line (without the line's end), per paragraph, or per file.</summary>
internal static class PlainTexts
{
    public static IEnumerable<TextRecord> Read(LineReader lines, TextOptions options, SkippedRecords skipped)
    {
        DocumentUnit unit = options.Document;
        bool keepsBlank = options.KeepsBlank && unit == DocumentUnit.Line;
        var text = new StringBuilder();
        long first = 0;
        bool valid = true;
        bool more = true;
        while (more)
        {
            more = lines.Next();
            bool blank = !more || lines.Line.Trim(" \t"u8).IsEmpty;
            if (more && (!blank || keepsBlank || unit == DocumentUnit.File))
            {
                if (text.Length == 0 && valid) first = lines.Number;
                if (Utf8.IsValid(lines.LineWithEnd)) text.Append(Encoding.UTF8.GetString(lines.LineWithEnd));
                else valid = false;
            }
            bool complete = unit switch
            {
                DocumentUnit.Line => true,
                DocumentUnit.Paragraph => blank,
                _ => !more,
            };
            if (!complete) continue;
            string document = unit == DocumentUnit.File ? text.ToString() : text.ToString().TrimEnd('\r', '\n');
            if (!valid) skipped.Add(TextRecords.NotUtf8, $"{lines.Name} line {first}");
            else if (!string.IsNullOrWhiteSpace(document) || (more && keepsBlank)) yield return new TextRecord(document, null, lines.Name, first);
            text.Clear();
            valid = true;
        }
    }
}

/// <summary>Comma-separated values with a header row.</summary>
internal static class CsvTexts
{
    public static IEnumerable<TextRecord> Read(LineReader lines, TextOptions options, SkippedRecords skipped)
    {
        if (CsvTable.Open(lines) is not { } table) yield break;
        int text = table.Column(options.TextField, "--text-field"), id = table.Find(options.IdField);
        foreach ((IReadOnlyList<string> fields, long line) in table.Records(skipped))
        {
            if (!options.KeepsBlank && string.IsNullOrWhiteSpace(fields[text])) skipped.Add(TextRecords.EmptyText, $"{lines.Name} line {line}");
            else yield return new TextRecord(fields[text], id < 0 ? null : fields[id], lines.Name, line);
        }
    }
}
