using System.Text.Json;
using Phf.Formats;
using Phf.Training.Configuration;

namespace Phf.Training;

/// <summary>A run on disk: config.yml, env.json, metrics.jsonl, samples.jsonl and checkpoints (docs/formats.md).</summary>
public sealed class RunDirectory
{
    private RunDirectory(string path) => Path = path;

    public string Path { get; }

    public string ConfigPath => At("config.yml");

    public string EnvironmentPath => At("env.json");

    public string MetricsPath => At("metrics.jsonl");

    public string SamplesPath => At("samples.jsonl");

    public string Name => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(Path)));

    /// <summary>Starts a new run.</summary>
    /// <exception cref="IOException">The folder already holds something, and <paramref name="force"/> is not given.</exception>
    public static RunDirectory Create(string path, RunConfig config, bool force)
    {
        var run = new RunDirectory(path);
        if (File.Exists(path)) throw new IOException($"{path} is a file; give another folder");
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            if (!force) throw new IOException($"{path} already holds a run or other files; give --resume to go on with it, --force to replace it, or another folder");
            if (!File.Exists(run.ConfigPath)) throw new IOException($"{path} is no run (no config.yml), so --force leaves it alone; give another folder");
            Directory.Delete(path, recursive: true);
        }
        Directory.CreateDirectory(path);
        DurableFile.WriteText(run.EnvironmentPath, RunEnvironment.Detect().ToJson() + "\n");
        DurableFile.WriteText(run.ConfigPath, config.ToYaml());
        return run;
    }

    /// <summary>Opens a run.</summary>
    /// <exception cref="InvalidDataException">The folder is no run.</exception>
    public static RunDirectory Open(string path)
    {
        var run = new RunDirectory(path);
        if (!File.Exists(run.ConfigPath)) throw new InvalidDataException($"{path} is no run: it has no config.yml");
        return run;
    }

    /// <summary>The configuration that the run was started with.</summary>
    public RunConfig Config() => ConfigLoader.Load([ConfigPath], []).Config;

    /// <summary>Refuses to go on with another configuration, except for what does not change the result.</summary>
    /// <exception cref="InvalidDataException">The first line that differs.</exception>
    public void CheckSameConfig(RunConfig config)
    {
        string[] recorded = Comparable(Config()), given = Comparable(config);
        for (int i = 0; i < Math.Max(recorded.Length, given.Length); i++)
        {
            string was = i < recorded.Length ? recorded[i].Trim() : "(nothing)", now = i < given.Length ? given[i].Trim() : "(nothing)";
            if (was != now) throw new InvalidDataException($"{ConfigPath}: the run has '{was}', now '{now}' is given; resume with the run's own configuration, or start another run");
        }
    }

    /// <summary>Checkpoints that are whole, oldest first.</summary>
    public IReadOnlyList<string> Checkpoints() => !Directory.Exists(Path)
        ? []
        : [.. Directory.EnumerateDirectories(Path, Checkpoint.Prefix + "*").Where(Checkpoint.IsComplete).Order(StringComparer.Ordinal)];

    /// <summary>The newest whole checkpoint.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public string LatestCheckpoint() => Checkpoints().LastOrDefault()
        ?? throw new InvalidDataException($"{Path} has no complete checkpoint; the run was stopped before its first one");

    public string CheckpointPath(long step) => At($"{Checkpoint.Prefix}{step:D8}");

    /// <summary>Drops the lines behind <paramref name="step"/>, which a resumed run will write again.</summary>
    public void TruncateLogs(long step)
    {
        foreach (string path in new[] { MetricsPath, SamplesPath })
        {
            if (!File.Exists(path)) continue;
            string[] kept = [.. File.ReadLines(path).Where(line => StepOf(line) is { } at && at <= step)];
            DurableFile.WriteText(path, string.Concat(kept.Select(line => line + "\n")));
        }
    }

    private string At(string name) => System.IO.Path.Combine(Path, name);

    private static string[] Comparable(RunConfig config) =>
        (config with { Training = config.Training with { Threads = 0, OutputDir = null } }).ToYaml().Split('\n');

    /// <summary>Null for a line that a kill cut short.</summary>
    private static long? StepOf(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.GetProperty("step").GetInt64();
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
