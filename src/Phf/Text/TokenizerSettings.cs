using System.Text.Json;
using static Phf.Text.TokenizerJson;

namespace Phf.Text;

/// <summary>What tokenizer_config.json and special_tokens_map.json say; transformers lets it overrule the tokenizer's own files.</summary>
internal sealed record TokenizerSettings
{
    public TokenRoles Roles { get; init; } = TokenRoles.None;

    public bool? AddPrefixSpace { get; init; }

    public bool? Lowercase { get; init; }

    public bool? StripAccents { get; init; }

    public bool? SpaceIdeographs { get; init; }

    /// <summary>Most tokens of a text, special ones included; transformers writes a number with thirty zeros where there is no limit.</summary>
    public int? MaxLength { get; init; }

    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static TokenizerSettings Read(string directory)
    {
        var settings = new TokenizerSettings();
        foreach (string name in (ReadOnlySpan<string>)["special_tokens_map.json", "tokenizer_config.json"])
        {
            string path = Path.Combine(directory, name);
            if (!File.Exists(path)) continue;
            using JsonDocument document = Parse(path);
            JsonElement root = ObjectOf(document.RootElement, path, "the file");
            settings = new TokenizerSettings
            {
                Roles = settings.Roles.With(role => Token(root, role, path)),
                AddPrefixSpace = Setting("add_prefix_space") ?? settings.AddPrefixSpace,
                Lowercase = Setting("do_lower_case") ?? settings.Lowercase,
                StripAccents = Setting("strip_accents") ?? settings.StripAccents,
                SpaceIdeographs = Setting("tokenize_chinese_chars") ?? settings.SpaceIdeographs,
                MaxLength = Length(root, path) ?? settings.MaxLength,
            };

            bool? Setting(string key) => TokenizerComponents.Present(root, key, out _) ? Flag(root, key, path, whenAbsent: false) : null;
        }
        return settings;
    }

    public PieceRules Override(PieceRules rules) => AddPrefixSpace is { } adds ? rules with { AddsPrefixSpace = adds } : rules;

    public WordPieceOptions Override(WordPieceOptions options) => options with
    {
        Normalizer = options.Normalizer with
        {
            Lowercase = Lowercase ?? options.Normalizer.Lowercase,
            StripAccents = StripAccents ?? options.Normalizer.StripAccents,
            SpaceIdeographs = SpaceIdeographs ?? options.Normalizer.SpaceIdeographs,
        },
    };

    private static int? Length(JsonElement root, string path)
    {
        if (!TokenizerComponents.Present(root, "model_max_length", out JsonElement length)) return null;
        if (length.ValueKind != JsonValueKind.Number || !(length.GetDouble() >= 1))
            throw new InvalidDataException($"{path}: model_max_length is {length.GetRawText()}; a number, at least 1, was expected");
        return length.GetDouble() < int.MaxValue ? (int)length.GetDouble() : null;
    }

    /// <summary>A token, given as a string or as an object with its content.</summary>
    private static string? Token(JsonElement root, string name, string path)
    {
        if (!TokenizerComponents.Present(root, name, out JsonElement token)) return null;
        return token.ValueKind == JsonValueKind.Object ? TextOf(token, "content", path) : TextOf(root, name, path);
    }
}
