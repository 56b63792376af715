using System.Text.Json;
using Phf.Formats;

namespace Phf.Encoders;

/// <summary>Where the parts of an encoder lie: a Hugging Face model directory, or a checkpoint of Detoxify with the files of the model that it was made from beside it.</summary>
/// <param name="Config">The model's shape.</param>
/// <param name="WeightsPath">File of weights, or their index.</param>
/// <param name="Directory">Where the tokenizer's files are.</param>
public sealed record EncoderFiles(EncoderConfig Config, string WeightsPath, string Directory)
{
    private const string ConfigName = "config.json";

    /// <summary>Whether a path is to be read as an encoder: a .ckpt file, or a folder with one or with the config.json of an encoder.</summary>
    public static bool IsOne(string path)
    {
        if (File.Exists(path)) return path.EndsWith(DetoxifyCheckpoint.Extension, StringComparison.OrdinalIgnoreCase);
        return System.IO.Directory.Exists(path) && (File.Exists(Path.Combine(path, ConfigName)) || CheckpointsIn(path).Length > 0);
    }

    /// <param name="path">A model directory, a .ckpt file, or a folder with one.</param>
    /// <exception cref="InvalidDataException">None of them, or one that Phf cannot run; the message says why.</exception>
    public static EncoderFiles Find(string path)
    {
        if (File.Exists(path)) return OfCheckpoint(path);
        if (!System.IO.Directory.Exists(path)) throw new InvalidDataException($"{path}: no such file or folder; give a model directory (config.json, weights, tokenizer)");
        if (WeightFiles.TryFindIn(path) is not { } weights)
        {
            string[] checkpoints = CheckpointsIn(path);
            if (checkpoints.Length > 1) throw new InvalidDataException($"{path} has {checkpoints.Length} {DetoxifyCheckpoint.Extension} files; name one of them");
            return checkpoints.Length == 1 ? OfCheckpoint(checkpoints[0])
                : throw new InvalidDataException($"{path}: no weights; a model directory has them in model.safetensors or pytorch_model.bin, one of Detoxify in a {DetoxifyCheckpoint.Extension} file");
        }
        string config = Path.Combine(path, ConfigName);
        if (!File.Exists(config)) throw new InvalidDataException($"{path}: no {ConfigName}, which says what the tensors are; fetch it too");
        return new EncoderFiles(EncoderConfig.FromFile(config), weights, path);
    }

    /// <summary>The <c>model_type</c> in a folder's config.json; null where there is none.</summary>
    public static string? ModelTypeIn(string directory)
    {
        string path = Path.Combine(directory, ConfigName);
        if (!File.Exists(path)) return null;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("model_type", out JsonElement type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null;
        }
        catch (JsonException)
        {
            return null; // whoever reads it says what is wrong
        }
    }

    private static EncoderFiles OfCheckpoint(string path)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return new EncoderFiles(DetoxifyCheckpoint.Config(path, Path.Combine(directory, ConfigName)), path, directory);
    }

    private static string[] CheckpointsIn(string directory) => System.IO.Directory.GetFiles(directory, "*" + DetoxifyCheckpoint.Extension);
}
