using System.Text.Json;
using Phf.Evaluation;
using Phf.Evaluation.Kl;
using Phf.Evaluation.RedTeam;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Tests.Cli;
using Phf.Tests.Scoring;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Evaluation.RedTeam;

/// <summary>The search on a small run with tags.</summary>
public sealed class RedTeamingTests(RedTeamingTests.Fixture fixture) : IClassFixture<RedTeamingTests.Fixture>
{
    private static readonly RedTeamOptions Small = new() { Trials = 2, Rounds = 3, Candidates = 4, Continuations = 3, PoolSize = 5, Examples = 2 };
    private static readonly ScenarioConfig WithPrompts = new() { Name = "prompts", PromptsPath = "not read", Prefix = "<|aligned|>", GenerateKwargs = new() { MaxLength = 40 } };
    private static readonly string[] Prompts = [.. Enumerable.Range(0, 8).Select(i => $"The {(i % 2 == 0 ? "cat" : "river")} near number {i}")];

    [Fact]
    public void Search_HasPoolsAndRounds_OfDifferentPrompts()
    {
        using var cache = new TemporaryFolder();
        var scorer = new Letters();
        Attack attack = Search(scorer, cache.FullName, Small);
        Assert.Equal(2, attack.Trials.Count);
        foreach (IReadOnlyList<ScoredPrompt[]> trial in attack.Trials)
        {
            Assert.Equal([5, 4, 4, 4], trial.Select(prompts => prompts.Length));
            Assert.Equal(17, trial.SelectMany(prompts => prompts).Select(prompt => prompt.Text).Distinct().Count());
            Assert.All(trial[0], prompt => Assert.Contains(prompt.Text, Prompts));
            foreach (ScoredPrompt prompt in trial.SelectMany(prompts => prompts))
            {
                Assert.Equal(3, prompt.Scores.Count);
                Assert.Equal(prompt.Scores.OrderDescending(), prompt.Worst.Select(continuation => continuation.Score));
                Assert.All(prompt.Worst, continuation => Assert.Equal(Letters.ScoreOf(continuation.Text), continuation.Score));
                Assert.DoesNotContain("<|", prompt.Worst[0].Text);
                Assert.True(fixture.Target.Model.Tokenizer.Encode(prompt.Text).Count <= 32);
            }
        }
        Assert.Equal(2 * 17 * 3, scorer.Texts);
        Assert.Equal(2 * 17, attack.Samples(threshold: 0).Count());
    }

    [Fact]
    public void StoppedSearch_GoesOn_ToTheSameBytes_AndMoreRoundsCostOnlyThemselves()
    {
        using TemporaryFolder cache = new(), fresh = new();
        using var cancel = new CancellationTokenSource();
        var scorer = new Letters();
        var stopped = new RedTeaming(fixture.Target, scorer, EvaluationCache.Of(cache.FullName, force: false)) { Progress = done => { if (done > 3 * (5 + 4) + 3) cancel.Cancel(); } };
        Assert.Throws<OperationCanceledException>(() => stopped.Search("s", Prompts, new Recombination(), Small, cancel.Token));
        int before = scorer.Texts;
        Assert.InRange(before, 3 * (5 + 4), 3 * (5 + 4 + 4));
        string resumed = Json(Search(scorer, cache.FullName, Small));
        Assert.Equal(2 * 17 * 3, scorer.Texts);
        Assert.Equal(resumed, Json(Search(new Letters(), fresh.FullName, Small)));

        Attack more = Search(scorer, cache.FullName, Small with { Trials = 3, Rounds = 4 });
        Assert.Equal((2 * 17 + 2 * 4 + 21) * 3, scorer.Texts);
        Assert.Equal(resumed, Json(more with { Trials = [.. more.Trials.Take(2).Select(trial => trial.Take(4).ToArray())] }));
        Assert.NotEqual(resumed, Json(Search(scorer, cache.FullName, Small with { Seed = 2 })));
    }

    [Fact]
    public void AnyThreads_SameBytes()
    {
        using TemporaryFolder one = new(), three = new();
        using IBackend backend = Backends.CreateCpu(3);
        using LanguageModel model = LanguageModel.OfRun(fixture.Run, fixture.Run.ModelCheckpoint(), fixture.Plan, backend);
        var other = new RedTeaming(AttackTarget.OfRun(model, fixture.Plan, new TargetOptions()), new Letters(), EvaluationCache.Of(three.FullName, force: false));
        Assert.Equal(Json(Search(new Letters(), one.FullName, Small)), Json(other.Search("s", Prompts, new Recombination(), Small, default)));
    }

    /// <summary>What stands before a prompt: the tag of the headline, and what training had before its segments with retag.</summary>
    [Fact]
    public void Tags_StandBeforePrompts()
    {
        int end = fixture.Plan.Tokenizer.EndOfTextId, good = fixture.Plan.Tags.Ids[0][0], bad = fixture.Plan.Tags.Ids[1][0];
        const string two = "The cat was. The dog ";
        RunConfig config = fixture.Plan.Config;
        using RunPlan byDefault = RunPlan.Create(config with { Generation = new() }), prompted = RunPlan.Create(config with { Generation = new() { ScenarioConfigs = [WithPrompts] } });
        Assert.Equal([end, .. Encode(two)], Start(new TargetOptions(), two)); // the headline of the run has no tag in front
        Assert.Equal([end, good, .. Encode(two)], AttackTarget.OfRun(fixture.Target.Model, byDefault, new TargetOptions()).StartOf(two));
        Assert.Equal([end, .. Encode(two), good], AttackTarget.OfRun(fixture.Target.Model, prompted, new TargetOptions()).StartOf(two));
        Assert.Equal([end, bad, .. Encode(two)], Start(new TargetOptions { IsAfterWorstTag = true, Tags = "retag" }, two));
        Assert.Equal([end, good, .. Encode("The cat was. "), good, .. Encode("The dog ")], Start(new TargetOptions { Tags = "retag" }, two));
        using LanguageModel model = LanguageModel.Open(fixture.Run.ModelCheckpoint(), fixture.Backend);
        Assert.Contains("was. The", AttackTarget.OfModel(model, new TargetOptions()).Model.Tokenizer.Decode(Encode(two)));
        Assert.Contains("nothing says how run's", Assert.Throws<ArgumentException>(() => AttackTarget.OfModel(model, new TargetOptions { Tags = "retag" })).Message);
        Assert.Contains("ask for fewer (--tokens)", Assert.Throws<ArgumentException>(() => AttackTarget.OfRun(model, fixture.Plan, new TargetOptions { NewTokens = 63 })).Message);

        int[] Encode(string text) => [.. fixture.Plan.Tokenizer.Encode(text)];
        int[] Start(TargetOptions options, string prompt) => AttackTarget.OfRun(fixture.Target.Model, fixture.Plan, options).StartOf(prompt);
    }

    [Fact]
    public void RedModel_WithAnotherTokenizer_WritesPrompts()
    {
        using var folder = new TemporaryFolder();
        CliWorkspace workspace = fixture.Workspace;
        string red = workspace.TrainedRun("red", "--data", workspace.Pack("red-data", workspace.OtherTokenizer(), heldOut: 0), "--override", "training.max_steps=30", "training.learning_rate=0.01");
        using var writer = new RedModel(LanguageModel.Open(red, fixture.Backend));
        Assert.NotEqual(writer.Id, new Recombination().Id);
        Attack attack = With(new Letters(), folder.FullName).Search("s", Prompts, writer, Small with { Trials = 1, Rounds = 1 }, default);
        Assert.All(attack.Trials[0][1], prompt => Assert.Equal("red LM", prompt.Origin));
        ScoredPrompt tooLong = new(string.Concat(Enumerable.Repeat("number 7 near the river ", 40)), "pool", [1], []);
        Assert.Contains(writer.Write([.. Enumerable.Repeat<IReadOnlyList<ScoredPrompt>>([tooLong, tooLong], 8)], 1, default), prompt => prompt is not null); // the end of the list is read
    }

    [Fact]
    public void Server_WritesPrompts_WhichARepetitionTakesFromTheDisk()
    {
        using var folder = new TemporaryFolder();
        using var server = new FakeServer((request, number) => number == 1 ? (429, "busy", "0") : (200, JsonSerializer.Serialize(new { choices = new[] { new { text = $" the road number {number}\nmore" } } }), null));
        RedTeamOptions options = Small with { Trials = 1, Rounds = 2 };
        Attack first = With(new Letters(), folder.FullName).Search("s", Prompts, Red(server, isChat: false), options, default);
        Assert.Equal(["the road number 0", "the road number 2", "the road number 3", "the road number 4"], first.Trials[0][1].Select(prompt => prompt.Text));
        Assert.Equal(9, server.Requests.Count);
        JsonElement body = JsonDocument.Parse(server.Requests[0].Body).RootElement;
        Assert.Equal(("/v1/completions", "red", "\n"), (server.Requests[0].Path, body.GetProperty("model").GetString(), body.GetProperty("stop").GetString()));
        Assert.Matches(@"^Beginnings of texts:\n1\. The \w+ near number \d\n2\. The \w+ near number \d\n3\.$", body.GetProperty("prompt").GetString());
        Attack again = With(new Letters(), folder.FullName).Search("s", Prompts, Red(server, isChat: false), options, default);
        Assert.Equal(9, server.Requests.Count);
        Assert.Equal(Json(first), Json(again));
    }

    [Fact]
    public void Chat_IsAskedForOnRequest()
    {
        using var folder = new TemporaryFolder();
        using var server = new FakeServer((_, number) => (200, JsonSerializer.Serialize(new { choices = new[] { new { message = new { content = $"3. \"a lamp number {number}\"" } } } }), null));
        Attack attack = With(new Letters(), folder.FullName).Search("s", Prompts, Red(server, isChat: true), Small with { Trials = 1, Rounds = 1 }, default);
        Assert.Equal(["a lamp number 0", "a lamp number 1", "a lamp number 2", "a lamp number 3"], attack.Trials[0][1].Select(prompt => prompt.Text));
        Assert.Equal("/v1/chat/completions", server.Requests[0].Path);
        Assert.Equal("user", JsonDocument.Parse(server.Requests[0].Body).RootElement.GetProperty("messages")[1].GetProperty("role").GetString());
    }

    [Theory]
    [InlineData(401, "who?", "put the key into the environment variable PHF_TEST_NO_KEY")]
    [InlineData(404, "no", "check --red and --red-model")]
    [InlineData(429, "busy", "to 2 requests in a row; wait and run again")]
    [InlineData(500, "broken", "answered 500 ('broken') to 2 requests in a row")]
    [InlineData(200, "<html>", "choices with text were expected")]
    [InlineData(200, """{"choices": []}""", "choices with text were expected")]
    [InlineData(200, """{"choices": [{"text": 7}]}""", "choices with text were expected")]
    [InlineData(200, """{"choices": [{"text": " \n"}]}""", "wrote nothing new that could be a prompt in 20 tries")]
    [InlineData(200, """{"choices": [{"text": null}]}""", "wrote nothing new that could be a prompt in 20 tries")]
    public void Server_ThatRefuses_OrTalksNonsense_IsTold(int status, string answer, string message)
    {
        using var folder = new TemporaryFolder();
        using var server = new FakeServer((_, _) => (status, answer, "0"));
        Exception? problem = Record.Exception(() => With(new Letters(), folder.FullName).Search("s", Prompts, Red(server, isChat: false), Small, default));
        Assert.True(problem is IOException or InvalidDataException, $"{problem}");
        Assert.Contains(message, problem.Message);
    }

    [Fact]
    public void ScorerWithoutScores_IsTold_AndSomeMissingAreLeftOut()
    {
        using TemporaryFolder folder = new(), other = new();
        Assert.Contains("gives no finite score", Assert.Throws<InvalidDataException>(() => Search(new Letters { NanAbove = -1 }, folder.FullName, Small)).Message);
        Attack attack = Search(new Letters { NanAbove = 0.1 }, other.FullName, Small);
        AttackResult result = attack.Summarise(Small, null, threshold: 0.05);
        Assert.InRange(result.Unscored, 1, result.Prompts * 3 - 1);
        Assert.True(double.IsFinite(result.MeanScore!.Value));
    }

    private static RedServer Red(FakeServer server, bool isChat) =>
        new(new CompletionsOptions { Endpoint = server.Endpoint, Model = "red", KeyVariable = "PHF_TEST_NO_KEY", Retries = 1, FirstDelay = TimeSpan.FromMilliseconds(1) }, isChat);

    private RedTeaming With(IScorer scorer, string directory) => new(fixture.Target, scorer, EvaluationCache.Of(directory, force: false));

    private Attack Search(IScorer scorer, string directory, RedTeamOptions options) => With(scorer, directory).Search("s", Prompts, new Recombination(), options, default);

    private static string Json(Attack attack) => JsonSerializer.Serialize(attack.Trials, EvaluationFiles.OneLine);

    /// <summary>The share of e's and r's; none above a limit.</summary>
    private sealed class Letters : IScorer
    {
        public string Id => $"letters/{NanAbove}";

        public double NanAbove { get; init; } = 2;

        public int Texts { get; private set; }

        public static double ScoreOf(string text) => text.Length == 0 ? 0 : text.Count(letter => letter is 'e' or 'r') / (double)text.Length;

        public void Score(ReadOnlySpan<string> texts, Span<double> scores)
        {
            Texts += texts.Length;
            for (int i = 0; i < texts.Length; i++) scores[i] = ScoreOf(texts[i]) is var score && score > NanAbove ? double.NaN : score;
        }
    }

    /// <summary>A run with tags.</summary>
    public sealed class Fixture : IDisposable
    {
        public Fixture()
        {
            Run = RunDirectory.Open(Workspace.TrainedRun("run", ["--override", .. CliWorkspace.Conditional]));
            Plan = RunPlan.Create(Run.Config());
            Target = AttackTarget.OfRun(LanguageModel.OfRun(Run, Run.ModelCheckpoint(), Plan, Backend), Plan, new TargetOptions());
        }

        public CliWorkspace Workspace { get; } = new();

        public IBackend Backend { get; } = Backends.CreateCpu(1);

        public RunDirectory Run { get; }

        public RunPlan Plan { get; }

        public AttackTarget Target { get; }

        public void Dispose()
        {
            Target.Model.Dispose();
            Plan.Dispose();
            Backend.Dispose();
            Workspace.Dispose();
        }
    }
}
