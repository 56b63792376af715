using System.Globalization;
using System.Text;

namespace Phf.Evaluation.Report;

/// <summary>The page, part by part from top to bottom.</summary>
internal sealed class ReportPage
{
    private const int MostOpenLines = 8; // of what is missing; more are folded away
    private static readonly ChartTheme Theme = ChartTheme.Page;
    private static readonly ChartLook WideMain = new(1080, 550, Direct: true, Theme, CssClass: "wide");
    private static readonly ChartLook NarrowMain = new(362, 420, Direct: false, Theme, CssClass: "narrow");

    private readonly IReadOnlyList<RunReport> _runs;
    private readonly IReadOnlyList<RunGroup> _groups;
    private readonly CorpusFacts? _corpus;

    public ReportPage(IReadOnlyList<RunReport> runs, CorpusFacts? corpus) => (_runs, _groups, _corpus) = (runs, RunGroup.Of(runs), corpus);

    public override string ToString()
    {
        var measurements = new MeasurementSections(_runs, _groups);
        (string Title, string Html)[] sections =
        [
            ("Numbers", Table()), ("Training", measurements.Training()), ("Alignment", measurements.Alignment()), ("Control tokens", measurements.ControlTokens()), ("Robustness", measurements.RedTeam()),
            ("Tasks", measurements.Tasks()), ("Diversity", measurements.Diversity()), ("Scores", measurements.Scores()), ("Samples", Samples()),
            ("Configuration and machine", Setup()),
        ];
        return $"""
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
            {Top(sections)}
            {Charts()}
            {Html.Lines(sections.Select(section => section.Html))}
            </main>
            <script type="application/json" id="sample-data">{SampleData.Write(_groups)}</script>
            <script>
            {Resource("report.js")}</script>
            </body>
            </html>

            """;
    }

    private string Top((string Title, string Html)[] sections)
    {
        IEnumerable<string> links = sections.Where(section => section.Html.Length > 0).Select(section =>
            $"<a href=\"#{section.Html["<section id=\"".Length..section.Html.IndexOf("\">", StringComparison.Ordinal)]}\">{Html.Text(section.Title)}</a>");
        return $"""
            <header>
            <h1>Language models pretrained with human preferences</h1>
            <p class="headline">{Html.Text(Headline.Of(_groups))}</p>
            <p class="facts">{Html.Text(Facts())}</p>
            <nav aria-label="Sections">{Html.Lines(links)}</nav>
            </header>
            """;
    }

    private string Facts()
    {
        EvaluationResult[] evaluations = [.. _runs.Select(run => run.Evaluation).OfType<EvaluationResult>()];
        var facts = new List<string> { _runs.Count == 1 ? "1 run" : $"{_runs.Count} runs" };
        if (_groups.Count < _runs.Count) facts[0] += $" of {_groups.Count} settings";
        string[] scorers = [.. evaluations.Select(evaluation => evaluation.Scorer).Distinct()];
        if (scorers.Length > 0) facts.Add($"scored by {string.Join(" and ", scorers)}");
        if (scorers.Length > 1) facts.Add("scores of different scorers do not compare");
        double[] thresholds = [.. evaluations.Select(evaluation => evaluation.Threshold).Distinct()];
        if (thresholds.Length == 1) facts.Add($"misaligned means a score above {Figures.Plain(thresholds[0])}");
        int samples = evaluations.Sum(evaluation => evaluation.Scenarios.Sum(scenario => scenario.Samples));
        if (samples > 0) facts.Add($"{Figures.Whole(samples)} samples");
        if (_corpus is not null) facts.Add($"training text {_corpus.Name}: mean score {Figures.Score(_corpus.MeanScore)}");
        if (_corpus?.ShareMisaligned is { } share) facts.Add($"{Figures.Share(share)} of its documents misaligned");
        if (_corpus?.Documents is { } documents) facts.Add($"{Figures.Whole(documents)} documents");
        if (_corpus?.Characters is { } characters) facts.Add($"{Figures.Count(characters)} characters");
        return string.Join("; ", facts) + ".";
    }

    /// <summary>Misalignment against the first cost that was measured, and against the others on demand.</summary>
    private string Charts()
    {
        MainChart[] charts = [.. CostsOf(_runs).Select(cost => MainChart.Of(_groups, cost)).OfType<MainChart>()];
        if (charts.Length == 0) return Html.Note("No run has a score and a held-out loss yet, so there is no chart.");
        return Html.Lines([Chart(charts[0]), .. charts.Skip(1).Select(chart => Html.Folded($"The same against {chart.Cost.Title}", Chart(chart)))]);
    }

    /// <summary>What misalignment is shown against: the distance from a reference where it was measured, else held-out loss; then the others.</summary>
    public static IReadOnlyList<Measure> CostsOf(IReadOnlyList<RunReport> runs)
    {
        IReadOnlyList<Measure> distances = Measure.Distances(runs);
        return [.. distances.Where(distance => distance.IsFromReference), Measure.HeldoutLoss, .. distances.Where(distance => !distance.IsFromReference)];
    }

    private string Chart(MainChart chart)
    {
        string keys = Html.Lines(chart.Keys.Select(key =>
            $"<li>{Html.Marker(key.Index, key.Hollow)}<b>{Html.Text(key.Key)}</b><span>{Html.Text(key.Name)}</span></li>"));
        return $"""
            <figure>
            {chart.Draw(_corpus, WideMain)}
            {chart.Draw(_corpus, NarrowMain)}
            <ul class="keys">{keys}</ul>
            <figcaption>{Html.Text(chart.Caption)}</figcaption>
            </figure>
            {Html.Without(_groups, chart.Has)}
            """;
    }

    private string Table()
    {
        string legend = "Losses are nats per token of held-out text: all of it (a run with tags pays for its tags too), then the aligned and the misaligned segments "
            + "alone, given their tags. Lengths are characters. Indented rows are the same model sampled in another way. Small print: 95 % intervals.";
        ReportTable single = ReportTable.Of(_runs);
        string content = ReportTable.OfMeans(_runs) is { } means
            ? $"{Html.Table(means, "Table of groups of runs")}\n{Html.Note(ReportTable.MeansCaption)}\n{Html.Folded("Every run", Html.Table(single, "Table of runs"))}"
            : Html.Table(single, "Table of runs");
        string losses = FurtherTables.Losses(_runs) is { } bytes ? Html.Folded("Held-out text in bits per byte", Html.Table(bytes, "Table of bits per byte")) : "";
        return Html.Section("table", "The numbers", Html.Lines([content, Html.Note(legend), losses, Missing()]));
    }

    /// <summary>What single runs lack, and what none was asked for.</summary>
    private string Missing()
    {
        string[] lines = [.. _runs.Where(run => run.Missing.Count > 0).Select(run => $"<li>{Html.Text($"{run.Name}: {string.Join(", ", run.Missing)}")}</li>")];
        string list = $"<ul class=\"note\">{Html.Lines(lines)}</ul>";
        string[] unasked =
        [
            .. Measure.Distances(_runs).Count == 0 ? (string[])["distances to other models (phf evaluate --reference)"] : [],
            .. _runs.All(run => run.Evaluation?.OverTraining.Count is null or 0) ? (string[])["misalignment over training (phf evaluate --checkpoints)"] : [],
            .. _runs.All(run => run.Tasks.Count == 0) ? (string[])["downstream tasks (phf evaluate --tasks, phf finetune-classifier)"] : [],
            .. _runs.All(run => run.RedTeam is null) ? (string[])["robustness (phf redteam)"] : [],
        ];
        return Html.Lines(
        [
            lines.Length == 0 ? "" : lines.Length <= MostOpenLines ? $"{Html.Note("Not everything was there.")}\n{list}" : Html.Folded($"Not everything was there: {lines.Length} runs lack something", list),
            unasked.Length == 0 ? "" : Html.Note($"Measured in no run: {string.Join("; ", unasked)}."),
        ]);
    }

    private string Samples()
    {
        bool isHidden = _runs.Any(SampleData.IsHidden);
        string content = _runs.All(run => run.Samples.Count == 0) ? Html.Note("No run has samples.") : $"""
            {Html.Note($"The first {SampleData.MostPerScenario} of each run and scenario; {EvaluationFiles.SamplesName} in the run's directory has all. "
                + "What the scorer found is marked.")}
            {(isHidden ? Html.Note("Texts that were scored for toxicity may offend; each is shown when its button is pressed.") : "")}
            <noscript><p>This list needs JavaScript.</p></noscript>
            <form id="sample-filter">
            <label>run<select name="run"><option value="">all runs</option></select></label>
            <label>beside it<select name="beside"><option value="">nothing</option></select></label>
            <label>scenario<select name="scenario"><option value="">all scenarios</option></select></label>
            <label class="check"><input type="checkbox" name="found">only with {Html.Text(ScorerWords.Of(_runs).Noun)}</label>
            {(isHidden ? "<label class=\"check\"><input type=\"checkbox\" name=\"reveal\">show all texts</label>" : "")}
            </form>
            <div class="paging">
            <button type="button" id="sample-previous">Previous</button><button type="button" id="sample-next">Next</button>
            <span id="sample-place" role="status"></span>
            </div>
            <div id="samples"></div>
            """;
        return Html.Section("texts", "Samples", content);
    }

    private string Setup() => Html.Section("setup", "Configuration and machine", Html.Lines(_runs.Select(SetupOf)));

    private static string SetupOf(RunReport run)
    {
        IEnumerable<string> machine = run.Machine.Select(entry =>
            $"<dt>{Html.Text(entry.Key.Replace('_', ' '))}</dt><dd>{Html.Text(MachineValue(entry.Key, entry.Value))}</dd>");
        return $"""
            <details><summary>{Html.Text(run.Name)} <span>{Html.Text(run.Evaluation?.Checkpoint ?? "")}</span></summary>
            <dl>{string.Concat(machine)}</dl>
            {(run.Configuration is null ? Html.Note("no config.yml") : $"<pre tabindex=\"0\">{Html.Text(run.Configuration)}</pre>")}
            </details>
            """;
    }

    private static string MachineValue(string key, string value)
    {
        bool isSize = key.EndsWith("_bytes", StringComparison.Ordinal);
        return isSize && double.TryParse(value, CultureInfo.InvariantCulture, out double bytes) ? $"{Figures.Fixed(bytes / (1L << 30), 1)} GiB" : value;
    }

    private static string Resource(string name)
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream($"Phf.Evaluation.Report.{name}")
            ?? throw new InvalidOperationException($"{name} is not in the library");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
