using Phf.Data;

namespace Phf.Objectives;

/// <summary>L = -log p for every token (Korbak et al. 2023, equation 1).</summary>
public sealed class MaximumLikelihood : IObjective
{
    public string Name => "MLE";

    public bool IsLikelihoodOnly => true;

    public void Weigh(ReadOnlySpan<float> scores, ReadOnlySpan<TokenKind> kinds, ReadOnlySpan<float> values, Span<float> positive, Span<float> negative)
    {
        positive.Fill(1);
        negative.Clear();
    }
}
