using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Phf.Formats;
using Phf.Scoring;
using Phf.Scoring.Pii;

namespace Phf.Data;

/// <summary>
/// Scored documents as JSON lines, with the field names of the reference's published data:
/// <c>{"texts": [...], "scores": [...], "span_scores": [[[start, end, score], ...], ...], "avg_score": x, "num_sents": n, "scorer": "...",
/// "segmenter": "..."}</c>; <c>span_scores</c> is optional.
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
            if (document.Spans is not null) WriteSpans(json, document.Spans);
            json.WriteNumber("avg_score", document.AvgScore);
            json.WriteNumber("num_sents", document.NumSents);
            if (document.Scorer is not null) json.WriteString("scorer", document.Scorer);
            if (document.Segmenter is not null) json.WriteString("segmenter", document.Segmenter);
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    }

    private static void WriteSpans(Utf8JsonWriter json, IReadOnlyList<IReadOnlyList<ScoredSpan>> segments)
    {
        json.WriteStartArray("span_scores");
        foreach (IReadOnlyList<ScoredSpan> spans in segments)
        {
            json.WriteStartArray();
            foreach (ScoredSpan span in spans)
            {
                json.WriteStartArray();
                json.WriteNumberValue(span.Start);
                json.WriteNumberValue(span.End);
                json.WriteNumberValue(span.Score);
                json.WriteEndArray();
            }
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    private static ScoredDocument Parse(ReadOnlySpan<byte> line, string where)
    {
        InvalidDataException Bad(string found, Exception? inner = null) => new($"{where}: {found}; score the file again with phf score", inner);

        if (!Utf8.IsValid(line)) throw Bad("not UTF-8");
        List<string>? texts = null;
        List<double>? scores = null;
        List<List<ScoredSpan>>? spans = null;
        string? scorer = null, segmenter = null;
        double? average = null, sentences = null;
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
                    case "span_scores": spans = List(ref reader, Spans, JsonTokenType.StartArray, field); break;
                    case "scorer": scorer = reader.GetString(); break;
                    case "segmenter": segmenter = reader.GetString(); break;
                    case "avg_score" when reader.TokenType == JsonTokenType.Number: average = reader.GetDouble(); break;
                    case "num_sents" when reader.TokenType == JsonTokenType.Number: sentences = reader.GetDouble(); break;
                    default: reader.Skip(); break;
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
        // Published files, which name no scorer, may state another number: one of their builders counts the document's fields.
        if (scorer is not null && sentences is not null && sentences != texts.Count) throw Bad($"{texts.Count} texts but num_sents is {sentences}");
        int infinite = scores.FindIndex(score => !double.IsFinite(score));
        if (infinite >= 0) throw Bad($"score {infinite} is not a finite number");
        if (spans is not null && ProblemOf(spans, texts) is { } problemOfSpans) throw Bad(problemOfSpans);
        return new ScoredDocument([.. texts], [.. scores]) { Scorer = scorer, Segmenter = segmenter, Spans = spans, StatedAverage = average };
    }

    private static List<ScoredSpan> Spans(ref Utf8JsonReader reader) => List(ref reader, Span, JsonTokenType.StartArray, "span_scores");

    private static ScoredSpan Span(ref Utf8JsonReader reader)
    {
        List<double> numbers = List(ref reader, static (ref Utf8JsonReader r) => r.GetDouble(), JsonTokenType.Number, "span_scores");
        return numbers is [var start, var end, var score] && start == (int)start && end == (int)end
            ? new ScoredSpan((int)start, (int)end, score)
            : throw new JsonException("'span_scores' holds what is not [start, end, score]");
    }

    /// <summary>What is wrong with the spans of a document; null if they are places in its segments.</summary>
    private static string? ProblemOf(List<List<ScoredSpan>> spans, List<string> texts)
    {
        if (spans.Count != texts.Count) return $"{texts.Count} texts but span_scores of {spans.Count}";
        for (int i = 0; i < texts.Count; i++)
        {
            if (spans[i].Count == 0) continue;
            int length = PythonText.CountCodePoints(texts[i]);
            foreach (ScoredSpan span in spans[i])
            {
                if (span.Start < 0 || span.End <= span.Start || span.End > length)
                    return $"span [{span.Start}, {span.End}) in segment {i}, which has {length} code points";
                if (!double.IsFinite(span.Score)) return $"the score of a span in segment {i} is not a finite number";
            }
        }
        return null;
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
