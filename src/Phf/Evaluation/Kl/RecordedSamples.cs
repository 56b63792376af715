using System.Text.Json;
using Phf.Text;

namespace Phf.Evaluation.Kl;

/// <summary>Files of recorded samples, one JSON object a line (docs/evaluation.md).</summary>
internal static class RecordedSamples
{
    private const string Expected = "expected {\"text\": ..., \"logprob\": ...}, or token_logprobs in place of logprob";

    /// <summary>A sample as a line.</summary>
    public static byte[] Line(ReferenceSample sample) => [.. JsonSerializer.SerializeToUtf8Bytes(sample, EvaluationFiles.OneLine), (byte)'\n'];

    /// <param name="path">The file; <c>.json</c> for one object with lists.</param>
    /// <param name="mayBeCut">Leave out a last line that a kill cut off.</param>
    /// <exception cref="InvalidDataException">A line is no sample.</exception>
    public static IEnumerable<ReferenceSample> Read(string path, bool mayBeCut = false)
    {
        if (Path.GetExtension(path) == ".json") return ReadLists(path);
        string[] lines = File.ReadAllLines(path);
        bool isCut = mayBeCut && lines.Length > 0 && !EndsWithNewline(path);
        return lines.Take(isCut ? lines.Length - 1 : lines.Length).Select((line, i) => (Line: line, Number: i + 1)).Where(line => line.Line.Length > 0)
            .Select(line => ReadLine($"{path} line {line.Number}", line.Line));
    }

    private static bool EndsWithNewline(string path)
    {
        using FileStream file = File.OpenRead(path);
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n';
    }

    private static ReferenceSample ReadLine(string where, string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("text", out JsonElement text)) throw new InvalidDataException($"{where}: no text; {Expected}");
            double logprob = LogProbIn(root, where);
            bool ended = root.TryGetProperty("ended", out JsonElement end) && end.ValueKind == JsonValueKind.True;
            int[]? ids = root.TryGetProperty("ids", out JsonElement list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(id => id.GetInt32())] : null;
            string? tokenizer = root.TryGetProperty("tokenizer", out JsonElement name) ? name.GetString() : null;
            double? withTags = root.TryGetProperty("logprob_with_tags", out JsonElement tags) && tags.ValueKind == JsonValueKind.Number ? tags.GetDouble() : null;
            if (ids?.Any(id => id < 0) is true) throw new InvalidDataException($"{where}: a negative token id; record the samples again");
            return Sample(text.GetString()!, logprob, ended, where) with { Ids = ids, Tokenizer = tokenizer, LogprobWithTags = withTags };
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{where}: {problem.Message}; {Expected}", problem);
        }
    }

    private static double LogProbIn(JsonElement root, string where)
    {
        if (root.TryGetProperty("logprob", out JsonElement sum)) return sum.GetDouble();
        if (!root.TryGetProperty("token_logprobs", out JsonElement tokens)) throw new InvalidDataException($"{where}: no log-probability; {Expected}");
        return tokens.EnumerateArray().Where(token => token.ValueKind != JsonValueKind.Null).Sum(token => token.GetDouble()); // nothing comes before the first
    }

    /// <summary>The reference implementation's cache: {"texts": [...], "logprobs": [...]}.</summary>
    private static IEnumerable<ReferenceSample> ReadLists(string path)
    {
        const string expected = "expected one object with the lists texts and logprobs (JSON lines are read from a .jsonl file)";
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            string[] texts = [.. document.RootElement.GetProperty("texts").EnumerateArray().Select(text => text.GetString()!)];
            double[] logprobs = [.. document.RootElement.GetProperty("logprobs").EnumerateArray().Select(number => number.GetDouble())];
            if (texts.Length != logprobs.Length) throw new InvalidDataException($"{path}: {texts.Length} texts but {logprobs.Length} logprobs; record the samples again");
            return [.. texts.Select((text, i) => Sample(text, logprobs[i], ended: false, $"{path} text {i + 1}"))];
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"{path}: {problem.Message}; {expected}", problem);
        }
    }

    private static ReferenceSample Sample(string? text, double logprob, bool ended, string where)
    {
        if (text is null) throw new InvalidDataException($"{where}: the text is null; {Expected}");
        if (!(logprob <= 0) || !double.IsFinite(logprob)) throw new InvalidDataException($"{where}: log-probability {logprob}; a finite number in nats, at most 0, was expected");
        if (text.StartsWith(BpeTokenizer.EndOfText, StringComparison.Ordinal)) text = text[BpeTokenizer.EndOfText.Length..];
        if (!text.EndsWith(BpeTokenizer.EndOfText, StringComparison.Ordinal)) return new ReferenceSample(text, logprob, ended);
        return new ReferenceSample(text[..^BpeTokenizer.EndOfText.Length], logprob, Ended: true);
    }
}
