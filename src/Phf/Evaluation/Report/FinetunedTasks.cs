using System.Text.Json;
using Phf.Evaluation.Finetuning;

namespace Phf.Evaluation.Report;

/// <summary>What <c>phf finetune-classifier</c> left: folders with a result.json, each a task that is named after its folder.</summary>
internal static class FinetunedTasks
{
    /// <summary>The metric that has no interval and is shown all the same: CoLA's.</summary>
    public const string Matthews = "matthews";

    /// <summary>The metric of always saying the most frequent label.</summary>
    public const string Majority = "majority_accuracy";

    private const string ResultName = "result.json";
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true };

    /// <summary>The classifiers in a folder, by name; none where it does not exist.</summary>
    /// <exception cref="InvalidDataException">A result is broken.</exception>
    public static IReadOnlyList<(string Model, TaskResult Task)> Below(string folder) =>
        Directory.Exists(folder) ? [.. Directory.GetDirectories(folder).Order(StringComparer.Ordinal).Where(HasResult).Select(Read)] : [];

    /// <summary>One folder that <c>phf finetune-classifier</c> wrote: the identity of the model that was finetuned, and what came of it.</summary>
    /// <exception cref="InvalidDataException">There is no result, or it is broken.</exception>
    public static (string Model, TaskResult Task) Read(string folder)
    {
        const string remedy = "name the folder that phf finetune-classifier wrote";
        string path = Path.Combine(folder, ResultName);
        if (!File.Exists(path)) throw new InvalidDataException($"{path}: no such file; {remedy}");
        try
        {
            FinetuningResult? result = JsonSerializer.Deserialize<FinetuningResult>(File.ReadAllText(path), Options);
            if (result is null || result.Epochs.Count == 0 || result.Epochs[^1] is null) throw new InvalidDataException($"{path}: no epoch; {remedy}");
            return (result.Model, TaskOf(Path.GetFileName(Path.GetFullPath(Path.TrimEndingDirectorySeparator(folder))), result));
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{path}: {problem.Message}; {remedy}", problem);
        }
    }

    private static bool HasResult(string folder) => File.Exists(Path.Combine(folder, ResultName));

    private static TaskResult TaskOf(string name, FinetuningResult result)
    {
        ClassificationMetrics last = result.Epochs[^1].Dev;
        var metrics = new Dictionary<string, double>
        {
            ["accuracy"] = last.Accuracy.Value,
            [Matthews] = last.Matthews,
            ["macro_f1"] = last.MacroF1,
            [Majority] = result.MajorityAccuracy,
        };
        if (last.F1 is { } f1) metrics["f1"] = f1;
        var intervals = new Dictionary<string, Interval>();
        if (last.Accuracy.Interval is { } interval) intervals["accuracy"] = interval;
        return new TaskResult
        {
            Name = name,
            Description = $"Finetuned on {result.TrainTexts} texts of {result.TrainFile} for {result.Epochs.Count} epochs, measured on {result.DevFile}.",
            Items = result.DevTexts,
            Metrics = metrics,
            Intervals = intervals,
        };
    }
}
