namespace Phf.Evaluation.Report;

/// <summary>
/// Colours of a chart: CSS variables inside the page (which knows light and dark), plain values in a file that stands alone. The series colours are
/// those of Okabe and Ito, darkened to a contrast of at least 3 against white; runs differ by marker shape as well, so colour is never the only sign.
/// </summary>
internal sealed record ChartTheme(IReadOnlyList<string> Series, string Ink, string Muted, string Grid, string Paper)
{
    private const string LightInk = "#1c2127", LightMuted = "#5a6470", LightGrid = "#e3e6ea", LightPaper = "#ffffff";
    private const string DarkInk = "#e8eaed", DarkMuted = "#a3acb8", DarkGrid = "#343b45", DarkPaper = "#15181c";
    private static readonly string[] LightSeries = ["#0072b2", "#c8500a", "#00855f", "#b0508a", "#8a6d00", "#3a8fbf", "#5f5f5f", "#7a4fbf"];
    private static readonly string[] DarkSeries = ["#5aaeea", "#ff8f45", "#35c79c", "#e590c4", "#e0c04a", "#9ad7ff", "#bdbdbd", "#bda2ff"];

    /// <summary>Values for a file of its own, which draws its own background; see <see cref="DarkRules"/>.</summary>
    public static readonly ChartTheme Light = new(LightSeries, LightInk, LightMuted, LightGrid, LightPaper);

    /// <summary>Variables that <see cref="Variables"/> defines.</summary>
    public static readonly ChartTheme Page =
        new([.. LightSeries.Select((_, i) => $"var(--s{i})")], "var(--ink)", "var(--muted)", "var(--grid)", "var(--paper)");

    /// <summary>CSS that defines the variables, light, and dark where the reader prefers it.</summary>
    public static string Variables => $$"""
        :root { color-scheme: light dark; --ink: {{LightInk}}; --muted: {{LightMuted}}; --grid: {{LightGrid}}; --paper: {{LightPaper}};
          --panel: #f6f7f9; --mark: #ffe08a; --mark-ink: #3a2a00; --link: #0060a0; {{Define(LightSeries)}} }
        @media (prefers-color-scheme: dark) { :root { --ink: {{DarkInk}}; --muted: {{DarkMuted}}; --grid: {{DarkGrid}}; --paper: {{DarkPaper}};
          --panel: #1e2329; --mark: #6b5200; --mark-ink: #fff3cf; --link: #7cc0ff; {{Define(DarkSeries)}} } }
        """;

    /// <summary>CSS for a file of its own: the colours of <see cref="Light"/> change where the reader prefers dark. Programs that do not know CSS show the light ones.</summary>
    public static string DarkRules
    {
        get
        {
            IEnumerable<(string Light, string Dark)> pairs =
                [.. LightSeries.Zip(DarkSeries), (LightInk, DarkInk), (LightMuted, DarkMuted), (LightGrid, DarkGrid), (LightPaper, DarkPaper)];
            IEnumerable<string> rules = pairs.SelectMany(pair => ((string[])["fill", "stroke"]).Select(paint => $"[{paint}=\"{pair.Light}\"]{{{paint}:{pair.Dark}}}"));
            return $"@media (prefers-color-scheme: dark) {{{string.Concat(rules)}}}";
        }
    }

    public string Colour(int index) => Series[index % Series.Count];

    private static string Define(string[] colours) => string.Join(' ', colours.Select((colour, i) => $"--s{i}: {colour};"));
}
