using System.Security.Cryptography;
using System.Text.Json;
using Phf.Formats;

namespace Phf.Evaluation;

/// <summary>
/// The parts of evaluations that were computed before, one JSON file each in <c>evaluation-cache/</c> of what was evaluated. A part is named by its kind and
/// the SHA-256 of everything that decides it (the model's fingerprint, the scorer's id, the settings), so nothing is computed twice and an
/// evaluation that was stopped goes on where it was. A file that cannot be read counts as absent.
/// </summary>
public sealed class EvaluationCache
{
    /// <summary>Name of the folder.</summary>
    public const string DirectoryName = "evaluation-cache";

    /// <summary>Part of every key; raised when a part is computed in another way than before.</summary>
    internal const int Version = 1;

    private const int KeyDigits = 24;

    private readonly string _directory;
    private readonly bool _forgets;

    private EvaluationCache(string directory, bool forgets) => (_directory, _forgets) = (directory, forgets);

    /// <summary>The cache of what is evaluated into <paramref name="directory"/>.</summary>
    /// <param name="directory">A run, or another folder for results; the cache's own folder is made when the first part is kept.</param>
    /// <param name="force">Compute everything anew, and replace what was kept.</param>
    public static EvaluationCache Of(string directory, bool force) => new(Path.Combine(directory, DirectoryName), force);

    /// <summary>The part if it was computed before, else what <paramref name="compute"/> gives, which is kept.</summary>
    /// <param name="part">Its kind: letters, digits and dashes.</param>
    /// <param name="inputs">All that decides the result; serialised into the key.</param>
    /// <param name="compute">Computes it; when it throws, nothing is kept.</param>
    public T GetOrCompute<T>(string part, object inputs, Func<T> compute) where T : class
    {
        string path = PathOf(part, inputs);
        if (!_forgets && Read<T>(path) is { } known) return known;
        T result = compute();
        Directory.CreateDirectory(_directory);
        DurableFile.Write(path, stream => JsonSerializer.Serialize(stream, result, EvaluationFiles.OneLine));
        return result;
    }

    private static T? Read<T>(string path) where T : class
    {
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), EvaluationFiles.OneLine);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private string PathOf(string part, object inputs)
    {
        string key = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(inputs, inputs.GetType(), EvaluationFiles.OneLine)));
        return Path.Combine(_directory, $"{part}-{key[..KeyDigits]}.json");
    }
}
