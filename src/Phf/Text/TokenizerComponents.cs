using System.Text.Json;
using static Phf.Text.TokenizerJson;

namespace Phf.Text;

/// <summary>
/// Turns the components of a tokenizer.json into what this library computes. A component, an option or a key that it does not know is refused by name:
/// ignoring it, as Hugging Face does in places, would give other tokens without a word.
/// </summary>
internal static class TokenizerComponents
{
    private const string Gpt2Regex = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Cl100kStart = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|";
    private const string Cl100kEnd = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly string[] KnownKeys =
        ["version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"];

    /// <exception cref="InvalidDataException">A key that no tokenizer.json has, or another version.</exception>
    public static void CheckFrame(JsonElement root, string path)
    {
        CheckKeys(root, "the file", path, KnownKeys);
        if (Present(root, "version", out JsonElement version) && !(version.ValueKind == JsonValueKind.String && version.ValueEquals("1.0")))
            throw Unsupported(path, $"version {version.GetRawText()}", "\"1.0\"");
    }

    /// <summary>The model's type; older files leave it out.</summary>
    public static string ModelType(JsonElement model, string path)
    {
        if (Present(model, "type", out _)) return TypeOf(model);
        return model.TryGetProperty("merges", out _) ? "BPE"
            : throw Unsupported(path, "a model without type and merges", "a model of type BPE or WordPiece");
    }

    /// <summary>How a byte-level BPE makes pieces.</summary>
    public static PieceRules Rules(JsonElement root, string path)
    {
        var rules = new PieceRules();
        if (Present(root, "normalizer", out JsonElement normalizer))
        {
            JsonElement[] steps = Steps(normalizer, "normalizers", path);
            if (steps.FirstOrDefault(step => TypeOf(step) != "NFC") is { ValueKind: not JsonValueKind.Undefined } other)
                throw Unsupported(path, $"normalizer {TypeOf(other)} before a BPE", "none or NFC");
            foreach (JsonElement step in steps) CheckKeys(step, "normalizer NFC", path, "type");
            rules = rules with { ComposesCharacters = steps.Length > 0 };
        }
        if (!Present(root, "pre_tokenizer", out JsonElement preTokenizer)) throw Unsupported(path, "pre_tokenizer null", "ByteLevel");
        JsonElement[] cuts = Steps(preTokenizer, "pretokenizers", path);
        bool hasPattern = false;
        foreach (JsonElement cut in cuts[..^Math.Min(1, cuts.Length)]) rules = AddCut(rules, cut, ref hasPattern, path);
        if (cuts.Length == 0 || TypeOf(cuts[^1]) != "ByteLevel")
            throw Unsupported(path, $"pre_tokenizer {(cuts.Length == 0 ? "of nothing" : TypeOf(cuts[^1]))} at the end", "ByteLevel");
        CheckByteLevel(cuts[^1], "pre_tokenizer", path);
        bool usesRegex = Flag(cuts[^1], "use_regex", path, whenAbsent: true);
        if (usesRegex == hasPattern)
            throw Unsupported(path, $"pre_tokenizer ByteLevel {(usesRegex ? "with use_regex behind Split" : "without use_regex")}", "exactly one of Split and use_regex");
        bool addsPrefix = Flag(cuts[^1], "add_prefix_space", path, whenAbsent: true);
        if (addsPrefix && cuts.Length > 1) throw Unsupported(path, "pre_tokenizer ByteLevel with add_prefix_space behind another one", "add_prefix_space false");
        return rules with { AddsPrefixSpace = addsPrefix };
    }

    /// <exception cref="InvalidDataException">An option of a BPE model that byte-level BPE does not have.</exception>
    public static void CheckBpe(JsonElement model, string path)
    {
        CheckKeys(model, "the model", path, "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
            "ignore_merges", "vocab", "merges");
        if (Present(model, "dropout", out JsonElement dropout) && !(dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() == 0))
            throw Unsupported(path, $"model BPE with dropout {dropout.GetRawText()}", "none");
        foreach (string affix in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
            if (Present(model, affix, out JsonElement value) && !(value.ValueKind == JsonValueKind.String && value.ValueEquals("")))
                throw Unsupported(path, $"model BPE with {affix} {value.GetRawText()}", "none");
        if (Present(model, "unk_token", out _)) TextOf(model, "unk_token", path); // every byte is a token, so nothing is unknown
        Flag(model, "fuse_unk", path, whenAbsent: false);
        if (Flag(model, "byte_fallback", path, whenAbsent: false)) throw Unsupported(path, "model BPE with byte_fallback", "byte_fallback false");
    }

    /// <exception cref="InvalidDataException">The decoder is not ByteLevel.</exception>
    public static void CheckByteLevelDecoder(JsonElement root, string path)
    {
        string type = Present(root, "decoder", out JsonElement decoder) ? TypeOf(decoder) : "null";
        if (type != "ByteLevel") throw Unsupported(path, $"decoder {type}", "ByteLevel");
        CheckByteLevel(decoder, "decoder", path);
    }

    /// <summary>How a WordPiece tokenizer makes words and cuts them.</summary>
    public static WordPieceOptions WordPiece(JsonElement root, JsonElement model, string path)
    {
        CheckKeys(model, "the model", path, "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab");
        string normalizerType = Present(root, "normalizer", out JsonElement normalizer) ? TypeOf(normalizer) : "null";
        if (normalizerType != "BertNormalizer") throw Unsupported(path, $"normalizer {normalizerType} before WordPiece", "BertNormalizer");
        CheckKeys(normalizer, "normalizer BertNormalizer", path, "type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
        string preType = Present(root, "pre_tokenizer", out JsonElement preTokenizer) ? TypeOf(preTokenizer) : "null";
        if (preType != "BertPreTokenizer") throw Unsupported(path, $"pre_tokenizer {preType} before WordPiece", "BertPreTokenizer");
        CheckKeys(preTokenizer, "pre_tokenizer BertPreTokenizer", path, "type");
        string decoderType = Present(root, "decoder", out JsonElement decoder) ? TypeOf(decoder) : "null";
        if (decoderType != "WordPiece") throw Unsupported(path, $"decoder {decoderType}", "WordPiece");
        CheckKeys(decoder, "decoder WordPiece", path, "type", "prefix", "cleanup");
        string prefix = TextOf(model, "continuing_subword_prefix", path);
        if (TextOf(decoder, "prefix", path) != prefix) throw Unsupported(path, $"a decoder with another prefix than the model's '{prefix}'", "the same");
        JsonElement longest = Required(model, "max_input_chars_per_word", path);
        return new WordPieceOptions
        {
            Normalizer = new BertNormalizer
            {
                CleanText = Flag(normalizer, "clean_text", path, whenAbsent: true),
                SpaceIdeographs = Flag(normalizer, "handle_chinese_chars", path, whenAbsent: true),
                StripAccents = Present(normalizer, "strip_accents", out _) ? Flag(normalizer, "strip_accents", path, whenAbsent: false) : null,
                Lowercase = Flag(normalizer, "lowercase", path, whenAbsent: true),
            },
            Unknown = TextOf(model, "unk_token", path),
            Prefix = prefix,
            MaxWordLength = longest.ValueKind == JsonValueKind.Number && longest.TryGetInt32(out int most) && most >= 0 ? most
                : throw Damaged(path, "max_input_chars_per_word", longest, "an integer from 0 on"),
            CleansUp = Flag(decoder, "cleanup", path, whenAbsent: true),
        };
    }

    /// <exception cref="InvalidDataException">A key that is none of <paramref name="known"/>.</exception>
    public static void CheckKeys(JsonElement component, string what, string path, params string[] known)
    {
        foreach (JsonProperty property in component.EnumerateObject())
            if (!known.Contains(property.Name))
                throw new InvalidDataException($"{path}: unknown key '{property.Name}' in {what}; expected {string.Join(", ", known)}");
    }

    /// <summary>Checks the options that every ByteLevel component must name.</summary>
    public static void CheckByteLevel(JsonElement component, string what, string path)
    {
        CheckKeys(component, $"{what} ByteLevel", path, "type", "add_prefix_space", "trim_offsets", "use_regex");
        foreach (string option in (ReadOnlySpan<string>)["add_prefix_space", "trim_offsets"]) Required(component, option, path);
        foreach (string option in (ReadOnlySpan<string>)["add_prefix_space", "trim_offsets", "use_regex"]) Flag(component, option, path, whenAbsent: false);
    }

    /// <summary>The parts of a component that is a Sequence; else itself.</summary>
    public static JsonElement[] Steps(JsonElement component, string listName, string path)
    {
        if (TypeOf(component) != "Sequence") return [component];
        CheckKeys(component, "Sequence", path, "type", listName);
        return [.. ArrayOf(Required(component, listName, path), path, listName)];
    }

    public static bool Present(JsonElement parent, string name, out JsonElement value) =>
        parent.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    public static string TypeOf(JsonElement component) =>
        component.ValueKind == JsonValueKind.Object && component.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String
            ? type.GetString()! : "of unknown type";

    public static InvalidDataException Unsupported(string path, string found, string expected) =>
        new($"{path}: {found} is not supported; expected {expected}");

    /// <summary>The regular expression that a file names for a pattern.</summary>
    public static string RegexOf(PiecePattern pattern) => pattern switch
    {
        PiecePattern.Gpt2 => Gpt2Regex,
        PiecePattern.Cl100k => Cl100kStart + @"\p{N}{1,3}" + Cl100kEnd,
        _ => Cl100kStart + @"\p{N}" + Cl100kEnd,
    };

    private static PieceRules AddCut(PieceRules rules, JsonElement cut, ref bool hasPattern, string path)
    {
        switch (TypeOf(cut))
        {
            case "Digits" when rules.Split == PieceSplit.None && !hasPattern:
                CheckKeys(cut, "pre_tokenizer Digits", path, "type", "individual_digits");
                return rules with { Split = Flag(cut, "individual_digits", path, whenAbsent: false) ? PieceSplit.EachDigit : PieceSplit.DigitRuns };
            case "Punctuation" when rules.Split == PieceSplit.None && !hasPattern:
                CheckKeys(cut, "pre_tokenizer Punctuation", path, "type", "behavior");
                return Present(cut, "behavior", out JsonElement behavior) && behavior.ValueKind == JsonValueKind.String && behavior.ValueEquals("Contiguous")
                    ? rules with { Split = PieceSplit.PunctuationRuns } : throw Unsupported(path, $"pre_tokenizer Punctuation {cut.GetRawText()}", "behavior Contiguous");
            case "Split" when !hasPattern:
                hasPattern = true;
                return rules with { Pattern = SplitPattern(cut, path) };
            default:
                throw Unsupported(path, $"pre_tokenizer {TypeOf(cut)} in a Sequence", "one of Digits and Punctuation, then Split, then ByteLevel");
        }
    }

    private static PiecePattern SplitPattern(JsonElement split, string path)
    {
        CheckKeys(split, "pre_tokenizer Split", path, "type", "pattern", "behavior", "invert");
        JsonElement pattern = ObjectOf(Required(split, "pattern", path), path, "pattern");
        string regex = pattern.TryGetProperty("Regex", out JsonElement found) && found.ValueKind == JsonValueKind.String ? found.GetString()! : "";
        bool isolates = TextOf(split, "behavior", path) == "Isolated" && !Flag(split, "invert", path, whenAbsent: false);
        if (!isolates) throw Unsupported(path, "pre_tokenizer Split with another behavior", "Isolated, not inverted");
        foreach (PiecePattern known in Enum.GetValues<PiecePattern>())
            if (RegexOf(known) == regex) return known;
        throw Unsupported(path, $"pre_tokenizer Split with the pattern {pattern.GetRawText()}", "the pattern of GPT-2, Llama 3 or Qwen 2");
    }
}
