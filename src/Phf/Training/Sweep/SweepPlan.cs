using Phf.Training.Configuration;

namespace Phf.Training.Sweep;

/// <summary>The runs of a sweep: every method at every point of the grid with every seed, in this order.</summary>
/// <param name="Settings">The file of the sweep.</param>
/// <param name="Runs">At least one.</param>
/// <param name="Notes">What there is to tell about the configurations, each note once.</param>
public sealed record SweepPlan(SweepSection Settings, IReadOnlyList<SweepRun> Runs, IReadOnlyList<string> Notes)
{
    private const int MostRuns = 10_000;
    private static readonly string[] KeysOfTheSweep = ["training.seed", "training.output_dir"];

    /// <summary>Reads a sweep and the configurations of all its runs.</summary>
    /// <exception cref="InvalidDataException">Every problem of the file and of its runs' configurations, one per line, with its place.</exception>
    public static SweepPlan Load(string path)
    {
        MappingNode written = ConfigFile.ReadMapping(path);
        var binder = new ConfigBinder(typeof(SweepSection));
        var sweep = (SweepSection)binder.BindSection(typeof(SweepSection), written, path: "");
        List<string> problems = [.. binder.Problems, .. ProblemsIn(sweep, path)];
        IReadOnlyList<GridAxis> axes = GridAxis.AllOf(sweep.Grid, problems);
        long[] seeds = Listed(sweep.Seeds, "seeds", path, problems);
        string[] methods = Listed(sweep.Methods, "methods", path, problems);
        double count = (double)Math.Max(1, methods.Length) * Math.Max(1, seeds.Length) * axes.Aggregate(1.0, (product, axis) => product * axis.Values.Count);
        if (count > MostRuns) problems.Add($"{path}: {count:N0} runs; a sweep has at most {MostRuns:N0}");
        if (problems.Count > 0 && (count > MostRuns || sweep.Task.Length == 0)) throw Refused(problems);

        var builder = new SweepBuilder(sweep, problems);
        foreach (string method in methods)
            foreach (IReadOnlyList<GridValue> point in GridAxis.PointsOf(axes))
                foreach (long? seed in seeds.Length == 0 ? [null] : seeds.Select(seed => (long?)seed)) builder.Add(method, point, seed);
        builder.CheckDistinct();
        return problems.Count > 0 ? throw Refused(problems) : new SweepPlan(sweep, builder.Runs, builder.Notes);
    }

    private static InvalidDataException Refused(IEnumerable<string> problems) => new(string.Join('\n', problems.Distinct()));

    private static IEnumerable<string> ProblemsIn(SweepSection sweep, string path)
    {
        foreach ((string name, Settings? settings) in new[] { ("overrides", sweep.Overrides), ("grid", sweep.Grid) })
            foreach ((string key, ConfigEntry entry) in settings?.Written.Entries ?? new Dictionary<string, ConfigEntry>())
                if (KeysOfTheSweep.Contains(key)) yield return $"{entry.KeyPlace}: {name} sets {key}, which is the sweep's own; give seeds and output instead";
        foreach (var twice in sweep.Methods.GroupBy(method => Path.GetFileNameWithoutExtension(method)).Where(group => group.Count() > 1))
            yield return $"{path}: methods has {twice.Count()} files named {twice.Key}; runs go by that name, so give each method once, or copy one under another name";
    }

    /// <summary>A list's items, each once; adds a problem for an empty list and for an item that stands there twice.</summary>
    private static T[] Listed<T>(IReadOnlyList<T>? items, string key, string path, List<string> problems)
    {
        if (items is { Count: 0 } && !problems.Any(problem => problem.Contains($": {key} is"))) problems.Add($"{path}: {key} is an empty list; give one at least");
        foreach (var twice in (items ?? []).GroupBy(item => item).Where(group => group.Count() > 1)) problems.Add($"{path}: {key} has {twice.Key} {twice.Count()} times; keep one");
        return [.. (items ?? []).Where(item => item is not null).Distinct()]; // null stands for one that the binder refused
    }
}
