using System.Numerics;
using System.Runtime.InteropServices;

namespace Phf.Generation;

/// <summary>
/// Classifier-free guidance between two tags: beside each sequence the model reads the same sequence with <see cref="Against"/> wherever it has
/// <see cref="Tag"/>, and the next token is drawn by
/// <code>log p = (1 + w) log p(token | tag) - w log p(token | other tag)</code>
/// (Ho and Salimans 2022, arXiv 2207.12598, equation 6; for language models, with another prompt in the place of none, Sanchez et al. 2023,
/// arXiv 2306.17806). The two tags change places among the tokens, too: what the one reading gives its tag is compared with what the other gives its own.
/// </summary>
public sealed record Guidance
{
    /// <summary>w; 0 is the model alone.</summary>
    public required double Weight { get; init; }

    /// <summary>Id of the tag that the text should follow.</summary>
    public required int Tag { get; init; }

    /// <summary>Id of the tag that it should get away from.</summary>
    public required int Against { get; init; }

    /// <exception cref="ArgumentException">The weight is not finite, or there are no two tags.</exception>
    internal void Validate()
    {
        if (!double.IsFinite(Weight)) throw new ArgumentException($"guidance {Weight} is not a finite number");
        if (Tag == Against) throw new ArgumentException($"guidance needs two tags; both are token {Tag}");
    }

    /// <summary>What stands in the other reading where a sequence has <paramref name="token"/>.</summary>
    internal int Other(int token) => token == Tag ? Against : token;

    /// <summary>Writes the guided scores: logarithms of probabilities up to a constant.</summary>
    /// <param name="logits">V logits of the sequence.</param>
    /// <param name="others">V logits of its other reading.</param>
    /// <param name="guided">V, overwritten.</param>
    internal void Combine(ReadOnlySpan<float> logits, ReadOnlySpan<float> others, Span<float> guided)
    {
        float own = (float)(1 + Weight), other = (float)Weight;
        // Constants do not change what is drawn, but a repetition penalty goes by the sign: so these are log-probabilities, as transformers has them.
        float ownShift = LogSumExp(logits), otherShift = LogSumExp(others);
        for (int i = 0; i < guided.Length; i++) guided[i] = own * (logits[i] - ownShift) - other * (others[i] - otherShift);
        guided[Tag] = own * (logits[Tag] - ownShift) - other * (others[Against] - otherShift);
        guided[Against] = own * (logits[Against] - ownShift) - other * (others[Tag] - otherShift);
    }

    private static float LogSumExp(ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        ReadOnlySpan<float> rest = logits[(vectors.Length * Vector<float>.Count)..];
        float max = float.NegativeInfinity;
        foreach (float logit in logits) max = MathF.Max(max, logit);
        double total = 0;
        foreach (Vector<float> vector in vectors) total += Vector.Sum(Vector.Exp(vector - new Vector<float>(max)));
        foreach (float logit in rest) total += MathF.Exp(logit - max);
        return (float)(max + Math.Log(total));
    }
}
