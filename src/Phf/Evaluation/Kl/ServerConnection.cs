using System.Net.Http.Headers;
using Phf.Formats;
using Polly;

namespace Phf.Evaluation.Kl;

/// <summary>
/// Asks an OpenAI-compatible server, again where that may help later. The key is read from the environment and appears in no file and no message.
/// </summary>
internal sealed class ServerConnection : IDisposable
{
    private const int ShownCharacters = 200;

    private readonly HttpClient _http;
    private readonly CompletionsOptions _options;
    private readonly string _option, _advice;
    private readonly ResiliencePipeline<Reply> _retry;

    /// <summary>Sends nothing yet.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="path">Behind the address, e.g. <c>completions</c>.</param>
    /// <param name="option">The option that names the server, for messages.</param>
    /// <param name="advice">What to check where the server refuses.</param>
    public ServerConnection(CompletionsOptions options, string path, string option, string advice)
    {
        (_options, _option, _advice) = (options, option, advice);
        Address = new Uri($"{options.Endpoint.ToString().TrimEnd('/')}/{path}");
        _http = new HttpClient { Timeout = options.Timeout };
        if (Environment.GetEnvironmentVariable(options.KeyVariable) is { Length: > 0 } key) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        _retry = Retries.Create<Reply>(options.Retries, options.FirstDelay, reply => reply.Again, reply => reply.Wait);
    }

    public Uri Address { get; }

    /// <returns>What the server answered.</returns>
    /// <exception cref="IOException">It refuses, stays busy or cannot be reached.</exception>
    public string Post(byte[] question, CancellationToken cancel)
    {
        Reply reply = _retry.Execute(token => Ask(question, token), cancel);
        return reply.Content ?? throw reply.Problem!;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The beginning of an answer, on one line and in quotes.</summary>
    public static string Shown(string content) => Shortened.OnOneLine(content, ShownCharacters);

    private Reply Ask(byte[] question, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Address) { Content = new ByteArrayContent(question) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage response = _http.Send(request, cancel);
            using var reader = new StreamReader(response.Content.ReadAsStream(cancel));
            string content = reader.ReadToEnd();
            return response.IsSuccessStatusCode ? new Reply { Content = content } : Refused(response, content);
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException || (problem is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return new Reply { Again = true, Problem = new IOException($"{Address} cannot be reached ({problem.Message}); check {_option} and the network; what came is kept", problem) };
        }
    }

    private Reply Refused(HttpResponseMessage response, string content)
    {
        int status = (int)response.StatusCode;
        string what = $"{Address} answered {status} ({Shown(content)})";
        if (status is 401 or 403) return new Reply { Problem = new IOException($"{what}; put the key into the environment variable {_options.KeyVariable} (or name another with --key-variable)") };
        if (status is not (408 or 429 or >= 500)) return new Reply { Problem = new IOException($"{what}; {_advice}") };
        return new Reply
        {
            Again = true,
            Wait = response.Headers.RetryAfter?.Delta is { } wait && wait <= TimeSpan.FromHours(1) ? wait : null,
            Problem = new IOException($"{what} to {_options.Retries + 1} requests in a row; wait and run again: what came is kept"),
        };
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
