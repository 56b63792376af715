using System.Text.Json;
using Phf.Cli.Verbs;
using Phf.Data;
using Phf.Encoders;
using Phf.Formats;
using Phf.Model;
using Phf.Scoring.Classifier;
using Phf.Text;

namespace Phf.Cli;

/// <summary>What <c>phf inspect</c> says of a file.</summary>
internal static class FileInspection
{
    private const string Weights = "weights";

    /// <summary>Files that are a part of something, and mean nothing alone.</summary>
    private static readonly Dictionary<string, string> Parts = new()
    {
        ["config.yml"] = "the settings of a run",
        ["env.json"] = "the machine of a run",
        ["COMPLETE"] = "the mark of a whole checkpoint",
        ["trainer_state.json"] = "the state of a training run",
        ["generation_config.json"] = "how a model is sampled from elsewhere; Phf does not read it",
        ["tokenizer_config.json"] = "settings of a tokenizer",
        ["special_tokens_map.json"] = "settings of a tokenizer",
        ["added_tokens.json"] = "added tokens of a tokenizer",
    };

    private static readonly string[] WeightEnds = [".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".index.json"];

    /// <exception cref="InvalidDataException">No kind of file that Phf knows, or a damaged one.</exception>
    public static Inspection Of(string path)
    {
        string name = Path.GetFileName(path), directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (name == "config.json") return OfConfig(path, directory);
        if (TokenizerFiles.All.Contains(name)) return new Inspection([("what", "file of a tokenizer"), .. Inspection.TokenizerRows(directory, withUse: true)], null);
        if (name == DatasetManifest.FileName) return new Inspection(Inspection.DatasetRows(directory), null);
        if (Parts.TryGetValue(name, out string? part)) return new Inspection([("what", part), (Inspection.Usable, $"as a part of its folder: phf inspect {directory}")], null);
        switch (InputFile.ExtensionWithin(name))
        {
            case ".jsonl" or ".ndjson": return OfLines(path);
            case ".txt" or ".csv": return new Inspection([("what", "text"), (Inspection.Usable, "as a corpus: phf score, phf tokenizer train and encode, phf logprobs")], null);
            case ".yml" or ".yaml": return new Inspection([("what", "settings"), (Inspection.Usable, "as a task or method of phf train, if it holds keys that phf config lists")], null);
            case ".phfc":
                TextClassifier classifier = TextClassifier.FromFile(path);
                return new Inspection([("what", $"classifier of 2^{classifier.Features.Bits} weights"), (Inspection.Usable, $"yes: phf score --scorer classifier --model {path}")], null);
            default: return OfWeights(path, directory);
        }
    }

    private static Inspection OfConfig(string path, string directory)
    {
        string use = $"as a part of its folder: phf inspect {directory}";
        if (EncoderFiles.ModelTypeIn(directory) is { } type && EncoderConfig.IsModelType(type))
        {
            EncoderConfig? encoder = null;
            string? unfit = Inspection.ProblemOf(() => encoder = EncoderConfig.FromFile(path));
            return new Inspection([("what", "settings of an encoder"), .. encoder is null ? [] : EncoderInspection.ConfigRows(encoder), (Inspection.Usable, unfit is null ? use : $"no: {unfit}")], null);
        }
        (Gpt2Config? config, string? problem) = Inspection.ReadConfig(path);
        return new Inspection([("what", "settings of a model"), .. config is null ? [] : Inspection.ConfigRows(config), (Inspection.Usable, problem is null ? use : $"no: {problem}")], null);
    }

    /// <summary>By the fields of the first record.</summary>
    private static Inspection OfLines(string path)
    {
        using LineReader lines = LineReader.Open(path);
        string[] fields = [];
        while (fields.Length == 0 && lines.Next())
            if (!lines.Line.Trim(" \t"u8).IsEmpty) fields = FieldsOf(lines);
        if (lines.Number == 0) throw new InvalidDataException($"{path} is empty");
        string use = fields.Contains("scores") && fields.Contains("texts") ? "as scored texts: phf stats, phf pack"
            : fields.Contains("text") || fields.Contains("texts") ? "as a corpus: phf score, phf tokenizer train and encode, phf logprobs"
            : fields.Contains("ids") ? "as token ids: phf tokenizer decode, phf logprobs --ids"
            : "as a corpus, if one of its fields is a text: phf score --text-field NAME";
        return new Inspection([("what", $"JSON lines with {string.Join(", ", fields)}"), (Inspection.Usable, use)], null);
    }

    /// <exception cref="InvalidDataException">The line is no JSON object.</exception>
    private static string[] FieldsOf(LineReader line)
    {
        try
        {
            var reader = new Utf8JsonReader(line.Line);
            using var json = JsonDocument.ParseValue(ref reader);
            if (json.RootElement.ValueKind == JsonValueKind.Array) return ["ids"]; // the other form of them
            return [.. json.RootElement.EnumerateObject().Select(field => InspectVerb.Shown(field.Name))];
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{line.Where}: no JSON object; expected one, or a list of token ids, on every line", problem);
        }
    }

    private static Inspection OfWeights(string path, string directory)
    {
        if (!WeightEnds.Any(end => path.EndsWith(end, StringComparison.OrdinalIgnoreCase)) && Inspection.ProblemOf(() => WeightFiles.Open(path).Dispose()) is not null)
            throw new InvalidDataException($"{path}: no kind of file that Phf knows; by its name it is no corpus (.jsonl, .txt, .csv), no settings (config.json, .yml) and no part of a tokenizer, and it holds no weights");
        using WeightFiles weights = WeightFiles.Open(path);
        string what = File.Exists(Path.Combine(directory, DatasetManifest.FileName)) ? "shard of packed data" : Path.GetFileName(path) == "optimizer.safetensors" ? "optimizer's state of a checkpoint" : Weights;
        return new Inspection([("what", what), .. Inspection.WeightRows(weights), (Inspection.Usable, UseOf(what, path, directory))], path);
    }

    private static string UseOf(string what, string path, string directory)
    {
        if (what != Weights) return $"as a part of its folder: phf inspect {directory}";
        bool isOfModel = Path.GetFileName(path) == Path.GetFileName(WeightFiles.TryFindIn(directory) ?? "") && File.Exists(Path.Combine(directory, "config.json"));
        return isOfModel ? $"see phf inspect {directory}, the model directory that it belongs to"
            : "its tensors can be read; to run a model Phf needs a folder with config.json, these weights as model.safetensors or pytorch_model.bin, and a tokenizer";
    }
}
