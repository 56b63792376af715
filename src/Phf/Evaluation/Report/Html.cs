namespace Phf.Evaluation.Report;

/// <summary>Pieces of the page. Everything that comes from a run goes through <see cref="Text"/>.</summary>
internal static class Html
{
    private static readonly ChartTheme Theme = ChartTheme.Page;
    private static readonly ChartLook WideCurve = new(1080, 350, Direct: true, Theme, CssClass: "wide");
    private static readonly ChartLook NarrowCurve = new(362, 280, Direct: false, Theme, CssClass: "narrow");

    public static string Text(string text) => Svg.Escape(text);

    public static string Note(string text) => $"<p class=\"note\">{Text(text)}</p>";

    public static string Lines(IEnumerable<string> parts) => string.Join('\n', parts.Where(part => part.Length > 0));

    /// <summary>A part of the page; nothing where it has no content.</summary>
    public static string Section(string id, string title, string content) =>
        content.Length == 0 ? "" : $"<section id=\"{id}\">\n<h2>{Text(title)}</h2>\n{content}\n</section>";

    /// <summary>Something that is opened by a click.</summary>
    public static string Folded(string title, string content) => $"<details class=\"more\"><summary>{Text(title)}</summary>\n{content}\n</details>";

    /// <summary>A series' marker beside a text that names it.</summary>
    public static string Marker(int index, bool hollow)
    {
        var svg = new Svg(16, 16, Theme);
        svg.Marker(8, 8, hollow ? 4.5 : 5.5, index, hollow);
        return svg.ToDecoration();
    }

    /// <summary>Names of markers, for readers of narrow charts, or of charts that are narrow in any window.</summary>
    public static string Legend(IEnumerable<(string Name, int Index)> series, bool isAlwaysShown = false) =>
        $"<ul class=\"legend{(isAlwaysShown ? " shown" : "")}\">{Lines(series.Select(one => $"<li>{Marker(one.Index, hollow: false)}<span>{Text(one.Name)}</span></li>"))}</ul>";

    /// <summary>A chart of curves for wide and narrow windows; nothing where there is no curve.</summary>
    public static string Curves(string caption, IReadOnlyList<Curve> curves, CurveAxes axes, bool markPoints)
    {
        string? wide = CurveChart.Draw(curves, caption, axes, markPoints, WideCurve);
        if (wide is null) return "";
        string? narrow = CurveChart.Draw(curves, caption, axes, markPoints, NarrowCurve);
        return $"<figure>\n<figcaption>{Text(caption)}</figcaption>\n{wide}\n{narrow}\n</figure>";
    }

    /// <summary>A table of numbers; <paramref name="label"/> is read to those who do not see it.</summary>
    public static string Table(ReportTable table, string label) => $"""
        <div class="scroll" tabindex="0" role="region" aria-label="{Text(label)}"><table>
        <thead><tr>{string.Concat(table.Titles.Select((title, i) => $"<th scope=\"col\"{(i < ReportTable.TextColumns ? " class=\"word\"" : "")}>{Text(title)}</th>"))}</tr></thead>
        <tbody>
        {Lines(table.Rows.Select(Row))}
        </tbody></table></div>
        """;

    /// <summary>Says which groups have nothing to show here; nothing where all have.</summary>
    public static string Without(IReadOnlyList<RunGroup> groups, Func<RunGroup, bool> has)
    {
        string[] missing = [.. groups.Where(group => !has(group)).Select(group => group.Name)];
        return missing.Length == 0 ? "" : Note($"Not measured: {string.Join(", ", missing)}.");
    }

    private static string Row(ReportRow row)
    {
        // A scenario's name reaches over the objective's column, which is empty there.
        string start = row.IsHeadline ? "<tr><th" : "<tr class=\"scenario\"><th colspan=\"2\"";
        string name = $"<span class=\"name\">{Marker(row.Series, hollow: !row.IsHeadline)}<span>{Text(row.Cells[0].Text)}</span></span>";
        IEnumerable<string> cells = row.Cells.Index().Skip(row.IsHeadline ? 1 : 2).Select(cell => Cell(cell.Item, isWord: cell.Index < ReportTable.TextColumns));
        return $"{start} scope=\"row\" class=\"word\">{name}</th>{string.Concat(cells)}</tr>";
    }

    /// <summary>A number and its interval below it.</summary>
    private static string Cell(ReportCell cell, bool isWord)
    {
        string detail = cell.Detail is null ? "" : $"<small>{Text(cell.Detail)}</small>";
        return $"<td{(isWord ? " class=\"word\"" : "")}>{Text(cell.Text)}{detail}</td>";
    }
}
