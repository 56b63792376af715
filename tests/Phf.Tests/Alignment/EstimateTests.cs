using Phf.Alignment.Estimates;
using Phf.Alignment.Methods;
using Phf.Alignment.Targets;

namespace Phf.Tests.Alignment;

/// <summary>Estimates from samples are right on average, and lambda is refused where samples do not give it.</summary>
public sealed class EstimateTests
{
    private const int Draws = 40_000;
    private const double Deviations = 4;

    [GoldenTheory]
    [InlineData("policy")]
    [InlineData("prior")]
    public void SampledEstimates_AreUnbiased(string proposal)
    {
        using var language = new TinyLanguage();
        double[] q = proposal == "policy" ? language.LogPolicy : language.LogPrior, p = [.. language.LogTarget.Select(log => log - language.LogZ)];
        int[] texts = TinyLanguage.Draw(q, Draws, seed: 11);
        AssertMean(language.Number("Z"), texts, x => new PartitionEstimate().With([language.LogTarget[x] - q[x]]).Mean);
        AssertMean(language.Number("KL(p||pi)"), texts, x => Divergences.KullbackLeibler([p[x]], [language.LogPolicy[x]], Measure.OfSamples([q[x]])));
        AssertMean(language.Number("KL(pi||a)"), texts, x => Divergences.KullbackLeibler([language.LogPolicy[x]], [language.LogPrior[x]], Measure.OfSamples([q[x]])));
        AssertMean(language.Number("TVD(p,pi)"), texts, x => Divergences.TotalVariation([p[x]], [language.LogPolicy[x]], Measure.OfSamples([q[x]])));
        double[] all = Measure.OfAll(TinyLanguage.Count);
        AssertMean(Divergences.JensenShannon(p, language.LogPolicy, all), texts, x => Divergences.JensenShannon([p[x]], [language.LogPolicy[x]], Measure.OfSamples([q[x]])));

        PartitionEstimate z = new PartitionEstimate().With([.. texts.Select(x => language.LogTarget[x] - q[x])]);
        Assert.InRange(Math.Abs(z.Mean - language.Number("Z")), 0, Deviations * z.StandardError);
    }

    [GoldenTheory]
    [InlineData("dpg")]
    [InlineData("gdc++")]
    [InlineData("tv")]
    [InlineData("reinforce")]
    public void SampledGradients_AreUnbiased(string method)
    {
        using var language = new TinyLanguage();
        double[] p = [.. language.LogTarget.Select(log => log - language.LogZ)], pi = language.LogPolicy, q = method == "reinforce" ? pi : language.LogPrior;
        double Weight(int x) => method switch
        {
            "dpg" => SequenceWeights.Dpg(p[x], q[x]),
            "gdc++" => SequenceWeights.DpgWithBaseline(p[x], pi[x], q[x], logZ: 0),
            "tv" => SequenceWeights.FDpg(FDivergence.TotalVariation, p[x], pi[x], q[x]),
            _ => SequenceWeights.Reinforce(language.Reward[x], 0.5, pi[x], language.LogPrior[x], baseline: 0.2),
        };
        double[] exact = language.Gradient(x => Math.Exp(q[x]) * Weight(x));
        int[] texts = TinyLanguage.Draw(q, Draws, seed: 12);
        double[] sampled = language.Gradient(x => Weight(x) / Draws, texts);
        double error = Math.Sqrt(exact.Zip(sampled, (a, b) => (a - b) * (a - b)).Sum());
        double expected = Math.Sqrt(language.VarianceOfOne(Weight, q) / Draws); // root mean square of the whole vector's error
        Assert.InRange(error, 0, 2 * expected);
    }

    [Fact]
    public void Partition_InParts_EqualsAtOnce()
    {
        double[] logs = [-1, 0.5, double.NegativeInfinity, 2, -3];
        PartitionEstimate whole = new PartitionEstimate().With(logs), parts = new PartitionEstimate().With(logs.AsSpan(0, 2)).With(logs.AsSpan(2));
        Assert.Equal(whole, parts);
        double[] weights = [.. logs.Select(Math.Exp)];
        double mean = weights.Average();
        Assert.Equal(mean, whole.Mean, 1e-12);
        Assert.Equal(Math.Sqrt(weights.Sum(w => (w - mean) * (w - mean)) / 4 / 5), whole.StandardError, 1e-12);
        Assert.Equal(double.NaN, new PartitionEstimate().With([0.0]).StandardError);
    }

    [Theory]
    [InlineData(new double[] { 1, 1, 1, 1 }, 4)]
    [InlineData(new[] { 700.0, double.NegativeInfinity, double.NegativeInfinity }, 1)]
    [InlineData(new[] { double.NegativeInfinity, double.NegativeInfinity }, 0)]
    public void EffectiveSamples_OfEqualOneAndNone(double[] logWeights, double expected) => Assert.Equal(expected, Measure.EffectiveSamples(logWeights), 1e-12);

    [Theory]
    [InlineData("0 0 0", 0.5, "feature 1 is 0 in every one of 3 texts")]
    [InlineData("0 1 0", 1.5, "between 0 and 1")]
    [InlineData("2 3 4", 2, "between 2 and 4")]
    [InlineData("0 0", 1, "no text of 2 has all features")]
    public void Lambda_ThatCannotBe_IsRefusedWithNumbers(string values, double moment, string told)
    {
        double[][] features = [.. values.Split(' ').Select(value => new[] { double.Parse(value) })];
        var problem = Assert.Throws<InvalidDataException>(() => LambdaFit.Fit(features, Measure.OfAll(features.Length), [moment]));
        Assert.Contains(told, problem.Message);
    }

    [Fact]
    public void Lambda_OfMomentsThatExcludeEachOther_IsRefused()
    {
        double[][] features = [[0, 1], [1, 0], [0, 1], [1, 0], [0, 0]]; // never both, so both at 0.6 is too much
        var problem = Assert.Throws<InvalidDataException>(() => LambdaFit.Fit(features, Measure.OfAll(5), [0.6, 0.6]));
        Assert.Contains("together in 5 texts", problem.Message);
    }

    [Fact]
    public void Lambda_OfFeaturesThatSayTheSame_IsFound()
    {
        double[][] features = [[0, 0], [1, 2], [0, 0], [1, 2]];
        FittedLambda fitted = LambdaFit.Fit(features, Measure.OfAll(4), [0.75, 1.5]);
        Assert.Equal(Math.Log(3), fitted.Lambda[0] + 2 * fitted.Lambda[1], 1e-6); // odds 3 to 1 of the ones, from even
        Assert.Equal(16.0 / 5, fitted.EffectiveTexts, 1e-6);
    }

    [GoldenFact]
    public void QuasiRejection_TradesAcceptanceForDistance()
    {
        using var language = new TinyLanguage();
        double[] all = Measure.OfAll(TinyLanguage.Count), a = language.LogPrior, weights = [.. language.Reward.Select(reward => reward / 0.5)];
        double z = a.Zip(weights, (log, weight) => Math.Exp(log + weight)).Sum(), largest = weights.Max();
        QuasiRejection exact = QuasiRejection.At(weights, a, all, largest);
        Assert.Equal(z / Math.Exp(largest), exact.Acceptance, 1e-12); // rejection sampling keeps Z / M
        Assert.Equal(0, exact.TotalVariation, 1e-12);
        Assert.Equal(0, exact.Kl, 1e-12);
        QuasiRejection[] bounds = [.. new[] { -20.0, 0, 1, 3 }.Select(bound => QuasiRejection.At(weights, a, all, bound))];
        for (int i = 1; i < bounds.Length; i++)
        {
            Assert.True(bounds[i].Acceptance < bounds[i - 1].Acceptance);
            Assert.True(bounds[i].TotalVariation < bounds[i - 1].TotalVariation);
            Assert.True(bounds[i].Kl < bounds[i - 1].Kl);
        }
        // Where everything is kept, what is kept is the prior.
        double[] p = [.. a.Zip(weights, (log, weight) => log + weight - Math.Log(z))];
        Assert.Equal(1, bounds[0].Acceptance, 1e-12);
        Assert.Equal(Divergences.KullbackLeibler(p, a, all), bounds[0].Kl, 1e-9);
        Assert.Equal(Divergences.TotalVariation(p, a, all), bounds[0].TotalVariation, 1e-9);
    }

    [Theory]
    [InlineData(new[] { 5.0, 1, 4, 2, 3, 0 }, 3, new[] { 0, 2, 0, 1, 1, 2 })]
    [InlineData(new[] { 1.0, 0, 1, 1 }, 2, new[] { 0, 1, 0, 0 })] // equal ones stay together
    [InlineData(new[] { 7.0, 7 }, 5, new[] { 0, 0 })]
    [InlineData(new[] { 7.0 }, 2, new[] { 0 })]
    public void RewardQuantiles_BestFirst(double[] rewards, int groups, int[] expected) => Assert.Equal(expected, RewardQuantiles.Of(rewards, groups));

    private static void AssertMean(double exact, int[] texts, Func<int, double> one)
    {
        double[] values = [.. texts.Select(one)];
        double mean = values.Average(), error = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1.0) / values.Length);
        Assert.InRange(Math.Abs(mean - exact), 0, Deviations * error);
    }
}
