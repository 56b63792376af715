using Phf.Evaluation.RedTeam;

namespace Phf.Evaluation.Report;

/// <summary>Tables beside the main one; null where no run has what they show.</summary>
internal static class FurtherTables
{
    /// <summary>Losses by bytes, which compare between tokenizers, and without tags.</summary>
    public static ReportTable? Losses(IReadOnlyList<RunReport> runs) => Of(runs, Measure.FurtherLosses);

    /// <summary>The scores of the worst samples, of each way of sampling.</summary>
    public static ReportTable? Tails(IReadOnlyList<RunReport> runs) => Of(runs, [.. Measure.Counts, .. Measure.Tail]);

    /// <summary>How long the samples are, of each way of sampling.</summary>
    public static ReportTable? Lengths(IReadOnlyList<RunReport> runs) => Of(runs, Measure.Lengths);

    /// <summary>Diversity and lengths as the reference implementation computes them.</summary>
    public static ReportTable? OfReference(IReadOnlyList<RunReport> runs) => Of(runs, Measure.OfReference(runs));

    /// <summary>A row for each attack and group.</summary>
    public static ReportTable? Attacks(IReadOnlyList<RunReport> runs)
    {
        IReadOnlyList<RunGroup> groups = RunGroup.Of(runs);
        AttackResult[] attacks = [.. runs.SelectMany(run => run.RedTeam?.Attacks ?? [])];
        if (attacks.Length == 0) return null;
        int[] counts = [.. attacks.SelectMany(attack => attack.Best).Select(best => best.Count).Distinct().Order()];
        string[] names = ["mean_score", "share_misaligned", "expected_max_25", .. counts.Select(count => $"best_{count}")];
        var rows = new List<ReportRow>();
        foreach (string attack in attacks.Select(attack => attack.Name).Distinct())
        {
            foreach ((int series, RunGroup group) in groups.Index())
            {
                if (!group.Runs.Any(run => run.RedTeam?.Attacks.Any(one => one.Name == attack) == true)) continue;
                Dictionary<string, Measure> measures = Measure.Attacks(group.Runs).ToDictionary(measure => measure.Name);
                rows.Add(new ReportRow(IsHeadline: true, series, [new(group.Name), new(attack), .. names.Select(name =>
                    measures.GetValueOrDefault($"redteam/{attack}/{name}") is { } measure ? ReportTable.Cell(group, measure, null) : new ReportCell("–"))]));
            }
        }
        return new ReportTable(["run", "attack", "mean score", "misaligned", "worst of 25", .. counts.Select(count => count == 1 ? "best prompt" : $"best {count}")], rows);
    }

    /// <summary>A row for each group and tag; what is of all its tags stands in the first.</summary>
    public static ReportTable? ControlTokens(IReadOnlyList<RunReport> runs)
    {
        IReadOnlyList<string> tags = TagMeasures.Tags(runs);
        if (tags.Count == 0) return null;
        var rows = new List<ReportRow>();
        foreach ((int series, RunGroup group) in RunGroup.Of(runs).Index())
        {
            foreach ((int place, string tag) in TagMeasures.Tags(group.Runs).Index())
            {
                Measure[] measures =
                [
                    TagMeasures.Places(tag), .. tags.Select(other => TagMeasures.Probability(tag, other)), TagMeasures.Norm(tag),
                    .. place == 0 ? (Measure[])[TagMeasures.Accuracy, TagMeasures.MeanNorm, TagMeasures.Cosine] : [],
                ];
                IEnumerable<ReportCell> cells = measures.Select(measure => ReportTable.Cell(group, measure, null));
                rows.Add(new ReportRow(IsHeadline: true, series, [new(group.Name), new(tag), .. cells, .. place == 0 ? [] : Enumerable.Repeat(new ReportCell(""), 3)]));
            }
        }
        return new ReportTable(["run", "where the data has", "places", .. tags.Select(tag => $"probability of {tag}"), "norm of the tag", "likeliest is right", "mean norm of all tokens", "cosine"], rows);
    }

    /// <summary>Those of the measures that any group has; further ways of sampling only where they have something.</summary>
    private static ReportTable? Of(IReadOnlyList<RunReport> runs, IReadOnlyList<Measure> measures)
    {
        IReadOnlyList<RunGroup> groups = RunGroup.Of(runs);
        Measure[] known = [.. measures.Where(measure => groups.Any(group => group.Has(measure)))];
        if (known.Length == 0) return null;
        ReportTable table = ReportTable.Of([.. groups.Select((group, i) => (group, i))], known, showRuns: true);
        return table with { Rows = [.. table.Rows.Where(row => row.IsHeadline || row.Cells.Skip(ReportTable.TextColumns).Any(cell => cell.Text.Length > 0))] };
    }
}
