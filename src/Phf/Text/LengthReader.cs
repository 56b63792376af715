using System.Text.Json;
using static Phf.Text.TokenizerComponents;
using static Phf.Text.TokenizerJson;

namespace Phf.Text;

/// <summary>
/// Reads what a tokenizer.json says of lengths. Neither truncation nor padding is applied: they change no id of a text, only how many there are, and
/// whoever encodes says how long a text may be. What is no truncation or padding is refused all the same.
/// </summary>
internal static class LengthReader
{
    /// <summary>The token that pads; null where the file has no padding.</summary>
    /// <param name="root">The whole file.</param>
    /// <param name="idOf">The id of a token; null when there is none.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="InvalidDataException">A key that is not known, or a token whose id is another one.</exception>
    public static string? PadToken(JsonElement root, Func<string, int?> idOf, string path)
    {
        if (Present(root, "truncation", out JsonElement truncation))
        {
            CheckKeys(ObjectOf(truncation, path, "truncation"), "truncation", path, "direction", "max_length", "strategy", "stride");
            CheckDirection(truncation, path);
            foreach (string name in (ReadOnlySpan<string>)["max_length", "stride"])
                if (Required(truncation, name, path) is var count && !(count.ValueKind == JsonValueKind.Number && count.TryGetUInt64(out _)))
                    throw Damaged(path, name, count, "an integer from 0 on");
        }
        if (!Present(root, "padding", out JsonElement padding)) return null;
        CheckKeys(ObjectOf(padding, path, "padding"), "padding", path, "strategy", "direction", "pad_to_multiple_of", "pad_id", "pad_type_id", "pad_token");
        CheckDirection(padding, path);
        string token = TextOf(padding, "pad_token", path);
        int said = Id(Required(padding, "pad_id", path), path, token);
        return idOf(token) is not { } id || id == said ? token
            : throw new InvalidDataException($"{path}: the padding says that '{token}' is {said}, but it is {id}; correct the file");
    }

    private static void CheckDirection(JsonElement lengths, string path)
    {
        if (TextOf(lengths, "direction", path) is var direction and not ("Left" or "Right")) throw Unsupported(path, $"direction '{direction}'", "Left or Right");
    }
}
