using Phf.Data;
using Phf.Formats;
using Phf.Formats.Hub;
using Phf.Model;
using Phf.Text;
using Phf.Training;

namespace Phf.Cli;

/// <summary>What a file or folder was found to be.</summary>
/// <param name="Rows">Name and value, to be shown.</param>
/// <param name="WeightsPath">Where its tensors are; null where there are none.</param>
internal sealed record Inspection(IReadOnlyList<(string Name, string Value)> Rows, string? WeightsPath)
{
    private const string Usable = "usable";

    /// <exception cref="InvalidDataException">Nothing that Phf knows, or its weights are damaged.</exception>
    public static Inspection Of(string path)
    {
        if (EncoderInspection.Of(path) is { } encoder) return encoder;
        if (File.Exists(path)) return OfFile(path);
        if (!Directory.Exists(path))
        {
            var hub = HubFolders.FromEnvironment();
            path = hub.FindModel(path) ?? hub.FindTokenizer(path) ?? throw new InvalidDataException($"{path}: no such file or folder{hub.AdviceFor(new HubRepository(path))}");
        }
        if (File.Exists(Path.Combine(path, "config.yml"))) return OfRun(path);
        if (DataIn(path) is { } data) return new Inspection(DatasetRows(data), null);
        if (File.Exists(Path.Combine(path, "config.json")) || WeightFiles.TryFindIn(path) is not null) return OfModel("model directory", path);
        if (TokenizerFiles.In(path).Length > 0) return new Inspection([("what", "tokenizer"), .. TokenizerRows(path)], null);
        throw new InvalidDataException($"{path}: neither a run (config.yml), nor a model (config.json, model.safetensors, pytorch_model.bin), nor packed data (dataset.json), nor a tokenizer (tokenizer.json)");
    }

    private static Inspection OfFile(string path)
    {
        string name = Path.GetFileName(path), directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (name == "config.json")
        {
            (Gpt2Config? config, string? problem) = ReadConfig(path);
            return new Inspection([("what", "settings of a model"), .. config is null ? [(Usable, $"no: {problem}")] : ConfigRows(config)], null);
        }
        if (TokenizerFiles.All.Contains(name)) return new Inspection([("what", "file of a tokenizer"), .. TokenizerRows(directory)], null);
        if (name.EndsWith(".jsonl", StringComparison.Ordinal) || name.EndsWith(".jsonl.gz", StringComparison.Ordinal))
            return new Inspection([("what", "JSON lines"), (Usable, "as a corpus with phf score; if phf score wrote it, see phf stats")], null);
        using WeightFiles weights = WeightFiles.Open(path);
        string usable = name == Path.GetFileName(WeightFiles.TryFindIn(directory) ?? "") && File.Exists(Path.Combine(directory, "config.json"))
            ? $"see phf inspect {directory}, the model directory that it belongs to"
            : "its tensors can be read; to run a model Phf needs a folder with config.json, these weights as model.safetensors or pytorch_model.bin, and a tokenizer";
        return new Inspection([("what", "weights"), .. WeightRows(weights), (Usable, usable)], path);
    }

    private static Inspection OfRun(string path)
    {
        RunDirectory run = RunDirectory.Open(path);
        IReadOnlyList<string> checkpoints = run.Checkpoints();
        (string, string)[] rows = [("what", "run"), ("objective", run.Config().Objective.Name), ("checkpoints", checkpoints.Count == 0 ? "none is complete" : $"{checkpoints.Count}, newest {Path.GetFileName(checkpoints[^1])}")];
        if (checkpoints.Count == 0) return new Inspection(rows, null);
        Inspection model = OfModel("", ModelSource.Find(path).Directory);
        return model with { Rows = [.. rows, .. model.Rows.Skip(1)] };
    }

    private static Inspection OfModel(string what, string directory)
    {
        var rows = new List<(string, string)> { ("what", what) };
        (Gpt2Config? config, string? problem) = ReadConfig(Path.Combine(directory, "config.json"));
        if (config is not null) rows.AddRange(ConfigRows(config));
        string? weightsPath = WeightFiles.TryFindIn(directory);
        if (weightsPath is not null)
        {
            using WeightFiles weights = WeightFiles.Open(weightsPath);
            rows.AddRange(WeightRows(weights));
            if (config is not null) problem = ProblemOf(() => CheckWeights(weights, config));
        }
        rows.AddRange(TokenizerRows(directory));
        bool hasTokenizer = ProblemOf(() => BpeTokenizer.FromDirectory(directory)) is null;
        rows.Add((Usable, problem is not null ? $"no: {problem}"
            : weightsPath is null ? "the shape alone, with model.from_scratch: true; there are no weights"
            : (hasTokenizer ? "yes: phf generate, logprobs, export" : "without a tokenizer: phf logprobs --ids") + "; phf train with model.path_or_name and model.from_scratch: false"));
        return new Inspection(rows, weightsPath);
    }

    private static void CheckWeights(WeightFiles weights, Gpt2Config config)
    {
        var layout = new ParameterLayout(config);
        Gpt2Weights.Check(weights, layout);
        Gpt2Weights.CheckHead(weights, layout);
    }

    private static (Gpt2Config? Config, string? Problem) ReadConfig(string path)
    {
        if (!File.Exists(path)) return (null, "there is no config.json, which says what the tensors are");
        Gpt2Config? config = null;
        string? problem = ProblemOf(() => config = Gpt2Config.FromFile(path));
        return (config, problem);
    }

    private static IEnumerable<(string, string)> ConfigRows(Gpt2Config config) =>
    [
        ("architecture", $"gpt2: {config.Layers} layers, {config.Heads} heads, width {config.Channels}, {config.Positions} positions, vocabulary {SummaryTable.Count(config.VocabularySize)}, {config.ActivationName}"),
        ("parameters", $"{SummaryTable.Count(new ParameterLayout(config).Count)}, {(config.TieHead ? "the tied head counted once" : "with a head of its own")}"),
    ];

    internal static IEnumerable<(string, string)> WeightRows(WeightFiles weights)
    {
        IEnumerable<string> types = weights.Tensors.Values.GroupBy(tensor => tensor.Type).OrderByDescending(group => group.Sum(tensor => tensor.Count))
            .Select(group => $"{SummaryTable.Count(group.Sum(tensor => tensor.Count))} {group.Key}");
        return
        [
            ("weights", $"{Path.GetFileName(weights.Path)}: {weights.Format}, {SummaryTable.Count(weights.FileBytes)} bytes"),
            ("tensors", $"{SummaryTable.Count(weights.Tensors.Count)} with {string.Join(", ", types)} numbers (--tensors lists them)"),
        ];
    }

    private static IEnumerable<(string, string)> TokenizerRows(string directory)
    {
        string[] files = TokenizerFiles.In(directory);
        if (files.Length == 0) return [("tokenizer", "none beside it")];
        BpeTokenizer? tokenizer = null;
        string? problem = ProblemOf(() => tokenizer = BpeTokenizer.FromDirectory(directory));
        return tokenizer is null
            ? [("tokenizer", $"{files[0]}, not usable: {problem}")]
            : [("tokenizer", $"{files[0]}: byte-level BPE, {SummaryTable.Count(tokenizer.VocabularySize)} tokens, end of text {tokenizer.EndOfTextId}, fingerprint {tokenizer.Fingerprint[..12]}")];
    }

    private static IReadOnlyList<(string, string)> DatasetRows(string split)
    {
        using PackedDataset data = PackedDataset.Open(split);
        return
        [
            ("what", $"packed data, split {data.Manifest.Split}"),
            ("documents", SummaryTable.Count(data.DocumentCount)),
            ("segments", SummaryTable.Count(data.Manifest.Segments)),
            ("tokens", SummaryTable.Count(data.TokenCount)),
            ("scorer", data.Manifest.Scorer ?? "not said"),
            ("scores", SummaryTable.Quantiles(data.Manifest.SegmentScores)),
            ("tokenizer", $"{SummaryTable.Count(data.Manifest.Tokenizer.VocabularySize)} tokens, fingerprint {data.Manifest.Tokenizer.Fingerprint[..Math.Min(12, data.Manifest.Tokenizer.Fingerprint.Length)]}"),
            (Usable, "yes: phf train --data"),
        ];
    }

    /// <summary>The split behind a folder of packed data: the folder itself, or its training split.</summary>
    private static string? DataIn(string path) =>
        new[] { path, Path.Combine(path, Packer.TrainSplit) }.FirstOrDefault(folder => File.Exists(Path.Combine(folder, DatasetManifest.FileName)));

    /// <summary>The message of what a reader refuses; null where it does not.</summary>
    internal static string? ProblemOf(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (Exception problem) when (problem is InvalidDataException or IOException)
        {
            return problem.Message;
        }
    }
}
