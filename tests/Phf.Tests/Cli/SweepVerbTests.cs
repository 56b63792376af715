namespace Phf.Tests.Cli;

public sealed class SweepVerbTests(CliWorkspace workspace) : IClassFixture<CliWorkspace>
{
    [Fact]
    public void Sweep_TrainsAndEvaluatesEveryRun_AndASecondCallComputesNothing()
    {
        string grid = Grid("whole", "grid: {training.learning_rate: [1e-3, 2e-3]}\nseeds: [1, 2]");
        CliResult listed = CliProcess.Run("sweep", grid, "--dry-run").Succeeded();
        Assert.Contains("mle-learning_rate=1e-3-seed=1 (new)\n", listed.Output);
        Assert.EndsWith("8 runs in " + workspace.At("whole") + "; nothing was computed\n", listed.Output);
        Assert.False(Directory.Exists(workspace.At("whole")));

        CliResult first = CliProcess.Run("sweep", grid, "--threads", "1").Succeeded();
        Assert.Equal(["report.html", "runs", "sweep.csv", "sweep.json", "sweep.md"], Directory.GetFileSystemEntries(workspace.At("whole")).Select(Path.GetFileName).Order());
        Assert.Equal(8, Directory.GetFiles(workspace.At("whole"), "evaluation.json", SearchOption.AllDirectories).Length);
        string[] table = File.ReadAllLines(workspace.At("whole", "sweep.md"));
        Assert.Equal(["| mle | 1e-3 | 2 | ", "| mle | 2e-3 | 2 | ", "| conditional | 1e-3 | 2 | ", "| conditional | 2e-3 | 2 | "],
            table[2..6].Select(line => line[..(line.IndexOf("| 2 |", StringComparison.Ordinal) + 6)]));
        Assert.All(table[2..6], line => Assert.Matches(@"\d ± \d", line));
        Assert.Contains("misalignment", first.Output);

        string summary = File.ReadAllText(workspace.At("whole", "sweep.json"));
        CliResult second = CliProcess.Run("sweep", grid).Succeeded();
        Assert.Equal("", second.Error); // no progress: nothing was computed
        Assert.Equal(8, second.Output.Split("finished earlier").Length - 1);
        Assert.Equal(summary, File.ReadAllText(workspace.At("whole", "sweep.json")));
        Assert.Contains("mle-learning_rate=1e-3-seed=1 (finished)", CliProcess.Run("sweep", grid, "--dry-run").Succeeded().Output);
    }

    /// <summary>The run of a sweep is the one of phf train with the same settings.</summary>
    [Fact]
    public void Killed_GoesOn_ToTheSameBits()
    {
        string grid = Grid("killed", "seeds: [3]");
        using (CliProcess process = CliProcess.Start(["sweep", grid, "--threads", "1"]))
        {
            process.WaitUntil(() => File.Exists(workspace.At("killed", "runs", "mle-seed=3", "checkpoint-00000010", "COMPLETE")));
            process.Kill();
        }
        CliResult rest = CliProcess.Run("sweep", grid, "--threads", "1").Succeeded();
        Assert.Matches("1/2 mle-seed=3: (goes on from checkpoint-000000[12]0|finished earlier)", rest.Output);
        string alone = workspace.TrainedRun("alone", "--override", "training.seed=3");
        Assert.Equal(Weights(alone), Weights(workspace.At("killed", "runs", "mle-seed=3")));
    }

    [Fact]
    public void FailedRun_IsTold_TheRestGoesOn_AndTheExitCodeIs1()
    {
        string grid = Grid("failing", "grid: {training.learning_rate: [1e30, 1e-3]}\nseeds: [1]", methods: "mle");
        CliResult result = CliProcess.Run("sweep", grid);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("1/2 mle-learning_rate=1e30-seed=1 failed: step", result.Output);
        Assert.Contains("1 of 2 runs failed", result.Error);
        Assert.Contains("| mle | 1e-3 | 1 |", File.ReadAllText(workspace.At("failing", "sweep.md")));
        Assert.Contains("| mle | 1e30 | 0 | – |", File.ReadAllText(workspace.At("failing", "sweep.md")));

        // A run that was made with other settings is not taken for one of this sweep.
        File.WriteAllText(grid, File.ReadAllText(grid).Replace("[1e30, 1e-3]", "[1e-3]") + "overrides: {training.weight_decay: 0.5}\n");
        Assert.Contains("training.weight_decay is 0 in the run, 0.5 now", CliProcess.Run("sweep", grid).Output);
    }

    [Fact]
    public void BadInput_IsToldBeforeAnythingIsComputed()
    {
        CliProcess.Run("sweep", Grid("bad", "grid: {training.lerning_rate: [1]}\nseeds: []")).Failed(1, "the nearest known key is training.learning_rate");
        CliProcess.Run("sweep", Grid("bad", "size: huge")).Failed(1, "no size 'huge'");
        CliProcess.Run("sweep", Grid("bad", "grid: {training.sequence_length: [16, 65]}")).Failed(1, "longer than the model's n_positions = 64");
        CliProcess.Run("sweep", Grid("bad", "grid: {dataset.filter_threshold: [0.5, -1]}")).Failed(1, "leaves none of the");
        CliProcess.Run("sweep", Grid("bad", "").Replace("bad", "nofile")).Failed(1, "nofile.yml does not exist");
        string grid = Grid("bad", "");
        File.WriteAllText(grid, File.ReadAllText(grid).Replace("samples: 4", "scenarios: [nowhere]"));
        CliProcess.Run("sweep", grid).Failed(1, "evaluate.scenarios names none of the scenarios of mle-seed=42; it has unconditional");
        CliProcess.Run("sweep").Failed(2, "phf: see 'phf sweep --help'");
        Assert.False(Directory.Exists(workspace.At("bad")));
    }

    /// <summary>Writes a grid of plain and conditional runs of the workspace's model.</summary>
    private string Grid(string output, string more, string methods = "mle, conditional")
    {
        File.WriteAllText(workspace.At("mle.yml"), "objective: {name: MLE}");
        File.WriteAllText(workspace.At("conditional.yml"),
            "dataset: {conditional_training_config: {threshold: 0}}\ntokenizer: {special_tokens: [<|aligned|>, <|misaligned|>]}\nmodel: {num_additional_tokens: 2}");
        string path = workspace.At($"{output}.yml");
        string files = string.Join(", ", methods.Split(", ").Select(method => workspace.At($"{method}.yml")));
        File.WriteAllText(path, $"""
            task: {workspace.Config}
            methods: [{files}]
            data: {workspace.Data}
            output: {workspace.At(output)}
            evaluate: {"{"}scorer: words, list: {workspace.Words}, samples: 4{"}"}
            {more}

            """);
        return path;
    }

    private static byte[] Weights(string run) => File.ReadAllBytes(Path.Combine(run, "checkpoint-00000020", "model.safetensors"));
}
