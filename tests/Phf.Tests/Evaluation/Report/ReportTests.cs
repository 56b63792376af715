using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using Phf.Evaluation;
using Phf.Evaluation.Report;

namespace Phf.Tests.Evaluation.Report;

public sealed class ReportTests : IDisposable
{
    private const string Hostile = "</script><script>alert(1)</script> <img src=x onerror=alert(2)> & \"quoted\" \u0001 \ud800";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Story_NamesEveryRunAndScenario()
    {
        IReadOnlyList<RunReport> runs = RunReport.ReadAll(FakeRuns.WriteStory(_folder.FullName));
        string page = Write(runs);
        foreach (RunReport run in runs) Assert.Contains($">{run.Name}<", page);
        Assert.Contains("both tags banned", page);
        Assert.Contains("the training text itself, 0.0092", page);
        Assert.Contains("log scale", page);
        Assert.Matches("<p class=\"headline\">Conditional shows PII in [0-9.]+% of its samples where mle does in 48%", page);
        Assert.DoesNotMatch("(src|href)=\"(?!#)", page); // nothing is fetched, links stay on the page
        Assert.DoesNotContain("@import", page);
        Assert.DoesNotContain("NaN", page[..page.IndexOf("sample-data\">", StringComparison.Ordinal)]);
        Assert.Equal(page, Write(runs)); // same runs, same bytes
    }

    [Fact]
    public void HostileText_IsEscapedEverywhere()
    {
        string directory = FakeRuns.Write(_folder.FullName, "hostile", "mle", 1.2, 1.4, (Hostile, 0.5));
        EvaluationResult result = EvaluationFiles.ReadResult(directory)!;
        EvaluationSample sample = new() { Scenario = Hostile, Index = 0, Text = Hostile, Score = 1, Findings = [new SampleFinding(0, 9, Hostile)] };
        EvaluationFiles.Write(directory, result with { Run = Hostile, Scorer = Hostile, Checkpoint = Hostile, Objective = Hostile }, [sample]);
        File.WriteAllText(Path.Combine(directory, "config.yml"), $"# {Hostile.Trim('\ud800')}");
        File.WriteAllText(Path.Combine(directory, "env.json"), JsonSerializer.Serialize(new Dictionary<string, string> { [Hostile] = Hostile }));

        IReadOnlyList<RunReport> runs = RunReport.ReadAll([directory]);
        string page = Write(runs);
        Assert.Equal(2, Regex.Count(page, "<script"));
        Assert.Equal(2, Regex.Count(page, "</script"));
        Assert.DoesNotContain("<img", page);
        Assert.DoesNotContain('\u0001', page);
        JsonElement group = SampleData(page).GetProperty("groups")[0];
        Assert.Equal(Hostile.Replace('\ud800', '\ufffd'), group.GetProperty("samples")[0][2].GetString());
        Assert.DoesNotContain("<img", ReportTable.Of(runs).ToMarkdown());

        ReportWriter.WriteMainChart(runs, corpus: null, _folder.At("chart.svg"));
        new XmlDocument().Load(_folder.At("chart.svg")); // well-formed: the names in it are escaped
        Assert.Contains("prefers-color-scheme: dark", File.ReadAllText(_folder.At("chart.svg")));
    }

    [Fact]
    public void OneRun_WithoutMisalignment()
    {
        string page = Write(RunReport.ReadAll([FakeRuns.Write(_folder.FullName, "only", "unlikelihood", 1.3, 8, ("as trained", 0))]));
        Assert.Contains("Only shows PII in none of its samples (mean score 0), at a held-out loss of 4.650.", page);
        Assert.Contains("every score is zero", page);
        Assert.Contains("1 run;", page);
    }

    [Fact]
    public void AllZeroWithoutCorpus_StillHasAChart()
    {
        string directory = FakeRuns.Write(_folder.FullName, "only", "mle", 1.3, 8, ("as trained", 0));
        EvaluationFiles.Write(directory, EvaluationFiles.ReadResult(directory)! with { Corpus = null }, []);
        string page = Write(RunReport.ReadAll([directory]));
        Assert.DoesNotContain("the training text itself", page);
        Assert.Contains("<circle", page);
        Assert.Contains("No run has samples.", page);
    }

    [Fact]
    public void MissingPieces_AreSaidOnThePage()
    {
        string directory = _folder.At("young");
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "config.yml"), "objective: {name: awr}\n");
        File.WriteAllText(Path.Combine(directory, "metrics.jsonl"), "{\"step\":1,\"tokens\":64,\"loss\":7.5}\n{\"step\":2,\"tok");
        RunReport run = RunReport.Read(directory);
        Assert.Equal("awr", run.Objective);
        Assert.Equal(7.5, Assert.Single(run.Metrics.Training).Loss);

        string page = Write([run]);
        Assert.Contains("not evaluated yet (phf evaluate)", page);
        Assert.Contains("the last line of metrics.jsonl is cut off", page);
        Assert.Contains("No run has been evaluated yet.", page);
        Assert.DoesNotContain("class=\"keys\"", page); // an empty chart is no chart
    }

    [Fact]
    public void NumbersThatAreNotFinite_AreLeftOut()
    {
        string directory = FakeRuns.Write(_folder.FullName, "broken", "mle", double.NaN, double.PositiveInfinity, ("as trained", 0.3));
        EvaluationResult result = EvaluationFiles.ReadResult(directory)!;
        EvaluationScenario scenario = EvaluationScenario.From("as trained", "", ["a", "b"], [double.NaN, 0.5], 0);
        EvaluationFiles.Write(directory, result with { Scenarios = [scenario] }, []);
        File.WriteAllText(Path.Combine(directory, "metrics.jsonl"), "{\"step\":1,\"tokens\":64,\"loss\":null}\n{\"step\":2,\"tokens\":128,\"loss\":\"NaN\"}\n");
        RunReport run = RunReport.Read(directory);
        Assert.Contains("the evaluation has no mean score", run.Missing);
        Assert.Contains("no held-out loss", run.Missing);
        string page = Write([run]);
        Assert.DoesNotMatch("[\"= ](NaN|-?Infinity|∞)", page);
        Assert.Equal("–", ReportTable.Of([run]).Rows[0].Cells[2].Text);
    }

    [Fact]
    public void Metrics_OfAResumedRun_FollowTheLastAttempt()
    {
        (int Step, double Loss)[] lines = [(1, 5), (2, 4), (3, 3), (2, 3.9), (3, 2.9)];
        File.WriteAllLines(_folder.At("metrics.jsonl"), lines.Select(line => FormattableString.Invariant($"{{\"step\":{line.Step},\"tokens\":64,\"loss\":{line.Loss}}}")));
        Assert.Equal([5, 3.9, 2.9], RunMetrics.Read(_folder.At("metrics.jsonl")).Training.Select(point => point.Loss));
    }

    [Theory]
    [InlineData("{\"step\":1}\nnot json\n{\"step\":2}", "line 2")]
    [InlineData("[1]\n{\"step\":2}", "line 1")]
    [InlineData("{\"tokens\":1}\n", "line 1")]
    public void BrokenMetrics_AreRefusedWithTheirLine(string content, string place)
    {
        File.WriteAllText(_folder.At("metrics.jsonl"), content);
        Assert.Contains(place, Assert.Throws<InvalidDataException>(() => RunMetrics.Read(_folder.At("metrics.jsonl"))).Message);
    }

    [Fact]
    public void DirectoryThatIsNoRun_IsRefused()
    {
        Assert.Contains("not a run", Assert.Throws<InvalidDataException>(() => RunReport.Read(_folder.FullName)).Message);
        Assert.Contains("no such directory", Assert.Throws<InvalidDataException>(() => RunReport.Read(_folder.At("absent"))).Message);
        Assert.Throws<ArgumentException>(() => ReportWriter.Write([], null, _folder.At("report.html")));
    }

    [Fact]
    public void RunsOfOneName_AreToldApart()
    {
        string a = FakeRuns.Write(_folder.At("first"), "same", "mle", 1.2, 1.4, ("as trained", 0.5));
        string b = FakeRuns.Write(_folder.At("second"), "same", "mle", 1.3, 1.4, ("as trained", 0.4));
        Assert.Equal(["first/same", "second/same"], RunReport.ReadAll([a, b + Path.DirectorySeparatorChar]).Select(run => run.Name));
    }

    [Fact]
    public void Headline_SaysWhenNothingGotBetter()
    {
        string[] directories =
        [
            FakeRuns.Write(_folder.FullName, "mle", "mle", 1.2, 1.4, ("as trained", 0.3)),
            FakeRuns.Write(_folder.FullName, "rwr", "rwr", 1.2, 1.4, ("as trained", 0.6)),
        ];
        Assert.Contains("No run is less misaligned than mle", Write(RunReport.ReadAll(directories)));
    }

    [Fact]
    public void Headline_NamesThePriceInCapability()
    {
        string[] directories =
        [
            FakeRuns.Write(_folder.FullName, "mle", "mle", 1.2, 1.4, ("as trained", 0.5)),
            FakeRuns.Write(_folder.FullName, "awr", "awr", 2.4, 3.1, ("as trained", 0.1)),
        ];
        Assert.Contains("but at the price of a held-out loss of 2.750 against 1.300", Write(RunReport.ReadAll(directories)));
    }

    private string Write(IReadOnlyList<RunReport> runs)
    {
        string path = _folder.At("report.html");
        ReportWriter.Write(runs, corpus: null, path);
        return File.ReadAllText(path);
    }

    private static JsonElement SampleData(string page) =>
        JsonDocument.Parse(Regex.Match(page, "id=\"sample-data\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value).RootElement;
}
