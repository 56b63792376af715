using System.Text;

namespace Phf.Evaluation.Report;

/// <summary>The page, part by part from top to bottom. Everything that comes from a run is escaped.</summary>
internal sealed class ReportPage(IReadOnlyList<RunReport> runs, CorpusFacts? corpus)
{
    private static readonly ChartTheme Theme = ChartTheme.Page;
    private static readonly ChartLook WideMain = new(1080, 550, Direct: true, Theme, CssClass: "wide");
    private static readonly ChartLook NarrowMain = new(362, 420, Direct: false, Theme, CssClass: "narrow");
    private static readonly ChartLook WideCurve = new(1080, 350, Direct: true, Theme, CssClass: "wide");
    private static readonly ChartLook NarrowCurve = new(362, 280, Direct: false, Theme, CssClass: "narrow");
    private readonly StringBuilder _page = new();

    public override string ToString()
    {
        _page.Clear();
        _page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n")
            .Append("<title>Misalignment against capability</title>\n<style>\n").Append(ChartTheme.Variables).Append('\n').Append(Resource("report.css"))
            .Append("</style>\n</head>\n<body>\n<main>\n");
        AddTop();
        AddTable();
        AddCurves();
        AddDistributions();
        AddSamples();
        AddConfigurations();
        _page.Append("</main>\n<script type=\"application/json\" id=\"sample-data\">").Append(SampleData.Write(runs)).Append("</script>\n<script>\n")
            .Append(Resource("report.js")).Append("</script>\n</body>\n</html>\n");
        return _page.ToString();
    }

    private void AddTop()
    {
        _page.Append("<header>\n<h1>Language models pretrained with human preferences</h1>\n<p class=\"headline\">").Append(Text(Headline.Of(runs))).Append("</p>\n");
        _page.Append("<p class=\"facts\">").Append(Text(Facts())).Append("</p>\n");
        _page.Append("<nav aria-label=\"Sections\"><a href=\"#table\">Numbers</a><a href=\"#curves\">Training</a><a href=\"#scores\">Scores</a>")
            .Append("<a href=\"#texts\">Samples</a><a href=\"#setup\">Configuration and machine</a></nav>\n</header>\n");
        if (!MainChart.HasPoints(runs))
        {
            _page.Append("<p class=\"note\">No run has a score and a held-out loss yet, so there is no chart.</p>\n");
            return;
        }
        _page.Append("<figure>\n").Append(MainChart.Draw(runs, corpus, WideMain)).Append(MainChart.Draw(runs, corpus, NarrowMain)).Append("\n<ul class=\"keys\">");
        foreach ((string key, int index, bool hollow, string name) in MainChart.Keys(runs))
            _page.Append("<li>").Append(MarkerOf(index, hollow)).Append("<b>").Append(Text(key)).Append("</b><span>").Append(Text(name)).Append("</span></li>");
        _page.Append("</ul>\n<figcaption>Filled: each run sampled as it is meant to be. Hollow: the same model sampled in other ways. ")
            .Append("Capability is the loss on held-out text without the misaligned segments.</figcaption>\n</figure>\n");
    }

    private string Facts()
    {
        var facts = new List<string> { runs.Count == 1 ? "1 run" : $"{runs.Count} runs" };
        string[] scorers = [.. runs.Where(run => run.Evaluation is not null).Select(run => run.Evaluation!.Scorer).Distinct()];
        if (scorers.Length > 0) facts.Add($"scored by {string.Join(" and ", scorers)}");
        if (scorers.Length > 1) facts.Add("scores of different scorers do not compare");
        double[] thresholds = [.. runs.Where(run => run.Evaluation is not null).Select(run => run.Evaluation!.Threshold).Distinct()];
        if (thresholds.Length == 1) facts.Add($"misaligned means a score above {Figures.Plain(thresholds[0])}");
        int samples = runs.Sum(run => run.Evaluation?.Scenarios.Sum(scenario => scenario.Samples) ?? 0);
        if (samples > 0) facts.Add($"{Figures.Whole(samples)} samples");
        if (corpus is null) return Sentence(facts);
        facts.Add($"training text {corpus.Name}: mean score {Figures.Score(corpus.MeanScore)}");
        if (corpus.ShareMisaligned is not null) facts.Add($"{Figures.Share(corpus.ShareMisaligned)} of its segments misaligned");
        if (corpus.Documents is { } documents) facts.Add($"{Figures.Whole(documents)} documents");
        if (corpus.Characters is { } characters) facts.Add($"{Figures.Count(characters)} characters");
        return Sentence(facts);
    }

    private void AddTable()
    {
        ReportTable table = ReportTable.Of(runs);
        _page.Append("<section id=\"table\">\n<h2>The numbers</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of runs\"><table>\n<thead><tr>");
        for (int i = 0; i < table.Titles.Count; i++)
            _page.Append(i < ReportTable.TextColumns ? "<th scope=\"col\" class=\"word\">" : "<th scope=\"col\">").Append(Text(table.Titles[i])).Append("</th>");
        _page.Append("</tr></thead>\n<tbody>\n");
        int run = -1;
        foreach (ReportRow row in table.Rows)
        {
            if (row.IsHeadline) run++;
            _page.Append(row.IsHeadline ? "<tr><th" : "<tr class=\"scenario\"><th colspan=\"2\"").Append(" scope=\"row\" class=\"word\">")
                .Append("<span class=\"name\">").Append(MarkerOf(run, hollow: !row.IsHeadline)).Append("<span>").Append(Text(row.Cells[0])).Append("</span></span></th>");
            for (int i = row.IsHeadline ? 1 : 2; i < row.Cells.Count; i++) // a scenario's name reaches over the objective's column
                _page.Append(i < ReportTable.TextColumns ? "<td class=\"word\">" : "<td>").Append(Text(row.Cells[i])).Append("</td>");
            _page.Append("</tr>\n");
        }
        _page.Append("</tbody></table></div>\n<p class=\"note\">Losses are nats per token on held-out text, lengths characters. Indented rows are the same model sampled in another way.</p>\n");
        if (runs.Any(one => one.Missing.Count > 0))
        {
            _page.Append("<p class=\"note\">Not everything was there.</p>\n<ul class=\"note\">");
            foreach (RunReport one in runs.Where(one => one.Missing.Count > 0))
                _page.Append("<li>").Append(Text($"{one.Name}: {string.Join(", ", one.Missing)}")).Append("</li>");
            _page.Append("</ul>\n");
        }
        _page.Append("</section>\n");
    }

    private void AddCurves()
    {
        _page.Append("<section id=\"curves\">\n<h2>Training</h2>\n");
        AddCurve("Loss of each run's own objective. Objectives weigh tokens differently, so levels compare only between runs of one objective.",
            [.. runs.Select((run, i) => new Curve(run.Name, i, [.. run.Metrics.Training.Select(point => (point.Tokens, point.Loss))]))], markPoints: false);
        AddCurve("Loss on held-out aligned text; this one compares between runs.",
            [.. runs.Select((run, i) => new Curve(run.Name, i, [.. run.Metrics.Heldout.Select(point => (point.Tokens, point.LossAligned))]))], markPoints: true);
        _page.Append("<ul class=\"legend\">");
        for (int i = 0; i < runs.Count; i++) _page.Append("<li>").Append(MarkerOf(i, hollow: false)).Append("<span>").Append(Text(runs[i].Name)).Append("</span></li>");
        _page.Append("</ul>\n</section>\n");
    }

    private void AddCurve(string caption, IReadOnlyList<Curve> curves, bool markPoints)
    {
        string? wide = CurveChart.Draw(curves, caption, markPoints, WideCurve);
        if (wide is null) _page.Append("<p class=\"note\">").Append(Text(caption)).Append(" No run has any.</p>\n");
        else _page.Append("<figure>\n<figcaption>").Append(Text(caption)).Append("</figcaption>\n").Append(wide)
            .Append(CurveChart.Draw(curves, caption, markPoints, NarrowCurve)).Append("\n</figure>\n");
    }

    private void AddDistributions()
    {
        _page.Append("<section id=\"scores\">\n<h2>Scores of the samples</h2>\n<p class=\"note\">Bar: share of misaligned samples. Below: density of the scores that are not zero, on the same axes everywhere.</p>\n<div class=\"panels\">\n");
        ScorePanel panel = ScorePanel.For(runs);
        for (int i = 0; i < runs.Count; i++)
            foreach (EvaluationScenario scenario in runs[i].Evaluation?.Scenarios ?? [])
                _page.Append("<figure><h3>").Append(Text(runs[i].Name)).Append("</h3><figcaption>").Append(Text(scenario.Name)).Append("</figcaption>")
                    .Append(panel.Draw(scenario, i, Theme)).Append("</figure>\n");
        _page.Append("</div>\n</section>\n");
    }

    private void AddSamples()
    {
        _page.Append("<section id=\"texts\">\n<h2>Samples</h2>\n");
        if (runs.All(run => run.Samples.Count == 0))
        {
            _page.Append("<p class=\"note\">No run has samples.</p>\n</section>\n");
            return;
        }
        string noun = ScorerWords.Of(runs).Noun;
        _page.Append("<p class=\"note\">").Append(Text($"The first {SampleData.MostPerScenario} of each run and scenario; {EvaluationFiles.SamplesName} in the run's directory has all. What the scorer found is marked."))
            .Append("</p>\n<noscript><p>This list needs JavaScript.</p></noscript>\n<form id=\"sample-filter\">")
            .Append("<label>run<select name=\"run\"><option value=\"\">all runs</option></select></label>")
            .Append("<label>scenario<select name=\"scenario\"><option value=\"\">all scenarios</option></select></label>")
            .Append("<label class=\"check\"><input type=\"checkbox\" name=\"found\">only with ").Append(Text(noun)).Append("</label></form>\n")
            .Append("<div class=\"paging\"><button type=\"button\" id=\"sample-previous\">Previous</button><button type=\"button\" id=\"sample-next\">Next</button>")
            .Append("<span id=\"sample-place\" role=\"status\"></span></div>\n<ol id=\"samples\"></ol>\n</section>\n");
    }

    private void AddConfigurations()
    {
        _page.Append("<section id=\"setup\">\n<h2>Configuration and machine</h2>\n");
        foreach (RunReport run in runs)
        {
            _page.Append("<details><summary>").Append(Text(run.Name)).Append(" <span>").Append(Text(run.Evaluation?.Checkpoint ?? "")).Append("</span></summary>\n");
            if (run.Machine.Count > 0)
            {
                _page.Append("<dl>");
                foreach ((string key, string value) in run.Machine)
                    _page.Append("<dt>").Append(Text(key.Replace('_', ' '))).Append("</dt><dd>").Append(Text(MachineValue(key, value))).Append("</dd>");
                _page.Append("</dl>\n");
            }
            _page.Append(run.Configuration is null ? "<p class=\"note\">no config.yml</p>" : $"<pre tabindex=\"0\">{Text(run.Configuration)}</pre>").Append("</details>\n");
        }
        _page.Append("</section>\n");
    }

    private static string MachineValue(string key, string value) =>
        key.EndsWith("_bytes", StringComparison.Ordinal) && double.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out double bytes)
            ? $"{Figures.Fixed(bytes / (1L << 30), 1)} GiB"
            : value;

    private static string Sentence(List<string> facts) => string.Join("; ", facts) + ".";

    private static string MarkerOf(int index, bool hollow)
    {
        var svg = new Svg(16, 16, Theme);
        svg.Marker(8, 8, hollow ? 4.5 : 5.5, index, hollow);
        return svg.ToDecoration();
    }

    private static string Text(string text) => Svg.Escape(text);

    private static string Resource(string name)
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream($"Phf.Evaluation.Report.{name}")
            ?? throw new InvalidOperationException($"{name} is not in the library");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
