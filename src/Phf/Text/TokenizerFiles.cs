namespace Phf.Text;

/// <summary>The files that hold a tokenizer.</summary>
public static class TokenizerFiles
{
    /// <summary>One of them is in every folder with a tokenizer, the first of these before the others.</summary>
    public static IReadOnlyList<string> Main { get; } = ["tokenizer.json", "vocab.txt", "vocab.json", "encoder.json"];

    /// <summary>All: the main ones, and the merges that belong to two of them.</summary>
    public static IReadOnlyList<string> All { get; } = ["tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "encoder.json", "vocab.bpe"];

    /// <summary>The main files in a folder.</summary>
    public static string[] In(string directory) => [.. Main.Where(name => File.Exists(Path.Combine(directory, name)))];
}
