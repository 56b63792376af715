namespace Phf.Training.Configuration;

/// <summary>Where something was written: a file and its line, or an --override (line 0).</summary>
internal sealed record Place(string Source, long Line)
{
    public override string ToString() => Line > 0 ? $"{Source} line {Line}" : Source;
}

/// <summary>A value of a configuration as it was written, before any meaning is given to it.</summary>
internal abstract record ConfigNode(Place Place);

/// <param name="Place">Where it stands.</param>
/// <param name="Text">The text, unquoted.</param>
/// <param name="IsQuoted">Whether quotes stood around it; <c>"null"</c> is a text, <c>null</c> is no value.</param>
internal sealed record ScalarNode(Place Place, string Text, bool IsQuoted) : ConfigNode(Place)
{
    public bool IsNull => !IsQuoted && Text is "" or "~" or "null" or "Null" or "NULL";
}

internal sealed record SequenceNode(Place Place, IReadOnlyList<ConfigNode> Items) : ConfigNode(Place);

/// <summary>A value and the place of its key.</summary>
internal sealed record ConfigEntry(Place KeyPlace, ConfigNode Value);

internal sealed record MappingNode(Place Place, IReadOnlyDictionary<string, ConfigEntry> Entries) : ConfigNode(Place)
{
    public static MappingNode Empty(Place place) => new(place, new Dictionary<string, ConfigEntry>());

    /// <summary>This mapping with one key set.</summary>
    public MappingNode With(string key, ConfigEntry entry) => this with { Entries = new Dictionary<string, ConfigEntry>(Entries) { [key] = entry } };

    /// <summary>This mapping under <paramref name="over"/>, which wins: mappings are merged key by key, lists and scalars replaced.</summary>
    public MappingNode MergedWith(MappingNode over)
    {
        var entries = new Dictionary<string, ConfigEntry>(Entries);
        foreach ((string key, ConfigEntry entry) in over.Entries)
            entries[key] = entries.TryGetValue(key, out ConfigEntry? under) ? entry with { Value = Merge(under.Value, entry.Value) } : entry;
        return this with { Entries = entries };
    }

    /// <summary><paramref name="over"/>, merged into <paramref name="under"/> where both are mappings.</summary>
    public static ConfigNode Merge(ConfigNode under, ConfigNode over) =>
        under is MappingNode below && over is MappingNode above ? below.MergedWith(above) : over;
}
