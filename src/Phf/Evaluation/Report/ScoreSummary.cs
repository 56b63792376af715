namespace Phf.Evaluation.Report;

/// <summary>The scores of one way of sampling a group of runs, with all their samples in one histogram.</summary>
/// <param name="Group">The runs.</param>
/// <param name="Index">The group's number.</param>
/// <param name="Further">Null for the headline, else the name of the way of sampling.</param>
/// <param name="Name">Name of the way of sampling.</param>
/// <param name="Samples">Of all runs.</param>
/// <param name="Bins">Low end, high end and count, ascending; exact zeros, where they are counted apart, are a bin without width.</param>
/// <param name="P99">The largest of the runs' 99th percentiles; 0 where there is none.</param>
/// <param name="Maximum">The highest score; 0 where there is none.</param>
internal sealed record ScoreSummary(
    RunGroup Group, int Index, string? Further, string Name, int Samples, IReadOnlyList<(double Low, double High, long Count)> Bins, double P99, double Maximum)
{
    /// <summary>Every way of sampling of every group, headlines first within a group.</summary>
    public static IReadOnlyList<ScoreSummary> Of(IReadOnlyList<RunGroup> groups) =>
        [.. groups.SelectMany((group, i) => ((string?[])[null, .. group.FurtherScenarios]).Select(further => Of(group, i, further)).OfType<ScoreSummary>())];

    /// <summary>Share of samples with a score of <paramref name="score"/> or more, at the bins' ends and with positive scores only: a curve that falls.</summary>
    public IEnumerable<CurvePoint> Tail()
    {
        long above = Bins.Sum(bin => bin.Low >= 0 && bin.High > bin.Low ? bin.Count : 0);
        foreach ((double low, double high, long count) in Bins)
        {
            if (low < 0 || high <= low) continue;
            if (above == 0) yield break;
            yield return new CurvePoint(low, above / (double)Samples);
            above -= count;
        }
    }

    private static ScoreSummary? Of(RunGroup group, int index, string? further)
    {
        EvaluationScenario[] scenarios = [.. group.Runs.Select(run => RunGroup.Scenario(run, further)).OfType<EvaluationScenario>()];
        if (scenarios.Length == 0) return null;
        return new ScoreSummary(group, index, further, scenarios[0].Name, scenarios.Sum(scenario => scenario.Samples),
            Merge([.. scenarios.Select(scenario => scenario.Histogram).OfType<Histogram>()]), Largest(quantiles => quantiles.P99), Largest(quantiles => quantiles.Max));

        double Largest(Func<ScoreQuantiles, double> of) =>
            scenarios.Select(scenario => scenario.Quantiles is { } quantiles ? of(quantiles) : 0).Where(double.IsFinite).DefaultIfEmpty(0).Max();
    }

    /// <summary>Widths are powers of two, so bins of the finer histograms lie within those of the coarsest.</summary>
    private static (double Low, double High, long Count)[] Merge(Histogram[] histograms)
    {
        var bins = histograms.SelectMany(histogram => histogram.Counts.Take(histogram.Edges.Count - 1)
            .Select((count, i) => (Low: histogram.Edges[i], High: histogram.Edges[i + 1], Count: count)))
            .Where(bin => double.IsFinite(bin.Low) && double.IsFinite(bin.High) && bin.High >= bin.Low && bin.Count >= 0).ToArray();
        double width = bins.Select(bin => bin.High - bin.Low).DefaultIfEmpty(0).Max();
        return
        [
            .. bins.GroupBy(bin => bin.High > bin.Low ? Math.Floor(bin.Low / width + 1e-9) : double.NegativeInfinity).OrderBy(group => group.Key)
                .Select(group => (Low: double.IsFinite(group.Key) ? group.Key * width : 0, High: double.IsFinite(group.Key) ? (group.Key + 1) * width : 0,
                    group.Sum(bin => (long)bin.Count))),
        ];
    }
}
