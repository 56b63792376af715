namespace Phf.Data;

/// <summary>
/// How often a document is read in an epoch, by its mean score: <paramref name="Weights"/>[i] times on average where i thresholds lie below
/// the score. A fraction is a draw for each epoch.
/// </summary>
/// <param name="Thresholds">Not falling.</param>
/// <param name="Weights">One more than thresholds; 0 leaves documents out.</param>
public sealed record Upsampling(double[] Thresholds, double[] Weights)
{
    /// <summary>The most that a weight may be.</summary>
    public const double LargestWeight = 1000;

    public double WeightOf(double meanScore)
    {
        int below = 0;
        while (below < Thresholds.Length && meanScore > Thresholds[below]) below++;
        return Weights[below];
    }

    /// <exception cref="ArgumentException">Thresholds or weights are not as promised.</exception>
    internal void Check()
    {
        if (Weights.Length != Thresholds.Length + 1)
            throw new ArgumentException($"upsample has {Thresholds.Length} thresholds and {Weights.Length} weights; one more weight than thresholds was expected");
        for (int i = 0; i < Thresholds.Length; i++)
            if (double.IsNaN(Thresholds[i]) || (i > 0 && Thresholds[i] < Thresholds[i - 1]))
                throw new ArgumentException($"upsample has the thresholds {string.Join(", ", Thresholds)}; numbers that do not fall were expected");
        foreach (double weight in Weights)
            if (!(weight is >= 0 and <= LargestWeight)) throw new ArgumentException($"upsample has the weight {weight}; 0 to {LargestWeight} was expected");
    }
}
