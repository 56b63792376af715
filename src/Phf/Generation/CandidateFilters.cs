namespace Phf.Generation;

/// <summary>
/// The filters that are seldom asked for, in transformers' order: min-p, typical, epsilon, eta. Each goes by the probabilities that the one before left. Holds
/// scratch space; one for each thread.
/// </summary>
internal sealed class CandidateFilters(SamplingOptions options, int vocabulary)
{
    private readonly double[] _distances = new double[vocabulary]; // of a candidate's surprise to the expected one
    private readonly double[] _sorted = new double[vocabulary];
    private readonly double[] _probabilities = new double[vocabulary];

    /// <summary>Leaves out candidates and keeps the order of the others.</summary>
    /// <param name="ids">At least one.</param>
    /// <param name="weights">Probabilities times any factor.</param>
    /// <returns>How many are left.</returns>
    public int Apply(Span<int> ids, Span<float> weights)
    {
        int count = ids.Length;
        if (options.MinP > 0) count = AtLeast(options.MinP * LargestOf(weights), ids, weights);
        if (options.TypicalP < 1) count = Typical(ids[..count], weights[..count]);
        if (options.EpsilonCutoff > 0) count = AtLeast(options.EpsilonCutoff * SumOf(weights[..count]), ids[..count], weights[..count]);
        if (options.EtaCutoff > 0)
        {
            double total = SumOf(weights[..count]), entropy = EntropyOf(weights[..count], total);
            count = AtLeast(Math.Min(options.EtaCutoff, Math.Sqrt(options.EtaCutoff) * Math.Exp(-entropy)) * total, ids[..count], weights[..count]);
        }
        return count;
    }

    /// <summary>Keeps what weighs at least <paramref name="least"/>, and the heaviest in any case.</summary>
    private static int AtLeast(double least, Span<int> ids, Span<float> weights)
    {
        least = Math.Min(least, LargestOf(weights));
        int kept = 0;
        for (int i = 0; i < ids.Length; i++)
            if (weights[i] >= least) (ids[kept], weights[kept++]) = (ids[i], weights[i]);
        return kept;
    }

    /// <summary>
    /// Keeps the candidates nearest to the entropy that have the probability asked for together, the last of them included, and those as near as it.
    /// </summary>
    private int Typical(Span<int> ids, Span<float> weights)
    {
        int count = ids.Length;
        double total = SumOf(weights), entropy = EntropyOf(weights, total);
        for (int i = 0; i < count; i++)
        {
            _probabilities[i] = weights[i] / total;
            _sorted[i] = _distances[i] = Math.Abs(-Math.Log(_probabilities[i]) - entropy);
        }
        Array.Sort(_sorted, _probabilities, 0, count);
        double sum = 0;
        int last = 0;
        while (last < count - 1 && (sum += _probabilities[last]) < options.TypicalP) last++;
        int kept = 0;
        for (int i = 0; i < count; i++)
            if (_distances[i] <= _sorted[last]) (ids[kept], weights[kept++]) = (ids[i], weights[i]);
        return kept;
    }

    private static double EntropyOf(ReadOnlySpan<float> weights, double total)
    {
        double sum = 0;
        foreach (float weight in weights) sum += weight * Math.Log(weight);
        return Math.Log(total) - sum / total;
    }

    private static double SumOf(ReadOnlySpan<float> weights)
    {
        double sum = 0;
        foreach (float weight in weights) sum += weight;
        return sum;
    }

    private static float LargestOf(ReadOnlySpan<float> weights)
    {
        float largest = 0;
        foreach (float weight in weights) largest = MathF.Max(largest, weight);
        return largest;
    }
}
