using Phf.Tests.Evaluation.Report;

namespace Phf.Tests.Cli;

public sealed class ReportVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Report_PrintsTheTableAndWritesPageAndChart()
    {
        string[] runs =
        [
            FakeRuns.Write(_folder.FullName, "mle", "mle", 1.2, 1.4, ("as trained", 0.5)),
            FakeRuns.Write(_folder.FullName, "tagged", "conditional", 1.2, 1.4, ("aligned tag", 0), ("both tags banned", 0.2)),
        ];
        CliResult result = CliProcess.Run(["report", .. runs, "-o", _folder.At("r.html"), "--chart", _folder.At("c.svg"), "--csv", _folder.At("all.csv")]);
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        Assert.Matches(@"(?m)^\s+tagged\s+conditional\s+0\s+0%\s+1\.300\s+1\.200\s+1\.400", result.Output);
        Assert.Matches(@"(?m)^\s+both tags banned\s+0\.00\d+", result.Output);
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(_folder.At("r.html")));
        Assert.StartsWith("<svg ", File.ReadAllText(_folder.At("c.svg")));

        Assert.Equal(4, File.ReadAllLines(_folder.At("all.csv")).Length); // titles, two runs, one further scenario

        Assert.DoesNotContain("The worst samples", result.Output);
        string markdown = CliProcess.Run(["report", .. runs, "-o", _folder.At("m.html"), "--markdown"]).Succeeded().Output;
        Assert.Matches(@"(?m)^The worst samples\n\n\| run \| objective \| samples \|", markdown);

        CliResult again = CliProcess.Run(["report", .. runs, "-o", _folder.At("r.html")]);
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("--force", again.Error);
    }

    [Fact]
    public void DirectoryThatIsNoRun_IsAnErrorAndWritesNothing()
    {
        CliResult result = CliProcess.Run("report", _folder.FullName, "-o", _folder.At("r.html"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("not a run", result.Error);
        Assert.False(File.Exists(_folder.At("r.html")));
    }
}
