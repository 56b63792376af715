namespace Phf.Alignment;

/// <summary>How far the gradients of single texts scatter: trace of the covariance of w grad log pi over texts.</summary>
internal static class GradientSpread
{
    /// <summary>So many texts are enough.</summary>
    public const int Texts = 64;

    private const int Groups = 8; // whose gradients are computed one group at a time

    /// <summary>
    /// n / (M - 1) (sum |g_m|^2 - M |g|^2) for the mean gradients g_m of M groups of n texts and their mean g; its expectation is that of one text's. NaN with too few texts.
    /// </summary>
    /// <param name="policy">Its gradient is overwritten, its parameters are not.</param>
    /// <param name="texts">Texts of the model, each with the weights of its own gradient.</param>
    public static double Of(Policy policy, WeightedText[] texts)
    {
        int n = texts.Length / Groups;
        if (n == 0) return double.NaN;
        WeightedText[] shares = [.. texts.Take(n * Groups).Select(text => text.Times(1.0 / n))];
        double squares = shares.Chunk(n).Sum(policy.SquaredGradient), whole = policy.SquaredGradient(shares) / (Groups * Groups);
        return n * (squares - Groups * whole) / (Groups - 1);
    }
}
