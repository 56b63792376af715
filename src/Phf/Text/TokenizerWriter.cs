using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Phf.Text;

/// <summary>Writes a tokenizer as transformers 4 and 5 open it: tokenizer.json holds everything, the other files are for older readers.</summary>
internal static class TokenizerWriter
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(BpeTokenizer tokenizer, string directory, int? maxLength)
    {
        Directory.CreateDirectory(directory);
        if (IsGpt2(tokenizer)) // to the readers of these two files every tokenizer is GPT-2's
        {
            WriteJson(directory, "vocab.json", json => WriteVocabulary(json, tokenizer.Model));
            WriteFile(directory, "merges.txt", stream => WriteMergesText(stream, tokenizer.Model));
        }
        WriteJson(directory, "special_tokens_map.json", json =>
        {
            json.WriteStartObject();
            WriteRoles(json, tokenizer);
            json.WriteEndObject();
        });
        WriteJson(directory, "tokenizer_config.json", json => WriteConfiguration(json, tokenizer, maxLength));
        WriteJson(directory, "tokenizer.json", json => WriteTokenizer(json, tokenizer)); // last: its presence means the rest is there
    }

    private static void WriteTokenizer(Utf8JsonWriter json, BpeTokenizer tokenizer)
    {
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        foreach (AddedToken token in tokenizer.Added.OrderBy(token => token.Id))
        {
            json.WriteStartObject();
            json.WriteNumber("id", token.Id);
            WriteAddedToken(json, token);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        ComponentWriter.WriteNormalizer(json, tokenizer.Rules);
        ComponentWriter.WritePreTokenizer(json, tokenizer.Rules);
        ComponentWriter.WritePostProcessor(json, tokenizer.Definition);
        json.WritePropertyName("decoder");
        ComponentWriter.WriteByteLevel(json, addPrefixSpace: true); // as tokenizers writes it; a decoder does not look at it
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", tokenizer.Model.IgnoresMerges);
        json.WritePropertyName("vocab");
        WriteVocabulary(json, tokenizer.Model);
        json.WriteStartArray("merges");
        foreach ((int left, int right) in tokenizer.Model.Merges)
        {
            json.WriteStartArray();
            json.WriteStringValue(tokenizer.Model.Tokens[left]);
            json.WriteStringValue(tokenizer.Model.Tokens[right]);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>What vocab.json and merges.txt can say: GPT-2's rules, with or without a blank in front, and no tokens around a text.</summary>
    private static bool IsGpt2(BpeTokenizer tokenizer) => tokenizer.Rules with { AddsPrefixSpace = false } == PieceRules.Default && !tokenizer.Model.IgnoresMerges
        && tokenizer.Definition.Template.AddedTokens(isPair: true) == 0;

    private static void WriteConfiguration(Utf8JsonWriter json, BpeTokenizer tokenizer, int? maxLength)
    {
        json.WriteStartObject();
        json.WriteBoolean("add_prefix_space", tokenizer.Rules.AddsPrefixSpace);
        json.WriteStartObject("added_tokens_decoder");
        foreach (AddedToken token in tokenizer.Added.OrderBy(token => token.Id))
        {
            json.WriteStartObject(token.Id.ToString());
            WriteAddedToken(json, token);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        WriteRoles(json, tokenizer);
        json.WriteBoolean("clean_up_tokenization_spaces", false);
        json.WriteString("errors", "replace");
        if (maxLength is { } most) json.WriteNumber("model_max_length", most);
        json.WriteString("tokenizer_class", IsGpt2(tokenizer) ? "GPT2Tokenizer" : "PreTrainedTokenizerFast");
        json.WriteEndObject();
    }

    private static void WriteAddedToken(Utf8JsonWriter json, AddedToken token)
    {
        json.WriteString("content", token.Content);
        json.WriteBoolean("single_word", token.SingleWord);
        json.WriteBoolean("lstrip", token.StripsLeft);
        json.WriteBoolean("rstrip", token.StripsRight);
        json.WriteBoolean("normalized", token.Normalized);
        json.WriteBoolean("special", token.Special);
    }

    /// <summary>Which token begins, ends and pads a text, and which others are special. As GPT-2's, end-of-text does what no other token does.</summary>
    private static void WriteRoles(Utf8JsonWriter json, BpeTokenizer tokenizer)
    {
        (string Role, string? Token)[] roles = [.. TokenRoles.Names.Select(role => (role, TokenOf(role))).Where(pair => pair.Item2 is not null)];
        json.WriteStartArray("additional_special_tokens");
        foreach (AddedToken token in tokenizer.Added.OrderBy(token => token.Id))
            if (token.Special && !roles.Any(pair => pair.Token == token.Content)) json.WriteStringValue(token.Content);
        json.WriteEndArray();
        foreach ((string role, string? token) in roles) json.WriteString(role, token);

        string? TokenOf(string role) => tokenizer.Definition.Roles[role] is { } token && tokenizer.TryGetId(token, out _) ? token
            : TokenRoles.OfGpt2.Contains(role) ? tokenizer.EndOfTextName : null;
    }

    private static void WriteVocabulary(Utf8JsonWriter json, BpeModel model)
    {
        json.WriteStartObject();
        for (int id = 0; id < model.Tokens.Length; id++) json.WriteNumber(model.Tokens[id], id);
        json.WriteEndObject();
    }

    private static void WriteMergesText(Stream stream, BpeModel model)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine("#version: 0.2");
        foreach ((int left, int right) in model.Merges) writer.WriteLine($"{model.Tokens[left]} {model.Tokens[right]}");
    }

    private static void WriteJson(string directory, string name, Action<Utf8JsonWriter> write) => WriteFile(directory, name, stream =>
    {
        using var json = new Utf8JsonWriter(stream, Readable);
        write(json);
    });

    /// <summary>Beside, flushed to the disk, then renamed: a file that has the name is whole.</summary>
    private static void WriteFile(string directory, string name, Action<Stream> write)
    {
        string path = Path.Combine(directory, name), beside = path + ".tmp";
        using (var stream = new FileStream(beside, FileMode.Create, FileAccess.Write))
        {
            write(stream);
            stream.Flush(flushToDisk: true);
        }
        File.Move(beside, path, overwrite: true);
    }
}
