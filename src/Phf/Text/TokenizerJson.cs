using System.Text.Json;

namespace Phf.Text;

/// <summary>Reads the JSON of tokenizer files; what is not as expected is refused with the file's name.</summary>
internal static class TokenizerJson
{
    // Of two values of one key, readers take the first or the last: such a file is two tokenizers.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static JsonDocument Parse(string path)
    {
        try
        {
            JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), Strict);
            RefuseLoneSurrogates(document.RootElement);
            return document;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: no valid JSON: {problem.Message}", problem);
        }
    }

    /// <summary>An escaped half of a surrogate pair passes the parser and fails only when its string is read: read every string once, here.</summary>
    private static void RefuseLoneSurrogates(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String) element.GetString();
        else if (element.ValueKind == JsonValueKind.Array)
            foreach (JsonElement item in element.EnumerateArray()) RefuseLoneSurrogates(item);
        else if (element.ValueKind == JsonValueKind.Object)
            foreach (JsonProperty property in element.EnumerateObject())
            {
                _ = property.Name;
                RefuseLoneSurrogates(property.Value);
            }
    }

    public static int Id(JsonElement value, string path, string token) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id) && id >= 0 ? id
            : throw Damaged(path, $"the id of '{token}'", value, "an integer from 0 on");

    public static bool Flag(JsonElement parent, string name, string path, bool whenAbsent) =>
        !parent.TryGetProperty(name, out JsonElement value) ? whenAbsent : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Damaged(path, name, value, "true or false"),
        };

    public static JsonElement ObjectOf(JsonElement element, string path, string what) =>
        element.ValueKind == JsonValueKind.Object ? element : throw Damaged(path, what, element, "an object");

    public static JsonElement.ArrayEnumerator ArrayOf(JsonElement element, string path, string what) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : throw Damaged(path, what, element, "an array");

    public static JsonElement Required(JsonElement parent, string name, string path) =>
        parent.TryGetProperty(name, out JsonElement value) ? value : throw new InvalidDataException($"{path}: '{name}' is missing");

    public static InvalidDataException Damaged(string path, string what, JsonElement found, string expected)
    {
        string raw = found.GetRawText();
        return new InvalidDataException($"{path}: {what} is {(raw.Length > 60 ? raw[..60] + "..." : raw)}; expected {expected}");
    }

    /// <summary>A string that must be there.</summary>
    public static string TextOf(JsonElement parent, string name, string path)
    {
        JsonElement value = Required(parent, name, path);
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Damaged(path, name, value, "a string");
    }
}
