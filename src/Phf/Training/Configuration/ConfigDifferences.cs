namespace Phf.Training.Configuration;

/// <summary>What two configurations differ in, key by key.</summary>
internal static class ConfigDifferences
{
    private const string NotSet = "not set";

    /// <summary>One line for each key whose values differ, in the order of the keys.</summary>
    /// <param name="path">The file that <paramref name="recorded"/> was read from; its lines are named.</param>
    /// <param name="recorded">The configuration in the file.</param>
    /// <param name="given">The other one.</param>
    public static IReadOnlyList<string> Between(string path, RunConfig recorded, RunConfig given)
    {
        Dictionary<string, string> was = Values(recorded), now = Values(given);
        Dictionary<string, ConfigNode> written = [];
        Collect(YamlReader.Read(File.ReadAllText(path), path, hasLines: true), "", written);
        return [.. was.Keys.Union(now.Keys)
            .Where(key => was.GetValueOrDefault(key) != now.GetValueOrDefault(key))
            .Select(key => $"{written.GetValueOrDefault(key)?.Place.ToString() ?? path}: {key} is {was.GetValueOrDefault(key, NotSet)} in the run, "
                + $"{now.GetValueOrDefault(key, NotSet)} now")];
    }

    private static Dictionary<string, string> Values(RunConfig config)
    {
        Dictionary<string, ConfigNode> nodes = [];
        Collect(YamlReader.Read(config.ToYaml(), "configuration", hasLines: false), "", nodes);
        return nodes.ToDictionary(node => node.Key, node => node.Value is ScalarNode scalar ? scalar.Text : "[]");
    }

    /// <summary>Adds every scalar and every empty list under its dotted path; items of a list have their number for a name.</summary>
    private static void Collect(ConfigNode node, string path, Dictionary<string, ConfigNode> found)
    {
        if (node is MappingNode mapping)
            foreach ((string key, ConfigEntry entry) in mapping.Entries) Collect(entry.Value, path.Length == 0 ? key : $"{path}.{key}", found);
        else if (node is SequenceNode { Items.Count: > 0 } list)
            for (int i = 0; i < list.Items.Count; i++) Collect(list.Items[i], $"{path}.{i}", found);
        else found[path] = node;
    }
}
