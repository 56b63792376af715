using System.Text.Json;
using Phf.Text;

namespace Phf.Tests.Text;

/// <summary>A recorded batch with a truncation and a padding.</summary>
internal static class TruncatedRow
{
    public static void Check(JsonElement row, EncoderTokenizer tokenizer, Dictionary<string, string> strings)
    {
        EncodeOptions options = Truncation(row.GetProperty("truncation"));
        string[] names = row.Texts("names");
        bool isPair = row.Text("kind") == "pairs";
        JsonElement[] outputs = [.. row.GetProperty("out").EnumerateArray()];
        EncodedText?[] encoded = [.. names.Select((name, i) => Encode(tokenizer, strings[name], isPair ? strings[names[^(i + 1)]] : null, options))];
        Assert.Equal(outputs.Select(output => output.TryGetProperty("error", out _)), encoded.Select(text => text is null));
        if (row.GetProperty("padding") is { ValueKind: JsonValueKind.Object } padding)
            encoded = tokenizer.Pad([.. encoded.Select(text => text!)], Padding(padding));
        for (int i = 0; i < names.Length; i++)
        {
            if (encoded[i] is not { } text) continue;
            Assert.Equal(outputs[i].Ids("ids"), text.Ids);
            Assert.Equal(outputs[i].Ids("type_ids"), text.TypeIds);
            Assert.Equal(outputs[i].Ids("attention_mask"), text.AttentionMask);
            if (row.TryGetProperty("overflowing", out JsonElement overflowing) && overflowing.ValueKind == JsonValueKind.Array)
                Assert.Equal(overflowing[i].EnumerateArray().Select(part => part.EnumerateArray().Select(id => id.GetInt32()).ToArray()), text.Overflow.Select(part => part.Ids));
        }
    }

    private static EncodedText? Encode(EncoderTokenizer tokenizer, string text, string? pair, EncodeOptions options)
    {
        try
        {
            return tokenizer.Encode(text, pair, options);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static EncodeOptions Truncation(JsonElement truncation)
    {
        if (truncation.ValueKind == JsonValueKind.Null) return new EncodeOptions();
        return new EncodeOptions
        {
            MaxLength = truncation.GetProperty("max_length").GetInt32(),
            Stride = truncation.TryGetProperty("stride", out JsonElement stride) ? stride.GetInt32() : 0,
            KeepEnd = truncation.TryGetProperty("direction", out JsonElement direction) && direction.GetString() == "left",
            Strategy = !truncation.TryGetProperty("strategy", out JsonElement strategy) ? TruncationStrategy.LongestFirst : strategy.GetString() switch
            {
                "only_first" => TruncationStrategy.OnlyFirst,
                "only_second" => TruncationStrategy.OnlySecond,
                _ => TruncationStrategy.LongestFirst,
            },
        };
    }

    private static PaddingOptions Padding(JsonElement padding) => new()
    {
        Length = padding.TryGetProperty("length", out JsonElement length) ? length.GetInt32() : null,
        Multiple = padding.TryGetProperty("pad_to_multiple_of", out JsonElement multiple) ? multiple.GetInt32() : 1,
        AtStart = padding.TryGetProperty("direction", out JsonElement direction) && direction.GetString() == "left",
    };
}
