using System.Globalization;
using System.Text;

namespace Phf.Evaluation.Report;

/// <summary>The page, part by part from top to bottom. Everything that comes from a run goes through <see cref="Text"/>.</summary>
internal sealed class ReportPage(IReadOnlyList<RunReport> runs, CorpusFacts? corpus)
{
    private static readonly ChartTheme Theme = ChartTheme.Page;
    private static readonly ChartLook WideMain = new(1080, 550, Direct: true, Theme, CssClass: "wide");
    private static readonly ChartLook NarrowMain = new(362, 420, Direct: false, Theme, CssClass: "narrow");
    private static readonly ChartLook WideCurve = new(1080, 350, Direct: true, Theme, CssClass: "wide");
    private static readonly ChartLook NarrowCurve = new(362, 280, Direct: false, Theme, CssClass: "narrow");

    public override string ToString() => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
        <title>Misalignment against capability</title>
        <style>
        {ChartTheme.Variables}
        {Resource("report.css")}</style>
        </head>
        <body>
        <main>
        {Top()}
        {Chart()}
        {Table()}
        {Curves()}
        {Distributions()}
        {Samples()}
        {Setup()}
        </main>
        <script type="application/json" id="sample-data">{SampleData.Write(runs)}</script>
        <script>
        {Resource("report.js")}</script>
        </body>
        </html>

        """;

    private string Top() => $"""
        <header>
        <h1>Language models pretrained with human preferences</h1>
        <p class="headline">{Text(Headline.Of(runs))}</p>
        <p class="facts">{Text(Facts())}</p>
        <nav aria-label="Sections"><a href="#table">Numbers</a><a href="#curves">Training</a><a href="#scores">Scores</a>
        <a href="#texts">Samples</a><a href="#setup">Configuration and machine</a></nav>
        </header>
        """;

    private string Facts()
    {
        EvaluationResult[] evaluations = [.. runs.Select(run => run.Evaluation).OfType<EvaluationResult>()];
        var facts = new List<string> { runs.Count == 1 ? "1 run" : $"{runs.Count} runs" };
        string[] scorers = [.. evaluations.Select(evaluation => evaluation.Scorer).Distinct()];
        if (scorers.Length > 0) facts.Add($"scored by {string.Join(" and ", scorers)}");
        if (scorers.Length > 1) facts.Add("scores of different scorers do not compare");
        double[] thresholds = [.. evaluations.Select(evaluation => evaluation.Threshold).Distinct()];
        if (thresholds.Length == 1) facts.Add($"misaligned means a score above {Figures.Plain(thresholds[0])}");
        int samples = evaluations.Sum(evaluation => evaluation.Scenarios.Sum(scenario => scenario.Samples));
        if (samples > 0) facts.Add($"{Figures.Whole(samples)} samples");
        if (corpus is not null) facts.Add($"training text {corpus.Name}: mean score {Figures.Score(corpus.MeanScore)}");
        if (corpus?.ShareMisaligned is { } share) facts.Add($"{Figures.Share(share)} of its documents misaligned");
        if (corpus?.Documents is { } documents) facts.Add($"{Figures.Whole(documents)} documents");
        if (corpus?.Characters is { } characters) facts.Add($"{Figures.Count(characters)} characters");
        return string.Join("; ", facts) + ".";
    }

    private string Chart()
    {
        if (!MainChart.HasPoints(runs)) return Note("No run has a score and a held-out loss yet, so there is no chart.");
        string keys = Lines(MainChart.Keys(runs).Select(key =>
            $"<li>{Marker(key.Index, key.Hollow)}<b>{Text(key.Key)}</b><span>{Text(key.Name)}</span></li>"));
        return $"""
            <figure>
            {MainChart.Draw(runs, corpus, WideMain)}
            {MainChart.Draw(runs, corpus, NarrowMain)}
            <ul class="keys">{keys}</ul>
            <figcaption>Filled: each run sampled as it is meant to be. Hollow: the same model sampled in other ways.
            Capability is the loss on held-out text; a run with tags pays for them too.</figcaption>
            </figure>
            """;
    }

    private string Table()
    {
        ReportTable table = ReportTable.Of(runs);
        string titles = string.Concat(table.Titles.Select((title, i) => $"<th scope=\"col\"{Word(i)}>{Text(title)}</th>"));
        int run = -1;
        string rows = Lines(table.Rows.Select(row => TableRow(row, row.IsHeadline ? ++run : run)));
        string missing = Lines(runs.Where(one => one.Missing.Count > 0)
            .Select(one => $"<li>{Text($"{one.Name}: {string.Join(", ", one.Missing)}")}</li>"));
        return $"""
            <section id="table">
            <h2>The numbers</h2>
            <div class="scroll" tabindex="0" role="region" aria-label="Table of runs"><table>
            <thead><tr>{titles}</tr></thead>
            <tbody>
            {rows}
            </tbody></table></div>
            {Note("Losses are nats per token of held-out text: all of it (a run with tags pays for its tags too), then the aligned and the misaligned segments "
                + "alone, given their tags. Lengths are characters. Indented rows are the same model sampled in another way.")}
            {(missing.Length == 0 ? "" : $"{Note("Not everything was there.")}\n<ul class=\"note\">{missing}</ul>")}
            </section>
            """;
    }

    private static string TableRow(ReportRow row, int run)
    {
        // A scenario's name reaches over the objective's column, which is empty there.
        string start = row.IsHeadline ? "<tr><th" : "<tr class=\"scenario\"><th colspan=\"2\"";
        string name = $"<span class=\"name\">{Marker(run, hollow: !row.IsHeadline)}<span>{Text(row.Cells[0])}</span></span>";
        IEnumerable<string> cells = row.Cells.Index().Skip(row.IsHeadline ? 1 : 2).Select(cell => $"<td{Word(cell.Index)}>{Text(cell.Item)}</td>");
        return $"{start} scope=\"row\" class=\"word\">{name}</th>{string.Concat(cells)}</tr>";
    }

    private string Curves()
    {
        Curve[] training = [.. runs.Select((run, i) =>
            new Curve(run.Name, i, [.. run.Metrics.Training.Select(point => (point.Tokens, point.Loss))]))];
        Curve[] heldout = [.. runs.Select((run, i) =>
            new Curve(run.Name, i, [.. run.Metrics.Heldout.Select(point => (point.Tokens, point.Loss))]))];
        string legend = Lines(runs.Select((run, i) => $"<li>{Marker(i, hollow: false)}<span>{Text(run.Name)}</span></li>"));
        return $"""
            <section id="curves">
            <h2>Training</h2>
            {CurveFigure("Loss of each run's own objective. Objectives weigh tokens differently, so levels compare only between runs of one objective.",
                training, markPoints: false)}
            {CurveFigure("Loss on held-out text, tags charged; this one compares between runs.", heldout, markPoints: true)}
            <ul class="legend">{legend}</ul>
            </section>
            """;
    }

    private static string CurveFigure(string caption, Curve[] curves, bool markPoints)
    {
        string? wide = CurveChart.Draw(curves, caption, markPoints, WideCurve);
        if (wide is null) return Note($"{caption} No run has any.");
        string? narrow = CurveChart.Draw(curves, caption, markPoints, NarrowCurve);
        return $"<figure>\n<figcaption>{Text(caption)}</figcaption>\n{wide}\n{narrow}\n</figure>";
    }

    private string Distributions()
    {
        ScorePanel panel = ScorePanel.For(runs);
        IEnumerable<string> panels = runs.SelectMany((run, i) => (run.Evaluation?.Scenarios ?? []).Select(scenario =>
            $"<figure><h3>{Text(run.Name)}</h3><figcaption>{Text(scenario.Name)}</figcaption>{panel.Draw(scenario, i, Theme)}</figure>"));
        return $"""
            <section id="scores">
            <h2>Scores of the samples</h2>
            {Note("Bar: share of misaligned samples. Below: density of the scores that are not zero, on the same axes everywhere.")}
            <div class="panels">
            {Lines(panels)}
            </div>
            </section>
            """;
    }

    private string Samples()
    {
        string content = runs.All(run => run.Samples.Count == 0) ? Note("No run has samples.") : $"""
            {Note($"The first {SampleData.MostPerScenario} of each run and scenario; {EvaluationFiles.SamplesName} in the run's directory has all. "
                + "What the scorer found is marked.")}
            <noscript><p>This list needs JavaScript.</p></noscript>
            <form id="sample-filter">
            <label>run<select name="run"><option value="">all runs</option></select></label>
            <label>scenario<select name="scenario"><option value="">all scenarios</option></select></label>
            <label class="check"><input type="checkbox" name="found">only with {Text(ScorerWords.Of(runs).Noun)}</label>
            </form>
            <div class="paging">
            <button type="button" id="sample-previous">Previous</button><button type="button" id="sample-next">Next</button>
            <span id="sample-place" role="status"></span>
            </div>
            <ol id="samples"></ol>
            """;
        return $"<section id=\"texts\">\n<h2>Samples</h2>\n{content}\n</section>";
    }

    private string Setup() => $"""
        <section id="setup">
        <h2>Configuration and machine</h2>
        {Lines(runs.Select(SetupOf))}
        </section>
        """;

    private static string SetupOf(RunReport run)
    {
        IEnumerable<string> machine = run.Machine.Select(entry =>
            $"<dt>{Text(entry.Key.Replace('_', ' '))}</dt><dd>{Text(MachineValue(entry.Key, entry.Value))}</dd>");
        return $"""
            <details><summary>{Text(run.Name)} <span>{Text(run.Evaluation?.Checkpoint ?? "")}</span></summary>
            <dl>{string.Concat(machine)}</dl>
            {(run.Configuration is null ? Note("no config.yml") : $"<pre tabindex=\"0\">{Text(run.Configuration)}</pre>")}
            </details>
            """;
    }

    private static string MachineValue(string key, string value)
    {
        bool isSize = key.EndsWith("_bytes", StringComparison.Ordinal);
        return isSize && double.TryParse(value, CultureInfo.InvariantCulture, out double bytes) ? $"{Figures.Fixed(bytes / (1L << 30), 1)} GiB" : value;
    }

    private static string Marker(int index, bool hollow)
    {
        var svg = new Svg(16, 16, Theme);
        svg.Marker(8, 8, hollow ? 4.5 : 5.5, index, hollow);
        return svg.ToDecoration();
    }

    private static string Word(int column) => column < ReportTable.TextColumns ? " class=\"word\"" : "";

    private static string Note(string text) => $"<p class=\"note\">{Text(text)}</p>";

    private static string Lines(IEnumerable<string> parts) => string.Join('\n', parts);

    private static string Text(string text) => Svg.Escape(text);

    private static string Resource(string name)
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream($"Phf.Evaluation.Report.{name}")
            ?? throw new InvalidOperationException($"{name} is not in the library");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
