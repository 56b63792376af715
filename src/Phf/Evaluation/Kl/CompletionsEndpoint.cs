using System.Net.Http.Headers;
using System.Text.Json;
using Phf.Text;
using Polly;
using Polly.Retry;

namespace Phf.Evaluation.Kl;

/// <summary>
/// An OpenAI-compatible completions server as a reference LM. It must return the log-probabilities of what it wrote; most chat services do not. The key is
/// read from the environment and appears in no file and no message.
/// </summary>
public sealed class CompletionsEndpoint : IDisposable
{
    private const int ShownCharacters = 200;

    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly ResiliencePipeline<Reply> _retry;

    /// <summary>Sends nothing yet.</summary>
    public CompletionsEndpoint(CompletionsOptions options)
    {
        Options = options;
        _address = new Uri(options.Endpoint.ToString().TrimEnd('/') + "/completions");
        _http = new HttpClient { Timeout = options.Timeout };
        if (Environment.GetEnvironmentVariable(options.KeyVariable) is { Length: > 0 } key) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        _retry = new ResiliencePipelineBuilder<Reply>().AddRetry(new RetryStrategyOptions<Reply>
        {
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result is { Again: true }),
            MaxRetryAttempts = options.Retries,
            Delay = options.FirstDelay,
            BackoffType = DelayBackoffType.Exponential,
            DelayGenerator = arguments => ValueTask.FromResult(arguments.Outcome.Result?.Wait),
        }).Build();
    }

    public CompletionsOptions Options { get; }

    /// <summary>Asks for up to <paramref name="most"/> texts (at most <see cref="CompletionsOptions.AtOnce"/>) of up to <paramref name="maxTokens"/> tokens.</summary>
    /// <returns>At least one.</returns>
    /// <exception cref="InvalidDataException">The answer has no log-probabilities, or is none.</exception>
    /// <exception cref="IOException">The server refuses, stays busy or cannot be reached.</exception>
    public IReadOnlyList<ReferenceSample> Sample(int most, int maxTokens, CancellationToken cancel)
    {
        byte[] question = JsonSerializer.SerializeToUtf8Bytes(new
        {
            model = Options.Model,
            prompt = Options.Start,
            max_tokens = maxTokens,
            n = Math.Min(most, Options.AtOnce),
            temperature = 1,
            top_p = 1,
            logprobs = 1,
        });
        Reply reply = _retry.Execute(token => Ask(question, token), cancel);
        return Read(reply.Content ?? throw reply.Problem!);
    }

    public void Dispose() => _http.Dispose();

    private Reply Ask(byte[] question, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ByteArrayContent(question) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage response = _http.Send(request, cancel);
            using var reader = new StreamReader(response.Content.ReadAsStream(cancel));
            string content = reader.ReadToEnd();
            return response.IsSuccessStatusCode ? new Reply { Content = content } : Refused(response, content);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException || (problem is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return new Reply { Again = true, Problem = new IOException($"{_address} cannot be reached ({problem.Message}); check --reference and the network; what came is kept", problem) };
        }
    }

    private Reply Refused(HttpResponseMessage response, string content)
    {
        int status = (int)response.StatusCode;
        string what = $"{_address} answered {status} ({Shown(content)})";
        if (status is 401 or 403) return new Reply { Problem = new IOException($"{what}; put the key into the environment variable {Options.KeyVariable} (or name another with --key-variable)") };
        if (status is not (408 or 429 or >= 500)) return new Reply { Problem = new IOException($"{what}; check --reference and --reference-model: a completions server that returns log-probabilities is needed") };
        return new Reply
        {
            Again = true,
            Wait = response.Headers.RetryAfter?.Delta is { } wait && wait <= TimeSpan.FromHours(1) ? wait : null,
            Problem = new IOException($"{what} to {Options.Retries + 1} requests in a row; wait and run again: what came is kept"),
        };
    }

    private IReadOnlyList<ReferenceSample> Read(string content)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(content);
            ReferenceSample[] samples = [.. document.RootElement.GetProperty("choices").EnumerateArray().Select(ReadChoice)];
            if (samples.Length > 0) return samples;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // Told below, with what was answered instead.
        }
        throw new InvalidDataException($"{_address} answered {Shown(content)}; choices with text and logprobs were expected, as OpenAI's completions have them");
    }

    private ReferenceSample ReadChoice(JsonElement choice)
    {
        string text = choice.GetProperty("text").GetString()!;
        double[]? logprobs = null;
        string? last = null;
        if (choice.TryGetProperty("logprobs", out JsonElement told) && told.ValueKind == JsonValueKind.Object)
        {
            if (told.TryGetProperty("token_logprobs", out JsonElement numbers) && numbers.ValueKind == JsonValueKind.Array)
            {
                logprobs = [.. numbers.EnumerateArray().Select(number => number.GetDouble())];
                if (told.TryGetProperty("tokens", out JsonElement tokens) && tokens.ValueKind == JsonValueKind.Array) last = tokens.EnumerateArray().LastOrDefault() is { ValueKind: JsonValueKind.String } token ? token.GetString() : null;
            }
            else if (told.TryGetProperty("content", out JsonElement content) && content.ValueKind == JsonValueKind.Array) // the form of chat completions
            {
                logprobs = [.. content.EnumerateArray().Select(token => token.GetProperty("logprob").GetDouble())];
                last = content.EnumerateArray().LastOrDefault() is { ValueKind: JsonValueKind.Object } token ? token.GetProperty("token").GetString() : null;
            }
        }
        if (logprobs is null || (logprobs.Length == 0 && text.Length > 0))
            throw new InvalidDataException($"{_address} returns no log-probabilities for {Options.Model}, and KL needs them; name a server that does (vLLM, llama.cpp), "
                + "a model directory, or a file of recorded samples with --reference");
        // Only a server that shows its end-of-text token has charged it.
        bool ended = last is not null && (last == BpeTokenizer.EndOfText || last == Options.Start);
        return new ReferenceSample(text, Math.Min(0, logprobs.Sum()), ended);
    }

    private static string Shown(string content)
    {
        string text = content.ReplaceLineEndings(" ").Trim();
        return $"'{(text.Length > ShownCharacters ? text[..ShownCharacters] + "..." : text)}'";
    }

    /// <summary>An answer, or why there is none and whether to ask again.</summary>
    private sealed record Reply
    {
        public string? Content { get; init; }
        public IOException? Problem { get; init; }
        public bool Again { get; init; }
        public TimeSpan? Wait { get; init; }
    }
}
