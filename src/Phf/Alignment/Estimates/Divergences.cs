namespace Phf.Alignment.Estimates;

/// <summary>
/// How far distributions over texts lie apart, in nats, from their log-probabilities on a list of texts and what each of these stands for (<see cref="Measure"/>).
/// p and pi are normalised: of a target P take log P - log Z.
/// </summary>
public static class Divergences
{
    /// <summary>KL(p || pi) = sum p (log p - log pi); infinite where p has a text that pi cannot write.</summary>
    public static double KullbackLeibler(ReadOnlySpan<double> logP, ReadOnlySpan<double> logPi, ReadOnlySpan<double> logMeasure)
    {
        double sum = 0;
        for (int x = 0; x < logP.Length; x++)
            if (!double.IsNegativeInfinity(logP[x])) sum += Math.Exp(logMeasure[x] + logP[x]) * (logP[x] - logPi[x]);
        return sum;
    }

    /// <summary>1/2 sum |p - pi|.</summary>
    public static double TotalVariation(ReadOnlySpan<double> logP, ReadOnlySpan<double> logPi, ReadOnlySpan<double> logMeasure)
    {
        double sum = 0;
        for (int x = 0; x < logP.Length; x++) sum += Math.Abs(Math.Exp(logMeasure[x] + logP[x]) - Math.Exp(logMeasure[x] + logPi[x]));
        return sum / 2;
    }

    /// <summary>1/2 KL(p || m) + 1/2 KL(pi || m) with m = (p + pi) / 2; at most log 2.</summary>
    public static double JensenShannon(ReadOnlySpan<double> logP, ReadOnlySpan<double> logPi, ReadOnlySpan<double> logMeasure)
    {
        double sum = 0;
        for (int x = 0; x < logP.Length; x++) sum += Part(logP[x], logPi[x], logMeasure[x]) + Part(logPi[x], logP[x], logMeasure[x]);
        return sum / 2;

        // p log (p / m) = p (log 2 - log(1 + pi / p))
        static double Part(double one, double other, double measure) =>
            double.IsNegativeInfinity(one) ? 0 : Math.Exp(measure + one) * (Math.Log(2) - SoftPlus(other - one));
    }

    /// <summary>log(1 + exp(x)), without overflow.</summary>
    internal static double SoftPlus(double x) => Math.Max(x, 0) + LogOnePlus(Math.Exp(-Math.Abs(x)));

    /// <summary>log(1 + x) for x from 0 to 1, exact for small ones.</summary>
    private static double LogOnePlus(double x)
    {
        double sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * (x / (sum - 1)); // what rounding took from x it gives back (Higham 2002, 1.14.1)
    }
}
