using Phf.Model;

namespace Phf.Alignment;

/// <summary>Texts that a model wrote, and what was measured of them.</summary>
internal sealed record Draws
{
    /// <summary>Number of each text's prompt.</summary>
    public required int[] Prompts { get; init; }

    /// <summary>The prompt, the text and, where the text ended before the longest length, end-of-text.</summary>
    public required int[][] Tokens { get; init; }

    /// <summary>How many of each text's tokens are its prompt's.</summary>
    public required int[] Starts { get; init; }

    public required string[] Texts { get; init; }

    /// <summary>The target's features of each text.</summary>
    public required double[][] Features { get; init; }

    /// <summary>Tokens of a tag that stands behind the first token; 0 for models that were told none.</summary>
    public int TagLength { get; init; }

    public int Count => Tokens.Length;

    /// <summary>Tokens written, those that ended a text included.</summary>
    public long Written => Tokens.Zip(Starts, (tokens, start) => (long)tokens.Length - start).Sum();

    /// <summary>The same texts as the prior knows them, which was taught no tag.</summary>
    public Draws WithoutTag() => TagLength == 0 ? this : this with
    {
        Tokens = [.. Tokens.Select(tokens => (int[])[tokens[0], .. tokens[(1 + TagLength)..]])],
        Starts = [.. Starts.Select(start => start - TagLength)],
        TagLength = 0,
    };

    /// <summary>Some of the texts.</summary>
    public Draws Of(int[] texts) => this with
    {
        Prompts = [.. texts.Select(i => Prompts[i])],
        Tokens = [.. texts.Select(i => Tokens[i])],
        Starts = [.. texts.Select(i => Starts[i])],
        Texts = [.. texts.Select(i => Texts[i])],
        Features = [.. texts.Select(i => Features[i])],
    };

    /// <summary>log p of each written token under a model, given what stands before it.</summary>
    public double[][] TokenLogProbs(Gpt2 model) =>
        [.. SequenceLogProbs.Of(model, Tokens).Select((logs, i) => logs[(Starts[i] - 1)..].Select(log => (double)log).ToArray())];

    /// <summary>log p of each text under a model, given its prompt.</summary>
    public double[] LogProbs(Gpt2 model) => Sums(TokenLogProbs(model));

    /// <summary>log p of each text, by that of its tokens.</summary>
    public static double[] Sums(double[][] tokenLogProbs) => [.. tokenLogProbs.Select(logs => logs.Sum())];

    /// <summary>log p of some of the texts, in their places; 0 in those of the others, which the model does not read.</summary>
    public double[] LogProbs(Gpt2 model, int[] texts)
    {
        double[] logs = new double[Count];
        foreach ((int i, double log) in texts.Zip(Of(texts).LogProbs(model))) logs[i] = log;
        return logs;
    }
}
