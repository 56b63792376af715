namespace Phf.Training.Configuration;

/// <summary>A configuration and what there is to tell about it: keys that were accepted and have no effect.</summary>
public sealed record LoadedConfig(RunConfig Config, IReadOnlyList<string> Notes);

/// <summary>Reads configurations: files in order (task, method, size), then overrides; the last one wins.</summary>
public static class ConfigLoader
{
    /// <summary>
    /// Merges <paramref name="files"/> (YAML in the reference's schema) and then <paramref name="overrides"/> ("training.learning_rate=1e-3"; the value
    /// is YAML, a number in the path picks an item of a list). Mappings are merged, lists and scalars replaced; null resets a key to its default.
    /// Throws <see cref="InvalidDataException"/> naming every problem, one per line, with its place.
    /// </summary>
    public static LoadedConfig Load(IReadOnlyList<string> files, IReadOnlyList<string> overrides)
    {
        var problems = new List<string>();
        return Load(files, [.. overrides.Select(text => (Func<Override>)(() => Override.Parse(text)))], problems)
            ?? throw new InvalidDataException(string.Join('\n', problems));
    }

    /// <summary>The same; null after adding its problems to <paramref name="problems"/>.</summary>
    internal static LoadedConfig? Load(IReadOnlyList<string> files, IReadOnlyList<Func<Override>> overrides, List<string> problems)
    {
        int before = problems.Count;
        HashSet<string> names = [.. files.Select(file => Path.GetFileNameWithoutExtension(file))];
        var merged = MappingNode.Empty(new Place("configuration", 0));
        foreach (string file in files) merged = Collect(problems, merged, () => ConfigFile.Read(file, names).Aggregate(merged, (under, over) => under.MergedWith(over)));
        foreach (Func<Override> change in overrides) merged = Collect(problems, merged, () => change().ApplyTo(merged));

        var binder = new ConfigBinder(typeof(RunConfig));
        var config = (RunConfig)binder.BindSection(typeof(RunConfig), merged, path: "");
        problems.AddRange(binder.Problems);
        if (problems.Count == before) problems.AddRange(ConfigChecks.ProblemsIn(config, merged)); // they compare values, so all values must be there
        return problems.Count == before ? new LoadedConfig(config, binder.Notes) : null;
    }

    private static MappingNode Collect(List<string> problems, MappingNode merged, Func<MappingNode> next)
    {
        try
        {
            return next();
        }
        catch (InvalidDataException problem)
        {
            problems.Add(problem.Message);
            return merged;
        }
    }
}
