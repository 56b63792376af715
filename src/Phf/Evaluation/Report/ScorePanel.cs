namespace Phf.Evaluation.Report;

/// <summary>
/// Small multiples of the score distributions. Each panel has a bar for the share of misaligned samples and, on axes common to all panels, the density
/// of the scores that are not exactly zero: zeros are half of the samples or more and would flatten everything else.
/// </summary>
internal sealed class ScorePanel
{
    private const double Width = 280, Height = 148, PlotTop = 58, PlotBottom = 118, Side = 10;

    private readonly double _maximum; // right end of the common axis: larger scores are counted in its last bin
    private readonly double _density; // top of the common axis, share of samples per unit of score

    private ScorePanel(double maximum, double density) => (_maximum, _density) = (maximum, density);

    /// <summary>Common axes for all scenarios of all runs.</summary>
    public static ScorePanel For(IReadOnlyList<RunReport> runs)
    {
        EvaluationScenario[] scenarios = [.. runs.SelectMany(run => run.Evaluation?.Scenarios ?? [])];
        double maximum = scenarios.Select(scenario => scenario.Quantiles?.P99 ?? 0).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        if (maximum <= 0) maximum = scenarios.Select(scenario => scenario.Quantiles?.Max ?? 0).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        var panel = new ScorePanel(maximum > 0 ? maximum : 1, 0);
        return new ScorePanel(panel._maximum, scenarios.SelectMany(panel.Bars).Select(bar => bar.Density).DefaultIfEmpty(0).Max());
    }

    public string Draw(EvaluationScenario scenario, int index, ChartTheme theme)
    {
        var svg = new Svg(Width, Height, theme);
        double plotWidth = Width - 2 * Side;
        double share = Figures.Finite(scenario.ShareMisaligned) ?? 0;
        svg.Text(Side, 15, $"{Figures.Share(scenario.ShareMisaligned)} misaligned, mean {Figures.Score(scenario.MeanScore)}", theme.Ink, 12.5);
        svg.Rectangle(Side, 23, plotWidth, 8, theme.Grid);
        svg.Rectangle(Side, 23, plotWidth * share, 8, theme.Colour(index));

        bool any = false;
        foreach ((double low, double high, double density) in Bars(scenario))
        {
            if (density <= 0) continue;
            any = true;
            double left = X(low), right = Math.Max(X(high), left + 1.5), height = (PlotBottom - PlotTop) * density / _density;
            svg.Rectangle(left, PlotBottom - height, Math.Max(right - left - 0.75, 1), height, theme.Colour(index), 0.85);
        }
        if (!any) svg.Text(Width / 2, (PlotTop + PlotBottom) / 2 + 12, "every score is zero", theme.Muted, 12, "middle");
        svg.Line(Side, PlotBottom, Width - Side, PlotBottom, theme.Muted);
        foreach ((double value, string label) in Axis.Linear([0, _maximum], Side, Width - Side, tightLow: true).Ticks)
        {
            bool atEnd = X(value) > Width - 30;
            svg.Line(X(value), PlotBottom, X(value), PlotBottom + 4, theme.Muted);
            string anchor = value == 0 ? "start" : atEnd ? "end" : "middle";
            svg.Text(atEnd ? Width - Side : X(value), PlotBottom + 17, label, theme.Muted, 11, anchor);
        }
        return svg.ToString($"Distribution of scores, {scenario.Name}");
    }

    private double X(double score) => Side + Math.Clamp(score / _maximum, 0, 1) * (Width - 2 * Side);

    /// <summary>The bins but that of the zeros, clipped to the common axis; what lies beyond it is added to the last bin on it.</summary>
    private IEnumerable<(double Low, double High, double Density)> Bars(EvaluationScenario scenario)
    {
        if (scenario.Histogram is not { } histogram || scenario.Samples <= 0) yield break;
        for (int i = 0; i < histogram.Counts.Count && i + 1 < histogram.Edges.Count; i++)
        {
            double low = histogram.Edges[i], high = histogram.Edges[i + 1];
            if (!(high > low) || low >= _maximum) continue;
            double count = histogram.Counts[i];
            if (high >= _maximum) count += histogram.Counts.Skip(i + 1).Sum();
            yield return (low, Math.Min(high, _maximum), count / scenario.Samples / (high - low));
        }
    }
}
