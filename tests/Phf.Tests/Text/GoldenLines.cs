using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Phf.Text;

namespace Phf.Tests.Text;

/// <summary>Reads recorded outputs: one JSON value per line of a .jsonl.gz file.</summary>
internal static class GoldenLines
{
    public static IEnumerable<JsonElement> Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is string line) yield return JsonSerializer.Deserialize<JsonElement>(line);
    }

    public static string Text(this JsonElement row, string name) => row.GetProperty(name).GetString()!;

    public static int[] Ids(this JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    public static string[] Texts(this JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(text => text.GetString()!)];

    public static (int, int)[] Offsets(this JsonElement row, string name) =>
        [.. row.GetProperty(name).EnumerateArray().Select(offset => (offset[0].GetInt32(), offset[1].GetInt32()))];

    /// <summary>The places of tokens in code points, as the recordings have them.</summary>
    public static (int, int)[] InCodePoints(EncodedText encoded, string text) =>
        [.. encoded.Offsets.Select(place => (CodePoints(text, place.Start), CodePoints(text, place.End)))];

    /// <summary>SHA-256 over the ids as little-endian 32-bit numbers.</summary>
    public static string Hash(IEnumerable<int> ids) =>
        Convert.ToHexStringLower(SHA256.HashData([.. ids.SelectMany(id => BitConverter.GetBytes(id))]));

    /// <summary>The first posts of the Reddit file, in order.</summary>
    public static IEnumerable<string> RedditPosts() => Read(Shared.Data("text", "reddit_posts_2013.jsonl.gz")).Select(row => row.Text("text"));

    /// <summary>Code points in the first <paramref name="units"/> UTF-16 units.</summary>
    private static int CodePoints(string text, int units)
    {
        int count = 0;
        for (int i = 0; i < units && i < text.Length; i++)
            if (!char.IsLowSurrogate(text[i])) count++;
        return count;
    }
}
