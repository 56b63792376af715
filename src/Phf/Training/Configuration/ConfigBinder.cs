using System.Globalization;
using System.Text.RegularExpressions;
using Phf.Data;

namespace Phf.Training.Configuration;

/// <summary>
/// Gives a written configuration its meaning: fills the records, and collects every problem and note on the way. <paramref name="root"/> is the record
/// of the whole file, whose keys a mistyped one is compared with.
/// </summary>
internal sealed partial class ConfigBinder(Type root)
{
    private const double LargestExactWhole = 1L << 53;
    private const int LongestQuote = 100;
    private readonly Lazy<IReadOnlyList<string>> _known = new(() => NearestKey.KnownIn(root));
    private readonly List<string> _problems = [];
    private readonly List<string> _notes = [];

    public IReadOnlyList<string> Problems => _problems;

    public IReadOnlyList<string> Notes => _notes;

    /// <summary>
    /// A record of <paramref name="type"/> with what <paramref name="mapping"/> gives and defaults for the rest; <paramref name="path"/> is its
    /// dotted name.
    /// </summary>
    public object BindSection(Type type, MappingNode mapping, string path)
    {
        object section = Activator.CreateInstance(type)!;
        IReadOnlyList<ConfigKey> keys = ConfigKey.Of(type);
        foreach ((string name, ConfigEntry entry) in mapping.Entries)
        {
            string full = Join(path, name);
            if (keys.FirstOrDefault(key => key.Name == name) is { } known)
            {
                if (entry.Value is ScalarNode { IsNull: true }) continue; // null resets a key to its default
                if (Bind(known, known.Property.PropertyType, entry.Value, full) is { } value) SetValue(section, known, value, entry, full);
            }
            else if (ConfigKey.WithoutEffectIn(type).FirstOrDefault(key => key.Name == name) is { Name: not null } ignored)
                _notes.Add($"{entry.KeyPlace}: {full} has no effect: {ignored.Reason}");
            else
                _problems.Add($"{entry.KeyPlace}: unknown key {Printable(full)}; the nearest known key is {NearestKey.To(full, _known.Value)}");
        }
        foreach (ConfigKey missing in keys.Where(key => key.Rules.Required && !HasValue(mapping, key.Name)))
            _problems.Add($"{mapping.Place}: {Join(path, missing.Name)} is missing; expected {(ConfigKey.ItemTypeOf(missing.Property.PropertyType) is null ? missing.Expected : $"a {missing.TypeName}")}");
        return section;
    }

    private void SetValue(object section, ConfigKey key, object value, ConfigEntry entry, string path)
    {
        if (key.Rules.OnlyDefault is { } reason && !value.Equals(key.Property.GetValue(section)))
            _problems.Add($"{entry.KeyPlace}: {path} is not supported: {reason}");
        else
            key.Property.SetValue(section, value);
    }

    private static bool HasValue(MappingNode mapping, string name) =>
        mapping.Entries.TryGetValue(name, out ConfigEntry? entry) && entry.Value is not ScalarNode { IsNull: true };

    /// <summary>The value of <paramref name="type"/> that <paramref name="node"/> writes; null after adding a problem.</summary>
    private object? Bind(ConfigKey key, Type type, ConfigNode node, string path)
    {
        if (ConfigKey.ItemTypeOf(type) is { } itemType)
            return node is SequenceNode list ? BindList(key, itemType, list, path) : Expected(node, path, "a list");
        Type target = Nullable.GetUnderlyingType(type) ?? type;
        if (ConfigKey.IsSectionType(target))
            return node is MappingNode mapping ? BindSection(target, mapping, path) : Expected(node, path, "a section (keys and values)");
        if (target == typeof(Settings)) return node is MappingNode settings ? new Settings(settings) : Expected(node, path, "dotted keys and values");
        return node is ScalarNode scalar && ParseScalar(scalar, target) is { } value && IsAllowed(key.Rules, value)
            ? value
            : Expected(node, path, key.Expected);
    }

    private Array BindList(ConfigKey key, Type itemType, SequenceNode list, string path)
    {
        var items = Array.CreateInstance(itemType, list.Items.Count);
        for (int i = 0; i < items.Length; i++)
            if (Bind(key, itemType, list.Items[i], $"{path}.{i}") is { } item) items.SetValue(item, i);
        return items;
    }

    private object? Expected(ConfigNode node, string path, string expected)
    {
        string found = node switch
        {
            ScalarNode { IsNull: true } => "empty",
            ScalarNode scalar => $"'{Printable(scalar.Text)}'",
            SequenceNode => "a list",
            _ => "a section",
        };
        _problems.Add($"{node.Place}: {path} is {found}; expected {expected}");
        return null;
    }

    private static object? ParseScalar(ScalarNode scalar, Type type)
    {
        if (type == typeof(string)) return scalar.IsNull ? null : scalar.Text;
        string text = BetweenDigits().Replace(scalar.Text, "");
        if (type == typeof(Threshold)) return ParseThreshold(text);
        if (type == typeof(TokenCount)) return ParseTokenCount(scalar);
        if (type == typeof(bool))
            return text.ToLowerInvariant() switch { "true" or "yes" or "on" => true, "false" or "no" or "off" => false, _ => null };
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number)) return null;
        if (type == typeof(double)) return number;

        // Whole numbers may be written 3.3E+9; beyond 2^53 the float form would round.
        bool isWhole = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole);
        if (!isWhole && (number != Math.Truncate(number) || Math.Abs(number) > LargestExactWhole)) return null;
        if (!isWhole) whole = (long)number;
        if (type == typeof(long)) return whole;
        return whole is >= int.MinValue and <= int.MaxValue ? (int)whole : null;
    }

    private static object? ParseTokenCount(ScalarNode scalar)
    {
        if (scalar.Text == TokenCount.Auto.ToString()) return TokenCount.Auto;
        return ParseScalar(scalar, typeof(long)) is long and >= 0 and var tokens ? TokenCount.Of(tokens) : null;
    }

    private static object? ParseThreshold(string text)
    {
        try
        {
            return Threshold.Parse(text);
        }
        catch (ArgumentException)
        {
            return null; // the caller reports it with its place
        }
    }

    private static bool IsAllowed(KeyAttribute rules, object value) => value switch
    {
        string text => rules.Choices.Length == 0 || rules.Choices.Contains(text),
        int or long or double => Convert.ToDouble(value, CultureInfo.InvariantCulture) is double number
            && number >= rules.Min && number <= rules.Max && (double.IsNegativeInfinity(rules.Above) || number > rules.Above),
        _ => true,
    };

    /// <summary>YAML groups digits with it: 3_300_000_000.</summary>
    [GeneratedRegex("(?<=[0-9])_(?=[0-9])")]
    private static partial Regex BetweenDigits();

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>A stranger's text for a message: short, and without control characters, which a terminal might obey.</summary>
    private static string Printable(string text)
    {
        string start = text.Length <= LongestQuote ? text : $"{text[..LongestQuote]}...";
        return string.Concat(start.Select(letter => char.IsControl(letter) ? '?' : letter));
    }
}
