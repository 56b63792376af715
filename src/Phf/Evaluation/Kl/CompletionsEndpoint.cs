using System.Text.Json;
using Phf.Text;

namespace Phf.Evaluation.Kl;

/// <summary>
/// An OpenAI-compatible completions server as a reference LM. It must return the log-probabilities of what it wrote; most chat services do not. The key is
/// read from the environment and appears in no file and no message.
/// </summary>
public sealed class CompletionsEndpoint : IDisposable
{
    private readonly ServerConnection _server;

    /// <summary>Sends nothing yet.</summary>
    public CompletionsEndpoint(CompletionsOptions options)
    {
        Options = options;
        _server = new ServerConnection(options, "completions", "--reference", "check --reference and --reference-model: a completions server that returns log-probabilities is needed");
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
        return Read(_server.Post(question, cancel));
    }

    public void Dispose() => _server.Dispose();

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
        throw new InvalidDataException($"{_server.Address} answered {ServerConnection.Shown(content)}; choices with text and logprobs were expected, as OpenAI's completions have them");
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
                if (told.TryGetProperty("tokens", out JsonElement tokens) && tokens.ValueKind == JsonValueKind.Array)
                {
                    if (tokens.GetArrayLength() != logprobs.Length) throw new FormatException($"{tokens.GetArrayLength()} tokens and {logprobs.Length} log-probabilities");
                    last = tokens.EnumerateArray().LastOrDefault() is { ValueKind: JsonValueKind.String } token ? token.GetString() : null;
                }
            }
            else if (told.TryGetProperty("content", out JsonElement content) && content.ValueKind == JsonValueKind.Array) // the form of chat completions
            {
                logprobs = [.. content.EnumerateArray().Select(token => token.GetProperty("logprob").GetDouble())];
                last = content.EnumerateArray().LastOrDefault() is { ValueKind: JsonValueKind.Object } token ? token.GetProperty("token").GetString() : null;
            }
        }
        if (logprobs is null || (logprobs.Length == 0 && text.Length > 0))
            throw new InvalidDataException($"{_server.Address} returns no log-probabilities for {Options.Model}, and KL needs them; name a server that does (vLLM, llama.cpp), "
                + "a model directory, or a file of recorded samples with --reference");
        // Only a server that shows its end-of-text token has charged it.
        bool ended = last is not null && (last == BpeTokenizer.EndOfText || last == Options.Start);
        return new ReferenceSample(text, Math.Min(0, logprobs.Sum()), ended);
    }
}
