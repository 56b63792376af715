using Phf.Text;

namespace Phf.Tests.Cli;

/// <summary>Configurations that name datasets, models and tokenizers as the Hugging Face Hub does, with nothing but local folders.</summary>
public sealed class HubNameTests(CliWorkspace workspace) : IClassFixture<CliWorkspace>
{
    [Fact]
    public void PackedData_IsFound_UnderItsName_OrTheLastPartOfIt()
    {
        string named = workspace.Copy("data", Path.Combine("root1", "someone", "corpus"));
        CliResult result = Train("packed1", "someone/corpus", root: "root1");
        result.Succeeded();
        Assert.Contains($"data is read from {named}", result.Error);
        string last = workspace.Copy("data", Path.Combine("folder", "data", "corpus"));
        Assert.Contains($"data is read from {Path.Combine("data", "corpus")}", Train("packed2", "someone/corpus", folder: Path.GetDirectoryName(Path.GetDirectoryName(last))).Succeeded().Error);
        Assert.Contains("names in dataset.datasets are not looked up", Train("given", "no/such", more: ["--data", workspace.Data]).Succeeded().Error);
    }

    [Fact]
    public void ScoredText_OfSeveralNames_IsPackedOnce_WithTheNamedTokenizer()
    {
        string snapshot = Directory.CreateDirectory(workspace.At("hub", "datasets--someone--half-1", "snapshots", "0123abcd", "data")).FullName;
        string root = Directory.CreateDirectory(workspace.At("root2", "half-2")).Parent!.FullName;
        string[] lines = File.ReadAllLines(workspace.Scored);
        File.WriteAllLines(Path.Combine(snapshot, "part.jsonl"), lines[..120]);
        File.WriteAllLines(workspace.At("root2", "half-2", "part.jsonl"), lines[120..]);
        const string names = "someone/half-1, someone/half-2";
        Train("scored0", names, root: "root2", tokenizer: "someone/bpe").Failed(1, "to pack it the tokenizer someone/bpe is needed, which is not on this machine");
        Train("scored0", names, root: "root2", tokenizer: null).Failed(1, "set tokenizer.path_or_name");

        BpeTokenizer.FromDirectory(workspace.At("data", "tokenizer")).Save(workspace.At("root2", "bpe"));
        CliResult first = Train("scored1", names, root: "root2", tokenizer: "someone/bpe").Succeeded();
        string packed = Assert.Single(Directory.GetDirectories(root, "packed-*"));
        Assert.Contains($"packing {packed}, once", first.Error);
        CliResult second = Train("scored2", names, root: "root2", tokenizer: "someone/bpe").Succeeded();
        Assert.DoesNotContain("packing", second.Error);
        Assert.Contains($"data is read from {packed}", second.Error);
        CliProcess.Run("train", "--resume", "--output", workspace.At("scored2")).Succeeded(); // a run knows its data
    }

    [Fact]
    public void NotFound_SaysWhereItLooked_AndWhatToDo()
    {
        CliResult result = Train("bad", "someone/one, someone/two, someone/three, someone/four", root: "root3");
        result.Failed(1, "4 of 4 are not on this machine: someone/one, someone/two, someone/three and 1 more");
        Assert.Contains($"{workspace.At("root3", "someone", "one")}, {workspace.At("root3", "one")}, {Path.Combine("data", "someone", "one")}, {Path.Combine("data", "one")}, "
            + workspace.At("hub", "datasets--someone--one"), result.Error);
        Assert.Contains("phf download someone/one --dataset", result.Error);
        Assert.Contains("phf score, phf tokenizer train and phf pack, then --data DIR", result.Error);
        workspace.Copy("data", Path.Combine("root4", "one"));
        workspace.Copy("data", Path.Combine("root4", "two"));
        Train("bad", "someone/one, someone/two", root: "root4").Failed(1, "a run reads one packed folder: pack the scored files of all of them together");
        CliResult model = Train("bad", "someone/one", root: "root4", more: ["--override", "model.path_or_name=someone/model", "model.from_scratch=false"]);
        Assert.Equal(1, model.ExitCode);
        Assert.Contains("phf: someone/model: no such folder; give a run, a checkpoint or a model directory; as a name on the Hugging Face Hub it was looked for in", model.Error);
        Assert.Contains("phf download someone/model", model.Error);
        Assert.False(Directory.Exists(workspace.At("bad")));
    }

    [Fact]
    public void Model_IsFoundByName_AndAShapeNeedsNoFolder()
    {
        string run = workspace.TrainedRun("source");
        workspace.Copy(Path.Combine("source", "checkpoint-00000020"), Path.Combine("hub", "models--someone--model", "snapshots", "0123abcd"));
        Train("from-name", "no/such", more: ["--data", workspace.Data, "--override", "model.path_or_name=someone/model", "model.from_scratch=false"]).Succeeded();
        Assert.True(Directory.Exists(run));
        CliResult named = Train("shape", "no/such", more: ["--data", workspace.Data, "--override", "model.path_or_name=codeparrot/codeparrot-small"]).Succeeded();
        Assert.Contains("layers 1, heads 2, width 32", named.Output); // the file's own shape wins over the name's
        Assert.Contains("\"scale_attn_by_inverse_layer_idx\": true", File.ReadAllText(workspace.At("shape", "checkpoint-00000020", "config.json")));
    }

    /// <summary>The reference's command line; its files as they are, but for the size of the model and of the run.</summary>
    [GoldenTheory]
    [InlineData("pii", "conditional.yml")]
    [InlineData("toxicity", "awr.yml")]
    [InlineData("pep8", "conditional.yml")]
    public void ReferencesFiles_RunUnchanged(string task, string method)
    {
        CliResult result = CliProcess.Run("train", "--task", Shared.Data("reference_configs", task, "pretrain.yml"), "--method", Shared.Data("reference_configs", task, method),
            "--data", workspace.Data, "--output", workspace.At($"reference-{task}"), "--threads", "1", "--override", "training.num_tokens=1e6", "model.gpt2_config_kwargs.n_layer=1",
            "model.gpt2_config_kwargs.n_embd=24", "training.max_steps=2", "training.sequence_length=32", "training.effective_batch_size=16", "generation.force_call_on=[2]",
            "generation.scenario_configs.0.generate_kwargs.max_length=24").Succeeded();
        Assert.Contains("layers 1, heads 12, width 24, vocabulary 30", result.Output);
        Assert.Contains("is no folder here; the tokenizer that packed the data is used", result.Error);
        Assert.True(File.ReadLines(workspace.At($"reference-{task}", "samples.jsonl")).Any());
    }

    private CliResult Train(string run, string datasets, string root = "nowhere", string? folder = null, string? tokenizer = null, string[]? more = null)
    {
        List<string> overrides = [$"dataset.datasets=[{datasets}]", .. tokenizer is null ? (string[])[] : [$"tokenizer.path_or_name={tokenizer}"]];
        string[] rest = more ?? [];
        string[] options = rest.TakeWhile(word => word != "--override").ToArray(), last = rest.SkipWhile(word => word != "--override").Skip(1).ToArray();
        using CliProcess process = CliProcess.Start(
            ["train", "--task", workspace.Config, "--output", workspace.At(run), "--threads", "1", .. options, "--override", .. overrides, .. last],
            new Dictionary<string, string>
            {
                ["PHF_DATA"] = folder is null ? workspace.At(root) : "",
                ["HF_HUB_CACHE"] = workspace.At("hub"),
            }, folder);
        return process.Wait();
    }
}
