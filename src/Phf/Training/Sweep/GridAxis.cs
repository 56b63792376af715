using Phf.Training.Configuration;

namespace Phf.Training.Sweep;

/// <summary>One value that a key of the grid takes.</summary>
internal sealed record GridValue(SweepSetting Setting, Override Change);

/// <summary>One key of the grid with its values.</summary>
internal sealed record GridAxis(string Key, IReadOnlyList<GridValue> Values)
{
    /// <summary>The grid's keys in the order of the file. What cannot be used is added to <paramref name="problems"/> and left out.</summary>
    public static IReadOnlyList<GridAxis> AllOf(Settings? grid, List<string> problems)
    {
        if (grid is null) return [];
        if (grid.Written.Entries.Count == 0) problems.Add($"{grid.Written.Place}: grid has no keys; give one such as training.learning_rate: [1e-3, 2e-3], or leave grid out");
        var axes = new List<GridAxis>();
        foreach ((string key, ConfigEntry entry) in grid.Written.Entries)
        {
            if (entry.Value is not SequenceNode { Items.Count: > 0 } values)
            {
                problems.Add($"{entry.KeyPlace}: grid.{key} is {(entry.Value is SequenceNode ? "an empty list" : "no list")}; expected a list of values to try");
                continue;
            }
            try
            {
                axes.Add(new GridAxis(key, [.. values.Items.Select(value => new GridValue(new SweepSetting(key, TextOf(value)), Override.At(key, value)))]));
            }
            catch (InvalidDataException problem)
            {
                problems.Add(problem.Message);
            }
        }
        return axes;
    }

    /// <summary>Every combination of values, the last key changing fastest; one empty combination without keys.</summary>
    public static IEnumerable<IReadOnlyList<GridValue>> PointsOf(IReadOnlyList<GridAxis> axes)
    {
        if (axes.Count == 0) return [[]];
        return axes[0].Values.SelectMany(value => PointsOf([.. axes.Skip(1)]).Select(rest => (IReadOnlyList<GridValue>)[value, .. rest]));
    }

    /// <summary>A value in one line, as in flow style: <c>{threshold: 0, drop: [1, 2]}</c>.</summary>
    private static string TextOf(ConfigNode node) => node switch
    {
        ScalarNode scalar => scalar.IsNull ? "null" : scalar.Text,
        SequenceNode list => $"[{string.Join(", ", list.Items.Select(TextOf))}]",
        MappingNode mapping => $"{{{string.Join(", ", mapping.Entries.Select(entry => $"{entry.Key}: {TextOf(entry.Value.Value)}"))}}}",
        _ => "",
    };
}
