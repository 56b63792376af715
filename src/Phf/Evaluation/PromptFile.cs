using Phf.Data;
using Phf.Text;

namespace Phf.Evaluation;

/// <summary>What a sample begins with.</summary>
/// <param name="Text">Without tags; empty for the start of a document.</param>
/// <param name="Ids">Tokens, end-of-text first, tags included.</param>
public sealed record ScenarioPrompt(string Text, int[] Ids);

/// <summary>The prompts of a file, in its order.</summary>
public sealed class PromptFile
{
    private PromptFile(string path, IReadOnlyList<string> texts, IReadOnlyList<string> places, int cut, int? maxTokens)
    {
        (Texts, Places, Cut) = (texts, places, cut);
        Description = $"{texts.Count} prompts of {Path.GetFileName(path)}{(cut == 0 ? "" : $" ({cut} of them cut from the left to {maxTokens} tokens)")}";
    }

    public IReadOnlyList<string> Texts { get; }

    /// <summary>Where each was read, e.g. <c>line 17</c>.</summary>
    public IReadOnlyList<string> Places { get; }

    /// <summary>How many were cut.</summary>
    public int Cut { get; }

    /// <summary>How many there are, and how many were cut, in words.</summary>
    public string Description { get; }

    /// <param name="path">JSON lines with a field <c>text</c>, or another form that a corpus may have.</param>
    /// <param name="maxTokens">Longer prompts are cut from the left; null cuts none.</param>
    /// <param name="tokenizer">Counts.</param>
    /// <exception cref="InvalidDataException">The file has a line that is no prompt, or none at all.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static PromptFile Read(string path, int? maxTokens, BpeTokenizer tokenizer)
    {
        var skipped = new SkippedRecords();
        TextRecord[] records = [.. TextRecords.Read([path], new TextOptions(), skipped)];
        foreach ((string reason, (long count, string first)) in skipped.Reasons)
            throw new InvalidDataException($"{first}: {reason}, where a prompt was expected{(count > 1 ? $" ({count} such lines)" : "")}; give one {{\"text\": \"...\"}} a line");
        if (records.Length == 0) throw new InvalidDataException($"{path} has no prompt; give one {{\"text\": \"...\"}} a line");
        string[] texts = [.. records.Select(record => maxTokens is { } most ? LastTokens(record.Text, most, tokenizer) : record.Text)];
        int cut = texts.Where((text, i) => text.Length < records[i].Text.Length).Count();
        return new PromptFile(path, texts, [.. records.Select(record => $"line {record.Line}")], cut, maxTokens);
    }

    /// <summary>The last tokens of a text, at most so many when they are encoded by themselves.</summary>
    private static string LastTokens(string text, int tokens, BpeTokenizer tokenizer)
    {
        int[] ids = [.. tokenizer.Encode(text)];
        for (int left = tokens; ids.Length > tokens; left--)
        {
            text = tokenizer.Decode(ids.AsSpan(Math.Max(0, ids.Length - left))).TrimStart('\uFFFD'); // the rest of a character that was cut
            if (tokenizer.Encode(text).Count <= tokens) break;
        }
        return text;
    }
}
