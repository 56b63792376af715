using System.Text.Json;
using Phf.Formats;

namespace Phf.Cli;

/// <summary>Token ids from JSON lines: a list of whole numbers, or an object with such a list as <c>ids</c> (what <c>phf tokenizer encode</c> and
/// <c>phf logprobs</c> write).</summary>
internal static class TokenIdLines
{
    /// <param name="paths">Files, <c>-</c> for standard input, <c>.gz</c> by name.</param>
    /// <exception cref="InvalidDataException">A line is something else; it is named.</exception>
    public static IEnumerable<(int[] Ids, string Where)> Read(IEnumerable<string> paths)
    {
        foreach (string path in paths)
        {
            using LineReader lines = LineReader.Open(path);
            while (lines.Next())
                if (!lines.Line.Trim(" \t"u8).IsEmpty) yield return (Parse(lines), lines.Where);
            if (lines.Number == 0) throw new InvalidDataException($"{lines.Name} is empty");
        }
    }

    private static int[] Parse(LineReader line)
    {
        try
        {
            var reader = new Utf8JsonReader(line.Line);
            using var json = JsonDocument.ParseValue(ref reader);
            if (reader.Read()) throw new JsonException("text after the value");
            JsonElement ids = json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.GetProperty("ids") : json.RootElement;
            return [.. ids.EnumerateArray().Select(id => id.GetInt32())];
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{line.Where}: token ids as [1, 2] or {{\"ids\": [1, 2]}} were expected: {problem.Message}", problem);
        }
    }
}
