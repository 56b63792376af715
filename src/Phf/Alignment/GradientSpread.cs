namespace Phf.Alignment;

/// <summary>How far the gradients of single texts scatter: trace of the covariance of w grad log pi over texts.</summary>
internal static class GradientSpread
{
    private const int Groups = 8, MostTexts = 64; // whose gradients are computed one group at a time

    /// <summary>
    /// n / (M - 1) (sum |g_m|^2 - M |g|^2) for the mean gradients g_m of M groups of n texts and their mean g; its expectation is that of one text's. NaN with too few texts.
    /// </summary>
    /// <param name="policy">Its gradient is overwritten, its parameters are not.</param>
    /// <param name="draws">Texts of the model.</param>
    /// <param name="weights">w of each.</param>
    public static double Of(Policy policy, Draws draws, double[] weights)
    {
        int n = Math.Min(draws.Count, MostTexts) / Groups;
        if (n == 0) return double.NaN;
        WeightedText[] texts = WeightedText.Of(draws, [.. weights.Select(weight => weight / n)])[..(n * Groups)];
        double squares = texts.Chunk(n).Sum(policy.SquaredGradient), whole = policy.SquaredGradient(texts) / (Groups * Groups);
        return n * (squares - Groups * whole) / (Groups - 1);
    }
}
