using Phf.Formats;
using Phf.Training.Configuration;

namespace Phf.Tests.Cli;

public sealed class TrainVerbTests(CliWorkspace workspace) : IClassFixture<CliWorkspace>
{
    private const string Number = @"[\d.,]+";

    [Fact]
    public void Train_SaysWhatItWillDo_ThenSteps_AndLeavesAWholeRun()
    {
        CliResult result = workspace.Train("whole", ["--override", .. CliWorkspace.Conditional, "dataset.filter_threshold=p50"]).Succeeded();
        Assert.Equal("", result.Error);
        string[] lines = result.Output.TrimEnd().Split('\n');
        Assert.Matches($"^model     {Number} parameters: layers 1, heads 2, width 32, vocabulary 302, sequences of 64$", lines[0]);
        Assert.Matches($"^data      {Number} documents, {Number} tokens, scorer words/[0-9a-f]+, {Number} documents held out$", lines[1]);
        Assert.Matches(@"^objective MLE, documents with mean score above 0\.\d+ \(p50\) left out$", lines[2]);
        Assert.Equal("tags      <|aligned|> up to 0, <|misaligned|> above, before each segment by its score", lines[3]);
        Assert.Matches($"^steps     20 of 256 tokens on cpu/[a-z0-9]+ 1 thread, about {Number} MB$", lines[4]);
        Assert.Matches($@"^step  1/20 \(5\.0%\) \| loss {Number} \| norm {Number} \| lr 3\.0e-03 \| {Number} ms \| {Number}k tok/s \| {Number} GFLOP/s \| eta 0m\d\ds$", lines[5]);
        Assert.Contains(lines, line => line.StartsWith("step 20/20 (100.0%) | loss ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("step 20 held-out loss ", StringComparison.Ordinal));
        Assert.Equal($"step 20 saved {workspace.At("whole", "checkpoint-00000020")}", lines[^1]);
        Assert.True(File.Exists(workspace.At("whole", "checkpoint-00000010", "COMPLETE")));
        Assert.True(File.Exists(workspace.At("whole", "checkpoint-00000020", "COMPLETE")));
        Assert.Equal(workspace.Data, ConfigLoader.Load([workspace.At("whole", "config.yml")], []).Config.Dataset.Data);
    }

    /// <summary>A head of its own goes through training, sampling, export and finetuning with new tokens.</summary>
    [Fact]
    public void UntiedHead_IsTrained_AndStaysUntied()
    {
        string run = workspace.TrainedRun("untied", "--override", "model.gpt2_config_kwargs.tie_word_embeddings=false", "training.max_steps=4");
        CliProcess.Run("generate", run, "--max-length", "8", "--threads", "1").Succeeded();
        CliProcess.Run("export", run, "-o", workspace.At("untied-export"), "--dtype", "float16").Succeeded();
        Assert.Contains("\"tie_word_embeddings\": false", File.ReadAllText(workspace.At("untied-export", "config.json")));
        using (SafetensorsFile weights = SafetensorsFile.Open(workspace.At("untied-export", "model.safetensors")))
            Assert.Equal(weights.Tensors["transformer.wte.weight"].Shape, weights.Tensors["lm_head.weight"].Shape);
        string tuned = workspace.TrainedRun("untied-tuned",
            ["--override", "model.from_scratch=false", $"model.path_or_name={run}", "training.max_steps=4", .. CliWorkspace.Conditional]);
        using SafetensorsFile larger = SafetensorsFile.Open(Path.Combine(tuned, "checkpoint-00000004", "model.safetensors"));
        Assert.Equal(302, larger.Tensors["lm_head.weight"].Shape[0]);
    }

    [Fact]
    public void BadInput_IsOneClearMessage_AndLeavesNoRun()
    {
        string cut = workspace.Copy("data", "cut"), shard = Path.Combine(cut, "train", "shard-00000.safetensors");
        File.WriteAllBytes(shard, File.ReadAllBytes(shard)[..^100]);
        workspace.OtherTokenizer().Save(workspace.At("other-tokenizer"));
        string empty = Directory.CreateDirectory(workspace.At("empty")).FullName;
        foreach (var (message, arguments) in new (string, string[])[]
        {
            ("no such folder", ["--data", workspace.At("nowhere")]),
            ("empty is no packed data: it has neither dataset.json nor train/", ["--data", empty]),
            ("words.txt (a file); give the folder that phf pack wrote", ["--data", workspace.Words]),
            ("shard-00000.safetensors: ", ["--data", cut]),
            ("the shard was cut short or changed, pack again", ["--data", cut]),
            ("was packed with another tokenizer", ["--override", $"tokenizer.path_or_name={workspace.At("other-tokenizer")}"]),
            ("no tokenizer there", ["--override", $"tokenizer.path_or_name={empty}"]),
            ("leaves none of the", ["--override", "dataset.filter_threshold=-1"]),
            ("dataset.filter_threshold is 'p101'; expected a number, or a percentile such as p50", ["--override", "dataset.filter_threshold=p101"]),
            ("unknown key training.lerning_rate; the nearest known key is training.learning_rate", ["--override", "training.lerning_rate=1"]),
            ("one step takes 4 sequences of 64 = 256 tokens", ["--override", "training.max_steps=null", "training.num_tokens=255"]),
            ("training.max_steps is 0", ["--override", "training.max_steps=0"]),
            ("longer than the model's n_positions = 64", ["--override", "training.sequence_length=65"]),
            ("objective.beta is missing; AWR needs", ["--override", "objective.name=AWR"]),
            ("--override objective.name=filtering: objective.name is 'filtering'; MLE (with dataset.filter_threshold for filtering,", ["--override", "objective.name=filtering"]),
            ("training.adam_beta2 is '1'; expected a number from 0 up to but not including 1", ["--override", "training.adam_beta2=1"]),
            ("GB of memory and there are ", ["--override", "model.gpt2_config_kwargs.n_embd=16384", "model.gpt2_config_kwargs.n_layer=64"]),
            ("no such folder; give a run, a checkpoint or a model directory", ["--override", "model.from_scratch=false", $"model.path_or_name={workspace.At("nowhere")}"]),
            ("and 0 is 0, so nothing would get the tag b; give ascending thresholds, or fewer", ["--override", "tokenizer.special_tokens=[a, b, c]",
                "dataset.conditional_training_config={thresholds: [p0, 0], prefixes: [a, b, c]}"]),
            ("tag '<|aligned|>'", ["--override", "dataset.conditional_training_config={threshold: 0}"]),
        })
        {
            if (message.StartsWith("tag", StringComparison.Ordinal)) workspace.Train("bad", arguments).Failed(1, "add it to tokenizer.special_tokens");
            else workspace.Train("bad", arguments).Failed(1, message);
            Assert.False(Directory.Exists(workspace.At("bad")), message);
        }
    }

    [Fact]
    public void BadUsage_Is2()
    {
        CliProcess.Run("train").Failed(2, "no configuration; give --task FILE");
        CliProcess.Run("train", "--resume").Failed(2, "--resume does not say what to go on with; give the run's folder with --output DIR");
        CliProcess.Run("train", "--task", workspace.Config, "--data", workspace.Data).Failed(2, "no folder for the run; give --output DIR");
        workspace.Train("bad", "--resume", "--force").Failed(2, "--resume goes on with a run, --force replaces it");
        workspace.Train("bad", "--threads", "-1").Failed(2, "--threads -1: 0 (all) to 1024 was expected");
        workspace.Train("bad", "--threads", "two").Failed(2, "--threads two: a whole number was expected");
        Assert.False(Directory.Exists(workspace.At("bad")));
        CliProcess.Run("train", "--task", workspace.At("nofile.yml"), "--output", workspace.At("bad")).Failed(1, "nofile.yml does not exist");
        CliProcess.Run("train", "--task", workspace.Config, "--output", workspace.At("bad")).Failed(1, "dataset.data is not set; give --data DIR");
    }

    [Fact]
    public void Folder_WithARun_NeedsResumeOrForce_AndForceDeletesNothingElse()
    {
        string run = workspace.TrainedRun("taken # 1"), config = Path.Combine(run, "config.yml");
        workspace.Train("taken # 1").Failed(1, "already holds a run; give --resume to go on with it, --force to replace it");
        File.WriteAllText(Path.Combine(run, "notes.txt"), "mine");
        workspace.Train("taken # 1", "--force").Failed(1, "also holds notes.txt, which no run writes");
        Assert.True(File.Exists(Path.Combine(run, "checkpoint-00000020", "COMPLETE")));
        File.Delete(Path.Combine(run, "notes.txt"));
        workspace.Train("taken # 1", "--force", "--override", "training.max_steps=3", "model.gpt2_config_kwargs.n_embd=65536").Failed(1, "GB of memory");
        Assert.Contains("max_steps: 20", File.ReadAllText(config)); // what cannot begin replaces nothing

        workspace.Train("taken # 1", "--force", "--override", "training.max_steps=3").Succeeded();
        Assert.Contains("max_steps: 3", File.ReadAllText(config));
        Assert.Equal(["checkpoint-00000003"], Directory.GetDirectories(run).Select(Path.GetFileName));

        string mine = Directory.CreateDirectory(workspace.At("mine")).FullName;
        File.Copy(workspace.Config, Path.Combine(mine, "config.yml")); // a user's own file of that name makes no run
        workspace.Train("mine", "--force").Failed(1, "mine holds something that is no run; give another folder");
        Assert.Equal(["config.yml"], Directory.GetFileSystemEntries(mine).Select(Path.GetFileName));
        workspace.Train("words.txt", "--force").Failed(1, "words.txt is a file; give another folder");
        workspace.Train(Path.Combine("words.txt", "run")).Failed(1, "words.txt is a file, so ");
    }

    [Fact]
    public void Resume_OfAFinishedRun_SaysSo_AndOfAnotherConfiguration_NamesTheLines()
    {
        string run = workspace.TrainedRun("finished");
        byte[] weights = File.ReadAllBytes(Path.Combine(run, "checkpoint-00000020", "model.safetensors"));
        string[] resume = ["train", "--resume", "--output", run];
        Assert.Contains("the run is finished, step 20 of 20; nothing to do", CliProcess.Run(resume).Succeeded().Output);
        Assert.Contains("finished", workspace.Train("finished", "--resume").Succeeded().Output);

        CliResult other = CliProcess.Run([.. resume, "--override", "training.learning_rate=0.1", "dataset.filter_threshold=p50"]);
        other.Failed(1, "training.learning_rate is 0.003 in the run, 0.1 now");
        Assert.Matches(@"config\.yml line \d+: training\.learning_rate", other.Error);
        Assert.Contains("dataset.filter_threshold is not set in the run, p50 now", other.Error);
        CliProcess.Run("train", "--resume", "--output", workspace.At("nowhere")).Failed(1, "nowhere: no such folder");
        CliProcess.Run("train", "--resume", "--output", workspace.Data).Failed(1, "is no run: it has no config.yml");

        // The last checkpoint is damaged, then gone: the one before it gives the same in the end.
        File.WriteAllText(Path.Combine(run, "checkpoint-00000020", "trainer_state.json"), "{}");
        CliProcess.Run(resume).Failed(1, "checkpoint-00000020 is damaged, delete it to go on from the checkpoint before it");
        Directory.Delete(Path.Combine(run, "checkpoint-00000020"), recursive: true);
        Assert.Contains("resuming from " + Path.Combine(run, "checkpoint-00000010"), CliProcess.Run(resume).Succeeded().Output);
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(run, "checkpoint-00000020", "model.safetensors")));
    }

    [Fact]
    public void Resume_WithDataMoved_TakesItsNewPlace_ButNotOtherData()
    {
        string data = workspace.Copy("data", "before"), run = workspace.TrainedRun("moved", "--data", data);
        Directory.Delete(Path.Combine(run, "checkpoint-00000020"), recursive: true);
        string moved = workspace.At("after");
        Directory.Move(data, moved);
        string[] resume = ["train", "--resume", "--output", run];
        CliProcess.Run(resume).Failed(1, "before); give the folder that phf pack wrote with --data DIR, also when it was moved");
        CliProcess.Run([.. resume, "--data", workspace.Pack("other", heldOut: 0.5)]).Failed(1, "was trained on other data than");
        CliProcess.Run([.. resume, "--data", moved]).Succeeded();
    }

    /// <summary>Percentiles are shown and recorded as numbers; the same percentiles resume the run, others do not.</summary>
    [Fact]
    public void Percentiles_AreRecorded_AndResumeTheRun()
    {
        string[] tags = ["--override", "dataset.filter_threshold=p80", "tokenizer.special_tokens=[a, b, c]",
            "dataset.conditional_training_config={thresholds: [0, p90], prefixes: [a, b, c], cooldown: 0.25}"];
        CliResult result = workspace.Train("recorded", tags).Succeeded();
        Assert.Matches(@"(?m)^objective MLE, documents with mean score above 0\.\d+ \(p80\) left out$", result.Output);
        Assert.Matches(@"(?m)^tags      a up to 0, b up to 0\.\d+ \(p90\), c above, before each segment by its score; none after step 15$", result.Output);
        string run = workspace.At("recorded"), config = File.ReadAllText(Path.Combine(run, "config.yml"));
        Assert.Matches(@"(?m)^  filter_threshold: p80=0\.\d+$", config);
        Assert.Matches(@"(?m)^    thresholds: \[0, p90=0\.\d+\]$", config);

        byte[] weights = File.ReadAllBytes(Path.Combine(run, "checkpoint-00000020", "model.safetensors"));
        Directory.Delete(Path.Combine(run, "checkpoint-00000020"), recursive: true);
        workspace.Train("recorded", [.. tags, "--resume"]).Succeeded();
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(run, "checkpoint-00000020", "model.safetensors")));
        Assert.Equal(config, File.ReadAllText(Path.Combine(run, "config.yml")));
        tags[1] = "dataset.filter_threshold=p70";
        workspace.Train("recorded", [.. tags, "--resume"]).Failed(1, "dataset.filter_threshold is p80 in the run, p70 now");
    }

    [Fact]
    public void Start_FromARun_TakesItsNewestCheckpoint()
    {
        string first = workspace.TrainedRun("first");
        CliResult second = workspace.Train("second", "--override", "model.from_scratch=false", $"model.path_or_name={first}", "training.max_steps=1").Succeeded();
        string last = File.ReadLines(Path.Combine(first, "metrics.jsonl")).Last(line => line.Contains("\"loss\""));
        Assert.True(LossOf(second.Output) < 4.6, second.Output); // ln 300 = 5.7 for new weights
        Assert.Contains("\"step\":20", last);

        static double LossOf(string output) => double.Parse(output.Split("| loss ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Diverged_NamesTheStep_AndKeepsTheCheckpoint()
    {
        workspace.Train("diverged", "--override", "training.learning_rate=1e30", "training.save_steps=1").Failed(1, "Lower training.learning_rate");
        Assert.True(File.Exists(workspace.At("diverged", "checkpoint-00000001", "COMPLETE")));
    }
}
