using System.Diagnostics;

namespace Phf.Tests.Cli;

/// <summary>A run that was interrupted or met a full disk, and went on, has the bytes of one that was left alone.</summary>
public sealed class TrainInterruptionTests(TrainInterruptionTests.Fixture fixture) : IClassFixture<TrainInterruptionTests.Fixture>
{
    private static readonly string[] Settings = ["--override", "training.per_device_train_batch_size=32", "training.max_steps=30"];

    [Fact]
    public void InterruptedTwice_LeavesAtOnce()
    {
        if (OperatingSystem.IsWindows()) return; // SIGINT
        // One step takes a minute and more.
        string[] arguments = fixture.Workspace.TrainArguments("twice", "--override", "training.per_device_train_batch_size=64", "training.effective_batch_size=64000");
        using CliProcess process = CliProcess.Start(arguments);
        process.WaitForOutput("steps     20 of 4,096,000 tokens");
        process.Interrupt();
        process.WaitForError("stopping after this step");
        Assert.False(process.HasExited);
        process.Interrupt();
        Assert.Equal(130, process.Wait(TimeSpan.FromSeconds(10)).ExitCode);
        Assert.Empty(Directory.GetDirectories(fixture.Workspace.At("twice")));
    }

    [Fact]
    public void Interrupted_SavesACheckpoint_Is130_AndResumes()
    {
        if (OperatingSystem.IsWindows()) return; // SIGINT
        string[] arguments = fixture.Workspace.TrainArguments("interrupted", Settings);
        CliResult result;
        using (CliProcess process = CliProcess.Start(arguments))
        {
            process.WaitForOutput("step  1/30"); // so the log leaves a pipe line by line, not at the end
            process.Interrupt();
            result = process.Wait();
        }
        Assert.Equal(130, result.ExitCode);
        Assert.Contains("stopping after this step, with a checkpoint", result.Error);
        Assert.Matches(@"stopped after step \d+ of 30; phf train --resume --output .*interrupted goes on", result.Error);
        Assert.EndsWith("phf: interrupted\n", result.Error);
        string checkpoint = Assert.Single(Directory.GetDirectories(fixture.Workspace.At("interrupted")));
        Assert.True(File.Exists(Path.Combine(checkpoint, "COMPLETE")));

        CliResult resumed = CliProcess.Run("train", "--resume", "--output", fixture.Workspace.At("interrupted")).Succeeded();
        Assert.Contains($"resuming from {checkpoint}", resumed.Output);
        fixture.AssertSameBytes("interrupted");
    }

    [Fact]
    public async Task DiskFull_NamesTheFile_LeavesNoCheckpoint_AndResumes()
    {
        if (!OperatingSystem.IsLinux()) return; // a limit on file sizes stands in for the full disk: the weights fit, the moments do not
        string[] arguments = fixture.Workspace.TrainArguments("full", [.. Settings, "training.save_steps=30"]);
        string command = string.Join(' ', arguments.Prepend(Path.Combine(AppContext.BaseDirectory, "Phf.Cli.dll")).Select(word => $"'{word}'"));
        using Process shell = Process.Start(new ProcessStartInfo("/bin/sh")
        {
            // Without W^X the runtime needs no large files of its own.
            ArgumentList = { "-c", $"trap '' XFSZ; ulimit -f 250; DOTNET_EnableWriteXorExecute=0 exec dotnet {command}" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = shell.StandardOutput.ReadToEndAsync();
        string error = await shell.StandardError.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.Equal(1, shell.ExitCode);
        Assert.Matches(@"^phf: cannot write .*optimizer\.safetensors: .*; nothing was kept, free some space or choose another place, and run again\n$", error);
        Assert.Contains("step 30/30", await output);
        Assert.False(File.Exists(fixture.Workspace.At("full", "checkpoint-00000030", "COMPLETE")));
        CliProcess.Run("generate", fixture.Workspace.At("full")).Failed(1, "has no complete checkpoint; the run was stopped before its first one");

        CliProcess.Run("train", "--resume", "--output", fixture.Workspace.At("full")).Succeeded();
        fixture.AssertSameBytes("full");
    }

    /// <summary>The run that nothing happens to, on two threads.</summary>
    public sealed class Fixture : IDisposable
    {
        public Fixture() => Workspace.TrainedRun("alone", [.. Settings, "--threads", "2"]);

        public CliWorkspace Workspace { get; } = new();

        public void AssertSameBytes(string run)
        {
            foreach (string path in Directory.GetFiles(Workspace.At("alone", "checkpoint-00000030")))
                Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(Workspace.At(run, "checkpoint-00000030", Path.GetFileName(path))));
        }

        public void Dispose() => Workspace.Dispose();
    }
}
