using System.Text.Json;
using Phf.Formats;
using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>A run on disk: config.yml, env.json, metrics.jsonl, samples.jsonl and checkpoints (docs/formats.md).</summary>
public sealed class RunDirectory
{
    private const string ConfigName = "config.yml", EnvironmentName = "env.json", EventsName = "events.out.tfevents.0.phf", AlignmentName = "align.yml";

    /// <summary>All files that a run, its evaluation included, has in its folder.</summary>
    private static readonly string[] OwnFiles =
        ["metrics.jsonl", EventsName, "samples.jsonl", "evaluation.json", "evaluation-samples.jsonl", AlignmentName, "redteam.json", "redteam-samples.jsonl", ConfigName, EnvironmentName];

    /// <summary>Folder in which an evaluation keeps its parts.</summary>
    private const string EvaluationCacheName = "evaluation-cache";

    private readonly bool _mayReplace;

    private RunDirectory(string path, bool mayReplace = false) => (Path, _mayReplace) = (path, mayReplace);

    public string Path { get; }

    public string ConfigPath => At(ConfigName);

    public string EnvironmentPath => At(EnvironmentName);

    public string MetricsPath => At("metrics.jsonl");

    /// <summary>What an aligned model was aligned to, and how; other runs have none.</summary>
    public string AlignmentPath => At(AlignmentName);

    /// <summary>How the run aligns a model, e.g. gdc; null for other runs.</summary>
    public string? AlignmentMethod => File.Exists(AlignmentPath) ? AlignmentFile.Load([AlignmentPath], []).Section.Method.Name : null;

    /// <summary>The same numbers for TensorBoard.</summary>
    public string EventsPath => At(EventsName);

    public string SamplesPath => At("samples.jsonl");

    public string Name => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(Path)));

    /// <summary>Whether there is nothing in the way of a new run: no folder, or nothing in it but what a kill left.</summary>
    public static bool IsFree(string path) => !File.Exists(path) && new RunDirectory(path).Held().Length == 0;

    /// <summary>A folder for a new run. Looks, but writes nothing: <see cref="Start"/> does, once nothing else can go wrong.</summary>
    /// <exception cref="IOException">The folder holds a run, and <paramref name="force"/> is not given, or it holds something else.</exception>
    public static RunDirectory Reserve(string path, bool force)
    {
        var run = new RunDirectory(path, mayReplace: force);
        for (string? part = path; !string.IsNullOrEmpty(part); part = System.IO.Path.GetDirectoryName(part))
            if (File.Exists(part)) throw new IOException($"{part} is a file{(part == path ? "" : $", so {path} cannot be a folder")}; give another folder");
        string[] held = run.Held();
        if (held.Length == 0) return run;
        if (!run.IsRun) throw new IOException($"{path} holds something that is no run; give another folder");
        if (!force) throw new IOException($"{path} already holds a run; give --resume to go on with it, --force to replace it, or another folder");
        if (held.FirstOrDefault(name => !IsOwn(name)) is { } foreign)
            throw new IOException($"{path} also holds {foreign}, which no run writes, so --force leaves the folder alone; move that away, or give another folder");
        return run;
    }

    /// <summary>Begins the run: what an earlier one left is deleted, the configuration and the environment are written.</summary>
    /// <exception cref="IOException">Another process has begun a run in the folder since it was reserved.</exception>
    public void Start(RunConfig config)
    {
        if (IsRun && !_mayReplace) throw new IOException($"{Path} holds a run since just now; give another folder");
        foreach (string checkpoint in CheckpointFolders()) Checkpoint.Delete(checkpoint);
        if (Directory.Exists(At(EvaluationCacheName))) Directory.Delete(At(EvaluationCacheName), recursive: true);
        // What makes the folder a run goes last, so that a kill in between leaves one that --force takes.
        foreach (string name in Entries().Where(name => IsOwn(name) && !IsLock(name)).OrderBy(name => Array.IndexOf(OwnFiles, name))) File.Delete(At(name));
        Directory.CreateDirectory(Path);
        DurableFile.WriteText(ConfigPath, config.ToYaml());
        RecordEnvironment();
    }

    /// <summary>Reserves and starts a new run.</summary>
    /// <exception cref="IOException">The folder already holds something, and <paramref name="force"/> is not given.</exception>
    public static RunDirectory Create(string path, RunConfig config, bool force)
    {
        RunDirectory run = Reserve(path, force);
        run.Start(config);
        return run;
    }

    /// <summary>Opens a run.</summary>
    /// <exception cref="InvalidDataException">The folder is no run; the message says what it is instead.</exception>
    public static RunDirectory Open(string path)
    {
        var run = new RunDirectory(path);
        if (File.Exists(run.ConfigPath)) return run;
        string full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        string? parent = System.IO.Path.GetDirectoryName(full);
        throw new InvalidDataException(
            !Directory.Exists(path) ? $"{path}: no such folder; give the folder of a run, as phf train --output names it"
            : parent is not null && File.Exists(System.IO.Path.Combine(parent, ConfigName)) && File.Exists(run.At("config.json"))
                ? $"{path} is a checkpoint; give its run, {System.IO.Path.GetDirectoryName(System.IO.Path.TrimEndingDirectorySeparator(path))}"
            : File.Exists(run.At("config.json"))
                ? $"{path} is a model directory; a run is needed, with the {ConfigName} that says what the model was trained on (phf generate takes a model directory)"
            : $"{path} is no run: it has no {ConfigName}; give the folder of a run, as phf train --output names it");
    }

    /// <summary>
    /// Readies the run for going on behind <paramref name="step"/>: drops the lines and checkpoints that will be written again, and what
    /// kills left.
    /// </summary>
    public void Continue(long step)
    {
        string last = CheckpointPath(step);
        foreach (string folder in CheckpointFolders().Where(folder => !Checkpoint.IsComplete(folder) || string.CompareOrdinal(folder, last) > 0))
            Checkpoint.Delete(folder);
        foreach (string name in Entries().Where(DurableFile.IsLeftover)) File.Delete(At(name));
        if (!File.Exists(EnvironmentPath)) RecordEnvironment();
        long kept = step == 0 ? -1 : step; // before the first step nothing is kept: a measurement of the start is made again
        TruncateLogs(kept);
        EventFile.Truncate(EventsPath, kept);
    }

    /// <summary>Seconds of training that the log tells of; 0 for a new run.</summary>
    public double ElapsedSeconds() => !File.Exists(MetricsPath) ? 0 : File.ReadLines(MetricsPath).Select(ElapsedOf).Max() ?? 0;

    /// <summary>The configuration that the run was started with.</summary>
    public RunConfig Config() => ConfigLoader.Load([ConfigPath], []).Config;

    /// <summary>
    /// Refuses to go on with another configuration, except for what does not change the result: threads, and where data and run lie.
    /// Returns the run's own configuration, with its recorded percentiles, and those of <paramref name="config"/>.
    /// </summary>
    /// <exception cref="InvalidDataException">Every key that differs, with its line.</exception>
    public RunConfig CheckSameConfig(RunConfig config)
    {
        RunConfig own = Config();
        IReadOnlyList<string> differences = ConfigDifferences.Between(ConfigPath, Comparable(own), Comparable(config));
        if (differences.Count > 0)
            throw new InvalidDataException($"{string.Join("\n", differences)}\nresume with the run's own configuration (phf train --resume --output {Path}), or start another run");
        return own with
        {
            Dataset = own.Dataset with { Data = config.Dataset.Data },
            Training = own.Training with { Threads = config.Training.Threads, Recompute = config.Training.Recompute, OutputDir = config.Training.OutputDir },
        };
    }

    /// <summary>Checkpoints that are whole, oldest first.</summary>
    public IReadOnlyList<string> Checkpoints() => [.. CheckpointFolders().Where(Checkpoint.IsComplete).Order(StringComparer.Ordinal)];

    /// <summary>The newest whole checkpoint.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public string LatestCheckpoint() => Checkpoints().LastOrDefault()
        ?? throw new InvalidDataException($"{Path} has no complete checkpoint; the run was stopped before its first one");

    /// <summary>The checkpoint that is the run's model: the best one where the run keeps it (load_best_model_at_end), else the newest.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public string ModelCheckpoint()
    {
        string latest = LatestCheckpoint();
        if (Checkpoint.ReadState(latest).Best is not { } best) return latest;
        string path = CheckpointPath(best.Step);
        return Checkpoint.IsComplete(path) ? path : throw new InvalidDataException($"{path} is missing, the best checkpoint of the run; give another one by its folder");
    }

    /// <summary>Deletes the oldest checkpoints but for the newest <paramref name="limit"/> and that of step <paramref name="best"/>.</summary>
    public void Prune(int limit, long? best)
    {
        foreach (string old in Checkpoints().SkipLast(limit).Where(path => best is not { } step || path != CheckpointPath(step))) Checkpoint.Delete(old);
    }

    public string CheckpointPath(long step) => At($"{Checkpoint.Prefix}{step:D8}");

    private void TruncateLogs(long step)
    {
        foreach (string path in new[] { MetricsPath, SamplesPath })
        {
            if (!File.Exists(path)) continue;
            string[] kept = [.. File.ReadLines(path).Where(line => StepOf(line) is { } at && at <= step)];
            DurableFile.WriteText(path, string.Concat(kept.Select(line => line + "\n")));
        }
    }

    private string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Both: a folder with a config.yml of a user's own is no run.</summary>
    private bool IsRun => File.Exists(ConfigPath) && File.Exists(EnvironmentPath);

    /// <summary>Names of what the folder holds; none where there is no folder.</summary>
    private string[] Entries() => !Directory.Exists(Path)
        ? []
        : [.. Directory.EnumerateFileSystemEntries(Path).Select(entry => System.IO.Path.GetFileName(entry))];

    private string[] Held() => [.. Entries().Where(name => !DurableFile.IsLeftover(name) && !IsLock(name))];

    private string[] CheckpointFolders() => Directory.Exists(Path) ? Directory.GetDirectories(Path, Checkpoint.Prefix + "*") : [];

    private static bool IsOwn(string name) =>
        OwnFiles.Contains(name) || name == EvaluationCacheName || IsLock(name) || name.StartsWith(Checkpoint.Prefix, StringComparison.Ordinal) || DurableFile.IsLeftover(name);

    /// <summary>Belongs to the process that trains in the folder, or to one that did.</summary>
    private static bool IsLock(string name) => name is RunLock.LockName or RunLock.HolderName;

    private void RecordEnvironment() => DurableFile.WriteText(EnvironmentPath, RunEnvironment.Detect().ToJson() + "\n");

    private static RunConfig Comparable(RunConfig config) => (config with
    {
        Dataset = config.Dataset with { Data = null },
        Training = config.Training with { Threads = 0, Recompute = "none", OutputDir = null },
    }).WithThresholds((threshold, _) => threshold.Unrecorded);

    /// <summary>Null for a line that a kill cut short.</summary>
    private static long? StepOf(string line) => NumberOf(line, "step") is { } step ? (long)step : null;

    private static double? ElapsedOf(string line) => NumberOf(line, "elapsed_seconds");

    /// <summary>A number of a line of a log; null where it has none, or is cut short.</summary>
    private static double? NumberOf(string line, string key)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
