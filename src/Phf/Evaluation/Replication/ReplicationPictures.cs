using Phf.Evaluation.Report;

namespace Phf.Evaluation.Replication;

/// <summary>
/// Draws one task's experiment: misalignment against the distance from MLE, and against held-out loss. Colours are those of the methods; shapes tell pretraining from
/// finetuning on either share. Each run is sampled as it is meant to be.
/// </summary>
internal static class ReplicationPictures
{
    /// <summary>Writes the pictures for which there are numbers, and deletes what an earlier report left of the others.</summary>
    /// <param name="folder">Where they go.</param>
    /// <param name="summary">The experiment.</param>
    /// <returns>Titles, names of the files, and how to read them.</returns>
    public static IReadOnlyList<(string Title, string File, string Caption)> Write(string folder, ReplicationSummary summary)
    {
        IReadOnlyList<RunReport> runs = [.. summary.Runs.Select(Read)];
        RunGroup[] groups = [.. summary.Groups.Select(group => GroupOf(group, summary, runs))];
        CorpusFacts? corpus = runs.Select(run => run.Evaluation?.Corpus).FirstOrDefault(facts => facts is not null);
        Measure? distance = Measure.Distances(runs).FirstOrDefault(measure => !measure.IsFromReference);
        (Measure? Cost, string File)[] all = [(distance is null ? null : distance with { Title = "KL(run ‖ MLE)" }, "misalignment-kl.svg"), (Measure.HeldoutLoss, "misalignment-loss.svg")];
        var written = new List<(string, string, string)>();
        foreach ((Measure? cost, string name) in all)
        {
            string path = Path.Combine(folder, name), title = $"{summary.Name}: misalignment against {cost?.Title}";
            if (cost is not null && ReportWriter.WriteChart(groups, corpus, cost, title, path) is { } caption) written.Add((title, name, caption));
            else File.Delete(path);
        }
        return written;
    }

    private static RunReport Read(MeasuredRun run)
    {
        EvaluationResult own = run.Evaluation;
        return RunReport.Read(run.Run.Directory) with { Name = run.Run.Name, Evaluation = own with { Scenarios = [.. own.Scenarios.Take(1)] } };
    }

    private static RunGroup GroupOf(ReplicationGroup group, ReplicationSummary summary, IReadOnlyList<RunReport> runs)
    {
        string[] methods = [.. summary.Groups.Select(one => one.Method).Distinct()];
        double?[] shares = [.. summary.Groups.Select(one => one.FinetuneShare).Distinct()];
        var own = summary.Runs.Index().Where(run => (run.Item.Run.Method, run.Item.Run.FinetuneShare) == (group.Method, group.FinetuneShare));
        return new RunGroup(SummaryMarkdown.NameOf(group), [.. own.Select(run => runs[run.Index])])
        {
            Series = Array.IndexOf(methods, group.Method) + ChartTheme.Light.Series.Count * Array.IndexOf(shares, group.FinetuneShare),
        };
    }
}
