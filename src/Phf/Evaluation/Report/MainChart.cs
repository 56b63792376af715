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
/// The picture of the report: misalignment (mean score of samples) against a cost: a distance to another model, or held-out loss. A filled marker for
/// each group of runs with its interval, faint dots for its runs, hollow markers of the same shape and colour for its other ways of sampling, a dashed
/// line for the corpus, a thin one for the Pareto front. Lower left is better.
/// </summary>
internal sealed class MainChart
{
    private const double Radius = 7, HollowRadius = 5.5, DotRadius = 3;
    private const int MostLabels = 14; // with more, the hollow markers go without
    private const int MostLargeLabels = 8; // of groups; with more, all are small

    /// <summary>A marker. <paramref name="Scenario"/>: null for the group's headline, else the further way of sampling.</summary>
    private sealed record Point(RunGroup Group, int Index, string? Scenario, Reading Cost, Reading Score, string Key)
    {
        public bool IsHeadline => Scenario is null;

        public string Name => Scenario is null ? Group.Name : $"{Group.Name}: {Scenario}";
    }

    private readonly IReadOnlyList<RunGroup> _groups;
    private readonly IReadOnlyList<Point> _points;
    private readonly Measure _cost;
    private readonly bool _labelsAll;

    private MainChart(IReadOnlyList<RunGroup> groups, Measure cost)
    {
        (_groups, _cost) = (groups, cost);
        _points = PointsOf(groups, cost);
        _labelsAll = _points.Count <= MostLabels;
    }

    /// <summary>The chart of the groups that have a score and the cost; null if none has.</summary>
    public static MainChart? Of(IReadOnlyList<RunGroup> groups, Measure cost) => new MainChart(groups, cost) is { _points.Count: > 0 } chart ? chart : null;

    /// <summary>What the horizontal axis shows.</summary>
    public Measure Cost => _cost;

    /// <summary>How to read the chart, and who is on the Pareto front.</summary>
    public string Caption
    {
        get
        {
            string means = _groups.Any(group => !group.IsSingle) ? "Filled: the mean over runs that differ in the seed (dots), each sampled as it is meant to be." : "Filled: each run sampled as it is meant to be.";
            string hollow = _points.All(point => point.IsHeadline) ? "" : " Hollow: the same model sampled in other ways.";
            string cost = _cost == Measure.HeldoutLoss ? " Capability is the loss on held-out text; a run with tags pays for them too." : $" {_cost.Title} is in nats per text; less is closer.";
            string bars = _points.All(point => point.Score.Bar is null && point.Cost.Bar is null) ? "" : " Bars: 95 % intervals, over the samples of one run or, from three runs on, over the runs.";
            string[] front = [.. FrontPoints().Select(point => point.Name)];
            string best = front.Length == 1 ? $"No other is better than {front[0]} in either." : $"Thin line: the Pareto front ({string.Join(", ", front)}); no other is better than one of these in both.";
            return $"{means}{hollow}{bars}{cost}{(_points.Count(point => point.IsHeadline) > 1 ? $" {best}" : "")}";
        }
    }

    /// <summary>Whether a group is in the chart.</summary>
    public bool Has(RunGroup group) => _points.Any(point => point.Group == group);

    /// <summary>The keys of a chart without direct labels: the drawn marker's key, its series, whether it is hollow, and its name.</summary>
    public IEnumerable<(string Key, int Index, bool Hollow, string Name)> Keys =>
        _points.Where(IsLabelled).Select(point => (point.Key, point.Index, !point.IsHeadline, point.Name));

    public string Draw(CorpusFacts? corpus, ChartLook look)
    {
        var svg = new Svg(look.Width, look.Height, look.Theme);
        if (look.Title is not null)
        {
            svg.Rectangle(0, 0, look.Width, look.Height, look.Theme.Paper);
            svg.Text(16, 30, look.Title, look.Theme.Ink, 18, bold: true);
        }
        var plot = new Box(look.Direct ? 74 : 58, look.Title is null ? 34 : 78, look.Width - 20, look.Height - 58);
        double? reference = Figures.Finite(corpus?.MeanScore);
        var scores = _points.Select(point => point.Score.Value).ToList();
        scores.AddRange(_points.SelectMany(Singles).Select(single => single.Score));
        if (reference is not null) scores.Add(reference.Value);
        IEnumerable<double> costs = _points.Select(point => point.Cost.Value).Concat(_points.SelectMany(Singles).Select(single => single.Cost));
        var horizontal = _cost == Measure.HeldoutLoss
            ? Axis.ForLosses([.. costs], plot.Left + 14, plot.Right - 14) : Axis.Linear([.. costs], plot.Left + 14, plot.Right - 14);
        var vertical = Axis.ForScores(scores, plot.Bottom, plot.Top);
        DrawFrame(svg, plot, horizontal, vertical, look);

        var placer = new LabelPlacer(new Box(plot.Left + 2, plot.Top - 4, look.Width - 4, plot.Bottom));
        if (reference is not null) DrawReference(svg, plot, vertical.Of(reference.Value), reference.Value, placer, look.FontSize - 1);
        DrawFront(svg, horizontal, vertical, placer);
        DrawPoints(svg, horizontal, vertical, placer, look.Direct);
        return svg.ToString($"Misalignment against {_cost.Title} of {_groups.Sum(group => group.Runs.Count)} runs", look.CssClass);
    }

    private static List<Point> PointsOf(IReadOnlyList<RunGroup> groups, Measure cost)
    {
        var points = new List<Point>();
        for (int i = 0; i < groups.Count; i++)
        {
            if (groups[i].Read(cost) is not { } paid) continue;
            string[] further = [.. groups[i].FurtherScenarios];
            for (int scenario = -1; scenario < further.Length; scenario++)
            {
                string? name = scenario < 0 ? null : further[scenario];
                string key = scenario < 0 ? $"{i + 1}" : $"{i + 1}{(char)('a' + scenario % 26)}";
                if (groups[i].Read(Measure.Misalignment, name) is { } score) points.Add(new Point(groups[i], groups[i].Series ?? i, name, paid, score, key));
            }
        }
        return points;
    }

    /// <summary>The runs behind a group's marker; none where the marker is a run.</summary>
    private IEnumerable<(double Cost, double Score)> Singles(Point point)
    {
        if (point.Group.IsSingle || !point.IsHeadline) yield break;
        foreach (RunReport run in point.Group.Runs)
            if (_cost.Of(run, run.Headline) is { } cost && run.Misalignment is { } score) yield return (cost.Value, score);
    }

    private IEnumerable<Point> FrontPoints()
    {
        double best = double.MaxValue;
        foreach (Point point in _points.Where(point => point.IsHeadline).OrderBy(point => point.Cost.Value).ThenBy(point => point.Score.Value))
        {
            if (point.Score.Value >= best) continue;
            best = point.Score.Value;
            yield return point;
        }
    }

    private bool IsLabelled(Point point) => point.IsHeadline || _labelsAll;

    private void DrawFrame(Svg svg, Box plot, Axis horizontal, Axis vertical, ChartLook look)
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
        string unit = ScorerWords.Of([.. _groups.SelectMany(group => group.Runs)]).Unit;
        svg.Text(look.Title is null ? 0 : 16, plot.Top - 16, $"{measure} ({unit}{scale})", theme.Ink, small);
        string costs = CostInWords(look.Direct) + (horizontal.IsLogarithmic ? ", log scale" : "");
        svg.Text(plot.Left, plot.Bottom + 44, Svg.Fit(costs, small, plot.Right - plot.Left), theme.Ink, small);
    }

    private string CostInWords(bool atLength) => _cost == Measure.HeldoutLoss
        ? atLength ? "capability: loss on held-out text (nats per token)" : "held-out loss"
        : atLength ? $"distance: {_cost.Title} (nats per text)" : $"{_cost.Title}, nats";

    private static void DrawReference(Svg svg, Box plot, double y, double mean, LabelPlacer placer, double size)
    {
        string label = $"the training text itself, {Figures.Score(mean)}";
        double width = Svg.TextWidth(label, size);
        svg.Line(plot.Left, y, plot.Right, y, svg.Theme.Muted, 1.25, "6 4");
        svg.Text(plot.Right, y - 6, label, svg.Theme.Muted, size, "end", halo: true);
        placer.Avoid(new Box(plot.Left, y - 2, plot.Right, y + 2), 0.6);
        placer.Avoid(new Box(plot.Right - width - 4, y - 19, plot.Right, y - 2), 3);
    }

    /// <summary>Steps from one group of the front to the next: up and right of them something is better in one and no worse in the other.</summary>
    private void DrawFront(Svg svg, Axis horizontal, Axis vertical, LabelPlacer placer)
    {
        Point[] front = [.. FrontPoints()];
        if (front.Length < 2) return;
        var line = new List<(double X, double Y)>();
        foreach (Point point in front)
        {
            (double x, double y) = (horizontal.Of(point.Cost.Value), vertical.Of(point.Score.Value));
            if (line.Count > 0)
            {
                double before = line[^1].Y;
                line.Add((x, before));
                placer.Avoid(new Box(x - 1, Math.Min(before, y), x + 1, Math.Max(before, y)), 0.5);
            }
            line.Add((x, y));
        }
        svg.Path(line, svg.Theme.Muted, 1.25, opacity: 0.6);
    }

    private void DrawPoints(Svg svg, Axis horizontal, Axis vertical, LabelPlacer placer, bool direct)
    {
        (double X, double Y)[] places = [.. _points.Select(point => (horizontal.Of(point.Cost.Value), vertical.Of(point.Score.Value)))];
        DrawConnections(svg, places, placer);
        for (int i = 0; i < _points.Count; i++) DrawBehind(svg, _points[i], places[i], horizontal, vertical, placer);
        var labelled = new List<int>();
        for (int i = 0; i < _points.Count; i++)
        {
            (double x, double y) = places[i];
            double r = _points[i].IsHeadline ? Radius + 2 : HollowRadius + 2;
            placer.Avoid(new Box(x - r, y - r, x + r, y + r), 4);
            if (!IsLabelled(_points[i])) continue;
            (string text, double size) = LabelOf(_points[i], direct);
            placer.Add(x, y, r, Svg.TextWidth(text, size, _points[i].IsHeadline) + 4, size + 4);
            labelled.Add(i);
        }
        Box[] boxes = placer.Place();
        for (int i = 0; i < boxes.Length; i++) DrawLeader(svg, places[labelled[i]], boxes[i]);
        for (int i = _points.Count - 1; i >= 0; i--) // filled ones of the first groups on top
        {
            bool filled = _points[i].IsHeadline;
            svg.Marker(places[i].X, places[i].Y, filled ? Radius : HollowRadius, _points[i].Index, hollow: !filled, TipOf(_points[i]));
        }
        for (int i = 0; i < boxes.Length; i++)
        {
            Point point = _points[labelled[i]];
            (string text, double size) = LabelOf(point, direct);
            string ink = point.IsHeadline ? svg.Theme.Ink : svg.Theme.Muted;
            svg.Text((boxes[i].Left + boxes[i].Right) / 2, boxes[i].Bottom - 5, text, ink, size, "middle", bold: point.IsHeadline, halo: true);
        }
    }

    /// <summary>Intervals of a headline and the runs that it is the mean of.</summary>
    private void DrawBehind(Svg svg, Point point, (double X, double Y) place, Axis horizontal, Axis vertical, LabelPlacer placer)
    {
        if (!point.IsHeadline) return;
        string colour = svg.Theme.Colour(point.Index);
        if (point.Score.Bar is { } bar)
        {
            double low = vertical.Clamped(bar.Low), high = vertical.Clamped(bar.High);
            svg.Line(place.X, low, place.X, high, colour, 1.5, opacity: 0.6);
            placer.Avoid(new Box(place.X - 1, high, place.X + 1, low), 0.5);
        }
        if (point.Cost.Bar is { } paid)
        {
            double low = horizontal.Clamped(paid.Low), high = horizontal.Clamped(paid.High);
            svg.Line(low, place.Y, high, place.Y, colour, 1.5, opacity: 0.6);
            placer.Avoid(new Box(low, place.Y - 1, high, place.Y + 1), 0.5);
        }
        foreach ((double cost, double score) in Singles(point)) svg.Dot(horizontal.Of(cost), vertical.Of(score), DotRadius, point.Index, 0.45);
    }

    /// <summary>A dotted line from each group down or up through its other ways of sampling: one model, one cost.</summary>
    private void DrawConnections(Svg svg, (double X, double Y)[] places, LabelPlacer placer)
    {
        foreach (var group in _points.Index().GroupBy(entry => entry.Item.Index).Where(group => group.Count() > 1))
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

    private string TipOf(Point point)
    {
        RunGroup group = point.Group;
        string range = point.Score.Range(Figures.Score) is { } interval ? $" ({interval})" : "";
        string runs = group.IsSingle ? "" : $", mean of {point.Score.Count} runs";
        string scenario = point.Scenario ?? group.Runs.Select(run => run.Headline?.Name).FirstOrDefault(name => name is not null) ?? "";
        return $"{group.Name}, {scenario}: misalignment {Figures.Score(point.Score.Value)}{range}, "
            + $"{Figures.Share(group.Read(Measure.ShareMisaligned, point.Scenario)?.Value)} of samples, {_cost.Title} {_cost.Format(point.Cost.Value)}{runs}";
    }

    private (string Text, double Size) LabelOf(Point point, bool direct) =>
        !direct ? (point.Key, 13) : point.IsHeadline ? (point.Group.Name, _groups.Count > MostLargeLabels ? 12 : 14) : (point.Scenario!, 12);
}
