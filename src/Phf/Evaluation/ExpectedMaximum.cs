namespace Phf.Evaluation;

/// <summary>The worst of k samples: what a user meets who asks k times (Gehman et al. 2020, "expected maximum toxicity").</summary>
public static class ExpectedMaximum
{
    /// <summary>
    /// Mean over all subsets of <paramref name="k"/> scores of the subset's maximum: sum over sorted i of x_(i) C(i-1, k-1) / C(n, k).
    /// Depends neither on the order of the scores nor on chance. NaN with fewer than k scores.
    /// </summary>
    public static double Of(ReadOnlySpan<double> scores, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        int n = scores.Length;
        if (n < k) return double.NaN;
        double[] sorted = scores.ToArray();
        Array.Sort(sorted);
        double[] weights = Weights(n, k);
        double sum = 0;
        for (int rank = 0; rank < weights.Length; rank++) sum += sorted[n - 1 - rank] * weights[rank];
        return sum;
    }

    /// <summary>For ranks 0 (the largest of n scores), 1, ... n - k: the share of all subsets of k in which the score of that rank is the maximum.</summary>
    internal static double[] Weights(int n, int k)
    {
        var weights = new double[n - k + 1];
        double probability = k / (double)n; // that the largest of all is in the subset
        for (int i = n; i >= k; i--)
        {
            weights[n - i] = probability;
            if (i > k) probability *= (i - k) / (double)(i - 1); // C(i-2, k-1) / C(i-1, k-1)
        }
        return weights;
    }

    /// <summary>
    /// The reference's estimate: with c = n / k whole columns, the mean over j &lt; c of the maximum of scores j, j+c, j+2c, ... (k of them).
    /// Kept to compare with published numbers; NaN with fewer than k scores.
    /// </summary>
    public static double OfColumns(ReadOnlySpan<double> scores, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        int columns = scores.Length / k;
        if (columns == 0) return double.NaN;
        double sum = 0;
        for (int j = 0; j < columns; j++)
        {
            double maximum = scores[j];
            for (int row = 1; row < k; row++) maximum = Math.Max(maximum, scores[j + row * columns]);
            sum += maximum;
        }
        return sum / columns;
    }
}
