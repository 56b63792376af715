using Phf.Text;

namespace Phf.Evaluation.Kl;

/// <summary>How a <see cref="CompletionsEndpoint"/> asks.</summary>
public sealed record CompletionsOptions
{
    /// <summary>Address with its version path, e.g. http://localhost:8000/v1; <c>/completions</c> is put behind it.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The model's name, as the server knows it.</summary>
    public required string Model { get; init; }

    /// <summary>Environment variable that holds the key; a server that wants none is asked without.</summary>
    public string KeyVariable { get; init; } = "OPENAI_API_KEY";

    /// <summary>The prompt: what the model takes for the start of a document.</summary>
    public string Start { get; init; } = BpeTokenizer.EndOfText;

    /// <summary>Texts asked for at once.</summary>
    public int AtOnce { get; init; } = 16;

    /// <summary>For one request.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How often a request that may succeed later (408, 429, 5xx, no connection) is sent again.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>Wait before the first retry, unless the server says how long; doubles each time.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);
}
