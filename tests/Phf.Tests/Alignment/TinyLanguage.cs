using System.Text.Json;
using Phf.Formats;
using Phf.Numerics.Random;

namespace Phf.Tests.Alignment;

/// <summary>
/// The recorded language: all 2,401 sequences of four of seven tokens, a prior and a policy pi(x) = prod_t softmax(theta[t, x_(t-1)])[x_t], so that every
/// expectation can be added up and every gradient written down.
/// </summary>
internal sealed class TinyLanguage : IDisposable
{
    public const int Length = 4, Vocabulary = 7, Count = 2401;

    private readonly SafetensorsFile _whole = SafetensorsFile.Open(Shared.Golden("dpg", "language.safetensors"));
    private readonly SafetensorsFile _real = SafetensorsFile.Open(Shared.Golden("dpg", "language_f64.safetensors"));
    private readonly JsonDocument _json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("dpg", "language.json")));
    private readonly double[][] _rows; // softmax(theta) of the policy by (t, previous)

    public TinyLanguage()
    {
        (LogPrior, LogPolicy, Reward) = (Real("log_base"), Real("log_policy"), Real("real_reward"));
        Holds = [.. Whole("scorer").Select(value => (double)value)];
        LogTarget = [.. LogPrior.Zip(Holds, (log, holds) => holds == 0 ? double.NegativeInfinity : log)];
        double[] theta = Real("theta_policy");
        _rows = [.. Enumerable.Range(0, Length * (Vocabulary + 1)).Select(row => Softmax(theta.AsSpan(row * Vocabulary, Vocabulary)))];
    }

    public double[] LogPrior { get; }

    public double[] LogPolicy { get; }

    /// <summary>The boolean scorer b.</summary>
    public double[] Holds { get; }

    /// <summary>The real-valued reward.</summary>
    public double[] Reward { get; }

    /// <summary>log P = log a + log b.</summary>
    public double[] LogTarget { get; }

    public double LogZ => Math.Log(Number("Z"));

    /// <summary>Features phi1 and phi2 of each sequence.</summary>
    public double[][] Features => [.. Whole("phi1").Zip(Whole("phi2"), (one, two) => new double[] { one, two })];

    public JsonElement Json => _json.RootElement;

    public double Number(string name) => _json.RootElement.GetProperty(name).GetDouble();

    public double[] Real(string name) => _real.Span<double>(name).ToArray();

    public int[] Whole(string name) => _whole.Span<int>(name).ToArray();

    /// <summary>sum_x c(x) grad log pi(x), in the order of theta.</summary>
    public double[] Gradient(Func<int, double> coefficient, IEnumerable<int>? texts = null)
    {
        double[] gradient = new double[_rows.Length * Vocabulary];
        foreach (int x in texts ?? Enumerable.Range(0, Count)) AddScore(gradient, x, Alike(coefficient(x)));
        return gradient;
    }

    /// <summary>sum_x sum_t c_t(x) grad log pi(x_t | x_(before t)), in the order of theta.</summary>
    public double[] Gradient(Func<int, double[]> coefficients)
    {
        double[] gradient = new double[_rows.Length * Vocabulary];
        for (int x = 0; x < Count; x++) AddScore(gradient, x, coefficients(x));
        return gradient;
    }

    /// <summary>log p of each token of each text, given those before it, of a distribution over the texts.</summary>
    public static double[][] TokenLogProbs(double[] logProbabilities)
    {
        double[][] logs = [.. logProbabilities.Select(_ => new double[Length])];
        for (int t = 0, unit = Count; t < Length; t++, unit /= Vocabulary)
            for (int start = 0; start < Count; start += unit) // texts with the same t tokens lie beside each other
            {
                double whole = logProbabilities.AsSpan(start, unit).ToArray().Sum(Math.Exp);
                for (int next = start; next < start + unit; next += unit / Vocabulary)
                {
                    double part = logProbabilities.AsSpan(next, unit / Vocabulary).ToArray().Sum(Math.Exp);
                    for (int x = next; x < next + unit / Vocabulary; x++) logs[x][t] = Math.Log(part / whole);
                }
            }
        return logs;
    }

    /// <summary>What is to be expected of a text's number, given its first t tokens, for each t below its length.</summary>
    public static double[][] Expected(double[] logProbabilities, double[] numbers)
    {
        double[][] expected = [.. numbers.Select(_ => new double[Length])];
        for (int t = 0, unit = Count; t < Length; t++, unit /= Vocabulary)
            for (int start = 0; start < Count; start += unit)
            {
                double whole = 0, sum = 0;
                for (int x = start; x < start + unit; x++)
                {
                    whole += Math.Exp(logProbabilities[x]);
                    sum += Math.Exp(logProbabilities[x]) * numbers[x];
                }
                for (int x = start; x < start + unit; x++) expected[x][t] = sum / whole;
            }
        return expected;
    }

    /// <summary>Trace of the covariance of c(x) grad log pi(x) for x drawn from q.</summary>
    public double VarianceOfOne(Func<int, double> coefficient, double[] logProposal) => VarianceOfOne(x => Alike(coefficient(x)), logProposal);

    /// <summary>The same with a coefficient for each token.</summary>
    public double VarianceOfOne(Func<int, double[]> coefficients, double[] logProposal)
    {
        double squares = 0;
        double[] mean = new double[_rows.Length * Vocabulary];
        for (int x = 0; x < Count; x++)
        {
            double[] one = new double[mean.Length];
            AddScore(one, x, coefficients(x));
            double probability = Math.Exp(logProposal[x]);
            squares += probability * one.Sum(value => value * value);
            for (int i = 0; i < mean.Length; i++) mean[i] += probability * one[i];
        }
        return squares - mean.Sum(value => value * value);
    }

    /// <summary>Draws texts from a distribution by its log-probabilities.</summary>
    public static int[] Draw(double[] logProbabilities, int count, ulong seed)
    {
        var random = new Rng(seed);
        double[] sums = new double[logProbabilities.Length];
        double sum = 0;
        for (int x = 0; x < sums.Length; x++) sums[x] = sum += Math.Exp(logProbabilities[x]);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            int found = Array.BinarySearch(sums, random.NextDouble() * sum);
            return Math.Min(found < 0 ? ~found : found + 1, Count - 1);
        })];
    }

    public static void AssertEqual(double[] expected, double[] actual, double tolerance = 1e-9)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], tolerance);
    }

    public void Dispose()
    {
        _whole.Dispose();
        _real.Dispose();
        _json.Dispose();
    }

    private static double[] Alike(double coefficient) => [.. Enumerable.Repeat(coefficient, Length)];

    private void AddScore(double[] gradient, int x, double[] coefficients)
    {
        int previous = Vocabulary;
        for (int t = 0, unit = Count / Vocabulary; t < Length; t++, unit /= Vocabulary)
        {
            int token = x / unit % Vocabulary, row = (t * (Vocabulary + 1)) + previous;
            for (int v = 0; v < Vocabulary; v++) gradient[(row * Vocabulary) + v] += coefficients[t] * ((v == token ? 1 : 0) - _rows[row][v]);
            previous = token;
            if (unit == 1) break;
        }
    }

    private static double[] Softmax(ReadOnlySpan<double> scores)
    {
        double[] exponentials = [.. scores.ToArray().Select(Math.Exp)];
        double sum = exponentials.Sum();
        return [.. exponentials.Select(value => value / sum)];
    }
}
