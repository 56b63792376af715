using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Phf.Scoring.Judge;

namespace Phf.Tests.Scoring;

public sealed class JudgeScorerTests : IDisposable
{
    private const string KeyVariable = "PHF_TEST_JUDGE_KEY", Key = "sk-secret-of-the-test";
    private readonly TemporaryFolder _folder = new();

    public JudgeScorerTests() => Environment.SetEnvironmentVariable(KeyVariable, Key);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Chat_AsksOnce_AndRemembers()
    {
        using var server = new FakeServer((request, _) => (200, Chat(request.Body.Contains("second") ? " 0.75\n" : "0.25"), null));
        var scorer = new JudgeScorer(Options(server));
        Assert.Equal([0.25, 0.75, 0.25], Score(scorer, "first", "second", "first"));
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal([0.75, 0.25], Score(new JudgeScorer(Options(server)), "second", "first")); // from the disk
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal([0.25], Score(new JudgeScorer(Options(server) with { Prompt = "Another." }), "first"));
        Assert.Equal(3, server.Requests.Count); // another question

        Assert.Equal(("/v1/chat/completions", $"Bearer {Key}"), (server.Requests[0].Path, server.Requests[0].Authorization));
        JsonElement body = JsonDocument.Parse(server.Requests[0].Body).RootElement;
        Assert.Equal("judge-1", body.GetProperty("model").GetString());
        Assert.Equal([JudgeOptions.DefaultPrompt, "first"], body.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").GetString()));
        Assert.StartsWith("openai/chat-judge-1-", scorer.Id);
        Assert.All(Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories), file => Assert.DoesNotContain(Key, File.ReadAllText(file)));
    }

    [Fact]
    public void Moderation_TakesTheHighestCategory()
    {
        using var server = new FakeServer((_, _) => (200, """{"id": "x", "results": [{"flagged": true, "category_scores": {"hate": 0.1, "insult": 0.8}}]}""", null));
        var scorer = new JudgeScorer(Options(server) with { Kind = JudgeKind.Moderation });
        Assert.Equal([0.8], Score(scorer, "text"));
        Assert.Equal("/v1/moderations", server.Requests[0].Path);
        Assert.Equal("openai/moderation-judge-1", scorer.Id);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public void BusyServer_IsAskedAgain(int status)
    {
        using var server = new FakeServer((_, number) => number < 2 ? (status, "busy", null) : (200, Chat("0.5"), null));
        Assert.Equal([0.5], Score(new JudgeScorer(Options(server)), "text"));
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public void RetryAfter_IsObeyed()
    {
        using var server = new FakeServer((_, number) => number == 0 ? (429, "busy", "1") : (200, Chat("0.5"), null));
        var clock = Stopwatch.StartNew();
        Assert.Equal([0.5], Score(new JudgeScorer(Options(server)), "text"));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.95, 20);
    }

    [Theory]
    [InlineData(401, "check the key in PHF_TEST_JUDGE_KEY", 1)]
    [InlineData(404, "check --endpoint and --judge-model", 1)]
    [InlineData(500, "in a row", 3)]
    [InlineData(429, "lower --requests-per-minute", 3)]
    public void RefusedRequest_IsTold_AndTheRestIsKept(int status, string message, int requests)
    {
        using var server = new FakeServer((request, _) => request.Body.Contains("bad") ? (status, "{\"error\": \"because\"}", null) : (200, Chat("1"), null));
        var scorer = new JudgeScorer(Options(server));
        string told = Assert.Throws<IOException>(() => Score(scorer, "good", "bad")).Message;
        Assert.Contains(message, told);
        Assert.Contains($"answered {status} ('{{\"error\": \"because\"}}')", told);
        Assert.DoesNotContain(Key, told);
        Assert.Equal(1 + requests, server.Requests.Count);
        Assert.Equal([1], Score(new JudgeScorer(Options(server)), "good"));
        Assert.Equal(1 + requests, server.Requests.Count);
    }

    [Theory]
    [InlineData("<html>", JudgeKind.Chat)]
    [InlineData("{}", JudgeKind.Chat)]
    [InlineData("""{"choices": []}""", JudgeKind.Chat)]
    [InlineData("""{"choices": [{"message": {"content": "I would say 0.3"}}]}""", JudgeKind.Chat)]
    [InlineData("""{"choices": [{"message": {"content": "NaN"}}]}""", JudgeKind.Chat)]
    [InlineData("""{"results": [{"category_scores": {}}]}""", JudgeKind.Moderation)]
    [InlineData("""{"results": [{"category_scores": {"hate": "high"}}]}""", JudgeKind.Moderation)]
    public void Nonsense_IsTold_AfterAskingAgain(string nonsense, JudgeKind kind)
    {
        using var server = new FakeServer((_, _) => (200, nonsense, null));
        var scorer = new JudgeScorer(Options(server) with { Kind = kind });
        Assert.Contains($"answered '{nonsense}'", Assert.Throws<InvalidDataException>(() => Score(scorer, "text")).Message);
        Assert.Equal(3, server.Requests.Count);
    }

    [Theory]
    [InlineData("<html>", "choices with a message were expected, so check --endpoint and --judge")]
    [InlineData("""{"choices": [{"message": {"content": "fine"}}]}""", "sharpen the prompt (--prompt)")]
    public void Nonsense_HasARemedy(string nonsense, string remedy)
    {
        using var server = new FakeServer((_, _) => (200, nonsense, null));
        Assert.Contains(remedy, Assert.Throws<InvalidDataException>(() => Score(new JudgeScorer(Options(server)), "text")).Message);
    }

    [Fact]
    public void Server_ThatDoesNotAnswer_IsTimedOut()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var other = new FakeServer((_, _) => (200, Chat("0"), null));
        var scorer = new JudgeScorer(Options(other) with { Endpoint = new Uri($"http://{silent.LocalEndpoint}/v1"), Timeout = TimeSpan.FromMilliseconds(50) });
        Assert.Contains("gave no answer within 0.05 s; allow it more with --timeout", Assert.Throws<IOException>(() => Score(scorer, "text")).Message);
    }

    [Fact]
    public void Budget_AndRate_AreKept()
    {
        using var server = new FakeServer((_, _) => (200, Chat("0"), null));
        var scorer = new JudgeScorer(Options(server) with { MaxRequests = 2 });
        Assert.Contains("the budget of 2 requests is spent", Assert.Throws<IOException>(() => Score(scorer, "a", "b", "c")).Message);
        Assert.Equal(2, server.Requests.Count);

        var clock = Stopwatch.StartNew();
        Score(new JudgeScorer(Options(server) with { RequestsPerMinute = 120 }), "d", "e", "f");
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.9, 20); // two waits of half a second
    }

    [Fact]
    public void Server_ThatIsNotThere_AndKey_ThatIsNotSet()
    {
        var nobody = new FakeServer((_, _) => (200, "", null));
        nobody.Dispose();
        Assert.Contains("cannot be reached", Assert.Throws<IOException>(() => Score(new JudgeScorer(Options(nobody)), "text")).Message);
        Assert.Contains("NO_SUCH_VARIABLE, which is not set", Assert.Throws<ArgumentException>(() => new JudgeScorer(Options(nobody) with { KeyVariable = "NO_SUCH_VARIABLE" })).Message);
    }

    private JudgeOptions Options(FakeServer server) => new()
    {
        Endpoint = server.Endpoint,
        Model = "judge-1",
        KeyVariable = KeyVariable,
        Cache = _folder.At("cache"),
        Retries = 2,
        FirstDelay = TimeSpan.FromMilliseconds(5),
    };

    private static string Chat(string content) => JsonSerializer.Serialize(new { choices = new[] { new { message = new { role = "assistant", content } } } });

    private static double[] Score(JudgeScorer scorer, params string[] texts)
    {
        double[] scores = new double[texts.Length];
        scorer.Score(texts, scores);
        return scores;
    }
}
