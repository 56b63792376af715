using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Tests.Formats.Hub;
using Phf.Text;
using Phf.Training;

namespace Phf.Tests.Cli;

/// <summary><c>phf download</c> from a server of this machine, and what was downloaded under its name in other verbs.</summary>
public sealed class DownloadVerbTests : IDisposable
{
    private readonly FakeHub _hub = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Model_IsDownloadedOnce_AndThenGoesByItsName()
    {
        PutModel();
        Phf("inspect", FakeHub.Name).Failed(1, $"to get it: phf download {FakeHub.Name}");
        CliResult result = Phf("download", FakeHub.Name).Succeeded();
        Assert.Equal(_hub.At("snapshots", FakeHub.Commit), result.Output.TrimEnd());
        Assert.Contains($"downloading {FakeHub.Name}", result.Error);
        Assert.All(_hub.Requests, request => Assert.Equal(request.IsForContent ? null : $"Bearer {FakeHub.Token}", request.Authorization));

        _hub.Requests.Clear();
        File.WriteAllText(_folder.At("texts.jsonl"), "{\"text\": \"the cat\"}\n");
        Assert.Contains("yes: phf generate", Phf("inspect", FakeHub.Name).Succeeded().Output);
        Assert.Contains("\"perplexity\"", Phf("logprobs", FakeHub.Name, _folder.At("texts.jsonl")).Succeeded().Output);
        Assert.StartsWith("{\"ids\":[", Phf("tokenizer", "encode", FakeHub.Name, _folder.At("texts.jsonl")).Succeeded().Output);
        Phf("export", FakeHub.Name, "-o", _folder.At("exported")).Succeeded();
        Phf("evaluate", FakeHub.Name, "--scorer", "pii").Failed(2, "name a folder for them (--output)");
        Phf("evaluate", FakeHub.Name, "--scorer", "pii", "--samples", "2", "-o", _folder.At("evaluated")).Succeeded();
        Assert.Empty(_hub.Requests); // no verb but download asks the Hub
    }

    [Fact]
    public void Offline_GivesWhatIsThere()
    {
        CliResult Offline(params string[] arguments) => Run(arguments, ("HF_HUB_OFFLINE", "1"));
        Offline("download", FakeHub.Name).Failed(1, "HF_HUB_OFFLINE is set");
        Phf("download", FakeHub.Name, "--include", "*.json").Succeeded();
        _hub.Requests.Clear();
        Assert.Equal(_hub.At("snapshots", FakeHub.Commit), Offline("download", FakeHub.Name).Succeeded().Output.TrimEnd());
        Offline("download", FakeHub.Name, "--revision", "v2").Failed(1, "HF_HUB_OFFLINE is set");
        Assert.Empty(_hub.Requests);
    }

    [Fact]
    public void Problems_AreOneClearMessage()
    {
        Phf("download", "../thing").Failed(1, "'../thing' is no name on the Hub");
        Phf("download", "someone/other").Failed(1, "check the name on");
        Run(["download", FakeHub.Name], ("HF_ENDPOINT", "nowhere")).Failed(1, "HF_ENDPOINT is 'nowhere'");
        Run(["download", FakeHub.Name], ("HF_TOKEN", "a b")).Failed(1, "characters that no token of the Hub has");
        File.WriteAllText(_folder.At("token"), FakeHub.Token + "\n");
        Run(["download", FakeHub.Name, "--include", "config.json"], ("HF_TOKEN", ""), ("HF_TOKEN_PATH", _folder.At("token"))).Succeeded();
        Assert.Equal($"Bearer {FakeHub.Token}", _hub.Requests[^1].Authorization);
    }

    private CliResult Phf(params string[] arguments) => Run(arguments);

    private CliResult Run(string[] arguments, params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string> { ["HF_ENDPOINT"] = _hub.Endpoint.AbsoluteUri, ["HF_HUB_CACHE"] = _hub.Options.Cache, ["HF_TOKEN"] = FakeHub.Token };
        foreach ((string name, string value) in more) environment[name] = value;
        using CliProcess process = CliProcess.Start(arguments, environment);
        return process.Wait();
    }

    private void PutModel()
    {
        using IBackend backend = Backends.CreateReference();
        using var model = new Gpt2(new Gpt2Config { VocabularySize = 262, Positions = 8, Channels = 8, Layers = 1, Heads = 2, TieHead = false }, backend);
        model.Initialize(seed: 1);
        ModelDirectory.Write(_folder.At("model"), model, BpeTrainer.Train(["the cat sat on the mat"], 262), card: null);
        _hub.Files.Clear();
        foreach (string file in Directory.GetFiles(_folder.At("model"))) _hub.Files.Add(Path.GetFileName(file), File.ReadAllBytes(file));
    }
}
