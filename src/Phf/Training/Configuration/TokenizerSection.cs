namespace Phf.Training.Configuration;

/// <summary>Section <c>tokenizer</c>.</summary>
public sealed record TokenizerSection
{
    [Key("Folder with the tokenizer's files. Not set, or the name of a tokenizer and no folder: the one that packed the data.")]
    public string? PathOrName { get; init; }

    [Key("Control tokens, each one token; those that the vocabulary lacks get the next free ids, in this order.")]
    public IReadOnlyList<string> SpecialTokens { get; init; } = [];
}
