using Phf.Data;
using Phf.Model;
using Phf.Numerics.Memory;
using Phf.Numerics.Random;

namespace Phf.Alignment;

/// <summary>What a model would have written in the place of given tokens.</summary>
internal static class Alternatives
{
    /// <summary>
    /// For each token of a text but the first, one of the model's <paramref name="candidates"/> most probable other tokens, drawn by their probabilities, and how much higher the
    /// logit of the token itself is.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">A text, at most as long as the model's context and one token more.</param>
    /// <param name="candidates">How many, at least 1 and fewer than the vocabulary.</param>
    /// <param name="seed">Same seed, same tokens.</param>
    public static (int[] Tokens, double[] Gaps) Of(Gpt2 model, int[] tokens, int candidates, ulong seed)
    {
        double[] gaps = new double[tokens.Length - 1];
        int[] others = Visit(model, tokens, (t, row) =>
        {
            float[] logits = row.ToArray();
            int own = tokens[t + 1];
            int[] top = [.. Enumerable.Range(0, logits.Length).Where(id => id != own).OrderByDescending(id => logits[id]).Take(candidates)];
            int other = top[Draw([.. top.Select(id => logits[id])], seed, t)];
            gaps[t] = (double)logits[own] - logits[other];
            return other;
        });
        return (others, gaps);
    }

    /// <summary>For each token of a text but the first, one that the model draws in its place.</summary>
    /// <inheritdoc cref="Of" path="/param"/>
    public static int[] Drawn(Gpt2 model, int[] tokens, ulong seed) => Visit(model, tokens, (t, row) => Draw(row, seed, t));

    private delegate int Choice(int place, ReadOnlySpan<float> logits);

    private static int[] Visit(Gpt2 model, int[] tokens, Choice choose)
    {
        int time = tokens.Length - 1, vocabulary = model.Config.VocabularySize;
        using var state = new Activations(model.Config, batch: 1, time, forTraining: false);
        using var memory = new Arena(Arena.SizeOf(time, vocabulary));
        Tensor logits = memory.Take(time, vocabulary);
        model.Forward(tokens.AsSpan(..^1), [.. Enumerable.Range(0, time)], state);
        model.Backend.Logits(state.Final, model.Parameters.Head, logits);
        int[] chosen = new int[time];
        for (int t = 0; t < time; t++) chosen[t] = choose(t, logits.Row(t));
        return chosen;
    }

    /// <summary>A place, by the softmax of the scores.</summary>
    private static int Draw(ReadOnlySpan<float> scores, ulong seed, int place)
    {
        double total = 0, sum = 0, largest = float.NegativeInfinity;
        foreach (float score in scores) largest = Math.Max(largest, score);
        foreach (float score in scores) total += Math.Exp(score - largest);
        double uniform = total * new Rng(Hash64.Of(seed, (ulong)place)).NextDouble();
        for (int i = 0; i < scores.Length; i++)
            if (uniform < (sum += Math.Exp(scores[i] - largest))) return i;
        return scores.Length - 1;
    }
}
