namespace Phf.Evaluation.Report;

/// <summary>Makes curves of groups of runs: the mean where all runs of a group have a point, and the runs themselves.</summary>
internal static class GroupCurves
{
    /// <summary>A curve for each group that has points; <paramref name="pointsOf"/> gives those of a run, in order.</summary>
    public static IReadOnlyList<Curve> Of(IReadOnlyList<RunGroup> groups, Func<RunReport, IEnumerable<CurvePoint>> pointsOf) =>
        [.. groups.Select((group, i) => Of(group, i, pointsOf)).Where(curve => curve.Points.Count > 0)];

    private static Curve Of(RunGroup group, int index, Func<RunReport, IEnumerable<CurvePoint>> pointsOf)
    {
        CurvePoint[][] runs = [.. group.Runs.Select(run => pointsOf(run).Where(point => point.IsFinite).ToArray()).Where(points => points.Length > 0)];
        if (runs.Length == 0) return new Curve(group.Name, index, [], []);
        if (runs.Length == 1) return new Curve(group.Name, index, runs[0], []);
        return new Curve(group.Name, index, Mean(runs), runs);
    }

    /// <summary>Points with the same place on the horizontal axis in every run; where runs were measured at different places, the n-th points of all.</summary>
    private static CurvePoint[] Mean(CurvePoint[][] runs)
    {
        var places = new HashSet<double>(runs[0].Select(point => point.X));
        foreach (CurvePoint[] run in runs) places.IntersectWith(run.Select(point => point.X));
        if (places.Count > 0)
        {
            ILookup<double, CurvePoint> points = runs.SelectMany(run => run.DistinctBy(point => point.X)).ToLookup(point => point.X);
            return [.. runs[0].Select(point => point.X).Distinct().Where(places.Contains).Select(x => Mean([.. points[x]]))];
        }
        return [.. Enumerable.Range(0, runs.Min(run => run.Length)).Select(i => Mean([.. runs.Select(run => run[i])]))];
    }

    private static CurvePoint Mean(CurvePoint[] points)
    {
        Reading mean = Reading.Mean(points.Select(point => Reading.Of(point.Y)))!;
        return new CurvePoint(points.Average(point => point.X), mean.Value, mean.Bar);
    }
}
