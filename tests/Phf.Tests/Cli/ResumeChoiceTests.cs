using System.Globalization;

namespace Phf.Tests.Cli;

/// <summary><c>phf train --resume auto|never|DIR</c>, the lock of a run's folder, and <c>--dry-run</c>.</summary>
public sealed class ResumeChoiceTests(CliWorkspace workspace) : IClassFixture<CliWorkspace>
{
    [Fact]
    public void Auto_StartsOrGoesOn_Never_Refuses_ACheckpoint_IsGoneOnFrom()
    {
        string run = workspace.At("choices"), final = Path.Combine(run, "checkpoint-00000020"), middle = Path.Combine(run, "checkpoint-00000010");
        Assert.Contains("starting from the first step", workspace.Train("choices", "--resume", "auto").Succeeded().Output);
        Assert.Contains("nothing to do", workspace.Train("choices", "--resume", "auto").Succeeded().Output);
        workspace.Train("choices", "--resume", "never").Failed(1, "already holds a run; give --resume to go on with it");
        byte[] weights = File.ReadAllBytes(Path.Combine(final, "model.safetensors"));

        File.Delete(Path.Combine(final, "model.safetensors")); // seen if it is not written again
        CliResult again = CliProcess.Run("train", "--resume", middle).Succeeded();
        Assert.Contains($"resuming from {middle}", again.Output);
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(final, "model.safetensors")));

        CliProcess.Run("train", "--resume", run).Failed(2, "for a run give --resume auto --output");
        CliProcess.Run("train", "--resume", middle, "--output", workspace.At("other")).Failed(2, "to start another run from it, set model.path_or_name");
        CliProcess.Run("train", "--resume", workspace.At("nothing")).Failed(1, "no such folder; give a run, a checkpoint or a model directory");
        workspace.Train("choices", "--resume", middle, "--force").Failed(2, "--resume goes on with a run, --force replaces it");
    }

    [Fact]
    public void SecondProcess_IsRefused_WithTheNumberOfTheFirst_UntilThatIsKilled()
    {
        string[] slow = ["--override", "training.per_device_train_batch_size=64", "training.effective_batch_size=64000"];
        string run = workspace.At("locked");
        using (CliProcess first = CliProcess.Start(workspace.TrainArguments("locked", slow)))
        {
            first.WaitForOutput("steps     20 of");
            foreach (string option in (string[])["--resume", "--force"])
                workspace.Train("locked", [.. slow, option]).Failed(1, $"locked is being trained by process {first.Id.ToString(CultureInfo.InvariantCulture)}; wait for it");
            Assert.True(File.Exists(Path.Combine(run, "config.yml")));
            first.Kill();
            first.Wait();
        }
        Assert.True(File.Exists(Path.Combine(run, "train.pid"))); // what the dead process left is no obstacle
        workspace.Train("locked", "--force").Succeeded();
        Assert.False(File.Exists(Path.Combine(run, "train.pid")));
    }

    [Fact]
    public void DryRun_TellsWhatARunWouldTake_AndWritesNothing()
    {
        string[] arguments = workspace.TrainArguments("dry", "--dry-run", "--override", "objective.name=RWR", "objective.beta=0.1", "dataset.filter_threshold=p50");
        CliResult result = CliProcess.Run(arguments).Succeeded();
        const string number = @"[\d.,]+";
        foreach (string line in (string[])[
            $@"model     {number} parameters: ", $@"objective RWR\(beta 0\.1\), documents with mean score above 0\.\d+ \(p50\) left out",
            $@"weights   of the segments at beta 0\.1: min 0\.\d+, p1 0\.\d+, .*p50 1, .*max 1\n", $@"step 1    loss {number} \| norm ", $@"step 2    loss {number} ",
            $@"memory    {number} MB estimated, {number} MB measured", $@"speed     {number} ms a step, {number} tokens/s",
            $@"whole run 5,120 tokens, {number} times the data, about 0m\d\ds", "dry run   nothing was written"])
            Assert.Matches("(?m)^" + line, result.Output);
        Assert.False(Directory.Exists(workspace.At("dry")));

        string taken = workspace.TrainedRun("taken");
        DateTime[] Times() => [.. Directory.GetFileSystemEntries(taken, "*", SearchOption.AllDirectories).Order().Select(File.GetLastWriteTimeUtc)];
        DateTime[] before = Times();
        workspace.Train("taken", "--dry-run").Succeeded();
        Assert.Equal(before, Times());
        workspace.Train("dry", "--dry-run", "--data", workspace.At("nowhere")).Failed(1, "no such folder");
        string damaged = workspace.Copy("data", "damaged"), shard = Path.Combine(damaged, "heldout", "shard-00000.safetensors");
        byte[] bytes = File.ReadAllBytes(shard);
        bytes[^1] ^= 1;
        File.WriteAllBytes(shard, bytes);
        workspace.Train("dry", "--dry-run", "--data", damaged).Failed(1, "the shard changed, pack again");
    }
}
