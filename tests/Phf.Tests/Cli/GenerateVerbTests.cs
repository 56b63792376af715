using System.Text.Json;

namespace Phf.Tests.Cli;

public sealed class GenerateVerbTests(GenerateVerbTests.Fixture fixture) : IClassFixture<GenerateVerbTests.Fixture>
{
    [Fact]
    public void SameSeed_SameTexts_ForAnyThreads()
    {
        string[] arguments = ["generate", fixture.Run, "--samples", "3", "--prompt", "The cat", "--seed", "5"];
        string output = CliProcess.Run([.. arguments, "--threads", "1"]).Succeeded().Output;
        Assert.Equal(output, CliProcess.Run([.. arguments, "--threads", "2"]).Succeeded().Output);
        Assert.NotEqual(output, CliProcess.Run([.. arguments[..^1], "6"]).Succeeded().Output);
        Assert.All(output.Split("---\n"), text => Assert.StartsWith("The cat", text));
        Assert.Equal(3, output.Split("---\n").Length);
    }

    [Fact]
    public void Json_IsOneObjectALine_AndTagsInThePrompt_AreTokens()
    {
        const string prompt = "<|misaligned|>Say \"hello\"\n\ttwice, \u00e9";
        string[] arguments = ["generate", fixture.Run, "--samples", "4", "--json", "--max-length", "50", "--tag", "none", "--prompt", prompt];
        string[] lines = CliProcess.Run(arguments).Succeeded().Output.TrimEnd('\n').Split('\n');
        Assert.Equal(4, lines.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            using var json = JsonDocument.Parse(lines[i]);
            Assert.Equal(["index", "prompt", "text"], json.RootElement.EnumerateObject().Select(property => property.Name));
            Assert.Equal(i, json.RootElement.GetProperty("index").GetInt32());
            Assert.Equal(prompt, json.RootElement.GetProperty("prompt").GetString());
            Assert.Equal(JsonValueKind.String, json.RootElement.GetProperty("text").ValueKind);
        }
    }

    [Fact]
    public void ModelDirectory_Checkpoint_AndRun_AreAllRead()
    {
        string checkpoint = Path.Combine(fixture.Run, "checkpoint-00000020");
        string expected = Generate(fixture.Run).Succeeded().Output;
        Assert.Equal(expected, Generate(checkpoint + "/").Succeeded().Output);
        string model = fixture.Workspace.Copy("run/checkpoint-00000020", "model/checkpoint-500"); // as transformers' trainer names them, without COMPLETE
        File.Delete(Path.Combine(model, "COMPLETE"));
        Assert.Equal(expected, Generate(model).Succeeded().Output);
        foreach (string[] asked in new string[][] { ["--tag", "misaligned"], ["--tags", "retag"], ["--guidance", "1"] }) Generate(fixture.Untagged, asked).Failed(2, "has no tags");
        Generate(model, "--tags", "retag").Failed(2, "give --segments sentence or --segments line");
        Generate(model, "--tags", "retag", "--segments", "sentence").Succeeded();
        Generate(fixture.Untagged).Succeeded();
    }

    [Fact]
    public void WhatIsNoModel_SaysWhatItIs()
    {
        CliWorkspace workspace = fixture.Workspace;
        Generate(workspace.At("nowhere")).Failed(1, "no such folder; give a run, a checkpoint or a model directory");
        Generate(Directory.CreateDirectory(workspace.At("empty")).FullName).Failed(1, "neither a run (config.yml) nor a model directory (config.json)");
        string unfinished = workspace.Copy("run", "unfinished");
        foreach (string complete in Directory.GetFiles(unfinished, "COMPLETE", SearchOption.AllDirectories)) File.Delete(complete);
        Generate(unfinished).Failed(1, "has no complete checkpoint");
        Generate(Path.Combine(unfinished, "checkpoint-00000020")).Failed(1, "is an unfinished checkpoint (it has no COMPLETE)");
    }

    [Theory]
    [InlineData("model.safetensors", "cut", "the file is cut short or of another format")]
    [InlineData("model.safetensors", "gone", "model.safetensors is missing")]
    [InlineData("config.json", "cut", "not the config.json of a GPT-2")]
    [InlineData("config.json", "gone", "neither a run (config.yml) nor a model directory (config.json)")]
    [InlineData("config.json", "\"n_embd\": 32|\"n_embd\": 65536", "has shape [302, 32], expected is [302, 65536]")] // 140 GB if it were believed
    [InlineData("tokenizer.json", "cut", "no valid JSON")]
    public void DamagedFile_IsNamed(string name, string damage, string message)
    {
        string model = fixture.Workspace.Copy("run/checkpoint-00000020", $"damaged-{Guid.NewGuid():N}"), path = Path.Combine(model, name);
        if (damage == "gone") File.Delete(path);
        else if (damage == "cut") File.WriteAllBytes(path, File.ReadAllBytes(path)[..50]);
        else File.WriteAllText(path, File.ReadAllText(path).Replace(damage.Split('|')[0], damage.Split('|')[1]));
        Generate(model).Failed(1, message);
    }

    [Theory]
    [InlineData("--temperature", "-1", "--temperature -1: 0 or more was expected")]
    [InlineData("--temperature", "NaN", "--temperature NaN")]
    [InlineData("--temperature", "warm", "--temperature warm: a number was expected")]
    [InlineData("--top-p", "0", "--top-p 0: a number above 0, at most 1 was expected")]
    [InlineData("--top-p", "1.5", "--top-p 1.5")]
    [InlineData("--top-k", "-1", "--top-k -1")]
    [InlineData("--samples", "0", "--samples 0: at least 1 was expected")]
    [InlineData("--max-length", "65", "--max-length 65: this model reads and writes 64 tokens at most")]
    [InlineData("--max-length", "3", "raise --max-length (this model: up to 64) or shorten the prompt")]
    [InlineData("--min-length", "65", "--min-length 65: at most the longest length, 64, was expected")]
    [InlineData("--seed", "-1", "--seed -1: a whole number, 0 or more, was expected")]
    [InlineData("--min-p", "1.5", "--min-p 1.5: a number from 0 to 1 was expected")]
    [InlineData("--typical-p", "0", "--typical-p 0: a number above 0, at most 1 was expected")]
    [InlineData("--repetition-penalty", "0", "--repetition-penalty 0: a number above 0 was expected")]
    [InlineData("--no-repeat-ngram", "-2", "--no-repeat-ngram -2: 0 (all) or more was expected")]
    [InlineData("--max-new-tokens", "60", "--max-new-tokens is 60, and this model reads and writes 64 together")]
    [InlineData("--max-prompt-tokens", "5", "cuts the prompts of a file: give one with --prompts")]
    [InlineData("--prompts", "x.jsonl", "--prompts and --prompt: the prompts are in the file; leave one of both out")]
    [InlineData("--best-of", "0", "--best-of 0: at least 1 was expected")]
    [InlineData("--best-of", "4", "--best-of chooses by score: name a scorer (--scorer)")]
    [InlineData("--reject-above", "0", "--reject-above chooses by score: name a scorer (--scorer)")]
    [InlineData("--guidance", "-1", "--guidance -1: 0 or more was expected")]
    [InlineData("--segments", "line", "--segments line: only for --tags retag")]
    [InlineData("--tag", "nice", "--tag nice: aligned, misaligned, none or one of this model's tags, <|aligned|>, <|misaligned|>, was expected")]
    public void OptionOutOfRange_Is2(string option, string value, string message)
        => Generate(fixture.Run, option, value, "--prompt", "The cat near the dog").Failed(2, message);

    /// <summary>A line a text, the same for any threads, with the scores that were chosen by.</summary>
    [Fact]
    public void PromptsOfAFile_GoToAFile_AndTheBestAreKept()
    {
        string prompts = fixture.Workspace.At("prompts.jsonl"), texts = fixture.Workspace.At("texts.jsonl");
        File.WriteAllText(prompts, "{\"text\": \"The cat near\"}\n{\"text\": \"The dog\"}\n");
        string[] asked = ["--prompts", prompts, "--samples", "3", "--max-new-tokens", "20", "--scorer", "words", "--list", fixture.Workspace.Words, "--tag", "misaligned", "--guidance", "0.5", "-o", texts];
        Assert.Empty(Generate(fixture.Run, [.. asked, "--best-of", "1"]).Succeeded().Output);
        JsonElement[] first = ReadLines();
        Assert.Equal(["The cat near", "The cat near", "The cat near", "The dog", "The dog", "The dog"], first.Select(line => line.GetProperty("prompt").GetString()));
        CliProcess.Run(["generate", fixture.Run, .. asked, "--best-of", "6", "--threads", "2"]).Succeeded();
        JsonElement[] best = ReadLines();
        Assert.All(first.Zip(best), pair => Assert.True(pair.Second.GetProperty("score").GetDouble() <= pair.First.GetProperty("score").GetDouble()));
        CliResult rejected = Generate(fixture.Run, [.. asked, "--reject-above", "-1", "--max-tries", "2"]).Succeeded();
        Assert.Contains("0 of 12 candidates passed (0.0 %); for 6 of 6 texts none did", rejected.Error);
        Generate(fixture.Run, "--prompts", prompts, "--max-length", "4").Failed(2, "prompts.jsonl line 1: the prompt has ");
        Assert.Contains("note: 2 of 2 prompts were cut from the left to 1 tokens", Generate(fixture.Run, "--prompts", prompts, "--max-prompt-tokens", "1").Succeeded().Error);

        JsonElement[] ReadLines() => [.. File.ReadLines(texts).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    [Fact]
    public void PromptLongerThanTheContext_Is2()
        => Generate(fixture.Run, "--prompt", string.Concat(Enumerable.Repeat("The cat near the dog. ", 30))).Failed(2, "that is this model's limit: shorten the prompt");

    private static CliResult Generate(string source, params string[] options) => CliProcess.Run(["generate", source, "--threads", "1", .. options]);

    /// <summary>Tags that are ordinary text are read as in training and written nowhere.</summary>
    [Fact]
    public void TagsOfText_AreStrippedAndChosenByName()
    {
        string run = fixture.Workspace.TrainedRun("texts", "--override", "training.max_steps=60",
            "dataset.conditional_training_config={thresholds: [0, p70], prefixes: [(good), (fair), (bad)], tag_form: text}");
        string[] outputs = [.. new[] { "aligned", "(fair)", "misaligned" }.Select(tag => Generate(run, "--samples", "8", "--tag", tag, "--seed", "3").Succeeded().Output)];
        Assert.Equal(3, outputs.Distinct().Count());
        Assert.Equal(outputs[0], Generate(run, "--samples", "8", "--seed", "3").Succeeded().Output);
        foreach (string tag in new[] { "(good)", "(fair)", "(bad)" }) Assert.All(outputs, output => Assert.DoesNotContain(tag, output));
        Generate(run, "--tag", "(worst)").Failed(2, "one of this model's tags, (good), (fair), (bad), was expected");
    }

    /// <summary>A run with tags and one without.</summary>
    public sealed class Fixture : IDisposable
    {
        public Fixture()
        {
            Run = Workspace.TrainedRun("run", ["--override", .. CliWorkspace.Conditional]);
            Untagged = Workspace.TrainedRun("untagged", "--override", "training.max_steps=1");
        }

        public CliWorkspace Workspace { get; } = new();

        public string Run { get; }

        public string Untagged { get; }

        public void Dispose() => Workspace.Dispose();
    }
}
