namespace Phf.Formats.Hub;

/// <summary>How the Hugging Face Hub is asked, and where its files are kept.</summary>
public sealed record HubOptions
{
    private static readonly string[] Affirmations = ["1", "ON", "YES", "TRUE"];

    /// <summary>The server.</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <summary>Folder of the cache, as the Hub's own tools lay it out.</summary>
    public required string Cache { get; init; }

    /// <summary>No request may be sent.</summary>
    public bool IsOffline { get; init; }

    /// <summary>How often a request that may succeed later (408, 429, 5xx, a lost connection) is sent again; starts anew whenever bytes have come.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>Wait before the first retry, unless the server says how long; doubles each time.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest silence of the server.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sent to <see cref="Endpoint"/> and to no other host. Internal, so that no record prints it.</summary>
    internal string? Token { get; init; }

    /// <summary>
    /// As the variables of the Hub's own tools say: HF_ENDPOINT, HF_HUB_CACHE (else hub in HF_HOME, which is huggingface in XDG_CACHE_HOME or ~/.cache),
    /// HF_HUB_OFFLINE, and HF_TOKEN or the file HF_TOKEN_PATH (else token in HF_HOME).
    /// </summary>
    /// <exception cref="ArgumentException">HF_ENDPOINT is no address, or the token is none.</exception>
    public static HubOptions FromEnvironment()
    {
        var options = new HubOptions
        {
            Cache = CacheFromEnvironment(),
            IsOffline = Affirmations.Contains(Variable("HF_HUB_OFFLINE")?.ToUpperInvariant()),
            Token = TokenOf(Variable("HF_TOKEN_PATH") ?? Path.Combine(Home(), "token")),
        };
        return Variable("HF_ENDPOINT") is not { } endpoint ? options
            : Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" ? options with { Endpoint = address }
            : throw new ArgumentException($"HF_ENDPOINT is '{endpoint}'; an address such as https://huggingface.co was expected");
    }

    /// <summary>The folder of the cache alone: what needs no network needs no endpoint and no token.</summary>
    public static string CacheFromEnvironment() => Variable("HF_HUB_CACHE") ?? Path.Combine(Home(), "hub");

    private static string Home() => Variable("HF_HOME")
        ?? Path.Combine(Variable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "huggingface");

    private static string? TokenOf(string path)
    {
        string? token = (Variable("HF_TOKEN") ?? (File.Exists(path) ? File.ReadAllText(path) : null))?.Trim();
        if (string.IsNullOrEmpty(token)) return null;
        return token.All(letter => letter is > ' ' and < '\x7F') ? token
            : throw new ArgumentException($"HF_TOKEN (or {path}) holds characters that no token of the Hub has; set it again");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
