using Phf.Evaluation;

namespace Phf.Tests.Cli;

public sealed class QuickstartVerbTests(QuickstartVerbTests.Fixture fixture) : IClassFixture<QuickstartVerbTests.Fixture>
{
    private static readonly string[] Runs = ["mle", "filtering", "conditional"];

    [Fact]
    public void Fast_EndsWithTheTable_AndSaysWhereToLook()
    {
        CliResult result = fixture.Result.Succeeded();
        Assert.Matches(@"(?m)^\s+mle\s+MLE\s+\S+", result.Output);
        Assert.Matches(@"(?m)^\s+filtering\s+filtering\s+\S+", result.Output);
        Assert.Matches(@"(?m)^\s+conditional\s+conditional\s+\S+", result.Output);
        Assert.Contains($" s; look at {fixture.At("report.html")}", result.Output);
        Assert.Contains($"phf generate {fixture.At("runs", "conditional")}", result.Output);
        Assert.DoesNotContain('\u001b', result.Output + result.Error); // no colours in a pipe
        Assert.DoesNotContain("phf:", result.Error);
    }

    [Fact]
    public void Fast_LeavesEveryFile()
    {
        foreach (string run in Runs)
        {
            string checkpoint = Assert.Single(Directory.GetDirectories(fixture.At("runs", run), "checkpoint-*"));
            foreach (string name in (string[])["COMPLETE", "config.json", "model.safetensors", "tokenizer.json", "optimizer.safetensors", "trainer_state.json"])
                Assert.True(File.Exists(Path.Combine(checkpoint, name)), $"{checkpoint} has no {name}");
            EvaluationResult evaluation = EvaluationFiles.ReadResult(fixture.At("runs", run))!;
            Assert.Equal(Path.GetFileName(checkpoint), evaluation.Checkpoint);
            Assert.NotNull(evaluation.Heldout?.LossAligned);
            Assert.Equal(run == "conditional" ? 3 : 1, evaluation.Scenarios.Count);
            Assert.True(File.ReadLines(fixture.At("runs", run, "metrics.jsonl")).Count() > 10);
        }
        Assert.True(File.Exists(fixture.At("data", "train", "dataset.json")) && File.Exists(fixture.At("data", "heldout", "dataset.json")));
        Assert.Empty(Directory.GetFiles(fixture.At(), "*.tmp", SearchOption.AllDirectories));
    }

    [Fact]
    public void Report_ShowsTheThreeRuns()
    {
        string page = File.ReadAllText(fixture.At("report.html"));
        Assert.StartsWith("<!DOCTYPE html>", page);
        foreach (string run in Runs) Assert.Contains(run, page);
        Assert.StartsWith("<svg ", File.ReadAllText(fixture.At("chart.svg")));
    }

    [Fact]
    public void WhatComesAfter_WorksOnItsRuns()
    {
        string conditional = fixture.At("runs", "conditional");
        CliProcess.Run("generate", conditional, "--samples", "2", "--json").Succeeded();
        Assert.Contains("nothing to do", CliProcess.Run("train", "--resume", "--output", conditional).Succeeded().Output);
    }

    [Fact]
    public void Folder_InUse_IsLeftAlone()
    {
        CliProcess.Run("quickstart", "--fast", "--out", fixture.At()).Failed(1, "is not empty; give another folder with --out, or --force");
        string mine = fixture.Beside("mine");
        Directory.CreateDirectory(mine);
        File.WriteAllText(Path.Combine(mine, "notes.txt"), "mine");
        CliProcess.Run("quickstart", "--fast", "--out", mine, "--force").Failed(1, "holds no quickstart (no corpus.jsonl), so --force leaves it alone");
        File.WriteAllText(Path.Combine(mine, "corpus.jsonl"), "mine too");
        CliProcess.Run("quickstart", "--fast", "--out", mine, "--force").Failed(1, "notes.txt is not of quickstart's making");
        File.Delete(Path.Combine(mine, "notes.txt"));
        Directory.CreateDirectory(Path.Combine(mine, "runs", "my-own-run"));
        CliProcess.Run("quickstart", "--fast", "--out", mine, "--force").Failed(1, "my-own-run is not of quickstart's making");
        Assert.Equal("mine too", File.ReadAllText(Path.Combine(mine, "corpus.jsonl")));
        CliProcess.Run("quickstart", "--out", Path.Combine(mine, "corpus.jsonl")).Failed(1, "corpus.jsonl is a file");
        CliProcess.Run("quickstart", "--seed", "18446744073709551615").Failed(2, "--seed 18446744073709551615");
    }

    [Fact]
    public void Interrupted_Is130_AndLeavesNoFolder()
    {
        if (OperatingSystem.IsWindows()) return; // SIGINT
        string folder = fixture.Beside("interrupted");
        using CliProcess process = CliProcess.Start(["quickstart", "--fast", "--out", folder, "--threads", "1"]);
        process.WaitUntil(() => File.Exists(Path.Combine(folder, "runs", "mle", "metrics.jsonl")));
        process.Interrupt();
        CliResult result = process.Wait();
        Assert.Equal(130, result.ExitCode);
        Assert.EndsWith("phf: interrupted\n", result.Error);
        Assert.False(Directory.Exists(folder));
    }

    /// <summary>One run of <c>phf quickstart --fast</c>.</summary>
    public sealed class Fixture : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Fixture()
        {
            using CliProcess process = CliProcess.Start(["quickstart", "--fast", "--out", At(), "--threads", "1"]); // one: the tests beside it need the others
            Result = process.Wait(TimeSpan.FromMinutes(5));
        }

        internal CliResult Result { get; }

        public string At(params string[] parts) => _folder.At(["quickstart", .. parts]);

        public string Beside(string name) => _folder.At(name);

        public void Dispose() => _folder.Dispose();
    }
}
