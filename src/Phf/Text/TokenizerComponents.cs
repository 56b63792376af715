using System.Text.Json;

namespace Phf.Text;

/// <summary>Decides whether the components of a tokenizer.json add up to GPT-2's byte-level BPE, and says which one does not.</summary>
internal static class TokenizerComponents
{
    // Truncation and padding are left to the caller: they change no id of a text, only how many are kept.
    private static readonly string[] KnownKeys =
        ["version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"];

    /// <exception cref="InvalidDataException">A component is missing, unknown or not supported.</exception>
    public static void Check(JsonElement root, string path)
    {
        foreach (JsonProperty property in root.EnumerateObject())
            if (!KnownKeys.Contains(property.Name))
                throw new InvalidDataException($"{path}: unknown key '{property.Name}'; expected {string.Join(", ", KnownKeys)}");
        if (Present(root, "version", out JsonElement version) && !(version.ValueKind == JsonValueKind.String && version.ValueEquals("1.0")))
            throw Unsupported(path, $"version {version.GetRawText()}", "\"1.0\"");
        if (Present(root, "normalizer", out JsonElement normalizer))
            throw Unsupported(path, $"normalizer {TypeOf(normalizer)}", "none");

        CheckByteLevel(root, "pre_tokenizer", path);
        if (TokenizerReader.Flag(root.GetProperty("pre_tokenizer"), "add_prefix_space", path, whenAbsent: true))
            throw Unsupported(path, "pre_tokenizer ByteLevel with add_prefix_space", "add_prefix_space false");
        if (!TokenizerReader.Flag(root.GetProperty("pre_tokenizer"), "use_regex", path, whenAbsent: true))
            throw Unsupported(path, "pre_tokenizer ByteLevel without use_regex", "use_regex true");
        CheckByteLevel(root, "decoder", path);
        CheckPostProcessor(root, path);
        if (Present(root, "model", out JsonElement model)) CheckModel(TokenizerReader.Object(model, path, "model"), path);
    }

    private static void CheckByteLevel(JsonElement root, string name, string path)
    {
        string type = Present(root, name, out JsonElement component) ? TypeOf(component) : "null";
        if (type != "ByteLevel") throw Unsupported(path, $"{name} {type}", "ByteLevel");
    }

    /// <summary>ByteLevel only trims offsets; a template is harmless when it adds no token.</summary>
    private static void CheckPostProcessor(JsonElement root, string path)
    {
        if (!Present(root, "post_processor", out JsonElement processor)) return;
        string type = TypeOf(processor);
        if (type == "ByteLevel") return;
        bool addsNothing = type == "TemplateProcessing" && Present(processor, "single", out JsonElement single)
            && single.ValueKind == JsonValueKind.Array && single.GetArrayLength() == 1
            && single[0].ValueKind == JsonValueKind.Object && single[0].TryGetProperty("Sequence", out _);
        if (!addsNothing) throw Unsupported(path, $"post_processor {type}", "none, ByteLevel or a template that adds no tokens");
    }

    private static void CheckModel(JsonElement model, string path)
    {
        if (Present(model, "type", out JsonElement type) && !(type.ValueKind == JsonValueKind.String && type.ValueEquals("BPE")))
            throw Unsupported(path, $"model {type.GetRawText()}", "BPE");
        if (Present(model, "dropout", out JsonElement dropout) && !(dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() == 0))
            throw Unsupported(path, $"model BPE with dropout {dropout.GetRawText()}", "none");
        foreach (string affix in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
            if (Present(model, affix, out JsonElement value) && !(value.ValueKind == JsonValueKind.String && value.ValueEquals("")))
                throw Unsupported(path, $"model BPE with {affix} {value.GetRawText()}", "none");
        foreach (string option in (ReadOnlySpan<string>)["byte_fallback", "ignore_merges"])
            if (TokenizerReader.Flag(model, option, path, whenAbsent: false))
                throw Unsupported(path, $"model BPE with {option}", $"{option} false");
    }

    private static bool Present(JsonElement parent, string name, out JsonElement value) =>
        parent.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private static string TypeOf(JsonElement component) =>
        component.ValueKind == JsonValueKind.Object && component.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String
            ? type.GetString()! : "of unknown type";

    private static InvalidDataException Unsupported(string path, string found, string expected) =>
        new($"{path}: {found} is not supported; expected {expected} (a GPT-2 tokenizer)");
}
