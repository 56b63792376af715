namespace Phf.Alignment.Methods;

/// <summary>What one token pays, and the derivative.</summary>
/// <param name="Loss">The loss, not divided by the number of tokens.</param>
/// <param name="Slope">Its derivative with respect to the token's log-probability or value.</param>
/// <param name="IsClipped">The clipped branch counted, so that the slope is 0.</param>
public readonly record struct TokenLoss(double Loss, double Slope, bool IsClipped);

/// <summary>The two losses of PPO (Schulman et al. 2017, arXiv 1707.06347, equation 7, and its value loss clipped likewise) for one token.</summary>
public static class ClippedLoss
{
    /// <summary>max(-A r, -A clip(r, 1 - range, 1 + range)) with r = exp(log pi - log pi_old), by log pi.</summary>
    public static TokenLoss Policy(double logNew, double logOld, double advantage, double range)
    {
        double ratio = Math.Exp(logNew - logOld), free = -advantage * ratio, clipped = -advantage * Math.Clamp(ratio, 1 - range, 1 + range);
        return clipped > free ? new TokenLoss(clipped, 0, IsClipped: true) : new TokenLoss(free, free, IsClipped: false); // d ratio / d log pi = ratio
    }

    /// <summary>1/2 max((V - R)^2, (clip(V, V_old - range, V_old + range) - R)^2), by V.</summary>
    public static TokenLoss Value(double value, double oldValue, double target, double range)
    {
        double error = value - target, clippedError = Math.Clamp(value, oldValue - range, oldValue + range) - target;
        return clippedError * clippedError > error * error
            ? new TokenLoss(0.5 * clippedError * clippedError, 0, IsClipped: true)
            : new TokenLoss(0.5 * error * error, error, IsClipped: false);
    }
}
