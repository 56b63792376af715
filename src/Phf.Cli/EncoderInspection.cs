using Phf.Encoders;
using Phf.Formats;
using Phf.Text;

namespace Phf.Cli;

/// <summary>What <c>phf inspect</c> says of an encoder.</summary>
internal static class EncoderInspection
{
    /// <summary>Null where a path is no encoder's: neither a folder with the config.json of one, nor a .ckpt or a folder with one.</summary>
    public static Inspection? Of(string path)
    {
        if (!EncoderFiles.IsOne(path)) return null;
        bool isSaid = EncoderFiles.ModelTypeIn(path) is { } type && EncoderConfig.IsModelType(type);
        if (!isSaid && File.Exists(Path.Combine(path, "config.json"))) return null;
        string? weightsPath = File.Exists(path) ? path : WeightFiles.TryFindIn(path);
        EncoderFiles? files = null;
        string? problem = Inspection.ProblemOf(() => files = EncoderFiles.Find(path));
        var rows = new List<(string, string)> { ("what", "encoder with a classifying head") };
        if (files is not null)
        {
            weightsPath = files.WeightsPath;
            rows.AddRange(ConfigRows(files.Config));
        }
        WeightFiles? weights = null;
        if (weightsPath is not null) problem = Inspection.ProblemOf(() => weights = WeightFiles.Open(weightsPath)) ?? problem;
        if (weights is not null)
        {
            using WeightFiles opened = weights;
            rows.AddRange(Inspection.WeightRows(weights));
            if (files is not null) problem = Inspection.ProblemOf(() => Encoder.Check(files));
        }
        if (files is not null)
        {
            EncoderTokenizer? tokenizer = null;
            string? missing = Inspection.ProblemOf(() => tokenizer = EncoderTokenizer.FromDirectory(files.Directory));
            problem ??= missing;
            rows.Add(("tokenizer", tokenizer is null ? $"not usable: {missing}" : $"{SummaryTable.Count(tokenizer.VocabularySize)} tokens"));
        }
        rows.Add((Inspection.Usable, problem is null ? Use(path, files!.Config) : $"no: {problem}"));
        return new Inspection(rows, weights is null ? null : weightsPath);
    }

    internal static IEnumerable<(string, string)> ConfigRows(EncoderConfig config) =>
    [
        ("architecture", $"{config.KindName} for {(config.Task == EncoderTask.Sequence ? "texts" : "tokens")}: {config.Layers} layers, {config.Heads} heads, width {config.Channels}, texts of {config.Context} tokens, vocabulary {SummaryTable.Count(config.VocabularySize)}, {config.ActivationName}"),
        ("parameters", SummaryTable.Count(EncoderParameters.Count(config))),
        ("labels", $"{string.Join(", ", config.Labels)} ({(config.IsMultiLabel ? "a probability each" : "one probability shared among them")})"),
    ];

    private static string Use(string path, EncoderConfig config)
    {
        if (config.Task == EncoderTask.Tokens)
            return Inspection.ProblemOf(() => EntityRecognizer.CheckLabels(config.Labels, path)) is { } unfit ? $"no: {unfit}" : $"yes: phf score --scorer pii --ner {path}";
        return EncoderToxicityScorer.HasLabel(config.Labels) ? $"yes: phf score --scorer toxicity --model {path}" : "no: it has no label for toxicity, and no other scorer takes an encoder";
    }
}
