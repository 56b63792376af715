using Phf.Formats.PyTorch;

namespace Phf.Encoders;

/// <summary>
/// The <c>.ckpt</c> files of Detoxify (github.com/unitaryai/detoxify): besides the weights (<c>state_dict</c>) a <c>config</c> with the class of the model, the name of the
/// published one that it started from, and the names of its outputs. It has neither sizes nor a tokenizer: those are the published model's.
/// </summary>
internal static class DetoxifyCheckpoint
{
    public const string Extension = ".ckpt";

    /// <summary>Detoxify shows its models' outputs under one set of names.</summary>
    private static readonly Dictionary<string, string> Renamed = new() { ["toxic"] = "toxicity", ["severe_toxic"] = "severe_toxicity", ["identity_hate"] = "identity_attack" };

    /// <summary>The models that Detoxify started from. Other families are refused by the name of their class before.</summary>
    private static readonly Dictionary<string, EncoderConfig> Published = new()
    {
        ["bert-base-uncased"] = new() { Kind = EncoderKind.Bert, Task = EncoderTask.Sequence, Labels = [], VocabularySize = 30522 },
        ["roberta-base"] = new()
        {
            Kind = EncoderKind.Roberta,
            Task = EncoderTask.Sequence,
            Labels = [],
            VocabularySize = 50265,
            Positions = 514,
            TokenTypes = 1,
            LayerNormEpsilon = 1e-5f,
            PadId = 1,
        },
    };

    /// <summary>A label under Detoxify's name for it.</summary>
    public static string Standard(string label) => Renamed.GetValueOrDefault(label, label);

    /// <summary>Whether labels, under whatever name, are those of its models, which are trained with a sigmoid each.</summary>
    public static bool HasItsLabels(IEnumerable<string> labels) =>
        new[] { "toxicity", "obscene", "threat", "insult" }.All(labels.Select(Standard).Contains);

    /// <summary>The model's shape: that of config.json where there is one, else of the published model that the file names.</summary>
    /// <param name="path">The .ckpt file.</param>
    /// <param name="configPath">Of the published model; need not exist.</param>
    /// <exception cref="InvalidDataException">The file is none of Detoxify's, or of a family that cannot be run.</exception>
    public static EncoderConfig Config(string path, string configPath)
    {
        using PyTorchFile file = PyTorchFile.Open(path);
        Dictionary<string, object?> arguments = Section(file, "arch");
        (EncoderKind kind, EncoderTask task) = EncoderConfig.Architecture(arguments.GetValueOrDefault("model_name") as string ?? "", path);
        if (task != EncoderTask.Sequence) throw Unfit(path, "its model gives labels to tokens, not to texts");
        string published = arguments.GetValueOrDefault("model_type") as string ?? "";
        EncoderConfig shape;
        if (!File.Exists(configPath))
            shape = Published.TryGetValue(published, out EncoderConfig? known) && known.Kind == kind ? known
                : throw Unfit(path, $"it is made from '{published}', whose sizes it does not have; put that model's config.json and tokenizer files beside it");
        else
            shape = EncoderConfig.FromFile(configPath);
        if (shape.Kind != kind) throw Unfit(path, $"its model is a {kind}, but {configPath} is of a {shape.Kind}");
        if (arguments.GetValueOrDefault("num_classes") is not (long and >= 1 and <= 1 << 14 and var outputs)) throw Unfit(path, "num_classes is no whole number from 1 to 16384");
        if (Section(file, "dataset").GetValueOrDefault("classes") is not List<object?> classes || classes.Count > outputs || classes.Any(name => name is not string))
            throw Unfit(path, $"classes is no list of at most {outputs} names");
        // 'unbiased' has outputs for identities behind those that it names; they are not shown.
        string[] labels = [.. classes.Select(name => Standard((string)name!)), .. Enumerable.Range(classes.Count, (int)outputs - classes.Count).Select(i => $"LABEL_{i}")];
        return (shape with { Task = task, Labels = labels, IsMultiLabel = true }).Validated(path);
    }

    /// <summary>config.NAME.args.</summary>
    private static Dictionary<string, object?> Section(PyTorchFile file, string name) =>
        file.Root is Dictionary<string, object?> root
        && root.GetValueOrDefault("config") is Dictionary<string, object?> config
        && config.GetValueOrDefault(name) is Dictionary<string, object?> section
        && section.GetValueOrDefault("args") is Dictionary<string, object?> arguments
            ? arguments : throw Unfit(file.Path, $"it has no dictionary config.{name}.args");

    private static InvalidDataException Unfit(string path, string found) => new($"{path}: not a checkpoint of Detoxify that can be run: {found}");
}
