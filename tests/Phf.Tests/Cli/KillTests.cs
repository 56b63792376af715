using System.Text.Json;
using Phf.Numerics.Random;

namespace Phf.Tests.Cli;

/// <summary>One small run of the real program, killed at fifty moments: what it leaves has the bytes of a run that nothing happened to.</summary>
public sealed class KillTests(CliWorkspace workspace) : IClassFixture<CliWorkspace>
{
    private const int Kills = 50, Steps = 400, SaveEvery = 2;

    [Fact]
    public void KilledFiftyTimes_AndResumed_HasTheSameBytes()
    {
        string[] settings = ["--override", $"training.max_steps={Steps}", $"training.save_steps={SaveEvery}", "training.save_total_limit=2",
            "training.load_best_model_at_end=true", "training.skip_outliers=6", "generation.scenario_configs=[]"];
        string alone = workspace.TrainedRun("alone", settings), killed = workspace.At("killed");
        string[] Arguments(string threads) => workspace.TrainArguments("killed", [.. settings, "--threads", threads, "--resume", "auto"]);
        var random = new Rng(seed: 50, stream: 9);
        int resumed = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            int more = (int)(random.NextUInt64() % 8), milliseconds = (int)(random.NextUInt64() % (more == 0 ? 500UL : 40));
            if (KillAfter(Arguments("1"), killed, more, milliseconds)) resumed++;
        }
        Assert.True(resumed > Kills / 2, $"{resumed} of {Kills} lives began from a checkpoint");
        Assert.Contains("resuming from ", CliProcess.Run(Arguments("2")).Succeeded().Output);

        Assert.Equal(Directory.GetDirectories(alone).Select(Path.GetFileName).Order(), Directory.GetDirectories(killed).Select(Path.GetFileName).Order());
        foreach (string path in Directory.GetFiles(Path.Combine(alone, $"checkpoint-{Steps:D8}")))
            Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(Path.Combine(killed, $"checkpoint-{Steps:D8}", Path.GetFileName(path))));
        Assert.Equal(Losses(alone), Losses(killed)); // every line once, none cut off
        Assert.Empty(Directory.GetFiles(killed, "*.tmp", SearchOption.AllDirectories));
    }

    /// <summary>
    /// Starts the run and kills it so many milliseconds after it has got so many steps further, which may be within its start (0 steps), a
    /// step, or the writing or deleting of a checkpoint. Returns whether it had a checkpoint to begin with.
    /// </summary>
    private static bool KillAfter(string[] arguments, string run, int steps, int milliseconds)
    {
        int before = Newest(run);
        using CliProcess process = CliProcess.Start(arguments);
        if (steps > 0) process.WaitUntil(() => Newest(run) >= before + steps);
        Thread.Sleep(milliseconds);
        process.Kill();
        Assert.Equal(128 + 9, process.Wait().ExitCode);
        return before > 0;
    }

    /// <summary>The step of the newest checkpoint that has been begun; 0 for none.</summary>
    private static int Newest(string run) => !Directory.Exists(run) ? 0
        : Directory.GetDirectories(run, "checkpoint-*").Select(path => int.Parse(Path.GetFileName(path)["checkpoint-".Length..])).DefaultIfEmpty().Max();

    private static (long, double)[] Losses(string run) =>
    [
        .. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.TryGetProperty("loss", out _)).Select(line => (line.GetProperty("step").GetInt64(), line.GetProperty("loss").GetDouble())),
    ];
}
