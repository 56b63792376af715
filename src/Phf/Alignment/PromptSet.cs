using Phf.Data;
using Phf.Text;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>What samples go on with, as tokens from the end-of-text token on; one empty prompt where none are given.</summary>
/// <param name="Tokens">At least one prompt.</param>
/// <param name="Texts">The same as texts.</param>
internal sealed record PromptSet(IReadOnlyList<int[]> Tokens, IReadOnlyList<string> Texts)
{
    public int Count => Tokens.Count;

    /// <summary>Reads the prompts of a file.</summary>
    /// <exception cref="InvalidDataException">There is none, or one leaves no room to write.</exception>
    public static PromptSet Create(AlignmentSampling sampling, BpeTokenizer tokenizer, TagTokens tags, int maxLength)
    {
        if (sampling.Prompts is not { } path) return new PromptSet([[tokenizer.EndOfTextId]], [""]);
        var tokens = new List<int[]>();
        var texts = new List<string>();
        foreach (TextRecord record in TextRecords.Read([path], new TextOptions { TextField = sampling.PromptField }, new SkippedRecords()))
        {
            int[] ids = [tokenizer.EndOfTextId, .. tags.Encode(record.Text)];
            if (ids.Length >= maxLength)
                throw new InvalidDataException($"{record.Where}: the prompt has {ids.Length} tokens (end-of-text included) and sampling.max_length is {maxLength}; shorten the prompt or raise it");
            tokens.Add(ids);
            texts.Add(record.Text);
        }
        return tokens.Count > 0 ? new PromptSet(tokens, texts) : throw new InvalidDataException($"{path}: no prompt in the field '{sampling.PromptField}'");
    }

    /// <summary>The prompt of each text of a step: <paramref name="perPrompt"/> texts for each of the next prompts in turn.</summary>
    public int[] OfStep(long step, int texts, int perPrompt)
    {
        if (Count == 1) return new int[texts];
        long first = (step - 1) * (texts / perPrompt);
        return [.. Enumerable.Range(0, texts).Select(i => (int)((first + i / perPrompt) % Count))];
    }

    /// <summary>All prompts in turn.</summary>
    public int[] Spread(int texts) => [.. Enumerable.Range(0, texts).Select(i => i % Count)];
}
