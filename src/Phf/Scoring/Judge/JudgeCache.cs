using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Phf.Formats;

namespace Phf.Scoring.Judge;

/// <summary>
/// The answers of a judge on disk, one small file each: <c>ab/abcdef....json</c>, named by the SHA-256 of kind, model, prompt and text. A file that
/// cannot be read counts as absent and is written again.
/// </summary>
internal sealed class JudgeCache(JudgeOptions options)
{
    public double? Find(string text)
    {
        string path = PathOf(text);
        if (!File.Exists(path)) return null;
        try
        {
            double? score = JsonSerializer.Deserialize<Answer>(File.ReadAllBytes(path))?.Score;
            return score is { } number && double.IsFinite(number) ? number : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Keep(string text, double score)
    {
        string path = PathOf(text);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        DurableFile.Write(path, stream => JsonSerializer.Serialize(stream, new Answer(score)));
    }

    private string PathOf(string text)
    {
        byte[] question = JsonSerializer.SerializeToUtf8Bytes<string[]>([options.Kind.ToString(), options.Model, options.Prompt, text]);
        string name = Convert.ToHexStringLower(SHA256.HashData(question));
        return Path.Combine(options.Cache, name[..2], name + ".json");
    }

    private sealed record Answer([property: JsonPropertyName("score")] double Score);
}
