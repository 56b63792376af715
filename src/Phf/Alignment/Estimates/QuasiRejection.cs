namespace Phf.Alignment.Estimates;

/// <summary>
/// Sampling from a target by a proposal with a bound that the weights P / q may exceed (Eikema et al. 2022, arXiv 2112.05702): a text is kept with probability
/// min(1, P / (bound q)), so that what is kept has p_bound(x) proportional to min(P(x), bound q(x)). A larger bound keeps fewer texts and is nearer to p; at the largest
/// weight it is exact rejection sampling.
/// </summary>
/// <param name="LogBound">log of the bound.</param>
/// <param name="Acceptance">Share of the proposal's texts that is kept.</param>
/// <param name="TotalVariation">1/2 sum |p - p_bound|.</param>
/// <param name="Kl">KL(p || p_bound).</param>
public sealed record QuasiRejection(double LogBound, double Acceptance, double TotalVariation, double Kl)
{
    /// <summary>What a bound costs and gives, by texts of the proposal.</summary>
    /// <param name="logWeights">log P - log q of each text.</param>
    /// <param name="logProposal">log q of each text.</param>
    /// <param name="logMeasure">What each text stands for (<see cref="Measure"/>).</param>
    /// <param name="logBound">log of the bound.</param>
    public static QuasiRejection At(ReadOnlySpan<double> logWeights, ReadOnlySpan<double> logProposal, ReadOnlySpan<double> logMeasure, double logBound)
    {
        double z = 0, kept = 0, variation = 0, kl = 0;
        for (int x = 0; x < logWeights.Length; x++)
        {
            double share = logMeasure[x] + logProposal[x];
            z += Math.Exp(share + logWeights[x]);
            kept += Math.Exp(share + Math.Min(logWeights[x], logBound));
        }
        for (int x = 0; x < logWeights.Length; x++)
        {
            if (double.IsNegativeInfinity(logWeights[x])) continue;
            double share = logMeasure[x] + logProposal[x], target = Math.Exp(share + logWeights[x]) / z;
            variation += Math.Abs(target - Math.Exp(share + Math.Min(logWeights[x], logBound)) / kept) / 2;
            kl += target * (Math.Max(0, logWeights[x] - logBound) - Math.Log(z / kept));
        }
        return new QuasiRejection(logBound, kept / Math.Exp(logBound), variation, kl);
    }
}
