namespace Phf.Evaluation.Replication;

/// <summary>What the experiment says of a claim.</summary>
public enum ReplicationVerdict
{
    /// <summary>The whole interval lies on the claim's side.</summary>
    Reproduced,

    /// <summary>The whole interval lies on the other side.</summary>
    NotReproduced,

    /// <summary>The interval holds both sides, or there is none.</summary>
    TooSmallToTell,
}

/// <summary>One claim of the paper about two ways of training: that the ratio of a metric lies below, or above, a bound.</summary>
/// <param name="Name">In summary.json.</param>
/// <param name="Text">The claim as a sentence.</param>
/// <param name="Estimate">The ratio as measured; null where a run is missing.</param>
/// <param name="IsBelow">Whether the claim is that the ratio lies below the bound; else above.</param>
/// <param name="Bound">The bound.</param>
public sealed record ReplicationClaim(string Name, string Text, RatioEstimate? Estimate, bool IsBelow, double Bound)
{
    /// <summary>By the interval alone.</summary>
    public ReplicationVerdict Verdict => Estimate is not { Low: { } low, High: { } high } ? ReplicationVerdict.TooSmallToTell
        : IsBelow ? Judge(high < Bound, low > Bound)
        : Judge(low > Bound, high < Bound);

    private static ReplicationVerdict Judge(bool holds, bool fails) => holds ? ReplicationVerdict.Reproduced : fails ? ReplicationVerdict.NotReproduced : ReplicationVerdict.TooSmallToTell;
}
