namespace Phf.Evaluation.Report;

/// <summary>A point of a curve, with its interval where one is to be drawn.</summary>
internal readonly record struct CurvePoint(double X, double Y, Interval? Bar = null)
{
    public bool IsFinite => double.IsFinite(X) && double.IsFinite(Y);
}

/// <summary>A curve of a group of runs; its index gives colour and shape. <paramref name="Singles"/>: the runs behind it, drawn faintly; empty for one run.</summary>
internal sealed record Curve(string Name, int Index, IReadOnlyList<CurvePoint> Points, IReadOnlyList<IReadOnlyList<CurvePoint>> Singles);

/// <summary>What the axes of a curve chart show.</summary>
/// <param name="Vertical">In words.</param>
/// <param name="Unit">Of the vertical axis; may be empty.</param>
/// <param name="Horizontal">In words.</param>
/// <param name="Scale">Makes the vertical axis of its values and its ends in pixels.</param>
internal sealed record CurveAxes(string Vertical, string Unit, string Horizontal, Func<IReadOnlyCollection<double>, double, double, Axis> Scale)
{
    /// <summary>Only whole numbers are marked on the horizontal axis.</summary>
    public bool WholeNumbers { get; init; }

    /// <summary>Marks on the horizontal axis as counts with units (1.6 M) instead of plain numbers.</summary>
    public bool Counts { get; init; }

    /// <summary>A value of the vertical axis.</summary>
    public Func<double?, string> Format { get; init; } = Figures.Score;

    public static readonly CurveAxes Losses = new("loss", "nats per token", "training tokens", Axis.ForLosses) { Counts = true, Format = Figures.Loss };
}

/// <summary>Curves, one line for each group of runs, named at its end (wide) or by its marker there (narrow).</summary>
internal static class CurveChart
{
    private const int MostPoints = 300, MostSinglePoints = 80; // of a line; more are averaged in groups
    private const double NameSpacing = 17;

    /// <summary>Draws the curves that have finite points; null if none has. <paramref name="markPoints"/> puts a marker on each point.</summary>
    public static string? Draw(IReadOnlyList<Curve> all, string title, CurveAxes axes, bool markPoints, ChartLook look)
    {
        Curve[] curves = [.. all.Select(curve => Thin(curve)).Where(curve => curve.Points.Count > 0)];
        if (curves.Length == 0) return null;
        look = look with { Height = Math.Max(look.Height, curves.Length * (look.Direct ? NameSpacing : 11) + 70) };
        double nameWidth = look.Direct ? curves.Max(curve => Svg.TextWidth(curve.Name, 13)) + 34 : 22;
        var plot = new Box(look.Direct ? 56 : 48, 12, look.Width - Math.Min(nameWidth, look.Width * 0.35), look.Height - 50);
        var horizontal = Axis.Linear([0, .. curves.SelectMany(curve => curve.Points.Select(point => point.X))], plot.Left, plot.Right, tightLow: true);
        IEnumerable<CurvePoint> points = curves.SelectMany(curve => curve.Points.Concat(curve.Singles.SelectMany(single => single)));
        var vertical = axes.Scale([.. points.Select(point => point.Y)], plot.Bottom, plot.Top);

        var svg = new Svg(look.Width, look.Height, look.Theme);
        DrawFrame(svg, plot, horizontal, vertical, axes, look);
        foreach (Curve curve in curves)
        {
            string colour = look.Theme.Colour(curve.Index);
            foreach (IReadOnlyList<CurvePoint> single in curve.Singles) svg.Path(Pixels(single, horizontal, vertical), colour, 1, 0.35);
            (double X, double Y)[] line = Pixels(curve.Points, horizontal, vertical);
            if (markPoints) DrawBars(svg, curve, horizontal, vertical);
            svg.Path(line, colour);
            if (markPoints || line.Length == 1) foreach ((double x, double y) in line) svg.Marker(x, y, 3.5, curve.Index);
        }
        DrawNames(svg, curves, horizontal, vertical, plot, axes, look);
        return svg.ToString(title, look.CssClass);
    }

    private static void DrawFrame(Svg svg, Box plot, Axis horizontal, Axis vertical, CurveAxes axes, ChartLook look)
    {
        ChartTheme theme = look.Theme;
        foreach ((double value, string label) in vertical.Ticks)
        {
            double y = vertical.Of(value);
            svg.Line(plot.Left, y, plot.Right, y, theme.Grid);
            svg.Text(plot.Left - 7, y + 4, label, theme.Muted, look.FontSize - 1, "end");
        }
        foreach ((double value, string label) in horizontal.Ticks)
        {
            if (axes.WholeNumbers && Math.Abs(value - Math.Round(value)) > 1e-9) continue;
            double x = horizontal.Of(value);
            svg.Line(x, plot.Bottom, x, plot.Bottom + 4, theme.Muted);
            string text = axes.Counts ? Figures.Count(value) : axes.WholeNumbers ? Figures.Fixed(value, 0) : label;
            svg.Text(x, plot.Bottom + 18, text, theme.Muted, look.FontSize - 1, "middle");
        }
        svg.Line(plot.Left, plot.Bottom, plot.Right, plot.Bottom, theme.Muted);
        string[] unit = [.. ((string[])[look.Direct ? axes.Unit : "", vertical.IsLogarithmic ? "log scale" : ""]).Where(part => part.Length > 0)];
        string words = $"{axes.Vertical}{(unit.Length > 0 ? $" ({string.Join(", ", unit)})" : "")} over {axes.Horizontal}";
        svg.Text(look.Direct ? plot.Left : 0, plot.Bottom + 40, words, theme.Ink, look.FontSize);
    }

    private static void DrawBars(Svg svg, Curve curve, Axis horizontal, Axis vertical)
    {
        double aside = curve.Index % 5 - 2; // so that bars of neighbours stand beside each other
        foreach (CurvePoint point in curve.Points)
        {
            if (point.Bar is not { } bar) continue;
            double x = horizontal.Of(point.X) + aside;
            svg.Line(x, vertical.Clamped(bar.Low), x, vertical.Clamped(bar.High), svg.Theme.Colour(curve.Index), 1.5, opacity: 0.5);
        }
    }

    /// <summary>Marker and name right of each line's end, pushed apart where ends are close.</summary>
    private static void DrawNames(Svg svg, Curve[] curves, Axis horizontal, Axis vertical, Box plot, CurveAxes axes, ChartLook look)
    {
        Curve[] byHeight = [.. curves.OrderBy(curve => vertical.Of(curve.Points[^1].Y))];
        double spacing = Math.Min(look.Direct ? NameSpacing : 13, (plot.Bottom - plot.Top) / Math.Max(1, curves.Length - 1));
        double[] heights = Spread([.. byHeight.Select(curve => vertical.Of(curve.Points[^1].Y))], spacing, plot.Bottom);
        for (int i = 0; i < byHeight.Length; i++)
        {
            Curve curve = byHeight[i];
            CurvePoint end = curve.Points[^1];
            bool endsEarly = horizontal.Of(end.X) < plot.Right - 12; // what goes on from there is no data
            svg.Line(horizontal.Of(end.X), vertical.Of(end.Y), plot.Right + 10, heights[i], look.Theme.Colour(curve.Index), 0.75, endsEarly ? "1 4" : null);
            string at = axes.Counts ? Figures.Count(end.X) : Figures.Score(end.X);
            svg.Marker(plot.Right + 12, heights[i], 4.5, curve.Index, tip: $"{curve.Name}: {axes.Format(end.Y)} at {at} ({axes.Horizontal})");
            if (look.Direct) svg.Text(plot.Right + 22, heights[i] + 4.5, Svg.Fit(curve.Name, 13, look.Width - plot.Right - 22), look.Theme.Ink, 13);
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

    private static (double X, double Y)[] Pixels(IReadOnlyList<CurvePoint> points, Axis horizontal, Axis vertical) =>
        [.. points.Select(point => (horizontal.Of(point.X), vertical.Of(point.Y)))];

    private static Curve Thin(Curve curve) => curve with
    {
        Points = Thin(curve.Points, MostPoints),
        Singles = [.. curve.Singles.Select(single => Thin(single, MostSinglePoints))],
    };

    private static IReadOnlyList<CurvePoint> Thin(IReadOnlyList<CurvePoint> all, int most)
    {
        CurvePoint[] points = [.. all.Where(point => point.IsFinite)];
        int group = (points.Length + most - 1) / most;
        return group <= 1 ? points : [.. points.Chunk(group).Select(chunk => new CurvePoint(chunk.Average(point => point.X), chunk.Average(point => point.Y)))];
    }
}
