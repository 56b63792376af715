using System.Text.Json;
using Phf.Text;

namespace Phf.Tests.Text;

/// <summary>Added tokens, places and batches of GPT-2 against what Hugging Face recorded.</summary>
public sealed class AddedTokenTests
{
    private static readonly Lazy<BpeTokenizer> Gpt2 = new(() => BpeTokenizer.FromDirectory(Shared.Data("models", "gpt2")));
    private static readonly AddedToken EndOfText = new(BpeTokenizer.EndOfText, 50256, Special: true, Normalized: false);

    [GoldenFact]
    public void Encode_AllOptions_MatchesTokenizers()
    {
        int compared = 0;
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "added_tokens.jsonl.gz")))
        {
            AssertCases(row, [EndOfText, .. Tokens(row.GetProperty("serialized"))]);
            compared++;
        }
        Assert.Equal(32, compared);
    }

    [GoldenFact]
    public void Encode_OddTokens_MatchesTokenizers()
    {
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "added_odd.jsonl.gz")))
            AssertCases(row, [.. Tokens(row.GetProperty("serialized"))]);
        Assert.Throws<ArgumentException>(() => Gpt2.Value.WithAddedTokens(""));
    }

    [Fact]
    public void Encode_StrippedWhiteSpace_IsTakenOnce()
    {
        BpeTokenizer bytes = BpeTrainer.Train([], 257);
        AddedToken greedy = new("<x>", 257, Special: true, Normalized: false) { StripsLeft = true, StripsRight = true };
        var tokenizer = new EncoderTokenizer(bytes.Definition with { Added = [greedy] });
        EncodedText encoded = tokenizer.Encode(" <x> \u3000<x>\n");
        Assert.Equal([257, 257], encoded.Ids);
        Assert.Equal([(0, 6), (6, 10)], encoded.Offsets);
    }

    /// <summary>A token of white space alone, of which the one before may have taken all: as tokenizers 0.23.2 counts them.</summary>
    [Theory]
    [InlineData("    a", false, 2)]
    [InlineData("  \n  a", false, 2)]
    [InlineData("    a", true, 1)]
    [InlineData("      a", true, 1)]
    [InlineData("    a    ", true, 2)]
    public void Encode_TokenOfBlanks_IsNotFoundInWhatIsTaken(string text, bool stripsLeft, int count)
    {
        BpeTokenizer bytes = BpeTrainer.Train([], 257);
        AddedToken blanks = new("  ", 257, Special: true, Normalized: false) { StripsLeft = stripsLeft, StripsRight = true };
        var tokenizer = new BpeTokenizer(bytes.Definition with { Added = [blanks] });
        Assert.Equal(count, tokenizer.Encode(text).Count(id => id == 257));
    }

    [Fact]
    public void Encode_SingleWord_LooksAtItsNeighbours()
    {
        BpeTokenizer bytes = BpeTrainer.Train([], 257);
        AddedToken word = new("cat", 257, Special: false, Normalized: true) { SingleWord = true };
        var tokenizer = new BpeTokenizer(bytes.Definition with { Added = [word] });
        foreach ((string text, bool isFound) in new[] { ("cat", true), (" cat.", true), ("cats", false), ("_cat", false), ("\u0301cat", false), ("cat\uD835\uDC00", false), ("cat\uD83D\uDE00", true) })
            Assert.Equal(isFound, tokenizer.Encode(text).Contains(257));
    }

    [GoldenFact]
    public void Encode_Offsets_MatchTokenizers()
    {
        ISubwordModel plain = Gpt2.Value.Definition.Model, prefixed = new ByteLevelBpe(Gpt2.Value.Model, new PieceRules { AddsPrefixSpace = true });
        TokenTemplate trimmed = TokenTemplate.Nothing with { TrimsOffsets = true, HasPrefixSpace = true }; // the processor's own default, whatever the pre-tokenizer does
        var settings = new Dictionary<string, EncoderTokenizer>
        {
            ["none"] = With(plain, TokenTemplate.Nothing),
            ["trim"] = With(plain, trimmed),
            ["notrim"] = With(plain, TokenTemplate.Nothing),
            ["prefix_trim"] = With(prefixed, trimmed),
        };
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "offsets.jsonl.gz")))
            foreach ((string name, EncoderTokenizer tokenizer) in settings)
            {
                EncodedText encoded = tokenizer.Encode(row.Text("text"));
                Assert.Equal(row.GetProperty(name).Ids("ids"), encoded.Ids);
                Assert.Equal(row.GetProperty(name).Offsets("offsets"), GoldenLines.InCodePoints(encoded, row.Text("text")));
            }

        static EncoderTokenizer With(ISubwordModel model, TokenTemplate template) =>
            new(new TokenizerDefinition { Model = model, Added = [EndOfText], Template = template, Source = "GPT-2" });
    }

    [GoldenTheory]
    [InlineData("transformers.json")]
    [InlineData("transformers_v4.json")]
    public void Encode_ControlTokensAndBatches_MatchTransformers(string file)
    {
        JsonElement golden = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Shared.Golden("tokenizers_gpt2", file)));
        BpeTokenizer tagged = Gpt2.Value.WithAddedTokens("<|aligned|>", "<|misaligned|>");
        Assert.Equal(golden.GetProperty("len").GetInt32(), tagged.VocabularySize);
        Assert.Equal(golden.Ids("text_ids"), tagged.Encode(golden.Text("text")));
        Assert.Equal(golden.Text("decode"), tagged.Decode(golden.Ids("text_ids")));
        Assert.Equal(golden.Text("decode_skip"), tagged.Decode(golden.Ids("text_ids"), skipSpecialTokens: true));
        Assert.Equal(golden.Ids("split_special_tokens"), new BpeTokenizer(Gpt2.Value.Model, [], "GPT-2").Encode(golden.Text("text")));

        var tokenizer = new EncoderTokenizer(tagged.Definition with { Roles = TokenRoles.None.WithDefault(TokenRoles.Padding, BpeTokenizer.EndOfText) });
        string[] batch = golden.Texts("batch");
        AssertBatch("pad_right", new EncodeOptions(), new PaddingOptions());
        AssertBatch("pad_8", new EncodeOptions(), new PaddingOptions { Multiple = 8 });
        AssertBatch("pad_left", new EncodeOptions(), new PaddingOptions { AtStart = true });
        AssertBatch("trunc_3", new EncodeOptions { MaxLength = 3 }, null);
        AssertBatch("trunc_left_3", new EncodeOptions { MaxLength = 3, KeepEnd = true }, null);
        AssertBatch("max_length_6", new EncodeOptions { MaxLength = 6 }, new PaddingOptions { Length = 6 });
        Assert.Equal(golden.GetProperty("text_pair").Ids("input_ids"), tokenizer.Encode("a b", "c d").Ids);

        void AssertBatch(string name, EncodeOptions options, PaddingOptions? padding)
        {
            EncodedText[] texts = [.. batch.Select(text => tokenizer.Encode(text, null, options))];
            if (padding is not null) texts = tokenizer.Pad(texts, padding);
            JsonElement recorded = golden.GetProperty(name);
            foreach ((string key, Func<EncodedText, int[]> row) in new (string, Func<EncodedText, int[]>)[] { ("input_ids", text => text.Ids), ("attention_mask", text => text.AttentionMask) })
                Assert.Equal(recorded.GetProperty(key).EnumerateArray().Select(ids => ids.EnumerateArray().Select(id => id.GetInt32()).ToArray()), texts.Select(row));
        }
    }

    [GoldenFact]
    public void Decode_CleanUp_MatchesTransformers()
    {
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "clean_up_v4.jsonl.gz")))
        {
            Assert.Equal(row.Ids("ids"), Gpt2.Value.Encode(row.Text("text")));
            foreach (bool skips in (bool[])[false, true])
            {
                string decoded = Gpt2.Value.Decode(row.Ids("ids"), skips);
                Assert.Equal(row.Text(skips ? "skip_default" : "default"), decoded);
                Assert.Equal(row.Text(skips ? "skip_true" : "true"), SpaceCleanUp.Apply(decoded));
            }
        }
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "clean_up.jsonl.gz"))) // where the option does nothing
            foreach (string setting in (string[])["default", "true", "false"]) Assert.Equal(row.Text(setting), Gpt2.Value.Decode(row.Ids("ids")));
    }

    [GoldenFact]
    public void Decode_Batch_MatchesTokenizers()
    {
        JsonElement golden = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Shared.Golden("tokenizers_gpt2", "decode_batch.json")));
        int[][] batch = [.. golden.GetProperty("batch").EnumerateArray().Select(ids => ids.EnumerateArray().Select(id => id.GetInt32()).ToArray())];
        Assert.Equal(golden.Texts("keep"), batch.Select(ids => Gpt2.Value.Decode(ids)));
        Assert.Equal(golden.Texts("skip"), batch.Select(ids => Gpt2.Value.Decode(ids, skipSpecialTokens: true)));
    }

    [GoldenFact]
    public void PieceEnd_Offsets_MatchThePreTokenizer()
    {
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("tokenizers_gpt2", "pretokens.jsonl.gz")))
        {
            string text = row.Text("text");
            var places = new List<(int, int)>();
            for (int start = 0, codePoint = 0; start < text.Length;)
            {
                int end = Gpt2Pattern.PieceEnd(text, start), width = text[start..end].EnumerateRunes().Count();
                places.Add((codePoint, codePoint + width));
                (start, codePoint) = (end, codePoint + width);
            }
            Assert.Equal(row.GetProperty("pieces").EnumerateArray().Select(piece => (piece[1][0].GetInt32(), piece[1][1].GetInt32())), places);
        }
    }

    private static void AssertCases(JsonElement row, AddedToken[] added)
    {
        TokenizerDefinition definition = Gpt2.Value.Definition with { Added = added };
        BpeTokenizer tokenizer = new(definition);
        var placed = new EncoderTokenizer(definition);
        foreach (JsonElement item in row.GetProperty("cases").EnumerateArray())
        {
            string text = item.Text("text");
            Assert.Equal(item.Ids("ids"), tokenizer.Encode(text));
            EncodedText encoded = placed.Encode(text);
            Assert.Equal(item.Ids("ids"), encoded.Ids);
            if (item.TryGetProperty("offsets", out _)) Assert.Equal(item.Offsets("offsets"), GoldenLines.InCodePoints(encoded, text));
            Assert.Equal(item.Text("keep"), tokenizer.Decode(encoded.Ids));
            Assert.Equal(item.Text("skip"), placed.Decode(encoded.Ids, skipSpecialTokens: true));
        }
    }

    private static IEnumerable<AddedToken> Tokens(JsonElement serialized) => serialized.EnumerateArray().Select(token =>
        new AddedToken(token.Text("content"), token.GetProperty("id").GetInt32(), Is(token, "special"), Is(token, "normalized"))
        {
            StripsLeft = Is(token, "lstrip"),
            StripsRight = Is(token, "rstrip"),
            SingleWord = Is(token, "single_word"),
        });

    private static bool Is(JsonElement token, string option) => token.GetProperty(option).GetBoolean();
}
