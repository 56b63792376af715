using Phf.Data;

namespace Phf.Tests.Cli;

public sealed class SelectVerbTests(CliWorkspace workspace) : IClassFixture<CliWorkspace>
{
    [Fact]
    public void Select_KeepsDocumentsAndTheirOrder_PlainAndCompressed()
    {
        ScoredDocument[] all = [.. ScoredFile.Read(workspace.Scored)];
        ScoredDocument[] expected = [.. all.Where(document => document.Scores.Count(score => score > 0) >= 0.3 * document.Scores.Length)];
        Assert.InRange(expected.Length, 1, all.Length - 1);
        foreach (string name in (string[])["selected.jsonl", "selected.jsonl.gz"])
        {
            CliResult result = CliProcess.Run("select", workspace.Scored, "--output", workspace.At(name), "--min-share", "0.3").Succeeded();
            Assert.Contains($"{expected.Length} of {all.Length}", result.Output);
            ScoredDocument[] taken = [.. ScoredFile.Read(workspace.At(name))];
            Assert.Equal(expected.Select(document => string.Concat(document.Texts)), taken.Select(document => string.Concat(document.Texts)));
            Assert.Equal(expected.Select(document => (document.AvgScore, document.Scorer)), taken.Select(document => (document.AvgScore, document.Scorer)));
        }
        CliProcess.Run("select", workspace.Scored, "--output", workspace.At("selected.jsonl")).Failed(1, "replace it with --force");
    }

    [Fact]
    public void BadInput_IsTold_AndNothingIsWritten()
    {
        string output = workspace.At("none.jsonl");
        CliProcess.Run("select", workspace.Scored, "-o", output, "--above", "99", "--min-share", "0.5").Failed(1, "none of the 240 documents");
        CliProcess.Run("select", workspace.Scored, "-o", output, "--min-share", "1.5").Failed(2, "a share from 0 to 1 was expected");
        CliProcess.Run("select", workspace.Scored, "-o", output, "--min-characters", "9", "--max-characters", "8").Failed(2, "no document could be taken");
        CliProcess.Run("select", workspace.Config, "-o", output).Failed(1, "no JSON");
        Assert.False(File.Exists(output));
    }
}
