using System.Globalization;
using System.Net;
using System.Text;

namespace Phf.Evaluation.Report;

/// <summary>A drawing: SVG elements in pixels, y downwards. Text is escaped here and nowhere else.</summary>
internal sealed class Svg(double width, double height, ChartTheme theme)
{
    public const string Font = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";
    private const int Shapes = 5;
    private readonly StringBuilder _body = new();

    public ChartTheme Theme => theme;

    public void Line(double x1, double y1, double x2, double y2, string colour, double thickness = 1, string? dash = null, double opacity = 1) =>
        _body.Append(Invariant($"<line x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\""))
            .Append(Invariant($" stroke=\"{colour}\" stroke-width=\"{thickness:0.##}\""))
            .Append(opacity < 1 ? Invariant($" stroke-opacity=\"{opacity:0.##}\"") : "")
            .Append(dash is null ? "/>" : $" stroke-dasharray=\"{dash}\"/>");

    public void Rectangle(double x, double y, double w, double h, string colour, double opacity = 1) =>
        _body.Append(Invariant($"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{w:0.##}\" height=\"{h:0.##}\""))
            .Append(Invariant($" fill=\"{colour}\" fill-opacity=\"{opacity:0.##}\"/>"));

    /// <summary>Text at a baseline; <paramref name="anchor"/> is start, middle or end. A halo keeps it readable over lines.</summary>
    public void Text(double x, double y, string text, string colour, double size = 13, string anchor = "start", bool bold = false, bool halo = false) =>
        _body.Append(Invariant($"<text x=\"{x:0.##}\" y=\"{y:0.##}\" fill=\"{colour}\" font-size=\"{size:0.##}\" text-anchor=\"{anchor}\""))
            .Append(bold ? " font-weight=\"600\"" : "")
            .Append(halo ? $" stroke=\"{theme.Paper}\" stroke-width=\"4\" stroke-linejoin=\"round\" paint-order=\"stroke\"" : "")
            .Append('>').Append(Escape(text)).Append("</text>");

    public void Path(IReadOnlyList<(double X, double Y)> points, string colour, double thickness = 1.75, double opacity = 1)
    {
        if (points.Count < 2) return;
        _body.Append(Invariant($"<path fill=\"none\" stroke-linejoin=\"round\" stroke=\"{colour}\" stroke-width=\"{thickness:0.##}\""))
            .Append(opacity < 1 ? Invariant($" stroke-opacity=\"{opacity:0.##}\" d=\"M") : " d=\"M");
        foreach ((double x, double y) in points) _body.Append(Invariant($"{x:0.#} {y:0.#} "));
        _body.Append("\"/>");
    }

    /// <summary>The marker of series <paramref name="index"/>, the same shape and colour everywhere; hollow ones are see-through in the middle.</summary>
    public void Marker(double x, double y, double radius, int index, bool hollow = false, string? tip = null)
    {
        string colour = theme.Colour(index);
        string paint = hollow
            ? Invariant($"fill=\"{theme.Paper}\" stroke=\"{colour}\" stroke-width=\"2\"")
            : Invariant($"fill=\"{colour}\" stroke=\"{theme.Paper}\" stroke-width=\"1.5\"");
        int shape = (index + index / theme.Series.Count) % Shapes; // the ninth run has the first colour but another shape
        string title = tip is null ? "" : $"<title>{Escape(tip)}</title>";
        _body.Append(shape == 0
            ? Invariant($"<circle cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"{radius:0.##}\" {paint}>{title}</circle>")
            : $"<polygon points=\"{Corners(x, y, radius * 1.25, shape)}\" {paint}>{title}</polygon>");
    }

    /// <summary>A small dot, for one run of several.</summary>
    public void Dot(double x, double y, double radius, int index, double opacity) =>
        _body.Append(Invariant($"<circle cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"{radius:0.##}\" fill=\"{theme.Colour(index)}\" fill-opacity=\"{opacity:0.##}\"/>"));

    /// <summary>A small ring, for one run of several on a bar.</summary>
    public void Ring(double x, double y, double radius, string colour) =>
        _body.Append(Invariant($"<circle cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"{radius:0.##}\" fill=\"none\" stroke=\"{colour}\" stroke-opacity=\"0.7\"/>"));

    /// <summary>The whole element, scaling with its container up to its own width; <paramref name="title"/> is read to those who do not see it.</summary>
    public string ToString(string title, string? cssClass = null)
    {
        string look = cssClass is null ? "" : $" class=\"{cssClass}\"";
        string style = theme == ChartTheme.Light ? $"<style>{ChartTheme.DarkRules}</style>" : "";
        return $"<svg xmlns=\"http://www.w3.org/2000/svg\" {Size()} role=\"img\" aria-label=\"{Escape(title)}\" font-family=\"{Font}\"{look}>{style}{_body}</svg>";
    }

    /// <summary>The element beside a text that says the same, hidden from screen readers.</summary>
    public string ToDecoration() => $"<svg {Size()} aria-hidden=\"true\">{_body}</svg>";

    /// <summary>Width of a text in pixels, rounded up: Helvetica's widths by classes of letters, since nothing here can measure a font.</summary>
    public static double TextWidth(string text, double size, bool bold = false)
    {
        double ems = 0;
        foreach (char c in text)
        {
            ems += c switch
            {
                'i' or 'l' or 'j' or 't' or 'f' or 'r' or '.' or ',' or '\'' or '|' or '!' or ' ' or ':' or ';' or '(' or ')' or '-' => 0.32,
                'm' or 'w' or 'M' or 'W' or '@' or '%' => 0.88,
                > '\u2e80' => 1,
                _ when char.IsUpper(c) => 0.70,
                _ => 0.57,
            };
        }
        return ems * size * (bold ? 1.07 : 1);
    }

    /// <summary>The text, cut with an ellipsis where it is wider than <paramref name="room"/> pixels.</summary>
    public static string Fit(string text, double size, double room)
    {
        if (TextWidth(text, size) <= room) return text;
        int length = text.Length;
        while (length > 1 && TextWidth(text[..length], size) + size * 0.8 > room) length--;
        return text[..length].TrimEnd() + "…";
    }

    /// <summary>HTML and XML alike; control characters, which neither allows, become U+FFFD.</summary>
    public static string Escape(string text)
    {
        string encoded = WebUtility.HtmlEncode(text);
        return encoded.Any(IsForbidden) ? string.Concat(encoded.Select(c => IsForbidden(c) ? '\ufffd' : c)) : encoded;
        static bool IsForbidden(char c) => c < ' ' && c is not ('\t' or '\n' or '\r') || c is '\ufffe' or '\uffff';
    }

    private string Size() => Invariant($"viewBox=\"0 0 {width:0.##} {height:0.##}\" width=\"{width:0.##}\" height=\"{height:0.##}\"");

    private static string Corners(double x, double y, double radius, int shape)
    {
        (int count, double turn) = shape switch { 1 => (4, Math.PI / 4), 2 => (3, -Math.PI / 2), 3 => (4, 0.0), _ => (3, Math.PI / 2) };
        IEnumerable<string> corners = Enumerable.Range(0, count).Select(i => turn + 2 * Math.PI * i / count)
            .Select(angle => Invariant($"{x + radius * Math.Cos(angle):0.##},{y + radius * Math.Sin(angle):0.##}"));
        return string.Join(' ', corners);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
