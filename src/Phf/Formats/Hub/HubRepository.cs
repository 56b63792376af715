namespace Phf.Formats.Hub;

/// <summary>A model or a dataset of the Hugging Face Hub.</summary>
/// <param name="Name"><c>name</c> or <c>owner/name</c>.</param>
/// <param name="IsDataset">A dataset, not a model.</param>
public sealed record HubRepository(string Name, bool IsDataset = false)
{
    private const int LongestPart = 96;

    /// <summary>What the Hub calls its kind: models or datasets.</summary>
    public string Kind => IsDataset ? "datasets" : "models";

    /// <summary>Name of its folder in the cache.</summary>
    public string Folder => $"{Kind}--{Name.Replace("/", "--", StringComparison.Ordinal)}";

    /// <summary>Whether a text can be a name on the Hub: <c>name</c> or <c>owner/name</c>, no path. Two dashes would be a slash in the cache.</summary>
    public static bool IsName(string text) => text.Split('/') is { Length: 1 or 2 } parts
        && parts.All(part => part.Length is > 0 and <= LongestPart && part[0] != '.' && part.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'))
        && !text.Contains("--", StringComparison.Ordinal) && !text.Contains("..", StringComparison.Ordinal);
}
