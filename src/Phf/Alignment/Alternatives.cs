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
        int time = tokens.Length - 1, vocabulary = model.Config.VocabularySize;
        using var state = new Activations(model.Config, batch: 1, time, forTraining: false);
        using var memory = new Arena(Arena.SizeOf(time, vocabulary));
        Tensor logits = memory.Take(time, vocabulary);
        model.Forward(tokens.AsSpan(..^1), [.. Enumerable.Range(0, time)], state);
        model.Backend.Logits(state.Final, model.Parameters.TokenTable, logits);
        int[] others = new int[time];
        double[] gaps = new double[time];
        for (int t = 0; t < time; t++)
        {
            float[] row = logits.Row(t).ToArray();
            int own = tokens[t + 1];
            int[] top = [.. Enumerable.Range(0, vocabulary).Where(id => id != own).OrderByDescending(id => row[id]).Take(candidates)];
            others[t] = top[Draw([.. top.Select(id => Math.Exp((double)row[id] - row[top[0]]))], new Rng(Hash64.Of(seed, (ulong)t)).NextDouble())];
            gaps[t] = (double)row[own] - row[others[t]];
        }
        return (others, gaps);
    }

    private static int Draw(double[] weights, double uniform)
    {
        double place = uniform * weights.Sum(), sum = 0;
        for (int i = 0; i < weights.Length; i++)
            if (place < (sum += weights[i])) return i;
        return weights.Length - 1;
    }
}
