namespace Phf.Alignment.Methods;

/// <summary>Rewards, advantages and returns of the tokens of one sampled text, as PPO wants them; T is its number of tokens.</summary>
public static class Advantages
{
    private const double SmallestVariance = 1e-8; // added to it, so that equal advantages become 0

    /// <summary>-beta (log pi - log a) for each token, and the text's score added to the last (Ziegler et al. 2019, equation 2, token by token).</summary>
    /// <param name="logPolicy">T log-probabilities under the policy that wrote the text.</param>
    /// <param name="logPrior">T under the prior.</param>
    /// <param name="score">Reward of the whole text.</param>
    /// <param name="beta">Weight of the penalty.</param>
    public static double[] TokenRewards(ReadOnlySpan<double> logPolicy, ReadOnlySpan<double> logPrior, double score, double beta)
    {
        double[] rewards = new double[logPolicy.Length];
        for (int t = 0; t < rewards.Length; t++) rewards[t] = -beta * (logPolicy[t] - logPrior[t]);
        rewards[^1] += score;
        return rewards;
    }

    /// <summary>
    /// Generalised advantages (Schulman et al. 2016, arXiv 1506.02438, equation 16): delta_t = r_t + gamma V_(t+1) - V_t with V = 0 behind the end,
    /// A_t = delta_t + gamma lambda A_(t+1).
    /// </summary>
    /// <param name="rewards">T rewards.</param>
    /// <param name="values">T values of the states in which the tokens were chosen.</param>
    /// <param name="gamma">Discount of later rewards.</param>
    /// <param name="lambda">1 trusts the rewards alone, 0 the next value.</param>
    public static double[] Generalised(ReadOnlySpan<double> rewards, ReadOnlySpan<double> values, double gamma, double lambda)
    {
        double[] advantages = new double[rewards.Length];
        double next = 0, nextValue = 0;
        for (int t = advantages.Length - 1; t >= 0; t--)
        {
            next = rewards[t] + gamma * nextValue - values[t] + gamma * lambda * next;
            (advantages[t], nextValue) = (next, values[t]);
        }
        return advantages;
    }

    /// <summary>What the values are taught: advantage plus value.</summary>
    public static double[] Returns(ReadOnlySpan<double> advantages, ReadOnlySpan<double> values)
    {
        double[] returns = new double[advantages.Length];
        for (int t = 0; t < returns.Length; t++) returns[t] = advantages[t] + values[t];
        return returns;
    }

    /// <summary>Shifts and scales the advantages of all tokens of a batch, in place, to mean 0 and variance 1 (of the sample, n - 1). One token alone is left as it is.</summary>
    public static void Whiten(IReadOnlyList<double[]> advantages)
    {
        int count = advantages.Sum(text => text.Length);
        if (count < 2) return;
        double mean = advantages.Sum(text => text.Sum()) / count;
        double variance = advantages.Sum(text => text.Sum(each => (each - mean) * (each - mean))) / (count - 1);
        double scale = 1 / Math.Sqrt(variance + SmallestVariance);
        foreach (double[] text in advantages)
            for (int t = 0; t < text.Length; t++) text[t] = (text[t] - mean) * scale;
    }
}
