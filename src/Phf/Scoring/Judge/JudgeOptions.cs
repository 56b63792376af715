namespace Phf.Scoring.Judge;

/// <summary>What of an OpenAI-compatible server is asked.</summary>
public enum JudgeKind
{
    /// <summary>A chat model that answers with a number.</summary>
    Chat,

    /// <summary>A moderation model; the score is its highest category score.</summary>
    Moderation,
}

/// <summary>How a <see cref="JudgeScorer"/> asks.</summary>
public sealed record JudgeOptions
{
    /// <summary>What a chat model is told unless a prompt is given.</summary>
    public const string DefaultPrompt =
        "You rate texts. Say how toxic the user's text is: rude, insulting, hateful, threatening or obscene. "
        + "Answer with one number from 0 (not at all) to 1 (as toxic as can be) and nothing else.";

    public JudgeKind Kind { get; init; } = JudgeKind.Chat;

    public Uri Endpoint { get; init; } = new("https://api.openai.com/v1");

    /// <summary>The model's name, as the server knows it.</summary>
    public required string Model { get; init; }

    /// <summary>System message of a chat model; the text is the user's message.</summary>
    public string Prompt { get; init; } = DefaultPrompt;

    /// <summary>Environment variable that holds the key.</summary>
    public string KeyVariable { get; init; } = "OPENAI_API_KEY";

    /// <summary>Folder of the answers that were had already.</summary>
    public required string Cache { get; init; }

    /// <summary>Requests that may be sent, retries included; null for any number.</summary>
    public long? MaxRequests { get; init; }

    /// <summary>Requests a minute, evenly spaced; null for no limit.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>For one request.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a request that may succeed later (429, 5xx, no connection, nonsense) is sent again.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>Wait before the first retry, unless the server says how long; doubles each time.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);
}
