using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Moderations;
using Phf.Formats;
using Polly;

namespace Phf.Scoring.Judge;

/// <summary>
/// Asks a model behind an OpenAI-compatible server for the score of each text. Answers are kept on disk, so a text is paid for once and a run that was
/// stopped goes on where it was. The key is read from the environment and appears in no file, id or message.
/// </summary>
public sealed class JudgeScorer : IScorer
{
    private const int ShownCharacters = 200;

    private readonly JudgeOptions _options;
    private readonly JudgeCache _cache;
    private readonly Func<BinaryContent, RequestOptions, ClientResult> _send;
    private readonly ResiliencePipeline<Reply> _retry;
    private readonly Lock _turns = new();
    private long _sent;
    private long _nextTurn; // Environment.TickCount64

    /// <exception cref="ArgumentException">The key's variable is not set, or an option is out of range.</exception>
    public JudgeScorer(JudgeOptions options)
    {
        if (options.MaxRequests is < 1) throw new ArgumentException($"a budget of {options.MaxRequests} requests; at least 1 was expected");
        if (options.RequestsPerMinute is < 1) throw new ArgumentException($"{options.RequestsPerMinute} requests a minute; at least 1 was expected");
        if (options.Retries < 1) throw new ArgumentException($"{options.Retries} retries; at least 1 was expected");
        string? key = Environment.GetEnvironmentVariable(options.KeyVariable);
        if (string.IsNullOrEmpty(key))
            throw new ArgumentException($"the scorer openai takes its key from the environment variable {options.KeyVariable}, which is not set; "
                + "set it (to anything, for a server that wants no key)");
        (_options, _cache) = (options, new JudgeCache(options));
        var client = new OpenAIClientOptions { Endpoint = options.Endpoint, NetworkTimeout = options.Timeout, RetryPolicy = new ClientRetryPolicy(maxRetries: 0) };
        var credential = new ApiKeyCredential(key);
        _send = options.Kind == JudgeKind.Chat
            ? new ChatClient(options.Model, credential, client).CompleteChat
            : new ModerationClient(options.Model, credential, client).ClassifyText;
        _retry = Retries.Create<Reply>(options.Retries, options.FirstDelay, reply => reply.Again, reply => reply.Wait);
        string prompt = options.Kind == JudgeKind.Chat ? "-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(options.Prompt)).AsSpan(0, 6)) : "";
        Id = $"openai/{(options.Kind == JudgeKind.Chat ? "chat" : "moderation")}-{options.Model}{prompt}";
    }

    /// <summary><c>openai/chat-MODEL-</c> and 12 hexadecimal digits of the prompt's SHA-256, or <c>openai/moderation-MODEL</c>.</summary>
    public string Id { get; }

    /// <exception cref="IOException">The server refuses, cannot be reached or stays busy, or the budget is spent; answers so far are kept.</exception>
    /// <exception cref="InvalidDataException">The server's answers hold no score.</exception>
    public void Score(ReadOnlySpan<string> texts, Span<double> scores)
    {
        if (texts.Length != scores.Length) throw new ArgumentException($"{texts.Length} texts but room for {scores.Length} scores");
        for (int i = 0; i < texts.Length; i++) scores[i] = Score(texts[i]);
    }

    private double Score(string text)
    {
        if (_cache.Find(text) is { } known) return known;
        Reply reply = _retry.Execute(() => Ask(text));
        if (reply.Score is not { } score) throw reply.Problem!;
        _cache.Keep(text, score);
        return score;
    }

    private Reply Ask(string text)
    {
        TakeTurn();
        try
        {
            var request = new RequestOptions { ErrorOptions = ClientErrorBehaviors.NoThrow };
            using PipelineResponse response = _send(BinaryContent.Create(BinaryData.FromBytes(Question(text))), request).GetRawResponse();
            return response.Status == 200 ? Read(response.Content) : Refused(response);
        }
        catch (Exception problem) when (problem is ClientResultException or HttpRequestException or OperationCanceledException or AggregateException)
        {
            string what = problem is OperationCanceledException ? $"gave no answer within {_options.Timeout.TotalSeconds:0.###} s; allow it more with --timeout, or"
                : $"cannot be reached ({problem.Message});";
            return Reply.Later(new IOException($"{_options.Endpoint} {what} check --endpoint and the network, then run again with --resume", problem));
        }
    }

    private byte[] Question(string text) => _options.Kind == JudgeKind.Chat
        ? JsonSerializer.SerializeToUtf8Bytes(new
        {
            model = _options.Model,
            temperature = 0,
            messages = new[] { new { role = "system", content = _options.Prompt }, new { role = "user", content = text } },
        })
        : JsonSerializer.SerializeToUtf8Bytes(new { model = _options.Model, input = text });

    private Reply Read(BinaryData content)
    {
        string? said = null; // by a chat model
        try
        {
            using JsonDocument document = JsonDocument.Parse(content);
            double? score = _options.Kind == JudgeKind.Chat
                ? Number(said = document.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString() ?? "")
                : document.RootElement.GetProperty("results")[0].GetProperty("category_scores").EnumerateObject().Max(category => category.Value.GetDouble());
            if (score is { } number && double.IsFinite(number)) return new Reply { Score = number };
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            // Told below, with what was answered instead.
        }
        string advice = said is not null ? "a number alone was expected, so sharpen the prompt (--prompt)"
            : $"{(_options.Kind == JudgeKind.Chat ? "choices with a message" : "results with category_scores")} were expected, so check --endpoint and --judge";
        return Reply.Later(new InvalidDataException($"{_options.Endpoint} answered {Shown(content)}; {advice}; what was answered is kept, run again with --resume"));
    }

    private static double? Number(string answer)
        => double.TryParse(answer.Trim().TrimEnd('.'), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;

    private Reply Refused(PipelineResponse response)
    {
        string what = $"{_options.Endpoint} answered {response.Status} ({Shown(response.Content)})";
        const string Kept = "what was answered is kept, run again with --resume";
        if (response.Status is not (408 or 429 or >= 500))
        {
            string advice = response.Status is 401 or 403 ? $"check the key in {_options.KeyVariable}" : "check --endpoint and --judge-model";
            return new Reply { Problem = new IOException($"{what}; {advice}") };
        }
        Reply reply = Reply.Later(new IOException($"{what} to {_options.Retries + 1} requests in a row; lower --requests-per-minute or wait; {Kept}"));
        return response.Headers.TryGetValue("retry-after", out string? seconds)
            && double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out double wait) && wait is >= 0 and <= 3600
            ? reply with { Wait = TimeSpan.FromSeconds(wait) } : reply;
    }

    /// <summary>Counts the request against the budget and waits until the rate allows it.</summary>
    private void TakeTurn()
    {
        if (Interlocked.Increment(ref _sent) > _options.MaxRequests)
            throw new IOException($"the budget of {_options.MaxRequests} requests is spent; what was answered is kept, run again with --resume and --max-requests for more");
        if (_options.RequestsPerMinute is not { } rate) return;
        long wait;
        lock (_turns)
        {
            long now = Environment.TickCount64;
            long turn = Math.Max(now, _nextTurn);
            (wait, _nextTurn) = (turn - now, turn + (60_000 / rate));
        }
        if (wait > 0) Thread.Sleep((int)wait);
    }

    private static string Shown(BinaryData content) => Shortened.OnOneLine(content.ToString(), ShownCharacters);

    /// <summary>A score, or why there is none and whether to ask again.</summary>
    private sealed record Reply
    {
        public double? Score { get; init; }
        public Exception? Problem { get; init; }
        public bool Again { get; init; }
        public TimeSpan? Wait { get; init; }

        public static Reply Later(Exception problem) => new() { Problem = problem, Again = true };
    }
}
