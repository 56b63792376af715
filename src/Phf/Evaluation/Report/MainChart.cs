namespace Phf.Evaluation.Report;

/// <summary>
/// How a chart is to look. <paramref name="Direct"/>: names beside the points (wide charts), else short keys, which a list below explains.
/// With a <paramref name="Title"/> the chart stands alone on its own background.
/// </summary>
internal sealed record ChartLook(double Width, double Height, bool Direct, ChartTheme Theme, string? Title = null, string? CssClass = null)
{
    public double FontSize => Direct ? 13 : 12;
}

/// <summary>
/// The picture of the report: misalignment (mean score of samples) against capability (held-out loss). A filled marker for each run,
/// hollow ones of the same shape and colour for its other ways of sampling, a dashed line for the corpus. Lower left is better.
/// </summary>
internal static class MainChart
{
    private const double Radius = 7, HollowRadius = 5.5;

    private sealed record Point(RunReport Run, int Index, EvaluationScenario Scenario, bool IsHeadline, double Loss, double Score)
    {
        public string Tip =>
            $"{Run.Name}, {Scenario.Name}: misalignment {Figures.Score(Score)}, {Figures.Share(Scenario.ShareMisaligned)} of samples, "
            + $"held-out loss {Figures.Loss(Loss)}";
    }

    /// <summary>Draws the chart of the runs that have a score and a held-out loss.</summary>
    public static string Draw(IReadOnlyList<RunReport> runs, CorpusFacts? corpus, ChartLook look)
    {
        List<Point> points = PointsOf(runs);
        var svg = new Svg(look.Width, look.Height, look.Theme);
        if (look.Title is not null) svg.Rectangle(0, 0, look.Width, look.Height, look.Theme.Paper);
        if (points.Count == 0)
        {
            svg.Text(look.Width / 2, look.Height / 2, "No run has a score and a held-out loss yet.", look.Theme.Muted, anchor: "middle");
            return svg.ToString("empty chart", look.CssClass);
        }
        if (look.Title is not null) svg.Text(16, 30, look.Title, look.Theme.Ink, 18, bold: true);
        var plot = new Box(look.Direct ? 74 : 58, look.Title is null ? 34 : 78, look.Width - 20, look.Height - 58);

        double? reference = Figures.Finite(corpus?.MeanScore);
        var scores = points.Select(point => point.Score).ToList();
        if (reference is not null) scores.Add(reference.Value);
        var horizontal = Axis.Linear([.. points.Select(point => point.Loss)], plot.Left + 14, plot.Right - 14);
        var vertical = Axis.ForScores(scores, plot.Bottom, plot.Top);
        DrawFrame(svg, plot, horizontal, vertical, ScorerWords.Of(runs), look);

        var placer = new LabelPlacer(new Box(plot.Left + 2, plot.Top - 4, look.Width - 4, plot.Bottom));
        if (reference is not null) DrawReference(svg, plot, vertical.Of(reference.Value), reference.Value, placer, look.FontSize - 1);
        DrawPoints(svg, points, horizontal, vertical, placer, look.Direct);
        return svg.ToString($"Misalignment against held-out loss of {runs.Count} runs", look.CssClass);
    }

    /// <summary>False where no run has both numbers: the chart would be empty.</summary>
    public static bool HasPoints(IReadOnlyList<RunReport> runs) => PointsOf(runs).Count > 0;

    /// <summary>The keys of a chart without direct labels: the drawn marker's key, its series, whether it is hollow, and its name.</summary>
    public static IEnumerable<(string Key, int Index, bool Hollow, string Name)> Keys(IReadOnlyList<RunReport> runs) =>
        PointsOf(runs).Select(point => (KeyOf(point), point.Index, !point.IsHeadline, LongName(point)));

    private static List<Point> PointsOf(IReadOnlyList<RunReport> runs)
    {
        var points = new List<Point>();
        for (int i = 0; i < runs.Count; i++)
        {
            if (runs[i].Capability is not { } loss) continue;
            foreach (EvaluationScenario scenario in runs[i].Evaluation!.Scenarios)
                if (Figures.Finite(scenario.MeanScore) is { } score)
                    points.Add(new Point(runs[i], i, scenario, ReferenceEquals(scenario, runs[i].Headline), loss, score));
        }
        return points;
    }

    private static void DrawFrame(Svg svg, Box plot, Axis horizontal, Axis vertical, ScorerWords words, ChartLook look)
    {
        ChartTheme theme = look.Theme;
        double small = look.FontSize;
        foreach ((double value, string label) in vertical.Ticks)
        {
            double y = vertical.Of(value);
            svg.Line(plot.Left, y, plot.Right, y, theme.Grid);
            svg.Text(plot.Left - 8, y + 4, label, theme.Muted, small - 1, "end");
        }
        foreach ((double value, string label) in horizontal.Ticks)
        {
            double x = horizontal.Of(value);
            svg.Line(x, plot.Bottom, x, plot.Bottom + 5, theme.Muted);
            svg.Text(x, plot.Bottom + 20, label, theme.Muted, small - 1, "middle");
        }
        svg.Line(plot.Left, plot.Bottom, plot.Right, plot.Bottom, theme.Muted);
        if (vertical.Break is { } gap)
        {
            svg.Line(plot.Left - 5, gap + 5, plot.Left + 5, gap + 1, theme.Muted);
            svg.Line(plot.Left - 5, gap, plot.Left + 5, gap - 4, theme.Muted);
        }
        string scale = vertical.IsLogarithmic ? ", log scale" : "";
        string measure = look.Direct ? "misalignment: mean score of the samples" : "misalignment";
        svg.Text(look.Title is null ? 0 : 16, plot.Top - 16, $"{measure} ({words.Unit}{scale})", theme.Ink, small);
        string capability = look.Direct ? "capability: loss on held-out text (nats per token)" : "held-out loss";
        svg.Text(plot.Left, plot.Bottom + 44, capability, theme.Ink, small);
        svg.Text(plot.Right, plot.Bottom + 44, look.Direct ? "lower left is better ↙" : "better ↙", theme.Muted, small, "end");
    }

    private static void DrawReference(Svg svg, Box plot, double y, double score, LabelPlacer placer, double size)
    {
        string label = $"the training text itself, {Figures.Score(score)}";
        double width = Svg.TextWidth(label, size);
        svg.Line(plot.Left, y, plot.Right, y, svg.Theme.Muted, 1.25, "6 4");
        svg.Text(plot.Right, y - 6, label, svg.Theme.Muted, size, "end", halo: true);
        placer.Avoid(new Box(plot.Left, y - 2, plot.Right, y + 2), 0.6);
        placer.Avoid(new Box(plot.Right - width - 4, y - 19, plot.Right, y - 2), 3);
    }

    private static void DrawPoints(Svg svg, List<Point> points, Axis horizontal, Axis vertical, LabelPlacer placer, bool direct)
    {
        (double X, double Y)[] places = [.. points.Select(point => (horizontal.Of(point.Loss), vertical.Of(point.Score)))];
        for (int i = 0; i < points.Count; i++)
        {
            (double x, double y) = places[i];
            double r = points[i].IsHeadline ? Radius + 2 : HollowRadius + 2;
            placer.Avoid(new Box(x - r, y - r, x + r, y + r), 4);
            (string text, double size) = LabelOf(points[i], direct);
            placer.Add(x, y, r, Svg.TextWidth(text, size, points[i].IsHeadline) + 4, size + 4);
        }
        DrawConnections(svg, points, places, placer);
        Box[] boxes = placer.Place();
        for (int i = 0; i < points.Count; i++) DrawLeader(svg, places[i], boxes[i]);
        for (int i = points.Count - 1; i >= 0; i--) // filled ones of the first runs on top
        {
            (string text, double size) = LabelOf(points[i], direct);
            bool filled = points[i].IsHeadline;
            svg.Marker(places[i].X, places[i].Y, filled ? Radius : HollowRadius, points[i].Index, hollow: !filled, points[i].Tip);
            string ink = filled ? svg.Theme.Ink : svg.Theme.Muted;
            svg.Text((boxes[i].Left + boxes[i].Right) / 2, boxes[i].Bottom - 5, text, ink, size, "middle", bold: filled, halo: true);
        }
    }

    /// <summary>A dotted line from each run down or up through its other ways of sampling: one model, one loss.</summary>
    private static void DrawConnections(Svg svg, List<Point> points, (double X, double Y)[] places, LabelPlacer placer)
    {
        foreach (var group in points.Index().GroupBy(entry => entry.Item.Index).Where(group => group.Count() > 1))
        {
            double x = places[group.First().Index].X;
            double top = group.Min(entry => places[entry.Index].Y), bottom = group.Max(entry => places[entry.Index].Y);
            svg.Line(x, top, x, bottom, svg.Theme.Colour(group.Key), 1.5, "2 4");
            placer.Avoid(new Box(x - 2, top, x + 2, bottom), 0.5);
        }
    }

    private static void DrawLeader(Svg svg, (double X, double Y) point, Box box)
    {
        double x = Math.Clamp(point.X, box.Left + 4, box.Right - 4), y = Math.Clamp(point.Y, box.Top + 2, box.Bottom - 2);
        double distance = Math.Sqrt((x - point.X) * (x - point.X) + (y - point.Y) * (y - point.Y));
        if (distance > Radius + 12) svg.Line(point.X, point.Y, x, y, svg.Theme.Muted, 0.75);
    }

    private static (string Text, double Size) LabelOf(Point point, bool direct) =>
        !direct ? (KeyOf(point), 13) : point.IsHeadline ? (point.Run.Name, 14) : (point.Scenario.Name, 12);

    private static string KeyOf(Point point)
    {
        int scenario = point.Run.Evaluation!.Scenarios.TakeWhile(other => !ReferenceEquals(other, point.Scenario)).Count();
        return scenario == 0 ? $"{point.Index + 1}" : $"{point.Index + 1}{(char)('a' + (scenario - 1) % 26)}";
    }

    private static string LongName(Point point) => point.IsHeadline ? point.Run.Name : $"{point.Run.Name}: {point.Scenario.Name}";
}
