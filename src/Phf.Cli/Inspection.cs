using Phf.Data;
using Phf.Formats;
using Phf.Formats.Hub;
using Phf.Model;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Cli;

/// <summary>What a file or folder was found to be.</summary>
/// <param name="Rows">Name and value, to be shown.</param>
/// <param name="WeightsPath">Where its tensors are; null where there are none.</param>
internal sealed record Inspection(IReadOnlyList<(string Name, string Value)> Rows, string? WeightsPath)
{
    internal const string Usable = "usable";

    /// <exception cref="InvalidDataException">Nothing that Phf knows, or a damaged file.</exception>
    public static Inspection Of(string path)
    {
        if (EncoderInspection.Of(path) is { } encoder) return encoder;
        if (File.Exists(path)) return FileInspection.Of(path);
        if (!Directory.Exists(path))
        {
            var hub = HubFolders.FromEnvironment();
            path = hub.FindModel(path) ?? hub.FindTokenizer(path) ?? throw new InvalidDataException($"{path}: no such file or folder{hub.AdviceFor(new HubRepository(path))}");
            if (EncoderInspection.Of(path) is { } downloaded) return downloaded;
        }
        if (File.Exists(Path.Combine(path, "config.yml"))) return OfRun(path);
        if (DataIn(path) is { } data) return new Inspection(DatasetRows(data), null);
        if (File.Exists(Path.Combine(path, "config.json")) || WeightFiles.TryFindIn(path) is not null) return OfModel("model directory", path);
        if (TokenizerFiles.In(path).Length > 0) return new Inspection([("what", "tokenizer"), .. TokenizerRows(path, withUse: true)], null);
        throw new InvalidDataException($"{path}: neither a run (config.yml), nor a model (config.json, model.safetensors, pytorch_model.bin), nor packed data (dataset.json), "
            + "nor a tokenizer (tokenizer.json, vocab.txt, vocab.json, encoder.json); name such a folder, or one of its files");
    }

    private static Inspection OfRun(string path)
    {
        RunDirectory run = RunDirectory.Open(path);
        IReadOnlyList<string> checkpoints = run.Checkpoints();
        (string, string)[] rows = [("what", "run"), ("objective", ObjectiveOf(run.Config())), ("checkpoints", checkpoints.Count == 0 ? "none is complete" : $"{checkpoints.Count}, newest {Path.GetFileName(checkpoints[^1])}")];
        if (checkpoints.Count == 0) return new Inspection([.. rows, (Usable, "not yet: phf train --resume goes on with it")], null);
        Inspection model = OfModel("", ModelSource.Find(path).Directory);
        return model with { Rows = [.. rows, .. model.Rows.Skip(1)] };
    }

    private static string ObjectiveOf(RunConfig config) => config.Objective.Name
        + (config.Dataset.ConditionalTrainingConfig is not null ? ", conditional (tags)" : config.Dataset.FilterThreshold is not null ? ", filtering" : "");

    private static Inspection OfModel(string what, string directory)
    {
        var rows = new List<(string, string)> { ("what", what) };
        (Gpt2Config? config, string? problem) = ReadConfig(Path.Combine(directory, "config.json"));
        if (config is not null) rows.AddRange(ConfigRows(config));
        string? weightsPath = WeightFiles.TryFindIn(directory);
        WeightFiles? weights = null;
        if (weightsPath is not null) problem = ProblemOf(() => weights = WeightFiles.Open(weightsPath)) ?? problem;
        if (weights is not null)
        {
            using WeightFiles opened = weights;
            rows.AddRange(WeightRows(weights));
            if (config is not null) problem = ProblemOf(() => CheckWeights(weights, config));
        }
        rows.AddRange(TokenizerRows(directory, withUse: false));
        bool hasTokenizer = ProblemOf(() => BpeTokenizer.FromDirectory(directory)) is null;
        rows.Add((Usable, problem is not null ? $"no: {problem}"
            : weightsPath is null ? "the shape alone, with model.from_scratch: true; there are no weights"
            : (hasTokenizer ? "yes: phf generate, logprobs, export" : "without a tokenizer: phf logprobs --ids") + "; phf train with model.path_or_name and model.from_scratch: false"));
        return new Inspection(rows, weights is null ? null : weightsPath);
    }

    private static void CheckWeights(WeightFiles weights, Gpt2Config config)
    {
        var layout = new ParameterLayout(config);
        Gpt2Weights.Check(weights, layout);
        Gpt2Weights.CheckHead(weights, layout);
    }

    internal static (Gpt2Config? Config, string? Problem) ReadConfig(string path)
    {
        if (!File.Exists(path)) return (null, "there is no config.json, which says what the tensors are");
        Gpt2Config? config = null;
        string? problem = ProblemOf(() => config = Gpt2Config.FromFile(path));
        return (config, problem);
    }

    internal static IEnumerable<(string, string)> ConfigRows(Gpt2Config config) =>
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

    /// <param name="directory">A folder with files of a tokenizer, or without.</param>
    /// <param name="withUse">Say also what it can be used for by itself.</param>
    internal static IReadOnlyList<(string, string)> TokenizerRows(string directory, bool withUse)
    {
        string[] files = TokenizerFiles.In(directory);
        if (files.Length == 0) return [("tokenizer", "none beside it")];
        EncoderTokenizer? tokenizer = null;
        BpeTokenizer? bpe = null;
        string? problem = ProblemOf(() =>
        {
            tokenizer = EncoderTokenizer.FromDirectory(directory);
            if (!tokenizer.IsWordPiece) bpe = tokenizer.ForLanguageModels();
        });
        (string What, string Use) found = problem is not null ? ($"{files[0]}, not usable: {problem}", "no, see above")
            : bpe is null ? ($"{files[0]}: WordPiece, {SummaryTable.Count(tokenizer!.VocabularySize)} tokens, for classifiers", "yes: with a classifier's weights beside it; phf tokenizer encode, decode")
            : ($"{files[0]}: byte-level BPE, {SummaryTable.Count(bpe.VocabularySize)} tokens, end of text {bpe.EndOfTextId}, fingerprint {bpe.Fingerprint[..12]}",
                "yes: phf pack --tokenizer; phf tokenizer encode, decode, convert");
        return withUse ? [("tokenizer", found.What), (Usable, found.Use)] : [("tokenizer", found.What)];
    }

    internal static IReadOnlyList<(string, string)> DatasetRows(string split)
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
