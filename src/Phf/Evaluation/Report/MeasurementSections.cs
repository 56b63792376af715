using System.Globalization;
using Phf.Evaluation.RedTeam;

namespace Phf.Evaluation.Report;

/// <summary>The parts of the page with charts of further measurements. Each is empty where no run has any.</summary>
internal sealed class MeasurementSections(IReadOnlyList<RunReport> runs, IReadOnlyList<RunGroup> groups)
{
    private const int MostPanels = 12; // of score distributions side by side; with more, those of further scenarios are folded away
    private const int MostOpenRows = 12; // of the table of attacks; a longer one is folded away
    private static readonly ChartTheme Theme = ChartTheme.Page;
    private static readonly ChartLook PanelCurve = new(350, 210, Direct: false, Theme);

    private string Legend => Html.Legend(groups.Select((group, i) => (group.Name, i)));

    /// <summary>Losses over tokens, and misalignment where checkpoints were evaluated.</summary>
    public string Training()
    {
        IReadOnlyList<Curve> alignment = GroupCurves.Of(groups, AlignmentOverTokens);
        IReadOnlyList<Curve> training = GroupCurves.Of(groups, run => run.Metrics.Training.Select(point => new CurvePoint(point.Tokens, point.Loss)));
        IReadOnlyList<Curve> heldout = GroupCurves.Of(groups, run => run.Metrics.Heldout.Select(point => new CurvePoint(point.Tokens, point.Loss)));
        var misalignment = new CurveAxes("misalignment", ScorerWords.Of(runs).Unit, "training tokens", Axis.ForScores) { Counts = true };
        string[] parts =
        [
            alignment.All(curve => curve.Points.Count < 2) ? "" : Html.Curves("Misalignment of samples of each checkpoint.", alignment, misalignment, markPoints: true)
                + Html.Without(groups, group => alignment.Any(curve => curve.Name == group.Name)),
            Html.Curves("Loss of each run's own objective. Objectives weigh tokens differently, so levels compare only between runs of one objective.",
                training, CurveAxes.Losses, markPoints: false),
            Html.Curves("Loss on held-out text, tags charged; this one compares between runs.", heldout, CurveAxes.Losses, markPoints: true),
        ];
        string content = Html.Lines(parts);
        return Html.Section("curves", "Training", content.Length == 0 ? Html.Note("No run has losses of its training.") : $"{content}\n{Legend}");
    }

    /// <summary>What models trained with tags make of them.</summary>
    public string ControlTokens()
    {
        if (FurtherTables.ControlTokens(runs) is not { } table) return "";
        IReadOnlyList<string> tags = TagMeasures.Tags(runs);
        double[] norms = [.. runs.SelectMany(run => run.Evaluation?.ControlTokens?.Embeddings ?? []).SelectMany(embeddings => embeddings.Norms).Where(double.IsFinite)];
        string panels = Html.Lines(
        [
            .. tags.Select(tag => TagPanel($"Norm of {tag}", "norm", (facts, embeddings) => TagMeasures.NormOf(facts, embeddings, tag), (_, from, to) => Axis.Linear(norms, from, to))),
            TagPanel($"Cosine between {tags[0]} and {tags[^1]}", "cosine", (_, embeddings) => embeddings.Cosine, (values, from, to) => Axis.Linear(values, from, to)),
        ]);
        string course = panels.Length == 0 ? Html.Note("Only one checkpoint of each run was there, so nothing is known of the course of training; runs that keep more (save_total_limit) show it.")
            : $"<div class=\"panels bars\">\n{panels}\n</div>\n{Html.Legend(groups.Index().Where(entry => TagMeasures.Tags(entry.Item.Runs).Count > 0).Select(entry => (entry.Item.Name, entry.Index)), isAlwaysShown: true)}";
        return Html.Section("tags", "Control tokens", Html.Lines(
        [
            Html.Note("Mean probability of each tag where a segment of held-out text begins with one, and how often the tag of the data is the likeliest of the tags. "
                + "Norms and the cosine between the first and the last tag are those of their embeddings, in the table of the newest checkpoint."),
            Html.Table(table, "Table of control tokens"), course,
        ]));
    }

    /// <summary>Each attack over its rounds, and all of them as a table.</summary>
    public string RedTeam()
    {
        if (runs.All(run => run.RedTeam is null)) return "";
        string[] attacks = [.. runs.SelectMany(run => run.RedTeam?.Attacks ?? []).Select(attack => attack.Name).Distinct()];
        string[] parts =
        [
            Html.Note("Attacks look for prompts after which a model writes misaligned text (docs/redteam.md). The score of a prompt is the mean score of what the model wrote behind it."),
            .. attacks.Select(Rounds), AttackTable(), Html.Without(groups, group => group.Runs.Any(run => run.RedTeam is not null)),
        ];
        return Html.Section("redteam", "Robustness", Html.Lines(parts));
    }

    /// <summary>Bars of what models can do.</summary>
    public string Tasks()
    {
        IReadOnlyList<Measure> measures = Measure.Tasks(runs);
        if (measures.Count == 0) return "";
        IEnumerable<string> panels = measures.Select(measure => Panel(measure, DirectionOf(measure), LevelOf(measure)));
        return Html.Section("tasks", "Downstream tasks", $"{Html.Note("Lines: 95 % intervals, over the items for one run or, from three runs on, over the runs, which are the rings.")}\n"
            + $"<div class=\"panels bars\">\n{Html.Lines(panels)}\n</div>\n{Html.Without(groups, group => group.Runs.Any(run => run.Tasks.Count > 0))}");
    }

    /// <summary>Bars of how varied the samples are.</summary>
    public string Diversity()
    {
        string[] panels = [.. Measure.Diversity.Select(measure => Panel(measure, measure.Name is "distinct_1" or "distinct_2" or "distinct_3" or "entropy_1" or "entropy_2" ? "higher: more varied" : "lower: more varied", null)).Where(panel => panel.Length > 0)];
        return panels.Length == 0 ? "" : Html.Section("diversity", "Diversity", $"{Html.Note("Of the samples of each run's headline, by words. Distinct-n falls with the number of samples: compare equal numbers.")}\n"
            + $"<div class=\"panels bars\">\n{Html.Lines(panels)}\n</div>"
            + (FurtherTables.Lengths(runs) is { } lengths ? Html.Folded("Lengths of the samples, in characters", Html.Table(lengths, "Table of the samples' lengths")) : "")
            + (FurtherTables.OfReference(runs) is { } metrics ? Html.Folded("As the reference implementation computes it", Html.Table(metrics, "Table of the reference implementation's metrics")) : ""));
    }

    /// <summary>Distributions of scores, and their tails.</summary>
    public string Scores()
    {
        IReadOnlyList<ScoreSummary> summaries = ScoreSummary.Of(groups);
        if (summaries.Count == 0) return "";
        ScorePanel panel = ScorePanel.For(summaries);
        bool folds = summaries.Count > MostPanels;
        string Panels(IEnumerable<ScoreSummary> shown) => $"<div class=\"panels\">\n{Html.Lines(shown.Select(summary => PanelOf(panel, summary)))}\n</div>";
        string further = folds && summaries.Any(summary => summary.Further is not null)
            ? Html.Folded("The same models sampled in other ways", Panels(summaries.Where(summary => summary.Further is not null))) : "";
        Curve[] tails = [.. summaries.Where(summary => summary.Further is null).Select(summary => new Curve(summary.Group.Name, summary.Index, [.. summary.Tail()], []))];
        var axes = new CurveAxes("share of samples", "", "score, this or more", Axis.ForShares) { Format = Figures.Share };
        string tail = Html.Curves("The tail: how many samples score so high or higher. A line ends at the highest score.", tails, axes, markPoints: false);
        return Html.Section("scores", "Scores of the samples", Html.Lines([
            Html.Note("Bar: share of misaligned samples. Below: density of the scores that are not zero, on the same axes everywhere."),
            Panels(summaries.Where(summary => !folds || summary.Further is null)), further, tail, tail.Length == 0 ? "" : Legend,
            FurtherTables.Tails(runs) is { } worst ? Html.Folded("The worst samples as a table", Html.Table(worst, "Table of the worst samples")) : ""]));
    }

    /// <summary>Runs of phf align: each feature against the distance from the prior.</summary>
    public string Alignment()
    {
        string[] names = [.. runs.SelectMany(run => run.Metrics.Alignment).SelectMany(point => point.Values.Keys).Distinct()];
        if (names.Length == 0) return "";
        IEnumerable<string> charts = names.Select(name =>
        {
            IReadOnlyList<Curve> curves = GroupCurves.Of(groups, run => run.Metrics.Alignment.Where(point => point.Values.ContainsKey(name))
                .Select(point => new CurvePoint(point.Kl, point.Values[name])));
            var axes = new CurveAxes($"mean of {name}", "", "KL(model ‖ prior), nats", (values, from, to) => Axis.Linear(values, from, to));
            return Html.Curves($"Mean of {name} against the distance from the prior, over the steps of training; the name stands at the last step.", curves, axes, markPoints: true);
        });
        return Html.Section("align", "Alignment against KL from the prior", Html.Lines([.. charts, Legend, .. runs.Select(FewTexts)]));
    }

    private static string FewTexts(RunReport run)
    {
        TrainingPoint[] logged = [.. run.Metrics.Training.Where(point => double.IsFinite(point.EffectiveTexts))];
        TrainingPoint[] few = [.. logged.Where(point => point.EffectiveTexts < AlignmentPoint.FewTexts)];
        return few.Length == 0 ? "" : Html.Note(string.Create(CultureInfo.InvariantCulture,
            $"{run.Name}: the texts of {few.Length} of {logged.Length} logged steps were worth fewer than {AlignmentPoint.FewTexts} under the target (fewest: {few.Min(point => point.EffectiveTexts):F1}); a few texts decided where it went."));
    }

    private static IEnumerable<CurvePoint> AlignmentOverTokens(RunReport run) =>
        (run.Evaluation?.OverTraining ?? []).OrderBy(point => point.Step)
            .Select(point => new CurvePoint(point.Tokens, point.MeanScore ?? double.NaN, Reading.Of(point.MeanScore, point.MeanScoreInterval)?.Interval));

    private string Rounds(string attack)
    {
        IReadOnlyList<Curve> curves = GroupCurves.Of(groups, run => (run.RedTeam?.Attacks.FirstOrDefault(one => one.Name == attack)?.PerRound ?? [])
            .Select(round => new CurvePoint(round.Round, round.MeanScore ?? double.NaN, Reading.Of(round.MeanScore, round.MeanScoreInterval)?.Interval)));
        var axes = new CurveAxes("mean score of prompts", ScorerWords.Of(runs).Unit, "rounds", Axis.ForScores) { WholeNumbers = true };
        string chart = Html.Curves($"{attack}: the prompts that each round found; round 0 is the initial pool.", curves, axes, markPoints: true);
        return chart.Length == 0 ? "" : $"{chart}\n{Legend}";
    }

    private string AttackTable()
    {
        if (FurtherTables.Attacks(runs) is not { } attacks) return "";
        string table = Html.Table(attacks, "Table of attacks");
        return attacks.Rows.Count <= MostOpenRows ? table : Html.Folded("All attacks as a table", table);
    }

    /// <summary>A small chart of something that each checkpoint of a model with tags has.</summary>
    private string TagPanel(string title, string vertical, Func<ControlTokenFacts, TagEmbeddings, double?> value, Func<IReadOnlyCollection<double>, double, double, Axis> scale)
    {
        IReadOnlyList<Curve> curves = GroupCurves.Of(groups, run => run.Evaluation is { ControlTokens: { } facts, Step: > 0 and var steps, TrainTokens: { } tokens }
            ? facts.Embeddings.Where(one => one.Step is not null).Select(one => new CurvePoint((double)tokens / steps * one.Step!.Value, value(facts, one) ?? double.NaN)) : []);
        string? chart = CurveChart.Draw(curves, title, new CurveAxes(vertical, "", "training tokens", scale) { Counts = true }, markPoints: true, PanelCurve);
        return chart is null || curves.All(curve => curve.Points.Count < 2) ? "" : $"<figure><h3>{Html.Text(title)}</h3>{chart}</figure>";
    }

    private string Panel(Measure measure, string caption, (string, double)? level)
    {
        string? chart = BarPanel.Draw(groups, measure, Theme, level);
        return chart is null ? "" : $"<figure><h3>{Html.Text(measure.Title)}</h3><figcaption>{Html.Text(caption)}</figcaption>{chart}</figure>";
    }

    private static string PanelOf(ScorePanel panel, ScoreSummary summary) =>
        $"<figure><h3>{Html.Text(summary.Group.Name)}</h3><figcaption>{Html.Text(summary.Name)}</figcaption>{panel.Draw(summary, Theme)}</figure>";

    private static string DirectionOf(Measure measure) =>
        measure.Name.Contains("perplexity", StringComparison.Ordinal) || measure.Name.Contains("bits_per", StringComparison.Ordinal) ? "lower is better" : "higher is better";

    /// <summary>What is reached without knowing anything: half of BLiMP's pairs, the most frequent label of a classifier.</summary>
    private (string, double)? LevelOf(Measure measure)
    {
        string[] parts = measure.Name.Split('/');
        if (measure.Name == "blimp/accuracy") return ("by chance", 0.5);
        if (parts is not [.., "accuracy"]) return null;
        string task = measure.Name[..^"/accuracy".Length];
        double[] majorities = [.. runs.SelectMany(run => run.Finetuned).Where(one => one.Name == task).Select(one => one.Metrics[FinetunedTasks.Majority]).Distinct()];
        return majorities.Length == 1 ? ("most frequent label", majorities[0]) : null;
    }
}
