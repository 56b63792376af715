using System.Globalization;

namespace Phf.Training.Configuration;

/// <summary>One <c>--override path=value</c>.</summary>
internal sealed class Override
{
    private readonly string[] _path;
    private readonly ConfigNode _value;

    private Override(string[] path, ConfigNode value)
    {
        _path = path;
        _value = value;
    }

    /// <summary>Reads "a.b=value", the value being YAML. Throws <see cref="InvalidDataException"/> for anything else.</summary>
    public static Override Parse(string text)
    {
        string source = $"--override {text}";
        int equals = text.IndexOf('=');
        string[] path = equals < 0 ? [] : text[..equals].Trim().Split('.');
        if (path.Length == 0 || path.Contains("")) throw new InvalidDataException($"{source}: expected KEY=VALUE, such as training.learning_rate=1e-3");
        string value = text[(equals + 1)..];
        var place = new Place(source, 0);
        ConfigNode node = value.Trim().Length == 0 ? new ScalarNode(place, "", IsQuoted: false) : YamlReader.Read(value, source, hasLines: false);
        return new Override(path, node);
    }

    /// <summary>A value that stands in a file, under a dotted path. Throws <see cref="InvalidDataException"/> for a path with an empty part.</summary>
    public static Override At(string path, ConfigNode value)
    {
        string[] parts = path.Split('.');
        return parts.Contains("")
            ? throw new InvalidDataException($"{value.Place}: '{path}' is no key; expected one such as training.learning_rate")
            : new Override(parts, value);
    }

    /// <summary>The configuration with this value in it.</summary>
    public MappingNode ApplyTo(MappingNode root) => (MappingNode)Set(root, depth: 0);

    private ConfigNode Set(ConfigNode? node, int depth)
    {
        if (depth == _path.Length) return node is null ? _value : MappingNode.Merge(node, _value);
        string name = _path[depth];
        if (node is SequenceNode list)
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index >= list.Items.Count)
                throw new InvalidDataException($"{_value.Place}: {string.Join('.', _path[..depth])} is a list of {list.Items.Count}; "
                    + $"'{name}' picks none of them (0 is the first)");
            ConfigNode[] items = [.. list.Items];
            items[index] = Set(items[index], depth + 1);
            return list with { Items = items };
        }
        MappingNode mapping = node as MappingNode ?? MappingNode.Empty(_value.Place);
        return mapping.With(name, new ConfigEntry(_value.Place, Set(mapping.Entries.GetValueOrDefault(name)?.Value, depth + 1)));
    }
}
