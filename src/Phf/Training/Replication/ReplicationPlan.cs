using Phf.Training.Configuration;

namespace Phf.Training.Replication;

/// <summary>The paper's experiment on one task at one scale: every method as pretraining, and as finetuning of the plain model, for each seed.</summary>
/// <param name="Settings">The file of the experiment.</param>
/// <param name="Runs">In the order of training: a seed's pretraining, its finetuning, then the next seed.</param>
public sealed record ReplicationPlan(ReplicationSection Settings, IReadOnlyList<ReplicationRun> Runs)
{
    /// <summary>Names of the tasks.</summary>
    public static readonly IReadOnlyList<string> Tasks = ["pii", "toxicity", "pep8"];

    /// <summary>Reads an experiment and the configurations of its runs.</summary>
    /// <param name="path">The experiment's file.</param>
    /// <param name="data">Folder of the packed data.</param>
    /// <param name="runs">Folder that the runs are in.</param>
    /// <param name="methods">Those of the file that are wanted, to which mle is added; null for all.</param>
    /// <param name="seeds">Null for the file's.</param>
    /// <exception cref="InvalidDataException">Every problem of the file and of the configurations, one per line, with its place.</exception>
    public static ReplicationPlan Load(string path, string data, string runs, IReadOnlyList<string>? methods, IReadOnlyList<long>? seeds)
    {
        HashSet<string> names = [Path.GetFileNameWithoutExtension(path)];
        MappingNode written = ConfigFile.Read(path, names).Aggregate((under, over) => under.MergedWith(over));
        var binder = new ConfigBinder(typeof(ReplicationSection));
        var settings = (ReplicationSection)binder.BindSection(typeof(ReplicationSection), written, path: "");
        List<string> problems = [.. binder.Problems];
        if (problems.Count == 0) problems.AddRange(ProblemsIn(settings, path));
        if (problems.Count > 0) throw Refused(problems);
        foreach (string unknown in (methods ?? []).Except(settings.Methods))
            problems.Add($"{unknown} is none of the methods of {path}; it has {string.Join(", ", settings.Methods)}");
        settings = settings with
        {
            Methods = [.. settings.Methods.Where(method => methods is null || method == ReplicationRun.Baseline || methods.Contains(method))],
            Seeds = seeds ?? settings.Seeds,
        };
        var builder = new ReplicationBuilder(settings, Path.Combine(Path.GetDirectoryName(path) ?? "", settings.Task), data, runs, problems);
        if (problems.Count == 0) builder.AddAll();
        return problems.Count > 0 ? throw Refused(problems) : new ReplicationPlan(settings, builder.Runs);
    }

    /// <summary>The plain run of a seed.</summary>
    public ReplicationRun BaselineOf(long seed) => Runs.First(run => run.IsBaseline && run.Seed == seed);

    private static IEnumerable<string> ProblemsIn(ReplicationSection settings, string path)
    {
        if (!settings.Methods.Contains(ReplicationRun.Baseline)) yield return $"{path}: methods has no {ReplicationRun.Baseline}, which the others are compared with; add it";
        if (settings.Seeds.Count == 0) yield return $"{path}: seeds is an empty list; give one at least";
        foreach (string twice in Twice(settings.Methods)) yield return $"{path}: methods has {twice} more than once; keep one";
        foreach (string twice in Twice(settings.Seeds.Select(seed => $"{seed}"))) yield return $"{path}: seeds has {twice} more than once; keep one";
        foreach (string twice in Twice(settings.FinetuneShares.Select(share => $"{Math.Round(100 * share)} %")))
            yield return $"{path}: finetune_shares has {twice} more than once; keep one";
        if (settings.Evaluate.Ignore.Count > 0 && settings.Data.Scorer is not ("pep8" or "pep8-fixed"))
            yield return $"{path}: evaluate.ignore is for the scorers pep8 and pep8-fixed, and data.scorer is {settings.Data.Scorer}; leave it out";
    }

    private static IEnumerable<string> Twice(IEnumerable<string> items) => items.GroupBy(item => item).Where(group => group.Count() > 1).Select(group => group.Key);

    private static InvalidDataException Refused(IEnumerable<string> problems) => new(string.Join('\n', problems.Distinct()));
}
