using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Phf.Formats;

namespace Phf.Evaluation.Tasks;

/// <summary>
/// Reads the items of a benchmark: JSON lines, also .gz. A benchmark is measured whole or not at all, so a line that cannot be used is an error.
/// </summary>
public static class TaskFiles
{
    /// <summary>One object of a file; messages say where it stands.</summary>
    internal readonly record struct Item(JsonElement Json, string Where, string Expected)
    {
        /// <summary>The first of the named fields that is there.</summary>
        /// <exception cref="InvalidDataException">None is there, or it is no string.</exception>
        public string Text(params ReadOnlySpan<string> names) => Find(names)
            ?? throw new InvalidDataException($"{Where}: no string in the field {string.Join(" or ", names.ToArray().Select(name => $"'{name}'"))}; expected {Expected}");

        /// <summary>The first of the named fields that holds a string; null without.</summary>
        public string? Find(params ReadOnlySpan<string> names)
        {
            foreach (string name in names)
                if (Json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String) return value.GetString();
            return null;
        }
    }

    /// <param name="path">The file.</param>
    /// <param name="expected">What a line holds, for messages.</param>
    /// <exception cref="InvalidDataException">A line is no JSON object, or there is none.</exception>
    /// <exception cref="IOException">The file is missing or unreadable.</exception>
    internal static IEnumerable<Item> Read(string path, string expected)
    {
        using LineReader lines = LineReader.Open(path);
        bool any = false;
        while (lines.Next())
        {
            if (lines.Line.Trim(" \t"u8).IsEmpty) continue;
            any = true;
            yield return new Item(Parse(lines, expected), lines.Where, expected);
        }
        if (!any) throw new InvalidDataException($"{lines.Name} is empty; expected {expected}");
    }

    /// <summary>Identity of a file's content, or of the contents of all files of a folder.</summary>
    public static string Fingerprint(string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] files = Directory.Exists(path) ? [.. Directory.EnumerateFiles(path).Order(StringComparer.Ordinal)] : [path];
        foreach (string file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(file)));
            using FileStream content = File.OpenRead(file);
            hash.AppendData(SHA256.HashData(content));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static JsonElement Parse(LineReader lines, string expected)
    {
        try
        {
            if (!Utf8.IsValid(lines.Line)) throw new JsonException("not UTF-8");
            var reader = new Utf8JsonReader(lines.Line);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            if (reader.Read()) throw new JsonException("something follows the object");
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document.RootElement.Clone();
            throw new JsonException("no object");
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{lines.Where}: not JSON ({problem.Message.TrimEnd('.')}); expected {expected}", problem);
        }
    }
}
