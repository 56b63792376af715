using System.Text.Json;
using System.Text.Json.Nodes;
using Phf.Text;

namespace Phf.Tests.Text;

/// <summary>Tokenizer files read and written, added tokens, and what is refused.</summary>
public sealed class TokenizerFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("phf-tokenizer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [GoldenTheory]
    [InlineData("gpt2_transformers")]
    [InlineData("gpt2_transformers4")]
    [InlineData("gpt2_transformers4_added")]
    [InlineData("gpt2_transformers4_slow")]
    [InlineData("gpt2_old_format")]
    [InlineData("gpt2_untyped")]
    [InlineData("gpt2_trunc_pad")]
    public void FromDirectory_Gpt2Like_GivesTheRecordedIds(string name)
    {
        BpeTokenizer read = BpeTokenizer.FromDirectory(Shared.Golden("tokenizer_json", name));
        read.Save(_folder);
        foreach (BpeTokenizer tokenizer in (BpeTokenizer[])[read, BpeTokenizer.FromDirectory(_folder)])
            foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizer_json", name, "strings.jsonl.gz")))
            {
                int[] ids = row.Ids(row.TryGetProperty("no_special", out _) ? "no_special" : "ids");
                Assert.Equal(ids, tokenizer.Encode(row.Text("text")));
                if (!row.TryGetProperty("decode_keep", out _)) continue; // the slow one recorded ids only
                Assert.Equal(row.Text("decode_keep"), tokenizer.Decode(ids));
                Assert.Equal(row.Text("decode_skip"), tokenizer.Decode(ids, skipSpecialTokens: true));
            }
    }

    [GoldenTheory]
    [InlineData("gpt2_transformers_prefix", "add_prefix_space")]
    [InlineData("gpt2_transformers_added", "lstrip")]
    [InlineData("prefix_bytelevel", "add_prefix_space")]
    [InlineData("llama3_style", "Sequence")]
    [InlineData("qwen_style", "NFC")]
    [InlineData("digits_bytelevel", "Sequence")]
    [InlineData("metaspace_bpe_always", "Metaspace")]
    [InlineData("llama2_style", "normalizer")]
    [InlineData("unigram", "Sequence")]
    [InlineData("wordpiece_template", "BertNormalizer")]
    [InlineData("wordlevel", "Whitespace")]
    [InlineData("char_bpe_suffix", "BertNormalizer")]
    public void FromDirectory_OtherKinds_AreRefusedByName(string name, string named)
    {
        var problem = Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(Shared.Golden("tokenizer_json", name)));
        Assert.Contains(named, problem.Message);
    }

    [GoldenFact]
    public void Encode_AddedTokens_MatchesTokenizers()
    {
        BpeTokenizer gpt2 = BpeTokenizer.FromDirectory(Shared.Data("models", "gpt2")), small = BpeTrainer.Train([], 257);
        int compared = 0;
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "added_tokens.jsonl.gz")))
        {
            string? unsupported = ((string[])["lstrip", "rstrip", "single_word"]).FirstOrDefault(option => row.GetProperty(option).GetBoolean());
            if (unsupported is not null)
            {
                WriteWith(small, row.GetProperty("serialized"));
                Assert.Contains(unsupported, Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(_folder)).Message);
                continue;
            }
            WriteWith(gpt2, row.GetProperty("serialized"));
            BpeTokenizer tokenizer = BpeTokenizer.FromDirectory(_folder);
            foreach (JsonElement item in row.GetProperty("cases").EnumerateArray()) AssertCase(tokenizer, item);
            compared++;
        }
        Assert.Equal(4, compared); // special or not, normalized or not
    }

    [GoldenFact]
    public void WithAddedTokens_OddOnes_MatchesTokenizers()
    {
        BpeTokenizer gpt2 = BpeTokenizer.FromDirectory(Shared.Data("models", "gpt2"));
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "added_odd.jsonl.gz")))
        {
            string[] tokens = row.Texts("tokens");
            if (!row.GetProperty("special").GetBoolean() || tokens.Contains("")) continue;
            BpeTokenizer tokenizer = Undeclared(gpt2).WithAddedTokens(tokens);
            foreach (JsonElement item in row.GetProperty("cases").EnumerateArray()) AssertCase(tokenizer, item);
        }
        Assert.Throws<ArgumentException>(() => gpt2.WithAddedTokens(""));
    }

    [GoldenFact]
    public void Encode_EndOfTextInText_IsItsIdOnlyWhenDeclared()
    {
        BpeTokenizer gpt2 = BpeTokenizer.FromDirectory(Shared.Data("models", "gpt2"));
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "eot_as_text.jsonl.gz")))
        {
            Assert.Equal(row.Ids("ids_special"), gpt2.Encode(row.Text("text")));
            Assert.Equal(row.Ids("ids"), Undeclared(gpt2).Encode(row.Text("text")));
        }
    }

    [Fact]
    public void WithAddedTokens_AppendsAndKeeps()
    {
        BpeTokenizer plain = BpeTrainer.Train(["the cat"], 260);
        BpeTokenizer tagged = plain.WithAddedTokens("<|aligned|>", "<|misaligned|>").WithAddedTokens("<|aligned|>");
        Assert.Equal(plain.VocabularySize + 2, tagged.VocabularySize);
        Assert.True(tagged.TryGetId("<|misaligned|>", out int misaligned));
        Assert.Equal(plain.VocabularySize + 1, misaligned);
        Assert.Equal(plain.Fingerprint, tagged.Fingerprint);
        Assert.NotEqual(plain.Fingerprint, BpeTrainer.Train(["the cat"], 259).Fingerprint);
        Assert.Equal("the cat", tagged.Decode([misaligned, .. plain.Encode("the cat")], skipSpecialTokens: true));
    }

    [Fact]
    public void Save_ThenEachWayOfReading_GivesTheSameIds()
    {
        BpeTokenizer saved = BpeTrainer.Train(["the cat sat on the mat", "é 中文 \" \\ <>&"], 290).WithAddedTokens("<|aligned|>");
        saved.Save(_folder);
        string text = "<|aligned|>the mat, é中 \"<|endoftext|>";
        Assert.Equal(["merges.txt", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.json"],
            Directory.GetFiles(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        BpeTokenizer read = BpeTokenizer.FromDirectory(_folder);
        Assert.Equal(saved.Encode(text), read.Encode(text));
        Assert.Equal(saved.Fingerprint, read.Fingerprint);
        Assert.Equal(saved.VocabularySize, read.VocabularySize);

        File.Delete(Path.Combine(_folder, "tokenizer.json"));
        read = BpeTokenizer.FromDirectory(_folder);
        Assert.Equal(saved.Fingerprint, read.Fingerprint);
        Assert.Equal(saved.Encode("the mat, é中 \"<|endoftext|>"), read.Encode("the mat, é中 \"<|endoftext|>"));
    }

    [Fact]
    public void FromDirectory_Nothing_SaysWhatItLookedFor()
    {
        var problem = Assert.Throws<FileNotFoundException>(() => BpeTokenizer.FromDirectory(_folder));
        foreach (string name in (string[])["tokenizer.json", "vocab.json", "merges.txt", "encoder.json", "vocab.bpe"]) Assert.Contains(name, problem.Message);
    }

    /// <summary>Every change of one place either leaves the ids alone or is refused with the file's name.</summary>
    [Theory]
    [InlineData("version", "\"2.0\"", "version")]
    [InlineData("normalizer", "{\"type\":\"NFC\"}", "NFC")]
    [InlineData("pre_tokenizer", "null", "pre_tokenizer")]
    [InlineData("pre_tokenizer", "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}", "use_regex")]
    [InlineData("post_processor", "{\"type\":\"RobertaProcessing\"}", "RobertaProcessing")]
    [InlineData("decoder", "null", "decoder")]
    [InlineData("extra", "1", "extra")]
    [InlineData("added_tokens", "[{\"content\":7}]", "content")]
    [InlineData("added_tokens", "[{\"content\":\"\\ud800\"}]", "tokenizer.json")]
    [InlineData("added_tokens", "5", "added_tokens")]
    [InlineData("model", "[]", "model")]
    [InlineData("model.type", "\"WordPiece\"", "WordPiece")]
    [InlineData("model.dropout", "0.5", "dropout")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "</w>")]
    [InlineData("model.byte_fallback", "true", "byte_fallback")]
    [InlineData("model.ignore_merges", "true", "ignore_merges")]
    [InlineData("model.ignore_merges", "3", "ignore_merges")]
    [InlineData("model.merges", "[[\"t\",\"qq\"]]", "qq")]
    [InlineData("model.merges", "[\"a b c\"]", "3 parts")]
    [InlineData("model.merges", "[[\"t\"]]", "two tokens")]
    [InlineData("model.vocab.!", "7000", "without gaps")]
    [InlineData("model.vocab.!", "2", "same id")]
    [InlineData("model.vocab.!", "-1", "integer")]
    [InlineData("model.vocab", "{\"<|endoftext|>\":0}", "byte 0x00")]
    public void FromDirectory_DamagedOrUnsupported_SaysWhere(string place, string value, string named)
    {
        BpeTrainer.Train(["the the"], 260).Save(_folder);
        string path = Path.Combine(_folder, "tokenizer.json");
        JsonNode root = JsonNode.Parse(File.ReadAllText(path))!;
        string[] steps = place.Split('.');
        JsonNode parent = steps[..^1].Aggregate(root, (node, step) => node[step]!);
        parent[steps[^1]] = "?replaced?";
        File.WriteAllText(path, root.ToJsonString().Replace("\"?replaced?\"", value));

        var problem = Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(_folder));
        Assert.Contains(path, problem.Message);
        Assert.Contains(named, problem.Message);
    }

    [Fact]
    public void FromDirectory_CutFile_IsRefused()
    {
        BpeTrainer.Train([], 257).Save(_folder);
        string path = Path.Combine(_folder, "tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(path)[..^10]);
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(_folder)).Message);
    }

    [Fact]
    public void FromDirectory_WithoutEndOfText_IsRefused()
    {
        BpeTrainer.Train(["ab ab"], 258).Save(_folder);
        string path = Path.Combine(_folder, "tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("<|endoftext|>", "<|stop|>"));
        Assert.Contains("<|endoftext|>", Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(_folder)).Message);
    }

    private static void AssertCase(BpeTokenizer tokenizer, JsonElement item)
    {
        Assert.Equal(item.Ids("ids"), tokenizer.Encode(item.Text("text")));
        Assert.Equal(item.Text("keep"), tokenizer.Decode(item.Ids("ids")));
        Assert.Equal(item.Text("skip"), tokenizer.Decode(item.Ids("ids"), skipSpecialTokens: true));
    }

    /// <summary>GPT-2 without a declared end-of-text token, as some recordings were made.</summary>
    private static BpeTokenizer Undeclared(BpeTokenizer gpt2) => new(gpt2.Model, [], "GPT-2");

    /// <summary>Saves a tokenizer and replaces its added tokens, all but end-of-text, by recorded ones.</summary>
    private void WriteWith(BpeTokenizer tokenizer, JsonElement addedTokens)
    {
        string path = Path.Combine(_folder, "tokenizer.json");
        tokenizer.Save(_folder);
        JsonNode root = JsonNode.Parse(File.ReadAllText(path))!;
        JsonNode endOfText = root["added_tokens"]![0]!.DeepClone();
        root["added_tokens"] = JsonNode.Parse(addedTokens.GetRawText());
        root["added_tokens"]!.AsArray().Insert(0, endOfText);
        File.WriteAllText(path, root.ToJsonString());
    }
}
