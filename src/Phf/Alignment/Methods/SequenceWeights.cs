using Phf.Alignment.Estimates;

namespace Phf.Alignment.Methods;

/// <summary>A divergence that f-DPG minimises.</summary>
public enum FDivergence
{
    /// <summary>KL(p || pi): what DPG minimises.</summary>
    ForwardKl,

    /// <summary>KL(pi || p): infinite for a target that forbids texts.</summary>
    ReverseKl,

    TotalVariation,

    JensenShannon,
}

/// <summary>
/// The weight w of a sampled text in a loss -mean w log pi(x), whose gradient, with w held constant, is that of the method's objective. A text is a sample of q;
/// log P is the target's up to its constant, log p = log P - log Z.
/// </summary>
public static class SequenceWeights
{
    /// <summary>
    /// P / q: the gradient of -sum P log pi, and so of Z KL(p || pi) (Parshakova et al. 2019; Khalifa et al. 2021, equation 5). With log p in place of log P that of KL(p || pi).
    /// </summary>
    public static double Dpg(double logP, double logProposal) => Math.Exp(logP - logProposal);

    /// <summary>P / q - Z pi / q: the same expectation, by the baseline Z (Korbak et al. 2022, arXiv 2206.00761, equation 15). With log p the baseline is 1, log Z = 0.</summary>
    public static double DpgWithBaseline(double logP, double logPolicy, double logProposal, double logZ) =>
        Math.Exp(logP - logProposal) - Math.Exp(logZ + logPolicy - logProposal);

    /// <summary>
    /// -f'(pi / p) pi / q: the gradient of D_f(pi || p) (Go et al. 2023, arXiv 2302.08215, theorem 1). Where p is 0, f' has its limit at infinity.
    /// </summary>
    public static double FDpg(FDivergence divergence, double logP, double logPolicy, double logProposal)
    {
        double logRatio = logPolicy - logP; // +infinity where p is 0
        double slope = divergence switch
        {
            FDivergence.ForwardKl => -Math.Exp(-logRatio),
            FDivergence.ReverseKl => 1 + logRatio,
            FDivergence.TotalVariation => 0.5 * Math.Sign(logRatio),
            FDivergence.JensenShannon => 0.5 * (Math.Log(2) - Divergences.SoftPlus(-logRatio)),
            _ => throw new ArgumentOutOfRangeException(nameof(divergence)),
        };
        return -slope * Math.Exp(logPolicy - logProposal);
    }

    /// <summary>
    /// r - beta log(pi / a) - baseline, for samples of pi itself: the gradient of -(E_pi[r] - beta KL(pi || a)), REINFORCE (Williams 1992) with the penalty of
    /// Ziegler et al. 2019 (arXiv 1909.08593, equation 2).
    /// </summary>
    public static double Reinforce(double reward, double beta, double logPolicy, double logPrior, double baseline) =>
        (beta == 0 ? reward : reward - beta * (logPolicy - logPrior)) - baseline;
}
