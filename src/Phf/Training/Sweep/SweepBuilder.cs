using System.Text.RegularExpressions;
using Phf.Training.Configuration;

namespace Phf.Training.Sweep;

/// <summary>Works the runs of a sweep out one by one, and collects their problems.</summary>
internal sealed partial class SweepBuilder
{
    private const int LongestName = 120; // of a folder; file systems stop at 255 bytes
    private readonly SweepSection _sweep;
    private readonly List<string> _problems;
    private readonly IReadOnlyList<string> _sizeFiles;
    private readonly IReadOnlyList<Func<Override>> _fixed;
    private readonly List<SweepRun> _runs = [];
    private readonly HashSet<string> _notes = [];

    public SweepBuilder(SweepSection sweep, List<string> problems)
    {
        (_sweep, _problems) = (sweep, problems);
        try
        {
            _sizeFiles = ConfigSize.FilesOf(sweep.Task, sweep.Size);
        }
        catch (InvalidDataException problem)
        {
            problems.Add(problem.Message);
            _sizeFiles = [];
        }
        _fixed = [.. (sweep.Overrides?.Written.Entries ?? new Dictionary<string, ConfigEntry>())
            .Select(entry => (Func<Override>)(() => Override.At(entry.Key, entry.Value.Value)))];
    }

    public IReadOnlyList<SweepRun> Runs => _runs;

    public IReadOnlyList<string> Notes => [.. _notes];

    /// <summary>Adds a run, or the problems of its configuration.</summary>
    /// <param name="method">The method's file.</param>
    /// <param name="point">Its values of the grid.</param>
    /// <param name="seed">Null takes the files' own.</param>
    public void Add(string method, IReadOnlyList<GridValue> point, long? seed)
    {
        LoadedConfig? loaded = ConfigLoader.Load([_sweep.Task, method, .. _sizeFiles], [.. _fixed, .. point.Select(value => (Func<Override>)(() => value.Change))], _problems);
        if (loaded is null) return;
        _notes.UnionWith(loaded.Notes);
        RunConfig config = loaded.Config;
        long own = seed ?? config.Training.Seed;
        string methodName = Path.GetFileNameWithoutExtension(method);
        SweepSetting[] settings = [.. point.Select(value => value.Setting)];
        string name = NameOf(methodName, settings, own);
        _runs.Add(new SweepRun(name, methodName, settings, own, config with
        {
            Dataset = config.Dataset with { Data = _sweep.Data ?? config.Dataset.Data },
            Training = config.Training with { Seed = own, OutputDir = Path.Combine(_sweep.Output, "runs", name) },
        }));
    }

    /// <summary>Runs that would compute the same thing, or share a folder, are a problem.</summary>
    public void CheckDistinct()
    {
        foreach (var same in _runs.GroupBy(run => (run.Config with { Training = run.Config.Training with { OutputDir = null } }).ToYaml()).Where(group => group.Count() > 1))
            _problems.Add($"{string.Join(" and ", same.Select(run => run.Name))} are the same run: their configurations do not differ; leave one of them out");
        foreach (var same in _runs.GroupBy(run => run.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
            _problems.Add($"{same.Count()} runs would share the folder {same.Key}; write their values in the grid shorter, so that the names of their folders differ");
    }

    /// <summary><c>conditional-learning_rate=1e-3-seed=1</c>: method, values under the last part of their keys, seed; only letters that any file system takes.</summary>
    private static string NameOf(string method, IReadOnlyList<SweepSetting> point, long seed)
    {
        string[] last = [.. point.Select(setting => setting.Key[(setting.Key.LastIndexOf('.') + 1)..])];
        IEnumerable<string> values = point.Select((setting, i) => $"{(last.Count(key => key == last[i]) > 1 ? setting.Key : last[i])}={setting.Value}");
        string name = Unsafe().Replace(string.Join('-', [method, .. values]), "_");
        return $"{(name.Length <= LongestName ? name : name[..LongestName])}-seed={seed}";
    }

    [GeneratedRegex("[^A-Za-z0-9._=+-]+")]
    private static partial Regex Unsafe();
}
