namespace Phf.Alignment.Targets;

/// <summary>
/// A target distribution over texts, P(x) = a(x) e(x) up to its constant Z = sum P: what the prior a writes, weighed by evidence e(x) that is a
/// function of the text's features (Korbak 2024, arXiv 2404.12150, chapter 2: alignment is conditioning on evidence). A closed set of three kinds.
/// </summary>
public abstract record Target
{
    /// <summary>log e(x), in nats; -infinity where the target never writes the text.</summary>
    /// <param name="features">The text's features, in the target's order.</param>
    public abstract double LogEvidence(ReadOnlySpan<double> features);
}

/// <summary>P(x) = a(x) b(x): the prior's texts for which every feature holds (is not 0), and no others.</summary>
public sealed record PointwiseTarget : Target
{
    public override double LogEvidence(ReadOnlySpan<double> features) => features.Contains(0) ? double.NegativeInfinity : 0;
}

/// <summary>
/// P(x) = a(x) exp(sum lambda_i phi_i(x)): of all distributions with the wanted expectations of its features the one nearest to the prior in KL(p || a)
/// (Khalifa et al. 2021, arXiv 2012.11635, section 2).
/// </summary>
/// <param name="Lambda">One for each feature; +infinity demands the feature of every text, the limit for an expectation of 1.</param>
public sealed record DistributionalTarget(IReadOnlyList<double> Lambda) : Target
{
    public override double LogEvidence(ReadOnlySpan<double> features)
    {
        double sum = 0;
        for (int i = 0; i < features.Length; i++)
        {
            if (!double.IsPositiveInfinity(Lambda[i])) sum += Lambda[i] * features[i];
            else if (features[i] == 0) return double.NegativeInfinity;
        }
        return sum;
    }
}

/// <summary>
/// P(x) = a(x) exp(r(x) / beta) with the reward r = sum weight_i phi_i: what reinforcement learning with a KL penalty of weight beta ends at
/// (Korbak et al. 2022, arXiv 2205.11275, section 3).
/// </summary>
/// <param name="Weights">One for each feature.</param>
/// <param name="Beta">Weight of the penalty, above 0, on the scale of the reward.</param>
public sealed record RewardTarget(IReadOnlyList<double> Weights, double Beta) : Target
{
    /// <summary>r(x).</summary>
    public double Reward(ReadOnlySpan<double> features)
    {
        double sum = 0;
        for (int i = 0; i < features.Length; i++) sum += Weights[i] * features[i];
        return sum;
    }

    public override double LogEvidence(ReadOnlySpan<double> features) => Reward(features) / Beta;
}
