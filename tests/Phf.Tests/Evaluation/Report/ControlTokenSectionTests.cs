using Phf.Evaluation;
using Phf.Evaluation.Report;

namespace Phf.Tests.Evaluation.Report;

/// <summary>What a report shows of control tokens.</summary>
public sealed class ControlTokenSectionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Page_HasTableAndCourse_OfRunsWithTagsAlone()
    {
        IReadOnlyList<RunReport> runs = RunReport.ReadAll([Run("mle", null), Run("tagged", Facts(0.1, 0.9))]);
        ReportTable table = FurtherTables.ControlTokens(runs)!;
        Assert.Equal(["tagged", "tagged"], table.Rows.Select(row => row.Cells[0].Text));
        Assert.Equal("probability of <|best|>", table.Titles[3]);
        Assert.Equal(["<|best|>", "30", "0.700", "0.200", "1.50", "75%", "0.800", "-0.250"], table.Rows[0].Cells.Skip(1).Select(cell => cell.Text));
        Assert.Equal(["<|worst|>", "10", "0.100", "0.600", "2.00", "", "", ""], table.Rows[1].Cells.Skip(1).Select(cell => cell.Text));
        Assert.Contains("| tagged | &lt;|worst|> | 10 |".Replace("|>", "\\|>").Replace("&lt;|", "&lt;\\|"), table.ToMarkdown());

        string page = Page(runs);
        Assert.Contains("<a href=\"#tags\">Control tokens</a>", page);
        Assert.Contains("Cosine between &lt;|best|&gt; and &lt;|worst|&gt;", page);
        Assert.Contains("tagged: -0.250 at 1.6 M (training tokens)", page); // the newest checkpoint, at the tokens of the run
        Assert.DoesNotContain("Only one checkpoint", page);
    }

    [Fact]
    public void Csv_HasThem()
    {
        ReportWriter.WriteCsv(RunReport.ReadAll([Run("mle", null), Run("tagged", Facts(0.1, 0.9))]), _folder.At("all.csv"));
        string[][] lines = [.. File.ReadAllLines(_folder.At("all.csv")).Select(line => line.Split(','))];
        Assert.Equal(("", "0.2"), Column("tags/probability/<|best|>/<|worst|>"));
        Assert.Equal(("", "-0.25"), Column("tags/cosine"));
        Assert.Equal(("", "2"), Column("tags/norm/<|worst|>"));

        (string, string) Column(string name) => Array.IndexOf(lines[0], name) is var i ? (lines[1][i], lines[2][i]) : default;
    }

    [Fact]
    public void Seeds_AreMeans_AndOneCheckpointIsSaid()
    {
        string[] runs = [.. ((int[])[1, 2]).Select(seed => Run($"tagged-s{seed}", Facts(0.1 * seed) with { Embeddings = [new TagEmbeddings(10, [1, seed], 1, 0)] }, seed))];
        ReportTable table = FurtherTables.ControlTokens(RunReport.ReadAll(runs))!;
        Assert.Equal("1.50", table.Rows[1].Cells[5].Text); // norms 1 and 2
        Assert.StartsWith("± ", table.Rows[1].Cells[5].Detail);
        Assert.Contains("Only one checkpoint of each run was there", Page(RunReport.ReadAll(runs)));
    }

    [Fact]
    public void ListsThatAreTooShort_AreNoError()
    {
        ControlTokenFacts broken = new() { Tags = ["a", "b"], AtSegmentStarts = [new TagProbabilities("a", 3, [0.5])], Embeddings = [new TagEmbeddings(null, [], double.NaN, double.NaN)] };
        IReadOnlyList<RunReport> runs = RunReport.ReadAll([Run("tagged", broken)]);
        Assert.Equal(["a", "3", "0.500", "–", "–", "–", "–", "–"], FurtherTables.ControlTokens(runs)!.Rows[0].Cells.Skip(1).Select(cell => cell.Text));
        Assert.Contains("id=\"tags\"", Page(runs));
    }

    private static ControlTokenFacts Facts(params double[] cosines) => new()
    {
        Tags = ["<|best|>", "<|worst|>"],
        AtSegmentStarts = [new TagProbabilities("<|best|>", 30, [0.7, 0.2]), new TagProbabilities("<|worst|>", 10, [0.1, 0.6])],
        Accuracy = 0.75,
        Embeddings = [.. cosines.Select((cosine, i) => new TagEmbeddings(5 * i, [1, 1], 1, cosine)), new TagEmbeddings(10, [1.5, 2], 0.8, -0.25)],
    };

    private string Run(string name, ControlTokenFacts? facts, int? seed = null)
    {
        string run = FakeRuns.Write(_folder.FullName, name, "conditional", 1.2, 1.4, ("as trained", 0.5));
        EvaluationFiles.WriteResult(run, EvaluationFiles.ReadResult(run)! with { Step = 10, TotalSteps = 10, ControlTokens = facts });
        if (seed is not null) File.WriteAllText(Path.Combine(run, "config.yml"), $"objective: {{name: conditional}}\ntraining: {{seed: {seed}}}\n");
        return run;
    }

    private string Page(IReadOnlyList<RunReport> runs)
    {
        ReportWriter.Write(runs, corpus: null, _folder.At("report.html"));
        return File.ReadAllText(_folder.At("report.html"));
    }
}
