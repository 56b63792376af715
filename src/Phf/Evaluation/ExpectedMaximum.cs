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
        double probability = k / (double)n; // that the largest of all is in the subset
        double sum = 0;
        for (int i = n; i >= k; i--)
        {
            sum += sorted[i - 1] * probability;
            if (i > k) probability *= (i - k) / (double)(i - 1); // C(i-2, k-1) / C(i-1, k-1)
        }
        return sum;
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
