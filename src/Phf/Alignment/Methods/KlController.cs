namespace Phf.Alignment.Methods;

/// <summary>The weight of a KL penalty: fixed, or led towards a wanted KL (Ziegler et al. 2019, section 2.2).</summary>
/// <param name="Beta">The weight now.</param>
/// <param name="TargetKl">KL(pi || a) in nats per text; null keeps beta.</param>
/// <param name="Gain">How far beta moves at most in one step, as a share of it, times 0.2.</param>
public sealed record KlController(double Beta, double? TargetKl, double Gain = 0.1)
{
    private const double LargestError = 0.2;

    /// <summary>beta (1 + gain e) with e = (KL - target) / target kept within 0.2 of 0.</summary>
    public KlController After(double kl) => TargetKl is not { } target ? this
        : this with { Beta = Beta * (1 + Gain * Math.Clamp((kl - target) / target, -LargestError, LargestError)) };
}
