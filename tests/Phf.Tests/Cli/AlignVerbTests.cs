using System.Text.Json.Nodes;

namespace Phf.Tests.Cli;

public sealed class AlignVerbTests(CliWorkspace workspace) : IClassFixture<CliWorkspace>
{
    private const string Target = """
        target:
          kind: pointwise
          features:
            - {name: long, length: characters, above: 30}
        sampling: {max_length: 24, prior_samples: 64, evaluation_samples: 32, min_effective_samples: 4}
        training: {max_steps: 4, effective_batch_size: 16, per_device_train_batch_size: 8, logging_steps: 2, evaluation_strategy: steps, eval_steps: 2}
        """;

    [Fact]
    public void Align_WritesARunThatOtherVerbsRead()
    {
        string prior = workspace.TrainedRun("prior");
        CliResult result = CliProcess.Run("align", prior, "--method", "gdc++", "--target", File("target.yml", Target), "-o", workspace.At("aligned"), "--threads", "1").Succeeded();
        Assert.Contains("gdc++: 4 steps of 16 texts of at most 24 tokens", result.Output);
        Assert.Contains("step 4 | long ", result.Output);
        Assert.Contains("name: \"gdc++\"", System.IO.File.ReadAllText(workspace.At("aligned", "align.yml")));
        Assert.Contains(System.IO.File.ReadLines(workspace.At("aligned", "metrics.jsonl")), line => JsonNode.Parse(line)!["align_kl_prior"] is not null);
        CliProcess.Run("generate", workspace.At("aligned"), "--samples", "2").Succeeded();
        CliProcess.Run("evaluate", workspace.At("aligned"), "--samples", "4", "--scorer", "words", "--list", workspace.Words).Succeeded();
        Assert.Contains("gdc++", CliProcess.Run("report", workspace.At("aligned"), prior, "-o", workspace.At("report.html")).Succeeded().Output);
        Assert.Contains("the run is finished, step 4 of 4", CliProcess.Run("align", "--resume", "-o", workspace.At("aligned")).Succeeded().Output);
        CliProcess.Run("align", prior, "--target", File("target.yml", Target), "-o", workspace.At("aligned")).Failed(1, "already holds a run");
        CliProcess.Run("align", "--resume", "-o", prior).Failed(1, "is a run of phf train");
        CliProcess.Run("train", "--resume", "-o", workspace.At("aligned")).Failed(1, "is a run of phf align");
    }

    [Theory]
    [InlineData("rejection", "<- rejection")]
    [InlineData("best-of-n", "KL(kept || prior) is at most log 16 - 15/16 = 1.84 nats per text")]
    public void SamplingMethods_WriteTexts(string method, string told)
    {
        string prior = workspace.TrainedRun($"prior-{method}"), output = workspace.At($"{method}.jsonl");
        CliResult result = CliProcess.Run("align", prior, "--method", method, "--target", File("target.yml", Target), "--samples", "12", "-o", output).Succeeded();
        Assert.Contains(told, result.Output);
        string[] lines = System.IO.File.ReadAllLines(output);
        Assert.Equal(12, lines.Length);
        Assert.All(lines, line => Assert.Equal(1, (double)JsonNode.Parse(line)!["features"]!["long"]!));
        Assert.All(lines, line => Assert.True(((string)JsonNode.Parse(line)!["text"]!).Length > 30));
    }

    [Fact]
    public void WhatIsWrong_IsToldBeforeAnythingIsWritten()
    {
        string prior = workspace.TrainedRun("prior-wrong"), target = File("target.yml", Target), output = workspace.At("wrong");
        CliProcess.Run("align", prior, "--target", target).Failed(2, "no folder for the run; give --output DIR");
        CliProcess.Run("align", "--target", target, "-o", output).Failed(2, "no model to align");
        CliProcess.Run("align", prior, "-o", output).Failed(2, "no target; give --target FILE");
        CliProcess.Run("align", "--resume", "--target", target, "-o", output).Failed(2, "--resume goes on with the run's own settings");
        CliProcess.Run("align", prior, "--target", target, "--method", "gcd", "-o", output).Failed(1, "method.name is 'gcd'; expected one of dpg, gdc");
        CliProcess.Run("align", prior, "--target", target, "--override", "target.features.0.above=1e6", "-o", output)
            .Failed(1, "the target is met by 0 of 64 samples of the prior, fewer than sampling.min_effective_samples = 4");
        CliProcess.Run("align", prior, "--target", target, "--override", "sampling.max_length=65", "-o", output).Failed(1, "sampling.max_length 65 is longer than the model's n_positions 64");
        Assert.False(Directory.Exists(output));
    }

    private string File(string name, string text)
    {
        System.IO.File.WriteAllText(workspace.At(name), text);
        return workspace.At(name);
    }
}
