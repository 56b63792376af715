using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Phf.Formats;

namespace Phf.Data;

/// <summary>
/// Scored documents as JSON lines, with the field names of the reference's published data:
/// <c>{"texts": [...], "scores": [...], "avg_score": x, "num_sents": n, "scorer": "...", "segmenter": "..."}</c>.
/// </summary>
public static class ScoredFile
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a scored file (.gz by extension, <c>-</c> standard input). Fields other than those above are ignored.</summary>
    /// <exception cref="InvalidDataException">A line is not a scored document; the message names file and line. Unlike a raw text, a scored
    /// file is
    /// written by a program, so a bad line means that the file is damaged.</exception>
    public static IEnumerable<ScoredDocument> Read(string path, Action<long>? bytesRead = null) => Read(() => LineReader.Open(path), bytesRead);

    /// <inheritdoc cref="Read(string, Action{long}?)"/>
    internal static IEnumerable<ScoredDocument> Read(string path, bool compressed) => Read(() => LineReader.Open(path, compressed), bytesRead: null);

    private static IEnumerable<ScoredDocument> Read(Func<LineReader> open, Action<long>? bytesRead)
    {
        using LineReader lines = open();
        while (lines.Next())
        {
            if (lines.Line.Trim(" \t"u8).IsEmpty) continue;
            bytesRead?.Invoke(lines.BytesRead);
            yield return Parse(lines.Line, lines.Where);
        }
        if (lines.Number == 0) throw new InvalidDataException($"{lines.Name} is empty");
    }

    /// <summary>Writes one document and a line end.</summary>
    public static void Write(Stream stream, ScoredDocument document)
    {
        using (var json = new Utf8JsonWriter(stream, WriterOptions))
        {
            json.WriteStartObject();
            json.WriteStartArray("texts");
            foreach (string text in document.Texts) json.WriteStringValue(text);
            json.WriteEndArray();
            json.WriteStartArray("scores");
            foreach (double score in document.Scores) json.WriteNumberValue(score);
            json.WriteEndArray();
            json.WriteNumber("avg_score", document.AvgScore);
            json.WriteNumber("num_sents", document.NumSents);
            if (document.Scorer is not null) json.WriteString("scorer", document.Scorer);
            if (document.Segmenter is not null) json.WriteString("segmenter", document.Segmenter);
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    }

    private static ScoredDocument Parse(ReadOnlySpan<byte> line, string where)
    {
        InvalidDataException Bad(string found, Exception? inner = null) => new($"{where}: {found}; score the file again with phf score", inner);

        if (!Utf8.IsValid(line)) throw Bad("not UTF-8");
        List<string>? texts = null;
        List<double>? scores = null;
        string? scorer = null, segmenter = null;
        long? sentences = null;
        try
        {
            var reader = new Utf8JsonReader(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw Bad("no JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string field = reader.GetString()!;
                reader.Read();
                switch (field)
                {
                    case "texts": texts = List(ref reader, static (ref Utf8JsonReader r) => r.GetString()!, JsonTokenType.String, field); break;
                    case "scores": scores = List(ref reader, static (ref Utf8JsonReader r) => r.GetDouble(), JsonTokenType.Number, field); break;
                    case "scorer": scorer = reader.GetString(); break;
                    case "segmenter": segmenter = reader.GetString(); break;
                    case "num_sents": sentences = reader.GetInt64(); break;
                    default: reader.Skip(); break; // avg_score too: it is computed from the scores
                }
            }
            reader.Read();
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or FormatException)
        {
            throw Bad(
                problem is JsonException ? $"no JSON of a scored document ({problem.Message})" : $"a field of another type ({problem.Message})", problem);
        }
        if (texts is null || scores is null) throw Bad($"no field '{(texts is null ? "texts" : "scores")}'");
        if (texts.Count != scores.Count) throw Bad($"{texts.Count} texts but {scores.Count} scores");
        if (texts.Count == 0) throw Bad("no texts");
        if (sentences is not null && sentences != texts.Count) throw Bad($"{texts.Count} texts but num_sents is {sentences}");
        int infinite = scores.FindIndex(score => !double.IsFinite(score));
        if (infinite >= 0) throw Bad($"score {infinite} is not a finite number");
        return new ScoredDocument([.. texts], [.. scores]) { Scorer = scorer, Segmenter = segmenter };
    }

    private delegate T Getter<T>(ref Utf8JsonReader reader);

    private static List<T> List<T>(ref Utf8JsonReader reader, Getter<T> get, JsonTokenType expected, string field)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException($"'{field}' is no list");
        var values = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != expected) throw new JsonException($"'{field}' holds a {reader.TokenType}, expected {expected}");
            values.Add(get(ref reader));
        }
        return values;
    }
}
