namespace Phf.Alignment.Estimates;

/// <summary>
/// What each text of a list stands for in a sum over all texts, as a logarithm. Every estimate here is a sum over texts of measure x quantity; with the measure of
/// an enumeration it is exact, with that of samples of q, 1 / (N q(x)), its expectation is the exact sum.
/// </summary>
public static class Measure
{
    /// <summary>Every text there is, once.</summary>
    public static double[] OfAll(int count) => new double[count];

    /// <param name="logProposal">log q of each of the samples.</param>
    public static double[] OfSamples(ReadOnlySpan<double> logProposal)
    {
        double[] measure = new double[logProposal.Length];
        for (int i = 0; i < measure.Length; i++) measure[i] = -logProposal[i] - Math.Log(measure.Length);
        return measure;
    }

    /// <summary>(sum w)^2 / sum w^2 of weights given by their logarithms, known up to a constant; 0 where all are 0.</summary>
    public static double EffectiveSamples(ReadOnlySpan<double> logWeights)
    {
        double largest = double.NegativeInfinity, sum = 0, squares = 0;
        foreach (double weight in logWeights) largest = Math.Max(largest, weight);
        if (double.IsNegativeInfinity(largest)) return 0;
        foreach (double logWeight in logWeights)
        {
            double weight = Math.Exp(logWeight - largest);
            sum += weight;
            squares += weight * weight;
        }
        return sum * sum / squares;
    }
}
