using System.Collections;
using System.Text;

namespace Phf.Training.Configuration;

/// <summary>The keys of a configuration, as text for people; made from the same marks that the checks read.</summary>
public static class ConfigReference
{
    private sealed record Row(string Path, ConfigKey Key, object? Default);

    /// <summary>
    /// For a terminal, each key with its default, its type and its meaning. The keys of phf sweep's file begin with <c>sweep.</c>, those of phf align's with
    /// <c>align.</c>, those of phf replicate's with <c>replication.</c>
    /// </summary>
    /// <param name="part">Keys whose dotted name has it in it; empty for all.</param>
    /// <exception cref="ArgumentException">No key has; the message names the nearest.</exception>
    public static string ToText(string part)
    {
        var text = new StringBuilder();
        IEnumerable<Row> all =
        [
            .. RowsIn(typeof(RunConfig), ""), .. RowsIn(typeof(SweepSection), SweepPath), .. RowsIn(typeof(AlignmentSection), AlignmentPath), .. RowsIn(typeof(ReplicationSection), ReplicationPath),
        ];
        Row[] rows = [.. all.Where(row => !row.Key.IsSection)];
        foreach (Row row in rows.Where(row => row.Path.Contains(part, StringComparison.Ordinal)))
            text.Append($"{row.Path} = {DefaultText(row)}  ({row.Key.TypeName})\n    {Meaning(row.Key).Replace("`", "", StringComparison.Ordinal)}\n");
        return text.Length > 0 ? text.ToString()
            : throw new ArgumentException($"no key has '{part}' in its name; the nearest known key is {NearestKey.To(part, [.. rows.Select(row => row.Path)])}");
    }

    /// <summary>The page docs/configuration.md: a table for each section.</summary>
    public static string ToMarkdown()
    {
        var page = new StringBuilder(Introduction);
        WriteSection(page, typeof(RunConfig), "");
        page.Append(SweepIntroduction);
        WriteSection(page, typeof(SweepSection), SweepPath);
        page.Append(AlignmentIntroduction);
        WriteSection(page, typeof(AlignmentSection), AlignmentPath);
        page.Append(ReplicationIntroduction);
        WriteSection(page, typeof(ReplicationSection), ReplicationPath);
        return page.ToString();
    }

    private const string SweepPath = "sweep", AlignmentPath = "align", ReplicationPath = "replication";

    private const string Introduction = """
        # Configuration

        <!-- Made from the records in src/Phf/Training/Configuration. To make it again: PHF_UPDATE_DOCS=1 dotnet test -c Release --filter ConfigReference -->

        A run is described by YAML files: a task file, then a method file, then `--override key=value` (the value is YAML, too). The last one wins:
        mappings are merged key by key, lists and single values are replaced, `null` resets a key to its default. In an override a number picks an
        item of a list, from 0: `--override generation.scenario_configs.0.num_samples=64`.

        An unknown key is an error that names the nearest known one. All problems are told at once, with file and line, before anything is computed.
        Zero is a value, not "not set". Numbers may be written `1e7` or `3.3E+9`. A percentile (`p50`) stands for a score of the data that is read; a run records its number behind it (`p50=0.0312`), and then the number counts.
        Digits may be grouped: `3_300_000_000`. Anchors, tags, and keys written twice are refused.

        `phf config` prints this page's keys in the terminal, `phf config threshold` those with that in their names; `phf config --task FILE --method FILE` prints
        what the files come to.

        ## Sizes

        The files under `configs/` are of the size laptop. `--size paper` merges `paper.yml`, which stands beside the task file, behind task and method.
        Two keys of a file are about files:

        - `base: ../laptop.yml` (or a list) reads another file first, from this one's folder; its own settings win.
        - `with: {rwr: ...}` holds settings that count where a file `rwr.yml` is given too, `with: {finetune+rwr: ...}` where both are. They win over the file's
          other settings, later sections over earlier ones. So a size file says in one place what changes for which method.

        """;

    private const string SweepIntroduction = """

        # Sweeps

        `phf sweep grid.yml` trains every method at every point of the grid with every seed, one run after another, and reports means and 95 % intervals
        over the seeds. A second call skips finished runs and goes on with those that were stopped; `--dry-run` lists them. A run that fails is told, the
        others go on, and the exit code is 1. Paths are relative to the folder that phf is called in.

            task: configs/pii/pretrain.yml
            methods: [configs/pii/mle.yml, configs/pii/conditional.yml]
            seeds: [1, 2, 3]
            overrides: {training.num_tokens: 1e6}
            grid:
              training.learning_rate: [1e-3, 2e-3]
            data: data
            output: runs/sweep
            evaluate: {samples: 256}

        """;

    private const string AlignmentIntroduction = """

        # Alignment

        `phf align MODEL --target target.yml -o runs/NAME` moves a finished model towards a target ([docs/alignment.md](alignment.md)). Its file has the keys below and a section
        `training` with the keys of a run's.

        """;

    private const string ReplicationIntroduction = """

        # Experiments

        `phf replicate --task pii --scale laptop` reads `configs/replication/pii-laptop.yml`, whose keys these are ([replication.md](replication.md) tells what is done with them). Such a
        file may stand on others by `base`. Another scale is another file, `pii-NAME.yml`.

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
        foreach (Row row in rows.Where(row => row.Key.IsSection && !IsWrittenElsewhere(section, row.Key))) WriteSection(page, row.Key.InnermostType, row.Path);
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
            if (!deep || !key.IsSection || IsWrittenElsewhere(section, key)) continue;
            foreach (Row inner in RowsIn(key.InnermostType, row.Path)) yield return inner;
        }
    }

    /// <summary>An alignment's section training is that of a run.</summary>
    private static bool IsWrittenElsewhere(Type section, ConfigKey key) => section == typeof(AlignmentSection) && key.InnermostType == typeof(TrainingSection);

    private static string DefaultText(Row row) =>
        row.Key.Rules.Required ? "required" : row.Default is null ? "not set" : row.Default is IList ? "[]" : ConfigWriter.ScalarText(row.Default);

    private static string Cell(string text) => text.Replace("|", "\\|");
}
