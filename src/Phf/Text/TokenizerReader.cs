using System.Text.Json;

namespace Phf.Text;

/// <summary>
/// Reads the files of a GPT-2 tokenizer. A tokenizer.json may hold a whole grammar of components; those that change what this library computes are
/// refused by name rather than ignored.
/// </summary>
internal static class TokenizerReader
{
    public static BpeTokenizer Read(string directory)
    {
        string json = Path.Combine(directory, "tokenizer.json");
        RefusePrefixSpace(Path.Combine(directory, "tokenizer_config.json"));
        if (File.Exists(json)) return ReadTokenizerJson(json);
        foreach ((string vocabularyName, string mergesName) in new[] { ("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe") })
        {
            string vocabulary = Path.Combine(directory, vocabularyName), merges = Path.Combine(directory, mergesName);
            if (File.Exists(vocabulary) && File.Exists(merges))
                return ReadVocabularyAndMerges(vocabulary, merges, Path.Combine(directory, "added_tokens.json"));
        }
        throw new FileNotFoundException(
            $"{directory}: no tokenizer there; looked for tokenizer.json, vocab.json with merges.txt, encoder.json with vocab.bpe");
    }

    private static BpeTokenizer ReadTokenizerJson(string path)
    {
        using JsonDocument document = Parse(path);
        JsonElement root = Object(document.RootElement, path, "the file");
        TokenizerComponents.Check(root, path);
        JsonElement model = Object(Required(root, "model", path), path, "model");
        string[] tokens = ReadVocabulary(Required(model, "vocab", path), path);
        var bpe = new BpeModel(tokens, ReadMerges(Required(model, "merges", path), path), path);

        var declared = new List<(string Content, bool Special, bool Normalized)>();
        if (root.TryGetProperty("added_tokens", out JsonElement added) && added.ValueKind != JsonValueKind.Null)
            foreach (JsonElement token in Array(added, path, "added_tokens"))
                declared.Add(ReadAddedToken(token, path));
        return new BpeTokenizer(bpe, AssignIds(bpe, declared), path);
    }

    private static BpeTokenizer ReadVocabularyAndMerges(string vocabularyPath, string mergesPath, string addedPath)
    {
        string[] tokens;
        using (JsonDocument document = Parse(vocabularyPath)) tokens = ReadVocabulary(document.RootElement, vocabularyPath);
        var bpe = new BpeModel(tokens, ReadMergesText(mergesPath), mergesPath);

        // These files do not say what is special; as in transformers, end-of-text and whatever was added is.
        var declared = new List<(string, bool, bool)>();
        if (bpe.TryGetId(BpeTokenizer.EndOfText, out _)) declared.Add((BpeTokenizer.EndOfText, true, false));
        if (File.Exists(addedPath))
        {
            using JsonDocument document = Parse(addedPath);
            IEnumerable<JsonProperty> byId = Object(document.RootElement, addedPath, "the file").EnumerateObject()
                .OrderBy(property => Id(property.Value, addedPath, property.Name));
            foreach (JsonProperty property in byId) declared.Add((property.Name, true, false));
        }
        return new BpeTokenizer(bpe, AssignIds(bpe, declared), vocabularyPath);
    }

    /// <summary>The vocabulary's id where it has the token, else the next free id in order of appearance, whatever the file says (as tokenizers does).</summary>
    private static AddedToken[] AssignIds(BpeModel model, List<(string Content, bool Special, bool Normalized)> declared)
    {
        int next = model.Tokens.Length;
        var added = new List<AddedToken>();
        foreach ((string content, bool special, bool normalized) in declared)
        {
            if (content.Length == 0 || added.Exists(other => other.Content == content)) continue;
            int id = model.TryGetId(content, out int known) ? known : next++;
            added.Add(new AddedToken(content, id, special, normalized));
        }
        return [.. added];
    }

    private static (string Content, bool Special, bool Normalized) ReadAddedToken(JsonElement token, string path)
    {
        Object(token, path, "an entry of added_tokens");
        JsonElement content = Required(token, "content", path);
        if (content.ValueKind != JsonValueKind.String) throw Damaged(path, "the content of an added token", content, "a string");
        foreach (string option in (ReadOnlySpan<string>)["lstrip", "rstrip", "single_word"])
            if (Flag(token, option, path, whenAbsent: false))
                throw new InvalidDataException($"{path}: the added token '{content.GetString()}' has {option}, which is not supported");
        return (content.GetString()!, Flag(token, "special", path, whenAbsent: false), Flag(token, "normalized", path, whenAbsent: true));
    }

    private static string[] ReadVocabulary(JsonElement vocabulary, string path)
    {
        Object(vocabulary, path, "the vocabulary");
        var tokens = new string?[vocabulary.EnumerateObject().Count()];
        foreach (JsonProperty property in vocabulary.EnumerateObject())
        {
            int id = Id(property.Value, path, property.Name);
            if (id >= tokens.Length)
                throw new InvalidDataException($"{path}: the token '{property.Name}' has id {id} in a vocabulary of {tokens.Length}; expected ids without gaps");
            if (tokens[id] is string other)
                throw new InvalidDataException($"{path}: the tokens '{other}' and '{property.Name}' have the same id {id}");
            tokens[id] = property.Name;
        }
        return tokens!; // as many different ids as entries, all below the count: none is missing
    }

    private static List<(string, string)> ReadMerges(JsonElement merges, string path)
    {
        var list = new List<(string, string)>();
        foreach (JsonElement merge in Array(merges, path, "merges"))
            if (merge.ValueKind == JsonValueKind.String) list.Add(SplitMerge(merge.GetString()!, $"{path}: merge {list.Count}"));
            else if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2
                && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String)
                list.Add((merge[0].GetString()!, merge[1].GetString()!));
            else throw Damaged(path, $"merge {list.Count}", merge, "two tokens");
        return list;
    }

    private static List<(string, string)> ReadMergesText(string path)
    {
        var list = new List<(string, string)>();
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)) list.Add(SplitMerge(line, $"{path} line {number}"));
        }
        return list;
    }

    private static (string, string) SplitMerge(string merge, string where)
    {
        string[] parts = merge.Split(' ');
        return parts.Length == 2 ? (parts[0], parts[1])
            : throw new InvalidDataException($"{where}: {parts.Length} parts in '{merge}'; expected two tokens with a blank between them");
    }

    /// <summary>transformers lets tokenizer_config.json overrule the pre-tokenizer here.</summary>
    private static void RefusePrefixSpace(string path)
    {
        if (!File.Exists(path)) return;
        using JsonDocument document = Parse(path);
        if (Flag(Object(document.RootElement, path, "the file"), "add_prefix_space", path, whenAbsent: false))
            throw new InvalidDataException($"{path}: add_prefix_space is true, which is not supported");
    }

    private static JsonDocument Parse(string path)
    {
        try
        {
            JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
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

    private static int Id(JsonElement value, string path, string token) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id) && id >= 0 ? id
            : throw Damaged(path, $"the id of '{token}'", value, "an integer from 0 on");

    internal static bool Flag(JsonElement parent, string name, string path, bool whenAbsent) =>
        !parent.TryGetProperty(name, out JsonElement value) ? whenAbsent : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Damaged(path, name, value, "true or false"),
        };

    internal static JsonElement Object(JsonElement element, string path, string what) =>
        element.ValueKind == JsonValueKind.Object ? element : throw Damaged(path, what, element, "an object");

    private static JsonElement.ArrayEnumerator Array(JsonElement element, string path, string what) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : throw Damaged(path, what, element, "an array");

    private static JsonElement Required(JsonElement parent, string name, string path) =>
        parent.TryGetProperty(name, out JsonElement value) ? value : throw new InvalidDataException($"{path}: '{name}' is missing");

    private static InvalidDataException Damaged(string path, string what, JsonElement found, string expected)
    {
        string raw = found.GetRawText();
        return new InvalidDataException($"{path}: {what} is {(raw.Length > 60 ? raw[..60] + "..." : raw)}; expected {expected}");
    }
}
