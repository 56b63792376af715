using Phf.Evaluation;
using Phf.Evaluation.Report;

namespace Phf.Tests.Evaluation.Report;

/// <summary>Tables beside the main one.</summary>
public sealed class FurtherTablesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tables_HaveWhatAnyRunHas_OfEveryWayOfSampling()
    {
        string plain = FakeRuns.Write(_folder.FullName, "plain", "mle", 1.2, 1.4, ("as trained", 0.5));
        string chosen = FakeRuns.Write(_folder.FullName, "chosen", "conditional", 1.2, 1.4, ("aligned", 0), ("best of 4", 0.5));
        EvaluationResult result = EvaluationFiles.ReadResult(chosen)!;
        EvaluationFiles.WriteResult(chosen, result with
        {
            Heldout = result.Heldout! with { BitsPerByte = 2.5, BitsPerByteAligned = 2.25 },
            Scenarios = [result.Scenarios[0] with { Diversity = Diversity.Of(["one", "three", "eleven word", "a"]) }, result.Scenarios[1] with { Draws = 1024, ReferenceMetrics = new Dictionary<string, double> { ["Self-BLEU-5"] = 0.75 } }],
        });
        IReadOnlyList<RunReport> runs = RunReport.ReadAll([plain, chosen]);

        ReportTable losses = FurtherTables.Losses(runs)!;
        Assert.Equal(["run", "objective", "bits per byte", "bits per byte, aligned"], losses.Titles); // those that no run has are left out
        Assert.Equal([["plain", "mle", "–", "–"], ["chosen", "conditional", "2.500", "2.250"]], losses.Rows.Select(row => row.Cells.Select(cell => cell.Text)));
        ReportTable tails = FurtherTables.Tails(runs)!;
        Assert.Equal(["samples", "drawn for them", "worst of 25"], tails.Titles.Skip(2).Take(3));
        Assert.Equal([["plain", "256", "–"], ["chosen", "256", "–"], ["best of 4", "256", "1.0 k"]], tails.Rows.Select(row => (string[])[row.Cells[0].Text, row.Cells[2].Text, row.Cells[3].Text]));
        ReportTable lengths = FurtherTables.Lengths(runs)!;
        Assert.Equal(["run", "objective", "half of the samples within", "90 % of samples within", "99 % of samples within", "longest of all"], lengths.Titles);
        Assert.Equal([["plain", "200", "200", "200", "200"], ["chosen", "4", "9", "11", "11"], ["best of 4", "200", "200", "200", "200"]], lengths.Rows.Select(row => (string[])[row.Cells[0].Text, .. row.Cells.Skip(2).Select(cell => cell.Text)]));
        Assert.Equal("0.750", FurtherTables.OfReference(runs)!.Rows[^1].Cells[2].Text);
        Assert.Equal(["Held-out text in bits per byte", "The worst samples", "Lengths of the samples, in characters", "Metrics as the reference implementation computes them"], ReportTable.Further(runs).Select(table => table.Title));

        ReportWriter.Write(runs, corpus: null, _folder.At("report.html"));
        string page = File.ReadAllText(_folder.At("report.html"));
        foreach (string label in (string[])["Table of bits per byte", "Table of the worst samples", "Table of the samples&#39; lengths", "Table of the reference implementation&#39;s metrics"]) Assert.Contains(label, page);
    }
}
