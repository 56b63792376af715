namespace Phf.Evaluation.Report;

/// <summary>A loss over tokens for one run; its index gives colour and shape.</summary>
internal sealed record Curve(string Name, int Index, IReadOnlyList<(double Tokens, double Loss)> Points);

/// <summary>Losses over training tokens, one line for each run, named at its end (wide) or by its marker there (narrow).</summary>
internal static class CurveChart
{
    private const int MostPoints = 300; // of a line; more are averaged in groups

    /// <summary>Draws the curves that have finite points; null if none has. <paramref name="markPoints"/> puts a marker on each point.</summary>
    public static string? Draw(IReadOnlyList<Curve> all, string title, bool markPoints, ChartLook look)
    {
        Curve[] curves = [.. all.Select(Thin).Where(curve => curve.Points.Count > 0)];
        if (curves.Length == 0) return null;
        double nameWidth = look.Direct ? curves.Max(curve => Svg.TextWidth(curve.Name, 13)) + 34 : 22;
        var plot = new Box(46, 12, look.Width - Math.Min(nameWidth, look.Width * 0.35), look.Height - 50);
        var horizontal = Axis.Linear([0, curves.Max(curve => curve.Points[^1].Tokens)], plot.Left, plot.Right, tightLow: true);
        var vertical = Axis.ForLosses([.. curves.SelectMany(curve => curve.Points.Select(point => point.Loss))], plot.Bottom, plot.Top);

        var svg = new Svg(look.Width, look.Height, look.Theme);
        DrawFrame(svg, plot, horizontal, vertical, look);
        foreach (Curve curve in curves)
        {
            (double X, double Y)[] line = [.. curve.Points.Select(point => (horizontal.Of(point.Tokens), vertical.Of(point.Loss)))];
            svg.Path(line, look.Theme.Colour(curve.Index));
            if (markPoints) foreach ((double x, double y) in line) svg.Marker(x, y, 3.5, curve.Index);
        }
        DrawNames(svg, curves, horizontal, vertical, plot, look);
        return svg.ToString(title, look.CssClass);
    }

    private static void DrawFrame(Svg svg, Box plot, Axis horizontal, Axis vertical, ChartLook look)
    {
        ChartTheme theme = look.Theme;
        foreach ((double value, string label) in vertical.Ticks)
        {
            double y = vertical.Of(value);
            svg.Line(plot.Left, y, plot.Right, y, theme.Grid);
            svg.Text(plot.Left - 7, y + 4, label, theme.Muted, look.FontSize - 1, "end");
        }
        foreach ((double value, _) in horizontal.Ticks)
        {
            double x = horizontal.Of(value);
            svg.Line(x, plot.Bottom, x, plot.Bottom + 4, theme.Muted);
            svg.Text(x, plot.Bottom + 18, Figures.Count(value), theme.Muted, look.FontSize - 1, "middle");
        }
        svg.Line(plot.Left, plot.Bottom, plot.Right, plot.Bottom, theme.Muted);
        string scale = vertical.IsLogarithmic ? ", log scale" : "";
        svg.Text(plot.Left, plot.Bottom + 40, $"loss (nats per token{scale}) over training tokens", theme.Ink, look.FontSize);
    }

    /// <summary>Marker and name right of each line's end, pushed apart where ends are close.</summary>
    private static void DrawNames(Svg svg, Curve[] curves, Axis horizontal, Axis vertical, Box plot, ChartLook look)
    {
        double spacing = look.Direct ? 17 : 13;
        Curve[] byHeight = [.. curves.OrderBy(curve => vertical.Of(curve.Points[^1].Loss))];
        double[] heights = Spread([.. byHeight.Select(curve => vertical.Of(curve.Points[^1].Loss))], spacing, plot.Bottom);
        for (int i = 0; i < byHeight.Length; i++)
        {
            Curve curve = byHeight[i];
            (double tokens, double loss) = curve.Points[^1];
            svg.Line(horizontal.Of(tokens), vertical.Of(loss), plot.Right + 10, heights[i], look.Theme.Colour(curve.Index), 0.75);
            string tip = $"{curve.Name}: {Figures.Loss(loss)} after {Figures.Count(tokens)} tokens";
            svg.Marker(plot.Right + 12, heights[i], 4.5, curve.Index, tip: tip);
            if (look.Direct) svg.Text(plot.Right + 22, heights[i] + 4.5, curve.Name, look.Theme.Ink, 13);
        }
    }

    /// <summary>Ascending heights moved apart to at least <paramref name="spacing"/>, first downwards, then up again from the bottom.</summary>
    private static double[] Spread(double[] heights, double spacing, double bottom)
    {
        for (int i = 1; i < heights.Length; i++) heights[i] = Math.Max(heights[i], heights[i - 1] + spacing);
        double limit = bottom;
        for (int i = heights.Length - 1; i >= 0 && heights[i] > limit; i--, limit -= spacing) heights[i] = limit;
        return heights;
    }

    private static Curve Thin(Curve curve)
    {
        (double Tokens, double Loss)[] points = [.. curve.Points.Where(point => double.IsFinite(point.Tokens) && double.IsFinite(point.Loss))];
        int group = (points.Length + MostPoints - 1) / MostPoints;
        if (group <= 1) return curve with { Points = points };
        return curve with
        {
            Points = [.. points.Chunk(group).Select(chunk => (chunk.Average(point => point.Tokens), chunk.Average(point => point.Loss)))],
        };
    }
}
