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

    /// <summary>Every kind that is read, with what its post-processor adds and with places; then the same after writing it.</summary>
    [GoldenTheory]
    [InlineData("gpt2_transformers")]
    [InlineData("gpt2_transformers_added")]
    [InlineData("gpt2_transformers_prefix")]
    [InlineData("gpt2_transformers4")]
    [InlineData("gpt2_transformers4_added")]
    [InlineData("gpt2_old_format")]
    [InlineData("gpt2_untyped")]
    [InlineData("gpt2_trunc_pad")]
    [InlineData("prefix_bytelevel")]
    [InlineData("llama3_style")]
    [InlineData("llama3_unreachable_ignore")]
    [InlineData("llama3_unreachable_merge")]
    [InlineData("qwen_style")]
    [InlineData("digits_bytelevel")]
    [InlineData("digits_group_bytelevel")]
    [InlineData("punct_bytelevel")]
    [InlineData("wordpiece_template")]
    public void FromDirectory_EveryKind_GivesTheRecordedTokens(string name)
    {
        EncoderTokenizer read = EncoderTokenizer.FromDirectory(Shared.Golden("tokenizer_json", name));
        JsonElement[] rows = [.. GoldenLines.Read(Shared.Golden("tokenizer_json", name, "strings.jsonl.gz"))];
        AssertTokens(rows, read);
        if (name == "wordpiece_template") return; // the writer is for language models
        BpeTokenizer bpe = BpeTokenizer.FromDirectory(Shared.Golden("tokenizer_json", name));
        bpe.Save(_folder);
        AssertTokens(rows, EncoderTokenizer.FromDirectory(_folder));
        Assert.Equal(bpe.Fingerprint, BpeTokenizer.FromDirectory(_folder).Fingerprint);
        foreach (JsonElement row in rows)
            if (row.TryGetProperty("no_special", out _)) Assert.Equal(row.Ids("no_special"), bpe.Encode(row.Text("text")));
    }

    [GoldenTheory]
    [InlineData("lower_nfkc_bytelevel", "NFKC")]
    [InlineData("metaspace_bpe_always", "byte_fallback")]
    [InlineData("metaspace_bpe_never", "byte_fallback")]
    [InlineData("metaspace_bpe_byte_fallback", "byte_fallback")]
    [InlineData("llama2_style", "byte_fallback")]
    [InlineData("llama2_unk_fused", "Prepend")]
    [InlineData("llama2_unk_single", "Prepend")]
    [InlineData("unigram", "Unigram")]
    [InlineData("wordlevel", "WordLevel")]
    [InlineData("char_bpe_suffix", "</w>")]
    public void FromDirectory_OtherKinds_AreRefusedByName(string name, string named)
    {
        string folder = Shared.Golden("tokenizer_json", name);
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => EncoderTokenizer.FromDirectory(folder)).Message);
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(folder)).Message);
    }

    [GoldenFact]
    public void FromDirectory_WordPieceForALanguageModel_IsRefused() => Assert.Contains("WordPiece",
        Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(Shared.Golden("tokenizer_json", "wordpiece_template"))).Message);

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
    [InlineData("normalizer", "{\"type\":\"NFKD\"}", "NFKD")]
    [InlineData("normalizer", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"Lowercase\"}]}", "Lowercase")]
    [InlineData("pre_tokenizer", "null", "pre_tokenizer")]
    [InlineData("pre_tokenizer", "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":false}", "use_regex")]
    [InlineData("pre_tokenizer.use_regex", "null", "use_regex")]
    [InlineData("pre_tokenizer", "{\"type\":\"ByteLevel\",\"add_prefix_space\":false}", "trim_offsets")]
    [InlineData("pre_tokenizer", "{\"type\":\"ByteLevel\",\"trim_offsets\":true}", "add_prefix_space")]
    [InlineData("pre_tokenizer", "{\"type\":\"Whitespace\"}", "Whitespace")]
    [InlineData("pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":false}]}", "pattern")]
    [InlineData("pre_tokenizer.surprise", "1", "surprise")]
    [InlineData("post_processor", "{\"type\":\"RobertaProcessing\"}", "cls")]
    [InlineData("post_processor", "{\"type\":\"BertProcessing\",\"sep\":[\"!\",7],\"cls\":[\"!\",1]}", "'!' is 7")]
    [InlineData("post_processor", "{\"type\":\"Other\"}", "Other")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"SpecialToken\":{\"id\":\"<eos>\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}", "<eos>")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0,\"colour\":1}}],\"pair\":[],\"special_tokens\":{}}", "colour")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":[],\"special_tokens\":{\"!\":{\"id\":\"!\",\"ids\":[7],\"tokens\":[\"!\"]}}}", "'!' is 7")]
    [InlineData("post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":[],\"special_tokens\":{\"!\":{\"id\":\"!\",\"ids\":[1],\"tokens\":[\"!\"],\"colour\":1}}}", "colour")]
    [InlineData("truncation", "\"yes\"", "truncation")]
    [InlineData("truncation", "{\"max_length\":8,\"colour\":1}", "colour")]
    [InlineData("truncation", "{\"direction\":\"Up\",\"max_length\":8,\"strategy\":\"LongestFirst\",\"stride\":0}", "'Up'")]
    [InlineData("truncation", "{\"direction\":\"Left\",\"max_length\":-8,\"strategy\":\"LongestFirst\",\"stride\":0}", "max_length")]
    [InlineData("added_tokens", "null", "added_tokens")]
    [InlineData("padding", "[1]", "padding")]
    [InlineData("padding", "{\"direction\":\"Right\",\"pad_id\":7,\"pad_token\":\"!\"}", "'!' is 7")]
    [InlineData("padding", "{\"pad_id\":7,\"pad_token\":\"!\",\"colour\":1}", "colour")]
    [InlineData("pre_tokenizer.trim_offsets", "\"x\"", "trim_offsets")]
    [InlineData("decoder.use_regex", "null", "use_regex")]
    [InlineData("model.unk_token", "5", "unk_token")]
    [InlineData("model.fuse_unk", "3", "fuse_unk")]
    [InlineData("decoder", "null", "decoder")]
    [InlineData("extra", "1", "extra")]
    [InlineData("added_tokens", "[{\"content\":7}]", "content")]
    [InlineData("added_tokens", "[{\"content\":\"\\ud800\"}]", "tokenizer.json")]
    [InlineData("added_tokens", "5", "added_tokens")]
    [InlineData("added_tokens", "[{\"id\":0,\"content\":\"<|endoftext|>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"special\":true}]", "normalized")]
    [InlineData("added_tokens", "[{\"id\":3,\"content\":\"<|endoftext|>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}]", "has id 3")]
    [InlineData("added_tokens", "[{\"id\":999,\"content\":\"<x>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}]", "has id 999")]
    [InlineData("model", "[]", "model")]
    [InlineData("model.type", "\"WordPiece\"", "dropout")]
    [InlineData("model.type", "\"Unigram\"", "Unigram")]
    [InlineData("model.surprise", "1", "surprise")]
    [InlineData("model.dropout", "0.5", "dropout")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "</w>")]
    [InlineData("model.byte_fallback", "true", "byte_fallback")]
    [InlineData("model.merges", "[[\"t\",\"h\"],\"t h\"]", "form")]
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

    /// <summary>Readers differ in which of two values they take.</summary>
    [Theory]
    [InlineData("\"model\": {", "\"model\": {\"type\": \"Unigram\"}, \"model\": {", "model")]
    [InlineData("\"use_regex\": true", "\"use_regex\": true, \"use_regex\": true", "use_regex")]
    public void FromDirectory_KeyTwice_IsRefused(string place, string replacement, string key)
    {
        BpeTrainer.Train(["the the"], 260).Save(_folder);
        string path = Path.Combine(_folder, "tokenizer.json"), text = File.ReadAllText(path);
        Assert.Contains(place, text);
        File.WriteAllText(path, text.Replace(place, replacement));
        string message = Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(_folder)).Message;
        Assert.Contains(path, message);
        Assert.Contains($"'{key}'", message);
    }

    [Theory]
    [InlineData("merges.txt")]
    [InlineData("vocab.txt")]
    public void FromDirectory_TextThatIsNoUtf8_IsRefusedWithItsLine(string name)
    {
        BpeTrainer.Train(["the the"], 260).Save(_folder);
        File.Delete(Path.Combine(_folder, "tokenizer.json"));
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, [.. "[PAD]\n"u8, 0xE9, (byte)'\n']);
        Assert.StartsWith($"{path} line 2: not UTF-8", Assert.Throws<InvalidDataException>(() => EncoderTokenizer.FromDirectory(_folder)).Message);
    }

    [Fact]
    public void FromDirectory_CutFile_IsRefused()
    {
        BpeTrainer.Train([], 257).Save(_folder);
        string path = Path.Combine(_folder, "tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(path)[..^10]);
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(_folder)).Message);
        File.WriteAllText(path, "");
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(_folder)).Message);
    }

    [Fact]
    public void FromDirectory_WithoutEndOfText_IsRefused()
    {
        BpeTrainer.Train(["ab ab"], 258).Save(_folder);
        string path = Path.Combine(_folder, "tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("<|endoftext|>", "<|stop|>"));
        File.Delete(Path.Combine(_folder, "special_tokens_map.json"));
        File.Delete(Path.Combine(_folder, "tokenizer_config.json"));
        Assert.Contains("<|endoftext|>", Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(_folder)).Message);
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), "{\"eos_token\": \"<|other|>\"}");
        Assert.Contains("eos_token", Assert.Throws<InvalidDataException>(() => BpeTokenizer.FromDirectory(_folder)).Message);
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), "{\"eos_token\": {\"content\": \"<|stop|>\"}}");
        BpeTokenizer read = BpeTokenizer.FromDirectory(_folder);
        Assert.True(read.TryGetId("<|stop|>", out int stop));
        Assert.Equal(stop, read.EndOfTextId);
    }

    /// <summary>RoBERTa's files: what goes around a text, and which token has which part, are there again after writing.</summary>
    [Fact]
    public void Save_Roberta_KeepsItsTokensAndTheirParts()
    {
        BpeTrainer.Train(["the cat sat"], 262).Save(_folder);
        File.Delete(Path.Combine(_folder, "tokenizer.json"));
        JsonObject vocabulary = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, "vocab.json")))!.AsObject();
        int count = vocabulary.Count;
        foreach (string token in (string[])["<s>", "</s>", "<pad>", "<unk>", "<mask>"]) vocabulary.Add(token, vocabulary.Count);
        vocabulary.Remove("<|endoftext|>");
        vocabulary.Add("<|stop|>", 0);
        File.WriteAllText(Path.Combine(_folder, "vocab.json"), vocabulary.ToJsonString());
        foreach (string file in (string[])["special_tokens_map.json", "tokenizer_config.json"]) File.Delete(Path.Combine(_folder, file));
        Assert.Equal(count + 1, BpeTokenizer.FromDirectory(_folder).EndOfTextId); // </s>, as transformers' own default
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), "{\"cls_token\": \"<s>\", \"pad_token\": \"<pad>\", \"mask_token\": \"<none>\", \"model_max_length\": 512}");

        EncoderTokenizer before = EncoderTokenizer.FromDirectory(_folder);
        Assert.False(before.IsWordPiece);
        string saved = Path.Combine(_folder, "saved");
        before.ForLanguageModels().Save(saved);
        Assert.False(File.Exists(Path.Combine(saved, "merges.txt"))); // its readers would put nothing around a text
        EncoderTokenizer after = EncoderTokenizer.FromDirectory(saved);
        Assert.Equal(before.Encode("the cat", "a mat").Ids, after.Encode("the cat", "a mat").Ids);
        Assert.Equal((before.PadId, 512), (after.PadId, after.MaxLength));
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(saved, "tokenizer_config.json")))!;
        Assert.Equal(["<s>", "<pad>", "</s>", null], new[] { "cls_token", "pad_token", "eos_token", "mask_token" }.Select(role => config[role]?.GetValue<string>()));
        Assert.Equal("PreTrainedTokenizerFast", config["tokenizer_class"]!.GetValue<string>());
    }

    private static void AssertTokens(JsonElement[] rows, EncoderTokenizer tokenizer)
    {
        foreach (JsonElement row in rows)
        {
            string text = row.Text("text");
            EncodedText encoded = tokenizer.Encode(text);
            Assert.Equal(row.Ids("ids"), encoded.Ids);
            if (row.TryGetProperty("no_special", out _)) Assert.Equal(row.Ids("no_special"), tokenizer.Encode(text, null, new EncodeOptions { AddSpecialTokens = false }).Ids);
            if (row.TryGetProperty("offsets", out _)) Assert.Equal(row.Offsets("offsets"), GoldenLines.InCodePoints(encoded, text));
            if (row.TryGetProperty("decode_keep", out _)) Assert.Equal(row.Text("decode_keep"), tokenizer.Decode(encoded.Ids));
            if (row.TryGetProperty("decode_skip", out _)) Assert.Equal(row.Text("decode_skip"), tokenizer.Decode(encoded.Ids, skipSpecialTokens: true));
        }
    }

    /// <summary>GPT-2 without a declared end-of-text token, as some recordings were made.</summary>
    private static BpeTokenizer Undeclared(BpeTokenizer gpt2) => new(gpt2.Model, [], "GPT-2");
}
