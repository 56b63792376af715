using Phf.Data;

namespace Phf.Objectives;

/// <summary>
/// L = -log p for tokens of segments with score &lt;= threshold, -alpha log(1 - p) for the others (Welleck et al. 2020; Korbak et
/// al. 2023, equation 4). Scores are compared in single precision, as the recorded reference does. Zero is a threshold.
/// </summary>
public sealed class Unlikelihood(float threshold, float alpha) : IObjective
{
    public string Name => $"Unlikelihood(threshold {threshold}, alpha {alpha})";

    public bool IsLikelihoodOnly => alpha == 0;

    public void Weigh(ReadOnlySpan<float> scores, ReadOnlySpan<TokenKind> kinds, ReadOnlySpan<float> values, Span<float> positive, Span<float> negative)
    {
        for (int i = 0; i < scores.Length; i++)
        {
            bool aligned = scores[i] <= threshold;
            positive[i] = aligned ? 1 : 0;
            negative[i] = aligned ? 0 : alpha;
        }
    }
}

/// <summary>
/// L = -(1 - score) log p - alpha score log(1 - p): what the reference code computes when its threshold is 0, which it takes for
/// 'absent'. Kept so that its numbers can be had by name.
/// </summary>
public sealed class SoftUnlikelihood(float alpha) : IObjective
{
    public string Name => $"SoftUnlikelihood(alpha {alpha})";

    public bool IsLikelihoodOnly => false;

    public void Weigh(ReadOnlySpan<float> scores, ReadOnlySpan<TokenKind> kinds, ReadOnlySpan<float> values, Span<float> positive, Span<float> negative)
    {
        for (int i = 0; i < scores.Length; i++)
        {
            positive[i] = 1 - scores[i];
            negative[i] = alpha * scores[i];
        }
    }
}
