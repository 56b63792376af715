using Phf.Alignment.Estimates;

namespace Phf.Alignment.Methods;

/// <summary>Log-probabilities of the two texts of a pair given their prompt.</summary>
/// <param name="Chosen">log pi of the better text.</param>
/// <param name="Rejected">log pi of the worse one.</param>
/// <param name="ReferenceChosen">log a of the better one.</param>
/// <param name="ReferenceRejected">log a of the worse one.</param>
/// <param name="ChosenLength">Tokens of the better one, at least 1.</param>
/// <param name="RejectedLength">Tokens of the worse one, at least 1.</param>
public readonly record struct PairLogProbs(
    double Chosen, double Rejected, double ReferenceChosen, double ReferenceRejected, int ChosenLength, int RejectedLength)
{
    /// <summary>How much more than the prior the model prefers the better text: (log pi - log a)(chosen) - (log pi - log a)(rejected).</summary>
    public double Margin => Chosen - ReferenceChosen - (Rejected - ReferenceRejected);
}

/// <summary>The loss of a pair and its derivatives with respect to log pi of either text. A derivative d is a weight -d of each of the text's tokens.</summary>
public readonly record struct PairLoss(double Loss, double DChosen, double DRejected);

/// <summary>Losses on pairs of texts; s is the logistic function. None is divided by the number of pairs.</summary>
public static class PreferenceLosses
{
    private const double LargestMeanProbability = 1 - 1e-12; // odds of a certain text are infinite

    /// <summary>
    /// -(1 - e) log s(beta h) - e log s(-beta h) with h the margin: DPO (Rafailov et al. 2023, arXiv 2305.18290, equation 7), smoothed for labels that are wrong with
    /// probability e (Mitchell 2023).
    /// </summary>
    public static PairLoss Dpo(in PairLogProbs pair, double beta, double smoothing = 0)
    {
        double x = beta * pair.Margin;
        double loss = (1 - smoothing) * Divergences.SoftPlus(-x) + smoothing * Divergences.SoftPlus(x);
        double slope = beta * (smoothing * Logistic(x) - (1 - smoothing) * Logistic(-x));
        return new PairLoss(loss, slope, -slope);
    }

    /// <summary>(h - 1 / (2 beta))^2: IPO (Azar et al. 2024, arXiv 2310.12036, equation 17). By length, log-probabilities are means over a text's tokens.</summary>
    public static PairLoss Ipo(in PairLogProbs pair, double beta, bool byLength = false)
    {
        double perChosen = byLength ? 1.0 / pair.ChosenLength : 1, perRejected = byLength ? 1.0 / pair.RejectedLength : 1;
        double error = perChosen * (pair.Chosen - pair.ReferenceChosen) - perRejected * (pair.Rejected - pair.ReferenceRejected) - 1 / (2 * beta);
        return new PairLoss(error * error, 2 * error * perChosen, -2 * error * perRejected);
    }

    /// <summary>
    /// One text of KTO (Ethayarajh et al. 2024, arXiv 2402.01306, equation 8): weight (1 - s(beta (ratio - z0))) for a desirable text,
    /// weight (1 - s(beta (z0 - ratio))) for an undesirable one.
    /// </summary>
    /// <param name="logRatio">log pi - log a of the text.</param>
    /// <param name="isDesirable">Which of both.</param>
    /// <param name="beta">Above 0.</param>
    /// <param name="referencePoint">z0, see <see cref="KtoReferencePoint"/>; a constant.</param>
    /// <param name="weight">lambda_D or lambda_U.</param>
    /// <returns>The loss and its derivative with respect to log pi.</returns>
    public static (double Loss, double Slope) Kto(double logRatio, bool isDesirable, double beta, double referencePoint, double weight)
    {
        double sign = isDesirable ? 1 : -1, x = sign * beta * (logRatio - referencePoint);
        return (weight * Logistic(-x), -sign * weight * beta * Logistic(x) * Logistic(-x));
    }

    /// <summary>z0 = max(0, mean of log pi - log a over texts beside prompts that they were not written for), an estimate of KL(pi || a).</summary>
    public static double KtoReferencePoint(ReadOnlySpan<double> mismatchedLogRatios)
    {
        double sum = 0;
        foreach (double ratio in mismatchedLogRatios) sum += ratio;
        return Math.Max(0, sum / mismatchedLogRatios.Length);
    }

    /// <summary>
    /// -w / |w| - lambda log s(log odds_w - log odds_l), odds = P / (1 - P), P = exp(log pi / length): ORPO (Hong et al. 2024, arXiv 2403.07691, equations 6 and 7).
    /// Knows no prior.
    /// </summary>
    public static PairLoss Orpo(in PairLogProbs pair, double lambda)
    {
        (double chosen, double dChosen) = LogOdds(pair.Chosen / pair.ChosenLength);
        (double rejected, double dRejected) = LogOdds(pair.Rejected / pair.RejectedLength);
        double gap = chosen - rejected, pull = lambda * Logistic(-gap);
        return new PairLoss(-pair.Chosen / pair.ChosenLength + lambda * Divergences.SoftPlus(-gap),
            -(1 + pull * dChosen) / pair.ChosenLength, pull * dRejected / pair.RejectedLength);
    }

    /// <summary>-log s(beta w / |w| - beta l / |l| - gamma): SimPO (Meng et al. 2024, arXiv 2405.14734, equation 6). Knows no prior.</summary>
    public static PairLoss SimPo(in PairLogProbs pair, double beta, double gamma)
    {
        double x = beta * (pair.Chosen / pair.ChosenLength - pair.Rejected / pair.RejectedLength) - gamma, slope = -beta * Logistic(-x);
        return new PairLoss(Divergences.SoftPlus(-x), slope / pair.ChosenLength, -slope / pair.RejectedLength);
    }

    /// <summary>
    /// log(1 + exp(s_n - s_p)) for the logits of a token of a bad text and of one that the model would write in its place: CRINGE (Adolphs et al. 2022,
    /// arXiv 2211.05826, equation 3). The derivative by s_n, which is that by log p_n, and minus that by s_p.
    /// </summary>
    public static (double Loss, double Slope) Cringe(double negativeLogit, double positiveLogit)
    {
        double gap = negativeLogit - positiveLogit;
        return (Divergences.SoftPlus(gap), Logistic(gap));
    }

    private static double Logistic(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>log(P / (1 - P)) and its derivative with respect to log P.</summary>
    private static (double Value, double Slope) LogOdds(double logProbability)
    {
        double probability = Math.Min(Math.Exp(logProbability), LargestMeanProbability);
        return (Math.Log(probability) - Math.Log(1 - probability), 1 / (1 - probability));
    }
}
