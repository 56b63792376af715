namespace Phf.Alignment.Targets;

/// <summary>What <see cref="LambdaFit"/> found.</summary>
/// <param name="Lambda">One for each feature.</param>
/// <param name="Moments">The expectations that it gives, as measured by the same texts.</param>
/// <param name="EffectiveTexts">(sum w)^2 / sum w^2 of the texts' weights w: how many equal ones would tell as much.</param>
public sealed record FittedLambda(IReadOnlyList<double> Lambda, IReadOnlyList<double> Moments, double EffectiveTexts);

/// <summary>
/// Finds lambda for which the expectations of the features are the wanted ones, by self-normalised importance sampling (Khalifa et al. 2021, section 2.2):
/// lambda minimises the convex log sum_x m(x) exp(lambda . phi(x)) - lambda . mu, whose gradient is E[phi] - mu. By Newton's method.
/// </summary>
public static class LambdaFit
{
    private const int MostSteps = 100, MostHalvings = 40;
    private const double Exact = 1e-12; // of a feature's range
    private const double Accepted = 1e-6;
    private const double Rounding = 1e-12; // the last steps change the value by less than a double shows, and lambda by more
    private const double Ridge = 1e-12; // of the covariance's largest entry, so that features that say the same do not stop it

    /// <param name="features">The features of each text.</param>
    /// <param name="logMeasure">log of what each text counts for, up to a constant: all equal for samples of the prior, log a(x) for all texts there are.</param>
    /// <param name="moments">The wanted expectations; 1 demands a feature of every text (lambda is +infinity).</param>
    /// <exception cref="InvalidDataException">No lambda gives these expectations; the message has the numbers, and features count from 1.</exception>
    public static FittedLambda Fit(IReadOnlyList<double[]> features, ReadOnlySpan<double> logMeasure, IReadOnlyList<double> moments)
    {
        int[] free = [.. Enumerable.Range(0, moments.Count).Where(i => moments[i] != 1)];
        double[] measure = logMeasure.ToArray();
        for (int x = 0; x < measure.Length; x++)
            if (Enumerable.Range(0, moments.Count).Any(i => moments[i] == 1 && features[x][i] == 0)) measure[x] = double.NegativeInfinity;
        int[] possible = [.. Enumerable.Range(0, measure.Length).Where(x => !double.IsNegativeInfinity(measure[x]))];
        if (possible.Length == 0)
            throw new InvalidDataException($"no text of {measure.Length} has all features that the target demands; take other features, or more texts");
        foreach (int i in free) CheckRange(possible, features, i, moments[i]);
        double[] ranges = [.. free.Select(i => possible.Max(x => features[x][i]) - possible.Min(x => features[x][i]))];
        var texts = new Texts([.. possible.Select(x => free.Select(i => features[x][i]).ToArray())], [.. possible.Select(x => measure[x])], [.. free.Select(i => moments[i])], ranges);
        double[] fitted = texts.Minimise();
        double[] lambda = [.. Enumerable.Repeat(double.PositiveInfinity, moments.Count)], reached = [.. Enumerable.Repeat(1.0, moments.Count)];
        for (int k = 0; k < free.Length; k++) (lambda[free[k]], reached[free[k]]) = (fitted[k], texts.Expectations[k]);
        return new FittedLambda(lambda, reached, texts.EffectiveTexts);
    }

    private static void CheckRange(int[] possible, IReadOnlyList<double[]> features, int feature, double moment)
    {
        double lowest = possible.Min(x => features[x][feature]), highest = possible.Max(x => features[x][feature]);
        string where = $"feature {feature + 1} is ";
        if (lowest == highest)
            throw new InvalidDataException($"{where}{lowest:G4} in every one of {possible.Length} texts, so its expectation cannot become {moment:G4}; take another feature, or more texts");
        if (moment <= lowest || moment >= highest)
            throw new InvalidDataException($"{where}between {lowest:G4} and {highest:G4} in {possible.Length} texts, so its expectation cannot become {moment:G4}; take one in between");
    }

    /// <summary>The problem, and where the search stands.</summary>
    private sealed class Texts(double[][] features, double[] logMeasure, double[] moments, double[] ranges)
    {
        private readonly double[] _weights = new double[features.Length]; // normalised, at the lambda last looked at
        private readonly int _count = moments.Length;

        public double[] Expectations { get; private set; } = [];

        public double EffectiveTexts => 1 / _weights.Sum(weight => weight * weight);

        public double[] Minimise()
        {
            double[] lambda = new double[_count];
            double value = ValueAt(lambda);
            for (int step = 0; step < MostSteps && Error() > Exact; step++)
            {
                double[] move = LinearSolver.Solve(Covariance(), [.. moments.Select((moment, i) => moment - Expectations[i])]);
                double share = 1, next = double.NaN;
                double[] moved = [];
                for (int halving = 0; halving < MostHalvings; halving++, share /= 2)
                {
                    moved = [.. lambda.Select((each, i) => each + share * move[i])];
                    next = ValueAt(moved);
                    if (next <= value + Rounding) break;
                }
                (lambda, value) = (moved, next);
            }
            ValueAt(lambda);
            if (Error() > Accepted)
                throw new InvalidDataException($"no lambda gives the expectations {Text(moments)} together in {features.Length} texts; the nearest that was found is {Text(Expectations)}. "
                    + "Take expectations nearer to the prior's, or more texts");
            return lambda;
        }

        private double Error() => Enumerable.Range(0, _count).Select(i => Math.Abs(Expectations[i] - moments[i]) / ranges[i]).DefaultIfEmpty().Max();

        /// <summary>log sum m exp(lambda . (phi - mu)), and with it weights and expectations.</summary>
        private double ValueAt(double[] lambda)
        {
            double largest = double.NegativeInfinity, total = 0;
            for (int x = 0; x < features.Length; x++)
            {
                double exponent = logMeasure[x];
                for (int i = 0; i < _count; i++) exponent += lambda[i] * (features[x][i] - moments[i]);
                _weights[x] = exponent;
                largest = Math.Max(largest, exponent);
            }
            for (int x = 0; x < features.Length; x++) total += _weights[x] = Math.Exp(_weights[x] - largest);
            double[] expectations = new double[_count];
            for (int x = 0; x < features.Length; x++)
            {
                _weights[x] /= total;
                for (int i = 0; i < _count; i++) expectations[i] += _weights[x] * features[x][i];
            }
            Expectations = expectations;
            return largest + Math.Log(total);
        }

        private double[,] Covariance()
        {
            var covariance = new double[_count, _count];
            for (int x = 0; x < features.Length; x++)
                for (int i = 0; i < _count; i++)
                    for (int k = 0; k < _count; k++)
                        covariance[i, k] += _weights[x] * (features[x][i] - Expectations[i]) * (features[x][k] - Expectations[k]);
            double largest = Enumerable.Range(0, _count).Max(i => covariance[i, i]);
            for (int i = 0; i < _count; i++) covariance[i, i] += Ridge * largest;
            return covariance;
        }

        private static string Text(IEnumerable<double> numbers) => string.Join(", ", numbers.Select(number => $"{number:G4}"));
    }
}
