using System.Text.Json;
using Phf.Evaluation.Kl;
using Phf.Tests.Scoring;

namespace Phf.Tests.Evaluation.Kl;

public sealed class CompletionsEndpointTests : IDisposable
{
    private const string KeyVariable = "PHF_TEST_COMPLETIONS_KEY", Key = "sk-secret-of-completions";
    private readonly TemporaryFolder _folder = new();

    public CompletionsEndpointTests() => Environment.SetEnvironmentVariable(KeyVariable, Key);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Texts_AreAskedFor_WithLogProbabilities_AndKept()
    {
        using var server = new FakeServer((_, number) => number == 0 ? (429, "busy", "0") : (200, Choices("a b", "c"), null));
        ReferenceSamples samples = Ask(server, 3);
        Assert.Equal([new ReferenceSample("a b", -1.5), new ReferenceSample("c", -1.5), new ReferenceSample("a b", -1.5)], samples.Samples);
        Assert.Equal(3, server.Requests.Count); // one was busy, two texts at once
        Assert.Equal(("/v1/completions", $"Bearer {Key}"), (server.Requests[1].Path, server.Requests[1].Authorization));
        JsonElement body = JsonDocument.Parse(server.Requests[1].Body).RootElement;
        Assert.Equal(("base-lm", "<|endoftext|>", 8, 1), (body.GetProperty("model").GetString(), body.GetProperty("prompt").GetString(), body.GetProperty("max_tokens").GetInt32(), body.GetProperty("logprobs").GetInt32()));

        Assert.Equal(samples.Fingerprint, Ask(server, 3).Fingerprint); // from the disk
        Assert.Equal(3, server.Requests.Count);
        string file = Assert.Single(Directory.GetFiles(_folder.FullName));
        Assert.DoesNotContain(Key, File.ReadAllText(file));
        File.AppendAllText(file, "{\"text\": \"cut off by a ki");
        Assert.Equal(5, Ask(server, 5).Samples.Count); // goes on behind the four that are there
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public void TheEnd_IsChargedWhereTheServerShowsIt_InEitherForm()
    {
        const string legacy = """{"choices": [{"text": "a", "logprobs": {"tokens": ["a", "<|endoftext|>"], "token_logprobs": [-1, -2]}}]}""";
        const string chat = """{"choices": [{"text": "b", "logprobs": {"content": [{"token": "b", "logprob": -0.5}]}}]}""";
        using var server = new FakeServer((_, number) => (200, number == 0 ? legacy : chat, null));
        Assert.Equal([new ReferenceSample("a", -3, Ended: true), new ReferenceSample("b", -0.5)], Ask(server, 2).Samples);
    }

    [Theory]
    [InlineData("""{"choices": [{"text": "a", "logprobs": null}]}""", "returns no log-probabilities for base-lm, and KL needs them")]
    [InlineData("""{"choices": [{"text": "a"}]}""", "returns no log-probabilities for base-lm, and KL needs them")]
    [InlineData("""{"choices": [{"text": "a b", "logprobs": {"tokens": ["a", " b"], "token_logprobs": [-1]}}]}""", "choices with text and logprobs were expected")]
    [InlineData("""{"choices": []}""", "choices with text and logprobs were expected")]
    [InlineData("""<html>no""", "choices with text and logprobs were expected")]
    public void NoLogProbabilities_AreRefused(string answer, string message)
    {
        using var server = new FakeServer((_, _) => (200, answer, null));
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Ask(server, 2)).Message);
    }

    [Fact]
    public void Refusals_SayWhatToDo_AndNotTheKey()
    {
        using var server = new FakeServer((request, _) => (request.Authorization is null ? 400 : 401, "who are you?", null));
        IOException problem = Assert.Throws<IOException>(() => Ask(server, 2));
        Assert.Contains($"answered 401 ('who are you?'); put the key into the environment variable {KeyVariable}", problem.Message);
        Assert.DoesNotContain(Key, problem.Message);
        using var busy = new FakeServer((_, _) => (503, "later", "0"));
        Assert.Contains("to 3 requests in a row", Assert.Throws<IOException>(() => Ask(busy, 2)).Message);
        using var other = new FakeServer((_, _) => (404, "no such path", null));
        Assert.Contains("check --reference and --reference-model", Assert.Throws<IOException>(() => Ask(other, 2)).Message);
    }

    private ReferenceSamples Ask(FakeServer server, int count)
    {
        using var endpoint = new CompletionsEndpoint(new CompletionsOptions
        {
            Endpoint = server.Endpoint,
            Model = "base-lm",
            KeyVariable = KeyVariable,
            AtOnce = 2,
            Retries = 2,
            FirstDelay = TimeSpan.FromMilliseconds(1),
        });
        return ReferenceSamples.Ask(endpoint, count, maxTokens: 8, _folder.FullName, progress: null, default);
    }

    private static string Choices(params string[] texts) => JsonSerializer.Serialize(new
    {
        choices = texts.Select(text => new { text, finish_reason = "length", logprobs = new { tokens = new[] { "x", "y" }, token_logprobs = new[] { -0.5, -1.0 } } }),
    });
}
