using System.Text.Json;

namespace Phf.Text;

/// <summary>Writes the components of a tokenizer.json that <see cref="TokenizerComponents"/> reads.</summary>
internal static class ComponentWriter
{
    public static void WriteNormalizer(Utf8JsonWriter json, PieceRules rules)
    {
        json.WritePropertyName("normalizer");
        if (rules.ComposesCharacters) WriteTyped(json, "NFC", () => { });
        else json.WriteNullValue();
    }

    public static void WritePreTokenizer(Utf8JsonWriter json, PieceRules rules)
    {
        json.WritePropertyName("pre_tokenizer");
        bool usesRegex = rules.Pattern == PiecePattern.Gpt2;
        if (usesRegex && rules.Split == PieceSplit.None)
        {
            WriteByteLevel(json, rules.AddsPrefixSpace);
            return;
        }
        WriteTyped(json, "Sequence", () =>
        {
            json.WriteStartArray("pretokenizers");
            if (rules.Split == PieceSplit.PunctuationRuns) WriteTyped(json, "Punctuation", () => json.WriteString("behavior", "Contiguous"));
            else if (rules.Split != PieceSplit.None)
                WriteTyped(json, "Digits", () => json.WriteBoolean("individual_digits", rules.Split == PieceSplit.EachDigit));
            if (!usesRegex) WriteTyped(json, "Split", () =>
            {
                json.WriteStartObject("pattern");
                json.WriteString("Regex", TokenizerComponents.RegexOf(rules.Pattern));
                json.WriteEndObject();
                json.WriteString("behavior", "Isolated");
                json.WriteBoolean("invert", false);
            });
            WriteByteLevel(json, rules.AddsPrefixSpace, usesRegex);
            json.WriteEndArray();
        });
    }

    public static void WritePostProcessor(Utf8JsonWriter json, TokenizerDefinition definition)
    {
        TokenTemplate template = definition.Template;
        bool addsTokens = template.AddedTokens(isPair: true) > 0;
        json.WritePropertyName("post_processor");
        if (!addsTokens && !template.TrimsOffsets) json.WriteNullValue();
        else if (!addsTokens) WriteByteLevel(json, template.HasPrefixSpace);
        else if (!template.TrimsOffsets) WriteTemplate(json, definition);
        else WriteTyped(json, "Sequence", () =>
        {
            json.WriteStartArray("processors");
            WriteByteLevel(json, template.HasPrefixSpace);
            WriteTemplate(json, definition);
            json.WriteEndArray();
        });
    }

    public static void WriteByteLevel(Utf8JsonWriter json, bool addPrefixSpace, bool useRegex = true) => WriteTyped(json, "ByteLevel", () =>
    {
        json.WriteBoolean("add_prefix_space", addPrefixSpace);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", useRegex);
    });

    private static void WriteTemplate(Utf8JsonWriter json, TokenizerDefinition definition) => WriteTyped(json, "TemplateProcessing", () =>
    {
        TokenTemplate template = definition.Template;
        WritePieces(json, "single", template.Single, definition);
        WritePieces(json, "pair", template.Pair, definition);
        json.WriteStartObject("special_tokens");
        foreach (int id in template.Single.Concat(template.Pair).SelectMany(piece => piece.AddedIds).Distinct())
        {
            string name = definition.NameOf(id);
            json.WriteStartObject(name);
            json.WriteString("id", name);
            json.WriteStartArray("ids");
            json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteStartArray("tokens");
            json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
    });

    private static void WritePieces(Utf8JsonWriter json, string key, TemplatePiece[] pieces, TokenizerDefinition definition)
    {
        json.WriteStartArray(key);
        foreach (TemplatePiece piece in pieces)
            if (piece.AddedIds.Length == 0) WritePiece(json, "Sequence", piece.IsSecond ? "B" : "A", piece.TypeId);
            else
                foreach (int id in piece.AddedIds) WritePiece(json, "SpecialToken", definition.NameOf(id), piece.TypeId);
        json.WriteEndArray();
    }

    private static void WritePiece(Utf8JsonWriter json, string kind, string id, int typeId)
    {
        json.WriteStartObject();
        json.WriteStartObject(kind);
        json.WriteString("id", id);
        json.WriteNumber("type_id", typeId);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTyped(Utf8JsonWriter json, string type, Action writeOptions)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        writeOptions();
        json.WriteEndObject();
    }
}
