using System.Collections;
using System.Text;

namespace Phf.Training.Configuration;

/// <summary>The keys of a configuration, as text for people; made from the same marks that the checks read.</summary>
public static class ConfigReference
{
    private sealed record Row(string Path, ConfigKey Key, object? Default);

    /// <summary>One line a key, for a terminal: dotted name, default and meaning.</summary>
    public static string ToText()
    {
        var text = new StringBuilder();
        foreach (Row row in RowsIn(typeof(RunConfig), "").Where(row => !row.Key.IsSection))
            text.Append($"  {row.Path} = {DefaultText(row)}\n      {row.Key.Rules.Help}\n");
        return text.ToString();
    }

    /// <summary>The page docs/configuration.md: a table for each section.</summary>
    public static string ToMarkdown()
    {
        var page = new StringBuilder(Introduction);
        WriteSection(page, typeof(RunConfig), "");
        return page.ToString();
    }

    private const string Introduction = """
        # Configuration

        <!-- Made from the records in src/Phf/Training/Configuration. To make it again: PHF_UPDATE_DOCS=1 dotnet test -c Release --filter ConfigReference -->

        A run is described by YAML files: a task file, then a method file, then `--override key=value` (the value is YAML, too). The last one wins:
        mappings are merged key by key, lists and single values are replaced, `null` resets a key to its default. In an override a number picks an
        item of a list, from 0: `--override generation.scenario_configs.0.num_samples=64`.

        An unknown key is an error that names the nearest known one. All problems are told at once, with file and line, before anything is computed.
        Zero is a value, not "not set". Numbers may be written `1e7` or `3.3E+9`. A percentile (`p50`) stands for a score of the data that is read; a run
        records its number behind it (`p50=0.0312`), and then the number counts.
        Anchors, tags, and keys written twice are refused.

        """;

    private static void WriteSection(StringBuilder page, Type section, string path)
    {
        Row[] rows = [.. RowsIn(section, path, deep: false)];
        page.Append(path.Length == 0 ? "\n## Sections\n\n" : $"\n## {path}\n\n");
        page.Append("| key | value | default | meaning |\n|---|---|---|---|\n");
        foreach (Row row in rows)
        {
            bool isWritten = !row.Key.Rules.Required && row.Default is not null;
            string value = row.Key.IsSection ? "" : isWritten ? $"`{DefaultText(row)}`" : DefaultText(row);
            page.Append($"| `{row.Key.Name}` | {row.Key.TypeName} | {Cell(value)} | {Cell(Meaning(row.Key))} |\n");
        }
        foreach (var group in ConfigKey.WithoutEffectIn(section).GroupBy(key => key.Reason))
            page.Append($"\nAccepted without effect: {string.Join(", ", group.Select(key => $"`{key.Name}`"))} ({group.Key}).\n");
        foreach (Row row in rows.Where(row => row.Key.IsSection)) WriteSection(page, row.Key.InnermostType, row.Path);
    }

    private static string Meaning(ConfigKey key)
    {
        string allowed = key.Rules.Choices.Length > 0 ? $" One of {string.Join(", ", key.Rules.Choices.Select(choice => $"`{choice}`"))}." : "";
        string only = key.Rules.OnlyDefault is { } reason ? $" Only the default is supported: {reason}." : "";
        return key.Rules.Help + allowed + only;
    }

    private static IEnumerable<Row> RowsIn(Type section, string path, bool deep = true)
    {
        object defaults = Activator.CreateInstance(section)!;
        foreach (ConfigKey key in ConfigKey.Of(section))
        {
            var row = new Row(path.Length == 0 ? key.Name : $"{path}.{key.Name}", key, key.Property.GetValue(defaults));
            yield return row;
            if (!deep || !key.IsSection) continue;
            foreach (Row inner in RowsIn(key.InnermostType, row.Path)) yield return inner;
        }
    }

    private static string DefaultText(Row row) =>
        row.Key.Rules.Required ? "required" : row.Default is null ? "not set" : row.Default is IList ? "[]" : ConfigWriter.ScalarText(row.Default);

    private static string Cell(string text) => text.Replace("|", "\\|");
}
