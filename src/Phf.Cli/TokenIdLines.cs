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
            return Ids(json.RootElement, line.Where);
        }
        catch (JsonException)
        {
            throw Unexpected(line.Where, "no JSON");
        }
    }

    private static int[] Ids(JsonElement value, string where)
    {
        if (value.ValueKind == JsonValueKind.Object)
            value = value.TryGetProperty("ids", out JsonElement field) ? field : throw Unexpected(where, "an object without \"ids\"");
        if (value.ValueKind != JsonValueKind.Array) throw Unexpected(where, "no list");
        var ids = new int[value.GetArrayLength()];
        int count = 0;
        foreach (JsonElement id in value.EnumerateArray())
            ids[count++] = id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out int number) ? number
                : throw Unexpected(where, $"a list with {Shortened.Of(id.GetRawText())}, which is no token id");
        return ids;
    }

    private static InvalidDataException Unexpected(string where, string found) =>
        new($"{where}: {found}; expected token ids as [1, 2] or {{\"ids\": [1, 2]}}, as phf tokenizer encode writes them");
}
