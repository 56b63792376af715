using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Phf.Scoring;

namespace Phf.Tests.Scoring;

/// <summary>Recorded scrubadub output beside the text it was recorded on; offsets are converted from code points to UTF-16.</summary>
internal sealed class GoldenPii
{
    private readonly JsonElement _row;
    private readonly int[] _offsets;

    private GoldenPii(JsonElement row, string text)
    {
        _row = row;
        Text = text;
        _offsets = CodePointOffsets(text);
        Assert.Equal(row.GetProperty("len").GetInt32(), _offsets.Length - 1);
    }

    public string Text { get; }

    public double Score => ScoreOf("default");

    public string Name => _row.TryGetProperty("id", out var id) ? id.ToString() : $"row {_row.GetProperty("row")}";

    public double ScoreOf(string detectors) => _row.GetProperty(detectors).GetProperty("score").GetDouble();

    /// <summary>The merged finds of a set of detectors: default or full.</summary>
    public Finding[] Merged(string detectors = "default") => [.. _row.GetProperty(detectors).GetProperty("filth").EnumerateArray().Select(find => new Finding(
        _offsets[find.GetProperty("begin").GetInt32()],
        _offsets[find.GetProperty("end").GetInt32()],
        string.Join('+', find.GetProperty("types").EnumerateArray().Select(type => type.GetString()))))];

    /// <summary>The valid finds of one detector before merging, in its order.</summary>
    public Finding[] Raw(string detector) => _row.GetProperty("raw").TryGetProperty(detector, out var finds) ? Finds(finds, detector) : [];

    /// <summary>The valid ones of recorded finds <c>[begin, end, valid]</c> of one detector in this text.</summary>
    public Finding[] Finds(JsonElement finds, string detector) => [.. finds.EnumerateArray().Where(find => find[2].GetInt32() == 1)
        .Select(find => new Finding(_offsets[find[0].GetInt32()], _offsets[find[1].GetInt32()], detector))];

    /// <summary>What a scrubber with only that detector reports.</summary>
    public (int Begin, int End)[] Alone(string detector) => !_row.GetProperty("alone").TryGetProperty(detector, out var finds) ? []
        : [.. finds.EnumerateArray().Select(find => (_offsets[find[0].GetInt32()], _offsets[find[1].GetInt32()]))];

    /// <summary>All rows of a set: nasty, presidio_synth_v2, presidio_generated_large or reddit_0_3000.</summary>
    public static List<GoldenPii> Load(string set)
    {
        if (set == "nasty") return [.. Lines(Shared.Golden("pii_nasty.jsonl.gz")).Select(row => new GoldenPii(row, OwnText(row)))];
        string texts = set == "reddit_0_3000" ? Shared.Data("text", "reddit_posts_2013.jsonl.gz") : Shared.Data("pii", set + ".jsonl.gz");
        return [.. Lines(Shared.Golden("pii_full", set + ".jsonl.gz")).Zip(Lines(texts), (row, text) =>
            new GoldenPii(row, text.GetProperty("text").GetString()!))];
    }

    private static IEnumerable<JsonElement> Lines(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line) yield return JsonElement.Parse(line);
    }

    private static string OwnText(JsonElement row)
    {
        if (row.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String) return text.GetString()!;
        var builder = new StringBuilder();
        foreach (var point in row.GetProperty("codepoints").EnumerateArray())
            builder.Append(point.GetInt32() < 0x10000 ? ((char)point.GetInt32()).ToString() : char.ConvertFromUtf32(point.GetInt32()));
        return builder.ToString();
    }

    private static int[] CodePointOffsets(string text)
    {
        var offsets = new List<int>();
        for (int at = 0; at < text.Length; at += at + 1 < text.Length && char.IsSurrogatePair(text, at) ? 2 : 1) offsets.Add(at);
        return [.. offsets, text.Length];
    }
}
