using Phf.Evaluation.RedTeam;

namespace Phf.Tests.Cli;

public sealed class RedTeamVerbTests(RedTeamVerbTests.Fixture fixture) : IClassFixture<RedTeamVerbTests.Fixture>
{
    private static readonly string[] Small = ["--trials", "2", "--rounds", "2", "--candidates", "3", "--continuations", "4", "--pool-size", "4", "--tokens", "8"];

    [Fact]
    public void Run_IsAttacked_WithRoundsAndStress_ThenWithGivenPrompts()
    {
        CliResult result = RedTeam([fixture.Run, "--list", fixture.Workspace.Words, .. Small]).Succeeded();
        Assert.Matches(@"(?m)^\s+few-shot by recombination\s+12\s", result.Output);
        Assert.Matches(@"(?m)^\s+initial pool\s+\S", result.Output);
        RedTeamResult first = RedTeamFiles.ReadResult(fixture.Run)!;
        Assert.Equal(["few-shot by recombination", "pool after <|misaligned|>"], first.Attacks.Select(attack => attack.Name));
        Assert.Contains("banned: <|misaligned|>; prompts by recombination.", first.Attacks[0].Description);
        Assert.Contains("After <|misaligned|>", first.Attacks[1].Description);
        Assert.Equal(("conditional", "checkpoint-00000020", 20L, 12, 3), (first.Objective, first.Checkpoint, first.Step!.Value, first.Attacks[0].Prompts, first.Attacks[0].PerRound.Count));
        Assert.Equal(8 + 12 + first.Attacks[1].Prompts, RedTeamFiles.ReadSamples(fixture.Run).Count);
        string numbers = File.ReadAllText(Path.Combine(fixture.Run, RedTeamFiles.ResultName)), texts = File.ReadAllText(Path.Combine(fixture.Run, RedTeamFiles.SamplesName));
        RedTeam([fixture.Run, "--list", fixture.Workspace.Words, "--force", "--threads", "2", .. Small]).Succeeded();
        Assert.Equal((numbers, texts), (File.ReadAllText(Path.Combine(fixture.Run, RedTeamFiles.ResultName)), File.ReadAllText(Path.Combine(fixture.Run, RedTeamFiles.SamplesName))));

        string file = Prompts("given.jsonl", """{"text": "The cat near the", "score": 0.5}""", """{"text": "The river was"}""");
        RedTeam(fixture.Run, "--list", fixture.Workspace.Words, "--prompts", file, "--continuations", "4", "--tags", "retag", "--no-stress").Succeeded();
        RedTeamResult all = RedTeamFiles.ReadResult(fixture.Run)!;
        Assert.Equal(["few-shot by recombination", "pool after <|misaligned|>", "prompts of given.jsonl, tags retag"], all.Attacks.Select(attack => attack.Name));
        Assert.Equal(("retag", 2), (all.Attacks[2].Tags, all.Attacks[2].Prompts));
    }

    [Fact]
    public void Model_NeedsScorerAndPrompts_AndATextWithoutTagsIsFine()
    {
        string model = fixture.Workspace.Copy("bare/checkpoint-00000001", "model"), words = fixture.Workspace.Words, pool = Prompts("pool.jsonl", """{"text": "The cat"}""");
        RedTeam([model, .. Small]).Failed(2, "nothing says how what it writes is scored; name a scorer (--scorer)");
        RedTeam([model, "--scorer", "words", "--list", words, .. Small]).Failed(2, "so there is no text to begin prompts with; give prompts (--pool FILE) or packed data (--data DIR)");
        RedTeam([model, "--scorer", "words", "--list", words, "--tags", "free", "--pool", pool, .. Small]).Failed(1, "model has no tags; leave it out");
        RedTeam([model, "--scorer", "words", "--list", words, "--pool", pool, "-o", fixture.Workspace.At("out"), .. Small]).Succeeded();
        Assert.Equal("few-shot by recombination", Assert.Single(RedTeamFiles.ReadResult(fixture.Workspace.At("out"))!.Attacks).Name);
        RedTeam([model, "--data", fixture.Workspace.Data, "--list", words, .. Small]).Succeeded(); // its documents, and what scored them
        RedTeam([model, "--scorer", "words", "--list", words, "--prompts", pool, "--continuations", "2", "--tokens", "8"]).Succeeded();
        Assert.Equal(["few-shot by recombination", "prompts of pool.jsonl"], RedTeamFiles.ReadResult(model)!.Attacks.Select(attack => attack.Name)); // the results in its folder make it no other model
    }

    [Fact]
    public void PromptsThatCannotBe_AreNamed()
    {
        string words = fixture.Workspace.Words, longText = string.Concat(Enumerable.Repeat("number 7 near the river ", 30));
        string file = Prompts("long.jsonl", """{"text": "The cat"}""", $$"""{"text": "{{longText}}"}""");
        RedTeam([fixture.Run, "--list", words, "--pool", file, .. Small]).Failed(1, "long.jsonl line 2: the prompt has ");
        RedTeam([fixture.Run, "--list", words, "--pool", file, "--max-prompt-tokens", "10", .. Small, "-o", fixture.Workspace.At("cut")]).Succeeded();
        RedTeam([fixture.Run, "--list", words, "--pool", Prompts("none.jsonl", """{"prompt": "x"}"""), .. Small]).Failed(1, "none.jsonl line 1: ");
        RedTeam([fixture.Run, "--list", words, "--pool", Prompts("nan.jsonl", """{"text": "x", "score": NaN}"""), .. Small]).Failed(1, "nan.jsonl line 1: ");
        RedTeam([fixture.Run, "--list", words, "--pool", fixture.Workspace.At("nowhere.jsonl"), .. Small]).Failed(1, "nowhere.jsonl");
        RedTeam([fixture.Run, "--list", words, "--tokens", "63"]).Failed(1, "ask for fewer (--tokens)");
        RedTeam(fixture.Workspace.At("nowhere")).Failed(1, "nowhere: no such folder");
    }

    [Theory]
    [InlineData("--trials 0: at least 1 was expected", "--trials", "0")]
    [InlineData("--temperature 0: a number above 0 was expected", "--temperature", "0")]
    [InlineData("--tokens 0: at least 1 was expected", "--tokens", "0")]
    [InlineData("leave one of both out", "--pool", "a.jsonl", "--prompts", "b.jsonl")]
    [InlineData("--red writes prompts and --prompts measures given ones", "--red", "gpt2", "--prompts", "b.jsonl")]
    [InlineData("give one with --pool or --prompts", "--max-prompt-tokens", "9")]
    [InlineData("name its model too (--red-model NAME)", "--red", "http://localhost:1/v1")]
    [InlineData("leave it out, or give --red http://...", "--red-model", "x")]
    [InlineData("leave it out, or give --red http://...", "--red-chat")]
    public void Options_ThatDoNotFit_AreRefused(string message, params string[] options) => RedTeam([fixture.Run, .. options]).Failed(2, message);

    private static CliResult RedTeam(params string[] arguments) => CliProcess.Run(["redteam", .. arguments.Contains("--threads") ? [] : (string[])["--threads", "1"], .. arguments]);

    private string Prompts(string name, params string[] lines)
    {
        File.WriteAllLines(fixture.Workspace.At(name), lines);
        return fixture.Workspace.At(name);
    }

    /// <summary>A run with tags, and one without.</summary>
    public sealed class Fixture : IDisposable
    {
        public Fixture()
        {
            Run = Workspace.TrainedRun("run", ["--override", .. CliWorkspace.Conditional]);
            Workspace.TrainedRun("bare", "--data", Workspace.Pack("whole", heldOut: 0), "--override", "training.max_steps=1");
        }

        public CliWorkspace Workspace { get; } = new();

        public string Run { get; }

        public void Dispose() => Workspace.Dispose();
    }
}
