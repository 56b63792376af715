using System.Text.Json.Nodes;

namespace Phf.Tests.Cli;

public sealed class ReplicateVerbTests : IDisposable
{
    private static readonly string Configs = Path.Combine(Shared.RepositoryRoot, "configs");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The whole plan, killed in the middle of training, ends with the same bits and figures as at one go; a third call computes nothing.</summary>
    [Fact]
    public void Killed_GoesOn_ToTheSameFigures_AndAThirdCallComputesNothing()
    {
        CliProcess.Run(Arguments("whole", "--only", "conditional", "--dry-run")).Succeeded();
        Assert.False(Directory.Exists(_folder.At("whole")));
        CliProcess.Run(Arguments("whole", "--only", "conditional")).Succeeded();
        using (CliProcess process = CliProcess.Start(Arguments("killed", "--only", "conditional")))
        {
            process.WaitUntil(() => File.Exists(_folder.At("killed", "pii-tiny", "runs", "conditional-seed=1", "checkpoint-00000004", "COMPLETE")));
            process.Kill();
        }
        CliResult rest = CliProcess.Run(Arguments("killed", "--only", "conditional")).Succeeded();
        Assert.DoesNotContain("score:", rest.Output);
        Assert.DoesNotContain("train-mle-seed=1:", rest.Output);

        foreach (string run in (string[])["conditional-seed=1", "conditional-finetune50-seed=1", "conditional-finetune10-seed=1"])
        {
            Assert.Equal(Model("whole", run), Model("killed", run));
            Assert.True(File.Exists(_folder.At("killed-results", "pii-tiny", run, "evaluation.json")));
        }
        Assert.Equal(Summary("whole"), Summary("killed"));
        Assert.False(File.Exists(_folder.At("killed-results", "pii-tiny", "mle-seed=1", "evaluation-samples.jsonl")));
        string written = File.ReadAllText(_folder.At("killed-results", "pii-tiny", "summary.md"));
        Assert.Contains("4 of 16 runs are measured", written);
        Assert.Contains("Missing: filtering-seed=1, unlikelihood-seed=1, ", written);
        Assert.Contains("](misalignment-kl.svg)", written);
        Assert.Contains(">conditional, last 50 %</text>", File.ReadAllText(_folder.At("killed-results", "pii-tiny", "misalignment-kl.svg")));
        Assert.Contains("| Conditional training lowers misalignment. |", File.ReadAllText(_folder.At("killed-results", "claims-tiny.md")));

        JsonNode summary = JsonNode.Parse(Summary("whole"))!;
        Assert.Equal(["mle ", "conditional ", "conditional 0.5", "conditional 0.1"], summary["groups"]!.AsArray().Select(group => $"{group!["method"]} {group["finetune_share"]}"));
        Assert.NotNull(summary["groups"]![1]!["metrics"]!["adversarial"]);
        Assert.NotNull(summary["groups"]![2]!["metrics"]!["kl_mle"]);

        CliResult third = CliProcess.Run(Arguments("whole", "--only", "conditional")).Succeeded();
        Assert.Equal("", third.Error); // no progress: nothing was computed
        Assert.Contains("the figures of 4 of 16 runs", third.Output);
        File.Delete(_folder.At("whole", "pii-tiny", "runs", "mle-seed=1", "evaluation.json"));
        Assert.Contains("evaluate-mle-seed=1: phf evaluate", CliProcess.Run(Arguments("whole", "--only", "conditional", "--steps", "evaluate,report")).Succeeded().Output);
        Assert.Contains("(done in ", CliProcess.Run(Arguments("whole", "--only", "conditional", "--dry-run")).Succeeded().Output);

        // What was made in another way is neither mixed nor thrown away.
        string other = Experiment("tiny", "training.weight_decay: 0.5");
        CliProcess.Run(Arguments("whole", "--configs", other)).Failed(1, "training.weight_decay is 0.1 in the run, 0.5 now");
        File.AppendAllText(Path.Combine(other, "pii-tiny.yml"), "data: {vocabulary_size: 310}\n");
        CliProcess.Run(Arguments("whole", "--configs", other, "--steps", "prepare", "--only", "conditional")).Failed(1, "was made in another way");
    }

    [Fact]
    public void FailedRun_IsTold_WhatStandsOnItIsLeftOut_AndTheExitCodeIs1()
    {
        string configs = Experiment("broken", "training.learning_rate: 1e30");
        CliResult result = CliProcess.Run(Arguments("failing", "--configs", configs, "--scale", "broken", "--only", "conditional"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("train-mle-seed=1 failed: step", result.Output);
        Assert.Contains("train-conditional-finetune50-seed=1: left out, because train-mle-seed=1 is not done", result.Output);
        Assert.Contains("no run is evaluated yet", result.Output);
        Assert.Contains("steps failed or were left out", result.Error);
    }

    [Fact]
    public void PythonFiles_AreReadOnce_AndNeedNotBeNamedAgain()
    {
        string code = _folder.At("code", "deep");
        Directory.CreateDirectory(code);
        for (int i = 0; i < 40; i++) File.WriteAllText(Path.Combine(code, $"m{i}.py"), $"import os\nx{i}=1\n\ndef f{i} (a):\n    return a+{i}\n" + string.Concat(Enumerable.Repeat($"print( 'number {i}' )\n", 10)));
        File.Copy(Path.Combine(code, "m0.py"), _folder.At("code", "again.py"));
        File.WriteAllText(_folder.At("code", "notes.txt"), "no code");
        string[] prepare = ["replicate", "--task", "pep8", "--scale", "tiny", "--configs", Path.Combine(Configs, "replication"), "--runs", _folder.At("python"), "--steps", "prepare"];
        CliProcess.Run(prepare).Failed(2, "pep8-tiny has no text to learn from");
        CliResult first = CliProcess.Run([.. prepare, "--python-dir", _folder.At("code")]).Succeeded();
        Assert.Contains("from 41 Python files", first.Output);
        Assert.Contains("40 of 40", first.Output); // the copy is left out
        Assert.DoesNotContain("select:", CliProcess.Run(prepare).Succeeded().Output);
        CliProcess.Run([.. prepare[..^1], "train,evaluate,redteam", "--only", "mle", "--threads", "1", "--results", _folder.At("python-results")]).Succeeded();
        foreach (string result in (string[])["evaluation.json", "redteam.json"])
            Assert.Contains("+W292+", $"{JsonNode.Parse(File.ReadAllText(_folder.At("python", "pep8-tiny", "runs", "mle-seed=1", result)))!["scorer"]}");
        File.WriteAllText(_folder.At("code", "new.py"), "pass\n");
        CliProcess.Run([.. prepare, "--python-dir", _folder.At("code")]).Failed(1, "was made in another way: 41 Python files");
    }

    [Fact]
    public void Texts_NeedNotBeNamedAgain_AndOthersAreNotMixedIn()
    {
        string texts = _folder.At("posts.jsonl");
        File.WriteAllLines(texts, Enumerable.Range(0, 60).Select(i => $$"""{"text": "Post {{i}} says hello. Write to ann{{i}}@example.org today. {{(i % 2 == 0 ? "One. Two. Three. Four. Five. Six." : "")}}"}"""));
        string[] prepare = Arguments("texts", "--steps", "prepare", "--only", "mle");
        Assert.Contains("30 of 60", CliProcess.Run([.. prepare, "--text", texts]).Succeeded().Output); // one of eight sentences is less than a fifth
        Assert.DoesNotContain("made-up mails", CliProcess.Run(prepare).Succeeded().Output);
        File.AppendAllText(texts, "{\"text\": \"One more.\"}\n");
        CliProcess.Run([.. prepare, "--text", texts]).Failed(1, "repeat the settings, or begin another experiment with --runs");
    }

    [Fact]
    public void BadInput_IsToldBeforeAnythingIsComputed()
    {
        CliProcess.Run(Arguments("bad", "--only", "conditional,dpo")).Failed(1, "dpo is none of the methods");
        CliProcess.Run(Arguments("bad", "--seeds", "1,x")).Failed(2, "--seeds x: whole numbers from 0 were expected");
        CliProcess.Run(Arguments("bad", "--steps", "cook")).Failed(2, "--steps cook: prepare, train, evaluate, redteam or report was expected");
        CliProcess.Run(Arguments("bad", "--scale", "huge")).Failed(2, "has pep8-laptop, pep8-tiny, pii-laptop, pii-tiny, toxicity-laptop, toxicity-tiny");
        CliProcess.Run(Arguments("bad", "--text", "nowhere.jsonl")).Failed(2, "--text nowhere.jsonl: no such file");
        CliProcess.Run(Arguments("bad", "--python-dir", "nowhere")).Failed(1, "--python-dir nowhere: no such folder");
        CliProcess.Run(Arguments("bad", "--configs", Experiment("tiny", "training.save_steps: 3"))).Failed(1, "keeps no checkpoint there");
        CliProcess.Run(Arguments("bad", "--configs", Experiment("tiny", "training.lerning_rate: 3"))).Failed(1, "the nearest known key is training.learning_rate");
        string ignoring = Experiment("tiny", "training.seed: 1");
        File.AppendAllText(Path.Combine(ignoring, "pii-tiny.yml"), "evaluate: {ignore: [W292]}\n");
        CliProcess.Run(Arguments("bad", "--configs", ignoring)).Failed(1, "evaluate.ignore is for the scorers pep8 and pep8-fixed, and data.scorer is pii");
        Assert.False(Directory.Exists(_folder.At("bad")));
    }

    private string[] Arguments(string name, params string[] more)
    {
        return
        [
            "replicate", "--task", "pii", .. Unless("--scale", "tiny"), .. Unless("--configs", Path.Combine(Configs, "replication")), "--runs", _folder.At(name), "--results", _folder.At($"{name}-results"),
            "--threads", "1", .. more,
        ];

        string[] Unless(string option, string value) => more.Contains(option) ? [] : [option, value];
    }

    /// <summary>A folder with an experiment on PII that stands on the tiny one and has another setting.</summary>
    private string Experiment(string scale, string setting)
    {
        string folder = _folder.At($"configs-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"pii-{scale}.yml"), $"base: {Path.Combine(Configs, "replication", "pii-tiny.yml")}\ntask: {Path.Combine(Configs, "pii")}\noverrides: {{{setting}}}\n");
        return folder;
    }

    private byte[] Model(string name, string run) =>
        File.ReadAllBytes(Path.Combine(Directory.GetDirectories(_folder.At(name, "pii-tiny", "runs", run), "checkpoint-*").Order().Last(), "model.safetensors"));

    private string Summary(string name) => File.ReadAllText(_folder.At($"{name}-results", "pii-tiny", "summary.json"));
}
