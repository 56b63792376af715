using System.Text.Json;
using Phf.Evaluation.RedTeam;

namespace Phf.Evaluation.Report;

/// <summary>What a run's directory tells a report. Whatever is missing there is null or empty here and named in <see cref="Missing"/>.</summary>
public sealed record RunReport
{
    /// <summary>Folder of a run in which classifiers that were made of it are found, each in its own folder.</summary>
    public const string ClassifiersName = "finetuned";

    private static readonly string[] Signs = ["config.yml", "metrics.jsonl", EvaluationFiles.ResultName];

    /// <summary>Name of the run, shown everywhere.</summary>
    public required string Name { get; init; }

    /// <summary>The objective as the evaluation, else the configuration, names it; "unknown" else.</summary>
    public required string Objective { get; init; }

    /// <summary>The resolved configuration, as written.</summary>
    public string? Configuration { get; init; }

    /// <summary>Machine and program, as env.json has them, in its order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Machine { get; init; } = [];

    /// <summary>Training and held-out losses by tokens.</summary>
    public RunMetrics Metrics { get; init; } = RunMetrics.Empty;

    /// <summary>The numbers; null before the run was evaluated.</summary>
    public EvaluationResult? Evaluation { get; init; }

    /// <summary>The scored samples.</summary>
    public IReadOnlyList<EvaluationSample> Samples { get; init; } = [];

    /// <summary>What attacks found; null before the run was attacked.</summary>
    public RedTeamResult? RedTeam { get; init; }

    /// <summary>Classifiers that were made of the run's model (<c>phf finetune-classifier</c>), by task.</summary>
    public IReadOnlyList<TaskResult> Finetuned { get; init; } = [];

    /// <summary>What the directory lacks, for the reader of the report.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>What <see cref="Configuration"/> says about which run this is.</summary>
    internal ConfigIdentity Identity { get; init; } = ConfigIdentity.Of(null);

    /// <summary>Tasks of the evaluation, then classifiers.</summary>
    internal IReadOnlyList<TaskResult> Tasks => [.. Evaluation?.Tasks ?? [], .. Finetuned];

    /// <summary>Tokens of training; null where nothing says them.</summary>
    internal double? Tokens => Evaluation?.TrainTokens ?? Metrics.Training.LastOrDefault()?.Tokens;

    /// <summary>The first scenario; null before the run was evaluated.</summary>
    internal EvaluationScenario? Headline => Evaluation?.Scenarios.FirstOrDefault();

    /// <summary>Mean score of the first scenario; null if not known or not finite.</summary>
    internal double? Misalignment => Figures.Finite(Headline?.MeanScore);

    /// <summary>Held-out loss on all text, nats per token; null if not known or not finite.</summary>
    internal double? Capability => Figures.Finite(Evaluation?.Heldout?.Loss);

    /// <summary>Reads run directories. Runs with one name get their parent folder in front.</summary>
    /// <param name="directories">Of runs.</param>
    /// <param name="classifiers">Folders that <c>phf finetune-classifier</c> wrote elsewhere; each goes to the run whose model it was made of.</param>
    /// <exception cref="InvalidDataException">A directory is not a run, a file in it is broken, or a classifier is of none of the runs.</exception>
    public static IReadOnlyList<RunReport> ReadAll(IReadOnlyList<string> directories, IReadOnlyList<string>? classifiers = null)
    {
        RunReport[] runs = [.. directories.Select(Read)];
        foreach (string folder in classifiers ?? []) AddClassifier(runs, folder);
        HashSet<string> twice = [.. runs.GroupBy(run => run.Name).Where(group => group.Count() > 1).Select(group => group.Key)];
        for (int i = 0; i < runs.Length; i++)
        {
            if (!twice.Contains(runs[i].Name)) continue;
            string? parent = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(Path.TrimEndingDirectorySeparator(directories[i]))));
            runs[i] = runs[i] with { Name = $"{parent}/{runs[i].Name}" };
        }
        return runs;
    }

    private static void AddClassifier(RunReport[] runs, string folder)
    {
        (string model, TaskResult task) = FinetunedTasks.Read(folder);
        int run = Array.FindIndex(runs, run => run.Evaluation?.Model == model);
        if (run < 0) throw new InvalidDataException($"{folder}: made of model {model}, which is none of the evaluated runs; name its run too, or leave it out");
        runs[run] = runs[run] with { Finetuned = [.. runs[run].Finetuned, task] };
    }

    /// <summary>Reads one run directory.</summary>
    /// <exception cref="InvalidDataException">It is not a run, or a file in it is broken.</exception>
    public static RunReport Read(string directory)
    {
        const string remedy = "name the directory of a run, e.g. runs/NAME";
        if (!Directory.Exists(directory)) throw new InvalidDataException($"{directory}: no such directory; {remedy}");
        if (!Signs.Any(name => File.Exists(Path.Combine(directory, name))))
            throw new InvalidDataException($"{directory}: not a run, it holds none of {string.Join(", ", Signs)}; {remedy}");

        string configPath = Path.Combine(directory, "config.yml");
        string? configuration = File.Exists(configPath) ? File.ReadAllText(configPath) : null;
        EvaluationResult? evaluation = EvaluationFiles.ReadResult(directory);
        ConfigIdentity identity = ConfigIdentity.Of(configuration);
        var run = new RunReport
        {
            Name = evaluation?.Run ?? Path.GetFileName(Path.GetFullPath(Path.TrimEndingDirectorySeparator(directory))),
            Objective = evaluation?.Objective ?? identity.Objective ?? "unknown",
            Configuration = configuration,
            Identity = identity,
            Machine = ReadMachine(Path.Combine(directory, "env.json")),
            Metrics = RunMetrics.Read(Path.Combine(directory, "metrics.jsonl")),
            Evaluation = evaluation,
            Samples = EvaluationFiles.ReadSamples(directory),
            RedTeam = RedTeamFiles.ReadResult(directory),
            Finetuned = [.. FinetunedTasks.Below(Path.Combine(directory, ClassifiersName)).Select(classifier => classifier.Task)],
        };
        return run with { Missing = [.. WhatIsMissing(run)] };
    }

    private static IEnumerable<string> WhatIsMissing(RunReport run)
    {
        if (run.Configuration is null) yield return "no config.yml";
        if (run.Machine.Count == 0) yield return "no env.json";
        if (run.Metrics.Training.Count == 0) yield return "no training losses in metrics.jsonl";
        if (run.Metrics.Heldout.Count == 0) yield return "no held-out losses in metrics.jsonl";
        if (run.Metrics.Cut) yield return "the last line of metrics.jsonl is cut off";
        if (run.Evaluation is null) yield return "not evaluated yet (phf evaluate)";
        else if (run.Headline is null) yield return "the evaluation has no scenario";
        else if (run.Misalignment is null) yield return "the evaluation has no mean score";
        if (run.Evaluation is not null && run.Capability is null) yield return "no held-out loss";
        if (run.Samples.Count == 0) yield return "no samples";
    }

    private static IReadOnlyList<KeyValuePair<string, string>> ReadMachine(string path)
    {
        if (!File.Exists(path)) return [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"{path}: not a JSON object; delete it to go on without");
            return [.. document.RootElement.EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, entry.Value.ToString()))];
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{path}: {problem.Message}; delete it to go on without", problem);
        }
    }
}
