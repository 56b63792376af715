using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Phf.Evaluation;
using Phf.Evaluation.RedTeam;
using Phf.Evaluation.Report;

namespace Phf.Tests.Evaluation.Report;

/// <summary>Runs that differ in the seed alone, and what a report makes of further measurements.</summary>
public sealed class RunGroupTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mle-s2", "mle")]
    [InlineData("mle-seed=12-ft", "mle-ft")]
    [InlineData("runs/rwr_seed3/checkpoint-00000500", "runs/rwr/checkpoint-00000500")]
    [InlineData("news2-s", "news2-s")]
    public void Names_LoseTheirSeed(string name, string without) => Assert.Equal(without, ConfigIdentity.WithoutSeed(name));

    [Fact]
    public void RunsOfOneSetting_AreOneGroup_OthersAreNot()
    {
        IReadOnlyList<RunReport> runs = RunReport.ReadAll(
        [
            Seeded("mle-s1", "mle", 1, share: 0.5), Seeded("mle-s2", "mle", 2, share: 0.25, extra: "  threads: 1\n"), Seeded("again", "mle", 2, share: 0.25),
            Seeded("mle-long-s3", "mle", 3, share: 0.5, extra: "  num_tokens: 7\n"), FakeRuns.Write(_folder.FullName, "unseeded", "mle", 1.2, 1.4, ("as trained", 0.5)),
        ]);
        IReadOnlyList<RunGroup> groups = RunGroup.Of(runs);
        Assert.Equal(["mle", "again", "mle-long-s3", "unseeded"], groups.Select(group => group.Name));
        double[] scores = [.. runs.Take(2).Select(run => run.Misalignment!.Value)];
        Reading mean = groups[0].Read(Measure.Misalignment)!;
        Assert.Equal(scores.Average(), mean.Value, 1e-15);
        Assert.Equal(12.7062047364 * Math.Abs(scores[0] - scores[1]) / 2, mean.Interval!.High - mean.Value, 1e-9); // t with one degree of freedom
        Assert.Null(mean.Bar);
    }

    [Fact]
    public void FinetunedRuns_OfDifferentSeedsOfThePrior_AreOneGroup()
    {
        string[] runs = [.. ((int[])[1, 2]).Select(seed => Seeded($"ft-s{seed}", "rwr", seed, 0.1, model: $"model:\n  path_or_name: runs/mle-s{seed}/checkpoint-00000005\n"))];
        Assert.Equal("ft", Assert.Single(RunGroup.Of(RunReport.ReadAll(runs))).Name);
    }

    [Fact]
    public void ConfigurationsThatAreNoTrees_AreNoGroup()
    {
        string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + string.Concat("bcdefgh".Select(c => $"{c}: &{c} [{string.Join(", ", Enumerable.Repeat($"*{(char)(c - 1)}", 9))}]\n"));
        Assert.Null(ConfigIdentity.Of(bomb).Rest);
        Assert.Null(ConfigIdentity.Of("a: [").Rest);
        Assert.Equal(("awr", "7"), (ConfigIdentity.Of("objective: {name: awr}\ntraining: {seed: 7}").Objective, ConfigIdentity.Of("training: {seed: 7}").Seed));
    }

    [Fact]
    public void Page_ShowsMeans_AndEveryRunOnDemand()
    {
        string page = Page(RunReport.ReadAll([Seeded("mle-s1", "mle", 1, 0.5), Seeded("mle-s2", "mle", 2, 0.4), Seeded("tag-s1", "conditional", 1, 0.1), Seeded("tag-s2", "conditional", 2, 0)]));
        Assert.Contains("4 runs of 2 settings", page);
        Assert.Contains("means of 2 and 2 runs", page);
        Assert.Contains("Every run", page);
        Assert.Contains("<small>&#177; ", page);
        Assert.Contains(">tag</text>", page);
    }

    [Fact]
    public void Csv_HasEveryRunAndMean_WithAllDigits()
    {
        IReadOnlyList<RunReport> runs = RunReport.ReadAll([Seeded("a-s1", "mle", 1, 0.5), Seeded("a-s2", "mle", 2, 0.4)]);
        ReportWriter.WriteCsv(runs, _folder.At("all.csv"));
        string[][] lines = [.. File.ReadAllLines(_folder.At("all.csv")).Select(line => line.Split(','))];
        Assert.Equal(["kind", "run", "run", "mean"], lines.Select(line => line[0]));
        Assert.Equal(["2", "a", "2", ""], [lines[2][5 - 1], lines[2][2], lines[3][5], lines[3][4]]);
        int column = Array.IndexOf(lines[0], "misalignment");
        Assert.Equal(runs[1].Misalignment!.Value, double.Parse(lines[2][column], CultureInfo.InvariantCulture));
        Assert.Equal(runs.Average(run => run.Misalignment!.Value), double.Parse(lines[3][column], CultureInfo.InvariantCulture), 1e-15);
        Assert.All(lines, line => Assert.Equal(lines[0].Length, line.Length));
    }

    [Fact]
    public void Distance_IsTheMainCost_AndTheFrontIsNamed()
    {
        string[] directories = [.. (((string, double, double)[])[("near", 0.5, 1), ("worse", 0.6, 2), ("far", 0.1, 9)]).Select(run => Measured(run.Item1, run.Item2, result => result with { Kl = [Kl(run.Item3)] }))];
        IReadOnlyList<RunReport> runs = RunReport.ReadAll(directories);
        string page = Page(runs);
        Assert.Contains("distance: KL(big ‖ run) (nats per text)", page);
        Assert.Contains("The same against held‑out loss", page);
        Assert.Contains("the Pareto front (near, far);", page);
        Assert.Equal("9.00", ReportTable.Of(runs).Rows[2].Cells[7].Text);
        Assert.Equal("8.00–10.00", ReportTable.Of(runs).Rows[2].Cells[7].Detail);
    }

    [Fact]
    public void DistancesFromBaselinesOfEachSeed_AreOne_AndABaselineIsAtZero()
    {
        IReadOnlyList<RunReport> runs = RunReport.ReadAll(
        [
            .. ((int[])[1, 2]).Select(seed => Seeded($"mle-seed={seed}", "mle", seed, 0.5)),
            .. ((int[])[1, 2]).Select(seed => Seeded($"rwr-seed={seed}", "rwr", seed, 0.5, change: result => result with { Kl = [Kl(2 * seed) with { From = "model", Other = $"mle-seed={seed}" }] })),
        ]);
        Measure distance = Assert.Single(Measure.Distances(runs));
        Assert.Equal("KL(run ‖ mle)", distance.Title);
        Assert.Equal([0, 3], RunGroup.Of(runs).Select(group => group.Read(distance)!.Value));
        Assert.Contains("kl_model/mle", ReportNames(runs));

        // A run that stands against both seeds keeps them apart.
        string both = Measured("both", 0.5, result => result with { Kl = [.. ((int[])[1, 2]).Select(seed => Kl(1) with { From = "model", Other = $"mle-seed={seed}" })] });
        Assert.Equal(["KL(run ‖ mle-seed=1)", "KL(run ‖ mle-seed=2)"], Measure.Distances([.. runs, RunReport.Read(both)]).Select(measure => measure.Title));
    }

    [Fact]
    public void Tasks_Attacks_Checkpoints_AreShownWhereTheyAre_AndMissedWhereNot()
    {
        var task = new TaskResult { Name = "blimp", Description = "", Items = 10, Metrics = new Dictionary<string, double> { ["accuracy"] = 0.6, ["field/x"] = 0.5 }, Intervals = new Dictionary<string, Interval> { ["accuracy"] = new(0.5, 0.7), ["field/x"] = new(0, 1) } };
        CheckpointAlignment[] course = [.. ((int[])[1, 2]).Select(step => new CheckpointAlignment { Step = step, Tokens = step * 64, Samples = 8, MeanScore = 0.1 / step })];
        string full = Measured("full", 0.5, result => result with { Model = "0123456789abcdef", Tasks = [task], OverTraining = course });
        RedTeamFiles.Write(full, Attack(), []);
        string classifier = Path.Combine(_folder.FullName, "sst2");
        Directory.CreateDirectory(classifier);
        File.WriteAllText(Path.Combine(classifier, "result.json"), """
            {"model":"0123456789abcdef","parameters":1,"train_file":"t","dev_file":"d","train_texts":2,"dev_texts":2,"skipped":0,"cut":0,"labels":["0","1"],"majority_accuracy":0.5,"options":{},
             "epochs":[{"epoch":1,"train_loss":1,"dev_loss":1,"dev":{"accuracy":{"value":0.75,"interval":{"low":0.6,"high":0.9}},"matthews":0.25,"macro_f1":0.7,"f1":0.7}}]}
            """);
        IReadOnlyList<RunReport> runs = RunReport.ReadAll([full, Measured("bare", 0.2, result => result)], [classifier]);
        string page = Page(runs);
        foreach (string shown in (string[])["blimp, accuracy", "by chance, 50%", "sst2, accuracy", "most frequent label, 50%", "sst2, matthews", "id=\"redteam\"", "few-shot: the prompts", "best 10", "Misalignment of samples of each checkpoint", "Not measured: bare."])
            Assert.Contains(shown, page);
        Assert.DoesNotContain("blimp, field/x", page);
        Assert.Contains("Measured in no run: distances to other models (phf evaluate --reference).", page);
        string[] names = ReportNames(runs);
        Assert.Contains("redteam/few-shot/round_1", names);
        Assert.Contains("blimp/field/x", names);

        File.WriteAllText(Path.Combine(classifier, "result.json"), "{}");
        Assert.Contains("result.json", Assert.Throws<InvalidDataException>(() => RunReport.ReadAll([full], [classifier])).Message);
        Assert.Contains("name the folder that phf finetune-classifier wrote", Assert.Throws<InvalidDataException>(() => RunReport.ReadAll([full], [full])).Message);
    }

    [Fact]
    public void Classifier_OfAnotherModel_IsRefused()
    {
        string classifier = _folder.At("cola");
        Directory.CreateDirectory(classifier);
        File.WriteAllText(Path.Combine(classifier, "result.json"), """
            {"model":"ffff","parameters":1,"train_file":"t","dev_file":"d","train_texts":2,"dev_texts":2,"skipped":0,"cut":0,"labels":["0"],"majority_accuracy":0.5,"options":{},
             "epochs":[{"epoch":1,"train_loss":1,"dev_loss":1,"dev":{"accuracy":{"value":0.75,"interval":null},"matthews":0,"macro_f1":0.7}}]}
            """);
        string message = Assert.Throws<InvalidDataException>(() => RunReport.ReadAll([Seeded("a", "mle", 1, 0.5)], [classifier])).Message;
        Assert.Contains("made of model ffff, which is none of the evaluated runs", message);
    }

    [Theory]
    [InlineData("toxicity/phf-0123456789ab", true)]
    [InlineData("combine/sum(1*pii/x,0.5*toxicity/y)", true)]
    [InlineData("pii/scrubadub-2.0.0-default", false)]
    public void TextsScoredForToxicity_WaitForAClick(string scorer, bool isHidden)
    {
        string page = Page(RunReport.ReadAll([Measured("run", 0.5, result => result with { Scorer = scorer })]));
        string data = Regex.Match(page, "id=\"sample-data\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value;
        Assert.Equal(isHidden, JsonDocument.Parse(data).RootElement.GetProperty("groups")[0].GetProperty("hidden").GetBoolean());
        Assert.Equal(isHidden, page.Contains("show all texts", StringComparison.Ordinal));
    }

    [Fact]
    public void AlignedRuns_StandAgainstKlFromThePrior()
    {
        string directory = _folder.At("gdc");
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "metrics.jsonl"), """
            {"step":0,"tokens":0,"align_feature_no_pii":0.4,"align_kl_prior":0,"align_kl_prior_error":0}
            {"step":1,"tokens":8,"loss":3,"align_effective_texts":10}
            {"step":5,"tokens":32,"loss":3,"align_effective_texts":2.5}
            {"step":10,"tokens":64,"loss":3,"align_feature_no_pii":0.5,"align_kl_prior":9}
            {"step":10,"tokens":64,"align_feature_no_pii":0.7,"align_reward":1.5,"align_kl_prior":1.25}
            """);
        RunReport run = RunReport.Read(directory);
        Assert.Equal([0, 1.25], run.Metrics.Alignment.Select(point => point.Kl));
        Assert.Equal(1.5, run.Metrics.Alignment[1].Values["reward"]);
        string page = Page([run]);
        Assert.Contains("mean of feature no_pii over KL(model ‖ prior), nats", page);
        Assert.Contains("gdc: the texts of 1 of 2 logged steps were worth fewer than 10 under the target (fewest: 2.5)", page);
    }

    [Fact]
    public void Scores_OfOneGroup_AreOneHistogram_AndItsTail()
    {
        Histogram fine = new() { Edges = [0, 0, 0.25, 0.5], Counts = [2, 1, 1] }, coarse = new() { Edges = [0, 0, 0.5, 1], Counts = [1, 2, 1] };
        string[] directories = [.. (((int, Histogram)[])[(1, fine), (2, coarse)]).Select(run => Seeded($"a-s{run.Item1}", "mle", run.Item1, 0.5, change: result =>
            result with { Scenarios = [result.Scenarios[0] with { Samples = 4, Histogram = run.Item2 }] }))];
        ScoreSummary summary = Assert.Single(ScoreSummary.Of(RunGroup.Of(RunReport.ReadAll(directories))));
        Assert.Equal([(0, 0, 3), (0, 0.5, 4), (0.5, 1, 1)], summary.Bins);
        Assert.Equal([new CurvePoint(0, 5 / 8.0), new CurvePoint(0.5, 1 / 8.0)], summary.Tail());
    }

    private static RedTeamResult Attack() => new()
    {
        Run = "full",
        Objective = "mle",
        Checkpoint = "c",
        Model = "0123456789abcdef",
        Parameters = 1,
        Scorer = "pii/x",
        Threshold = 0,
        Attacks =
        [
            new AttackResult
            {
                Name = "few-shot",
                Kind = AttackResult.FewShot,
                Description = "",
                Seed = 1,
                Trials = 2,
                Rounds = 1,
                Continuations = 4,
                Prompts = 8,
                Unscored = 0,
                MeanScore = 0.2,
                PerRound = [new AttackRound { Round = 0, Prompts = 4, MeanScore = 0.1 }, new AttackRound { Round = 1, Prompts = 4, MeanScore = 0.3 }],
                Best = [new BestPrompts { Count = 1, MeanScore = 0.5 }, new BestPrompts { Count = 10, MeanScore = 0.4 }],
            },
        ],
    };

    private static KlDivergence Kl(double nats) => new() { From = "reference", Other = "big", Basis = KlDivergence.OnTokens, Samples = 9, Nats = nats, Interval = new Interval(nats - 1, nats + 1), Description = "" };

    private string[] ReportNames(IReadOnlyList<RunReport> runs)
    {
        ReportWriter.WriteCsv(runs, _folder.At("names.csv"));
        return File.ReadLines(_folder.At("names.csv")).First().Split(',');
    }

    private string Seeded(string name, string objective, int seed, double share, string extra = "", string model = "", Func<EvaluationResult, EvaluationResult>? change = null)
    {
        string run = FakeRuns.Write(_folder.FullName, name, objective, 1.2, 1.4, ("as trained", share));
        File.WriteAllText(Path.Combine(run, "config.yml"), $"{model}objective:\n  name: {objective}\ntraining:\n  output_dir: runs/{name}\n  seed: {seed}\n{extra}");
        if (change is not null) EvaluationFiles.WriteResult(run, change(EvaluationFiles.ReadResult(run)!));
        return run;
    }

    private string Measured(string name, double share, Func<EvaluationResult, EvaluationResult> change)
    {
        string run = FakeRuns.Write(_folder.FullName, name, "mle", 1.2, 1.4, ("as trained", share));
        EvaluationFiles.WriteResult(run, change(EvaluationFiles.ReadResult(run)!));
        return run;
    }

    private string Page(IReadOnlyList<RunReport> runs)
    {
        ReportWriter.Write(runs, corpus: null, _folder.At("report.html"));
        return File.ReadAllText(_folder.At("report.html"));
    }
}
