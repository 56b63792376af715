using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Phf.Text;

namespace Phf.Tests.Text;

/// <summary>WordPiece and RoBERTa inputs against what Hugging Face tokenizers recorded: ids, types, places in the text, truncation, padding.</summary>
public sealed class EncoderTokenizerTests : IDisposable
{
    private static readonly Lazy<EncoderTokenizer> Bert = new(() => EncoderTokenizer.FromDirectory(Shared.Golden("wordpiece")));
    private static readonly Lazy<Dictionary<string, string>> Strings = new(() =>
        GoldenLines.Read(Shared.Golden("wordpiece", "strings.jsonl.gz")).ToDictionary(row => row.Text("name"), row => row.Text("text")));

    private readonly string _folder = Directory.CreateTempSubdirectory("phf-encoder-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [GoldenFact]
    public void Encode_Strings_MatchesTokenizers()
    {
        var normalizer = new BertNormalizer();
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("wordpiece", "strings.jsonl.gz")))
        {
            string text = row.Text("text");
            Assert.Equal(row.Text("normalized"), Normalized(normalizer, text));
            EncodedText encoded = Bert.Value.Encode(text);
            Assert.Equal(row.Ids("ids"), encoded.Ids);
            Assert.Equal(row.Offsets("offsets"), GoldenLines.InCodePoints(encoded, text));
            Assert.Equal(row.Ids("no_special"), Bert.Value.Encode(text, null, new EncodeOptions { AddSpecialTokens = false }).Ids);
            Assert.Equal(row.Text("decode_skip"), Bert.Value.Decode(encoded.Ids, skipSpecialTokens: true));
            Assert.Equal(row.Text("decode_keep"), Bert.Value.Decode(encoded.Ids));
        }
    }

    [GoldenFact]
    public void FromDirectory_WordList_GivesTheSameIds()
    {
        File.Copy(Shared.Golden("wordpiece", "vocab.txt"), Path.Combine(_folder, "vocab.txt"));
        EncoderTokenizer bert = EncoderTokenizer.FromDirectory(_folder);
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("wordpiece", "strings.jsonl.gz"))) Assert.Equal(row.Ids("ids"), bert.Encode(row.Text("text")).Ids);
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), "{\"do_lower_case\": false}");
        Assert.NotEqual(bert.Encode("Hello").Ids, EncoderTokenizer.FromDirectory(_folder).Encode("Hello").Ids);
    }

    [GoldenFact]
    public void Encode_RedditPosts_MatchesTokenizers()
    {
        JsonElement[] rows = [.. GoldenLines.Read(Shared.Golden("wordpiece", "reddit.jsonl.gz"))];
        foreach ((JsonElement row, string post) in rows.Zip(GoldenLines.RedditPosts()))
        {
            int[] ids = Bert.Value.Encode(post).Ids;
            Assert.Equal(row.GetProperty("count").GetInt32(), ids.Length);
            Assert.Equal(row.Text("ids_sha256"), GoldenLines.Hash(ids));
        }
    }

    [GoldenFact]
    public void Normalize_EveryVariant_MatchesTokenizers()
    {
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("wordpiece", "normalizer_variants.jsonl.gz")))
        {
            JsonElement strip = row.GetProperty("strip_accents");
            var normalizer = new BertNormalizer
            {
                Lowercase = row.GetProperty("lowercase").GetBoolean(),
                StripAccents = strip.ValueKind == JsonValueKind.Null ? null : strip.GetBoolean(),
                SpaceIdeographs = row.GetProperty("handle_chinese_chars").GetBoolean(),
                CleanText = row.GetProperty("clean_text").GetBoolean(),
            };
            foreach (JsonElement item in row.GetProperty("cases").EnumerateArray())
                Assert.Equal(item[1].GetString()!, Normalized(normalizer, Strings.Value[item[0].GetString()!]));
        }
    }

    [GoldenFact]
    public void Normalize_EveryCodePoint_MatchesTokenizers()
    {
        var expected = new Dictionary<(string, int), string>();
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("wordpiece", "char_maps.jsonl.gz")))
            if (row[1].ValueKind == JsonValueKind.Number)
                expected[(row[0].GetString()!, row[1].GetInt32())] = string.Concat(row[2].EnumerateArray().Select(code => char.ConvertFromUtf32(code.GetInt32())));
        BertNormalizer none = new() { CleanText = false, SpaceIdeographs = false, StripAccents = false, Lowercase = false };
        foreach ((string name, BertNormalizer normalizer) in new[] { ("lowercase", none with { Lowercase = true }), ("strip_accents", none with { StripAccents = true }) })
            for (int code = 0; code < 0x110000; code++)
            {
                if (code is (>= 0xD800 and <= 0xDFFF) or (>= 0xAC00 and <= 0xD7A3)) continue; // the syllables have a test of their own
                string text = char.ConvertFromUtf32(code), result = Normalized(normalizer, text);
                if (result != expected.GetValueOrDefault((name, code), text)) Assert.Fail($"{name} of U+{code:X4} is '{result}'");
            }
    }

    [GoldenFact]
    public void Normalize_HangulSyllables_MatchesTokenizers()
    {
        var stripped = new BertNormalizer { CleanText = false, SpaceIdeographs = false, StripAccents = true, Lowercase = false };
        string all = string.Concat(Enumerable.Range(0xAC00, 11172).Select(code => Normalized(stripped, ((char)code).ToString())));
        JsonElement row = GoldenLines.Read(Shared.Golden("wordpiece", "char_maps.jsonl.gz")).Single(row => row[1].ValueKind == JsonValueKind.String);
        Assert.Equal(row[1].GetString(), Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(all))));
    }

    [GoldenFact]
    public void CharacterClasses_MatchTokenizers()
    {
        JsonElement golden = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Shared.Golden("wordpiece", "char_classes.json")));
        BertNormalizer cleaning = new() { SpaceIdeographs = false, StripAccents = false, Lowercase = false }, spacing = cleaning with { CleanText = false, SpaceIdeographs = true };
        var classes = new Dictionary<string, Func<int, string, bool>>
        {
            ["clean_text_removed"] = (_, text) => Normalized(cleaning, text).Length == 0,
            ["clean_text_to_space"] = (_, text) => Normalized(cleaning, text) == " ",
            ["chinese_spaced"] = (_, text) => Normalized(spacing, text).Length > text.Length,
            ["pretok_punctuation"] = (code, _) => BertCharacters.Punctuation.Contains(code),
            ["pretok_whitespace"] = (code, _) => BertCharacters.Spaces.Contains(code),
        };
        foreach ((string name, Func<int, string, bool> has) in classes)
        {
            var recorded = new bool[0x110000];
            foreach (JsonElement range in golden.GetProperty(name).EnumerateArray())
                for (int code = range[0].GetInt32(); code <= range[1].GetInt32(); code++) recorded[code] = true;
            for (int code = 0; code < recorded.Length; code++)
                if (code is < 0xD800 or > 0xDFFF && has(code, char.ConvertFromUtf32(code)) != recorded[code]) Assert.Fail($"{name}: U+{code:X4} is {recorded[code]} there");
        }
    }

    [GoldenFact]
    public void Encode_Pairs_MatchesTokenizers()
    {
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("wordpiece", "pairs.jsonl.gz")))
            AssertInput(row, Bert.Value, Strings.Value[row.Text("a")], Strings.Value[row.Text("b")]);
    }

    [GoldenFact]
    public void Encode_LongWords_MatchesTokenizers()
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(Shared.Golden("wordpiece", "tokenizer.json")))!;
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("wordpiece", "max_chars.jsonl.gz")))
        {
            root["model"]!["max_input_chars_per_word"] = row.GetProperty("max_input_chars_per_word").GetInt32();
            File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), root.ToJsonString());
            EncoderTokenizer bert = EncoderTokenizer.FromDirectory(_folder);
            foreach (JsonElement item in row.GetProperty("cases").EnumerateArray())
                Assert.Equal(item[1].EnumerateArray().Select(id => id.GetInt32()), bert.Encode(item[0].GetString()!, null, new EncodeOptions { AddSpecialTokens = false }).Ids);
        }
    }

    [GoldenFact]
    public void Encode_TruncatedAndPadded_MatchesTokenizers()
    {
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("wordpiece", "truncate_pad.jsonl.gz"))) TruncatedRow.Check(row, Bert.Value, Strings.Value);
    }

    [GoldenFact]
    public void Encode_Roberta_MatchesTokenizers()
    {
        BpeTokenizer gpt2 = BpeTokenizer.FromDirectory(Shared.Data("models", "gpt2"));
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("wordpiece", "roberta.jsonl.gz")))
        {
            bool prefix = row.GetProperty("add_prefix_space").GetBoolean(), trims = row.GetProperty("trim_offsets").GetBoolean();
            var added = row.GetProperty("special_ids").EnumerateObject()
                .Select(token => new AddedToken(token.Name, token.Value.GetInt32(), Special: true, Normalized: false)).ToArray();
            EncoderTokenizer roberta = new(new TokenizerDefinition
            {
                Model = new ByteLevelBpe(gpt2.Model, new PieceRules { AddsPrefixSpace = prefix }),
                Added = added,
                Template = TokenTemplate.Roberta(50257, 50258) with { TrimsOffsets = trims, HasPrefixSpace = prefix },
                Source = "RoBERTa",
            });
            Assert.Equal(50259, roberta.PadId);
            foreach (JsonElement item in row.GetProperty("single").EnumerateArray()) AssertInput(item, roberta, item.Text("text"), null);
            foreach (JsonElement item in row.GetProperty("pairs").EnumerateArray()) AssertInput(item, roberta, item.Text("a"), item.Text("b"));
        }
    }

    private static void AssertInput(JsonElement row, EncoderTokenizer tokenizer, string text, string? pair)
    {
        EncodedText encoded = tokenizer.Encode(text, pair);
        Assert.Equal(row.Ids("ids"), encoded.Ids);
        Assert.Equal(row.Ids("type_ids"), encoded.TypeIds);
        Assert.Equal(row.Ids("attention_mask"), encoded.AttentionMask);
        Assert.Equal(row.Ids("special_tokens_mask"), encoded.IsAdded.Select(added => added ? 1 : 0));
        int texts = encoded.Ids.Length; // the second text's tokens come last; find where it begins to know which text a place is in
        if (pair is not null) texts -= tokenizer.Encode(pair, null, new EncodeOptions { AddSpecialTokens = false }).Ids.Length + 1;
        Assert.Equal(row.Offsets("offsets"), GoldenLines.InCodePoints(encoded, text)[..texts].Concat(pair is null ? [] : GoldenLines.InCodePoints(encoded, pair)[texts..]));
    }

    private static string Normalized(BertNormalizer normalizer, string text)
    {
        var normalized = new AlignedText();
        normalizer.Normalize(text, 0, normalized);
        return normalized.Units.ToString();
    }
}
