using Phf.Data;

namespace Phf.Objectives;

/// <summary>Numbers of a <see cref="WeightedRegression"/>. With the defaults it is reward-weighted regression without any value.</summary>
public sealed record WeightedRegressionOptions
{
    /// <summary>Temperature of the weights, on the scale of the scores.</summary>
    public required double Beta { get; init; }

    /// <summary>Share of the language-model loss, in (0, 1]; the value loss has the rest.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>Largest weight of a token.</summary>
    public double ClipWeightMax { get; init; } = 1000;

    /// <summary>Subtract the model's values from the reward.</summary>
    public bool UsesValues { get; init; }

    /// <summary>Subtracted from the reward where values are not.</summary>
    public double FixedValue { get; init; }

    /// <summary>Keep values within -1..0.</summary>
    public bool ClipValue { get; init; }

    /// <summary>Shift and scale the advantages of a batch to mean 0 and deviation 1.</summary>
    public bool NormalizeAdvantage { get; init; }

    /// <summary>Keep the gradient of the value loss in the value head.</summary>
    public bool IsValueDetached { get; init; }
}

/// <summary>
/// Reward- and advantage-weighted regression (Peng et al. 2019; Korbak et al. 2023, equations 5 and 6): L = -w log p with
/// w = alpha min(exp((r - V) / beta), clip), r = -score, and besides (1 - alpha) (V - r)^2 where the model has a value head.
/// V is a constant inside w. Reward-weighted regression has no V, or a constant one.
/// </summary>
public sealed class WeightedRegression(string name, WeightedRegressionOptions options) : IObjective
{
    private const double SmallestDeviation = 1e-10; // added to it, so that equal advantages become 0

    public string Name => name;

    public bool IsLikelihoodOnly => true;

    public WeightedRegressionOptions Options => options;

    public void Weigh(ReadOnlySpan<float> scores, ReadOnlySpan<TokenKind> kinds, ReadOnlySpan<float> values, Span<float> positive, Span<float> negative)
    {
        negative.Clear();
        if (options.UsesValues && values.IsEmpty) // they only learn so far
        {
            positive.Fill((float)options.Alpha);
            return;
        }
        (double shift, double scale) = options.NormalizeAdvantage ? MeanAndDeviation(scores, values) : (0, 1);
        for (int i = 0; i < scores.Length; i++)
        {
            double advantage = (Advantage(scores, values, i) - shift) / scale;
            positive[i] = (float)(options.Alpha * WeightOf(advantage));
        }
    }

    /// <summary>min(exp(advantage / beta), clip), before alpha.</summary>
    public double WeightOf(double advantage) => Math.Min(Math.Exp(advantage / options.Beta), options.ClipWeightMax);

    /// <summary>Reward minus value of token i, before <see cref="WeightedRegressionOptions.NormalizeAdvantage"/>.</summary>
    public double Advantage(ReadOnlySpan<float> scores, ReadOnlySpan<float> values, int i) =>
        -(double)scores[i] - (options.UsesValues ? ValueOf(values[i]) : options.FixedValue);

    /// <summary>A value as it counts: kept within -1..0 where the options say so.</summary>
    public double ValueOf(float value) => options.ClipValue ? Math.Clamp((double)value, -1, 0) : value;

    /// <summary>(1 - alpha) times the sum of (V - r)^2 over the tokens, times <paramref name="share"/>.</summary>
    /// <param name="scores">N scores of the targets' segments.</param>
    /// <param name="values">N values V.</param>
    /// <param name="kinds">What the targets are; masked ones are left out.</param>
    /// <param name="share">What one token counts for: 1 / N for a mean.</param>
    /// <param name="dValues">N derivatives with respect to V, written; 0 where V was clipped.</param>
    public double ValueLoss(ReadOnlySpan<float> scores, ReadOnlySpan<float> values, ReadOnlySpan<TokenKind> kinds, double share, Span<float> dValues)
    {
        double weight = share * (1 - options.Alpha), loss = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            dValues[i] = 0;
            if (kinds[i] == TokenKind.Masked) continue;
            double value = ValueOf(values[i]), error = value + scores[i];
            loss += weight * error * error;
            if (value == values[i]) dValues[i] = (float)(2 * weight * error);
        }
        return loss;
    }

    private (double Mean, double Deviation) MeanAndDeviation(ReadOnlySpan<float> scores, ReadOnlySpan<float> values)
    {
        double sum = 0, squares = 0;
        for (int i = 0; i < scores.Length; i++) sum += Advantage(scores, values, i);
        double mean = sum / scores.Length;
        for (int i = 0; i < scores.Length; i++) squares += Math.Pow(Advantage(scores, values, i) - mean, 2);
        return (mean, Math.Sqrt(squares / Math.Max(1, scores.Length - 1)) + SmallestDeviation);
    }
}
