using System.Text.Json;
using Phf.Alignment.Estimates;
using Phf.Alignment.Methods;
using Phf.Alignment.Targets;

namespace Phf.Tests.Alignment;

/// <summary>Targets, estimates and gradients against the recorded language, where all of them are sums over 2,401 texts.</summary>
public sealed class DistributionGoldenTests : IDisposable
{
    private const double Exact = 1e-9;
    private readonly TinyLanguage _language = new();

    public void Dispose() => _language.Dispose();

    [GoldenFact]
    public void PointwiseTarget_PartitionAndDivergences()
    {
        var target = new PointwiseTarget();
        double[] logTarget = [.. _language.LogPrior.Zip(_language.Holds, (log, holds) => log + target.LogEvidence([holds]))];
        double[] all = Measure.OfAll(TinyLanguage.Count), p = Normalised(logTarget);
        Assert.Equal(_language.Number("Z"), logTarget.Sum(Math.Exp), Exact);
        TinyLanguage.AssertEqual(_language.Real("target"), [.. p.Select(Math.Exp)]);
        Assert.Equal(_language.Number("KL(p||a)"), Divergences.KullbackLeibler(p, _language.LogPrior, all), Exact);
        Assert.Equal(_language.Number("KL(p||pi)"), Divergences.KullbackLeibler(p, _language.LogPolicy, all), Exact);
        Assert.Equal(_language.Number("KL(pi||a)"), Divergences.KullbackLeibler(_language.LogPolicy, _language.LogPrior, all), Exact);
        Assert.Equal(_language.Number("KL(a||pi)"), Divergences.KullbackLeibler(_language.LogPrior, _language.LogPolicy, all), Exact);
        Assert.Equal(double.PositiveInfinity, Divergences.KullbackLeibler(_language.LogPolicy, p, all));
        Assert.Equal(_language.Number("TVD(p,pi)"), Divergences.TotalVariation(p, _language.LogPolicy, all), Exact);
        Assert.Equal(_language.Number("TVD(p,a)"), Divergences.TotalVariation(p, _language.LogPrior, all), Exact);
    }

    [GoldenTheory]
    [InlineData("on_policy")]
    [InlineData("off_policy_from_base")]
    public void SampledEstimates(string name)
    {
        int[] samples = _language.Whole($"samples.{name}");
        double[] proposal = Of(samples, name == "on_policy" ? _language.LogPolicy : _language.LogPrior), policy = Of(samples, _language.LogPolicy);
        double[] target = Of(samples, _language.LogTarget), p = [.. target.Select(log => log - _language.LogZ)], measure = Measure.OfSamples(proposal);
        PartitionEstimate z = new PartitionEstimate().With([.. target.Zip(proposal, (log, q) => log - q)]);
        Assert.Equal(_language.Number($"{name}.Z_estimate"), z.Mean, Exact);
        Assert.Equal(_language.Number($"{name}.KL(p||pi)_estimate_with_exact_Z"), Divergences.KullbackLeibler(p, policy, measure), Exact);
        Assert.Equal(_language.Number($"{name}.TVD(p,pi)_estimate_with_exact_Z"), Divergences.TotalVariation(p, policy, measure), Exact);
    }

    [GoldenFact]
    public void Dpg_Gradients()
    {
        double[] p = Normalised(_language.LogTarget);
        AssertGradient("grad.dpg_unnormalised", x => -Math.Exp(_language.LogTarget[x]));
        AssertGradient("grad.dpg_normalised = grad KL(p||pi)", x => -SequenceWeights.Dpg(p[x], _language.LogPrior[x]) * Math.Exp(_language.LogPrior[x]));
        double loss = -Enumerable.Range(0, TinyLanguage.Count).Sum(x => Math.Exp(_language.LogTarget[x]) * _language.LogPolicy[x]);
        Assert.Equal(_language.Number("dpg_loss_unnormalised"), loss, Exact);
    }

    [GoldenTheory]
    [InlineData("on_policy", "dpg")]
    [InlineData("on_policy", "gdc++")]
    [InlineData("off_policy_from_base", "dpg")]
    [InlineData("off_policy_from_base", "gdc++")]
    public void SampledGradients_AndTheirVariance(string name, string method)
    {
        int[] samples = _language.Whole($"samples.{name}");
        double[] proposal = name == "on_policy" ? _language.LogPolicy : _language.LogPrior;
        double Weight(int x) => method == "dpg"
            ? SequenceWeights.Dpg(_language.LogTarget[x], proposal[x])
            : SequenceWeights.DpgWithBaseline(_language.LogTarget[x], _language.LogPolicy[x], proposal[x], _language.LogZ);
        TinyLanguage.AssertEqual(_language.Real($"grad.sampled.{name}.{method}"), _language.Gradient(x => -Weight(x) / samples.Length, samples));
        Assert.Equal(_language.Number($"{name}.{method}.sampled_loss"), -samples.Average(x => Weight(x) * _language.LogPolicy[x]), Exact);
        Assert.Equal(_language.Number($"{name}.{method}.variance_of_one_sample_gradient"), _language.VarianceOfOne(Weight, proposal), Exact);
        double[] expected = _language.Gradient(x => -Math.Exp(proposal[x]) * Weight(x)); // the baseline leaves the expectation alone
        TinyLanguage.AssertEqual(_language.Real("grad.dpg_unnormalised"), expected);
    }

    [GoldenTheory]
    [InlineData("forward_KL(p||pi)", FDivergence.ForwardKl)]
    [InlineData("reverse_KL(pi||p)", FDivergence.ReverseKl)]
    [InlineData("TV", FDivergence.TotalVariation)]
    [InlineData("JS", FDivergence.JensenShannon)]
    public void FDpg_DivergenceAndGradient(string name, FDivergence divergence)
    {
        double[] p = [.. _language.Real("target.constraint_two").Select(value => Math.Log(value))], all = Measure.OfAll(TinyLanguage.Count), pi = _language.LogPolicy;
        double value = divergence switch
        {
            FDivergence.ForwardKl => Divergences.KullbackLeibler(p, pi, all),
            FDivergence.ReverseKl => Divergences.KullbackLeibler(pi, p, all),
            FDivergence.TotalVariation => Divergences.TotalVariation(p, pi, all),
            _ => Divergences.JensenShannon(p, pi, all),
        };
        Assert.Equal(_language.Json.GetProperty("f_divergences_to_constraint_two").GetProperty(name).GetDouble(), value, Exact);
        // From samples of any q: the weights carry pi / q, so the prior serves as well as the policy.
        foreach (double[] q in new[] { pi, _language.LogPrior })
            AssertGradient($"grad.f_dpg.{name}", x => -Math.Exp(q[x]) * SequenceWeights.FDpg(divergence, p[x], pi[x], q[x]));
    }

    [GoldenTheory]
    [InlineData("forward_KL(p||pi)", FDivergence.ForwardKl)]
    [InlineData("reverse_KL(pi||p)", FDivergence.ReverseKl)]
    [InlineData("TV", FDivergence.TotalVariation)]
    [InlineData("JS", FDivergence.JensenShannon)]
    public void LearnedBaseline_KeepsTheGradient_AndTakesItsVariance(string name, FDivergence divergence)
    {
        double[] p = [.. _language.Real("target.constraint_two").Select(value => Math.Log(value))], pi = _language.LogPolicy, gradient = _language.Real($"grad.f_dpg.{name}");
        double[] weights = [.. pi.Select((log, x) => SequenceWeights.FDpg(divergence, p[x], log, log))];
        double[][] rewards = [.. weights.Select(weight => new[] { 0, 0, 0, weight })], exact = TinyLanguage.Expected(pi, weights);
        double[][] wrong = [.. exact.Select(values => values.Select((value, t) => 2 * value + t).ToArray())];
        double[] Tokens(int x, double[][] values, double lambda) => Advantages.Generalised(rewards[x], values[x], gamma: 1, lambda);
        double[] Expectation(double[][] values, double lambda) => _language.Gradient(x => [.. Tokens(x, values, lambda).Select(weight => -Math.Exp(pi[x]) * weight)]);

        TinyLanguage.AssertEqual(gradient, Expectation(wrong, lambda: 1)); // the rewards alone: whatever the values are
        TinyLanguage.AssertEqual(gradient, Expectation(exact, lambda: 1));
        TinyLanguage.AssertEqual(gradient, Expectation(exact, lambda: 0.8)); // the next value as well, where the values are right
        TinyLanguage.AssertEqual(gradient, Expectation(exact, lambda: 0));
        Assert.True(Distance(gradient, Expectation(wrong, lambda: 0)) > 0.1); // and only there

        double whole = _language.VarianceOfOne(x => weights[x], pi), byRewards = _language.VarianceOfOne(x => Tokens(x, exact, 1), pi), byValues = _language.VarianceOfOne(x => Tokens(x, exact, 0), pi);
        Assert.True(byRewards < whole, $"{byRewards} of {whole}");
        Assert.True(byValues < 0.6 * whole, $"{byValues} of {whole}");
    }

    [GoldenFact]
    public void ReverseKl_FallsApartIntoTokens()
    {
        double[] p = [.. _language.Real("target.constraint_two").Select(value => Math.Log(value))], pi = _language.LogPolicy;
        double[][] logPolicy = TinyLanguage.TokenLogProbs(pi), logPrior = TinyLanguage.TokenLogProbs(_language.LogPrior), zeros = [.. pi.Select(_ => new double[TinyLanguage.Length])];
        double[][] rewards = [.. pi.Select((_, x) => Advantages.TokenRewards(logPolicy[x], logPrior[x], p[x] - _language.LogPrior[x], beta: 1))]; // log e up to the constant log Z
        TinyLanguage.AssertEqual(_language.Real("grad.f_dpg.reverse_KL(pi||p)"),
            _language.Gradient(x => [.. Advantages.Generalised(rewards[x], zeros[x], gamma: 1, lambda: 1).Select(weight => -Math.Exp(pi[x]) * weight)]));
    }

    [GoldenTheory]
    [InlineData("boolean_beta_0.1")]
    [InlineData("boolean_beta_1")]
    [InlineData("real_beta_0.5")]
    public void Reinforce_ObjectiveGradientVarianceAndOptimum(string name)
    {
        JsonElement expected = _language.Json.GetProperty($"rl_kl.{name}");
        double beta = expected.GetProperty("beta").GetDouble();
        double[] reward = name.StartsWith("boolean", StringComparison.Ordinal) ? _language.Holds : _language.Reward, pi = _language.LogPolicy, all = Measure.OfAll(TinyLanguage.Count);
        double Weight(int x, double baseline) => SequenceWeights.Reinforce(reward[x], beta, pi[x], _language.LogPrior[x], baseline);
        double objective = Enumerable.Range(0, TinyLanguage.Count).Sum(x => Math.Exp(pi[x]) * Weight(x, 0));
        Assert.Equal(expected.GetProperty("objective").GetDouble(), objective, Exact);
        AssertGradient($"grad.rl_kl.{name}", x => Math.Exp(pi[x]) * Weight(x, 0));
        AssertGradient($"grad.rl_kl.{name}", x => Math.Exp(pi[x]) * Weight(x, objective));
        Assert.Equal(expected.GetProperty("variance_without_baseline").GetDouble(), _language.VarianceOfOne(x => Weight(x, 0), pi), Exact);
        Assert.Equal(expected.GetProperty("variance_with_mean_baseline").GetDouble(), _language.VarianceOfOne(x => Weight(x, objective), pi), Exact);

        var target = new RewardTarget([1], beta); // what the objective is greatest at
        double[] logTarget = [.. _language.LogPrior.Select((log, x) => log + target.LogEvidence([reward[x]]))], optimum = Normalised(logTarget);
        Assert.Equal(expected.GetProperty("best_objective = beta log Z").GetDouble(), beta * Math.Log(logTarget.Sum(Math.Exp)), Exact);
        Assert.Equal(expected.GetProperty("KL(pi||optimum)").GetDouble(), Divergences.KullbackLeibler(pi, optimum, all), Exact);
        Assert.Equal(expected.GetProperty("E_optimum[r]").GetDouble(), optimum.Select((log, x) => Math.Exp(log) * reward[x]).Sum(), Exact);
    }

    [GoldenTheory]
    [InlineData("one", 1)]
    [InlineData("two", 2)]
    public void Lambda_ByEnumerationAndFromSamples(string name, int count)
    {
        JsonElement expected = _language.Json.GetProperty("constraints").GetProperty(name);
        double[] moments = Numbers(expected, "target"), all = Measure.OfAll(TinyLanguage.Count);
        double[][] features = [.. _language.Features.Select(both => both[..count])];
        FittedLambda exact = LambdaFit.Fit(features, _language.LogPrior, moments);
        TinyLanguage.AssertEqual(Numbers(expected, "lambda"), [.. exact.Lambda]);
        TinyLanguage.AssertEqual(moments, [.. exact.Moments]);

        var target = new DistributionalTarget(exact.Lambda);
        double[] p = Normalised([.. _language.LogPrior.Select((log, x) => log + target.LogEvidence(features[x]))]);
        TinyLanguage.AssertEqual(_language.Real($"target.constraint_{name}"), [.. p.Select(Math.Exp)]);
        Assert.Equal(expected.GetProperty("KL(p||a)").GetDouble(), Divergences.KullbackLeibler(p, _language.LogPrior, all), Exact);
        Assert.Equal(expected.GetProperty("KL(p||pi)").GetDouble(), Divergences.KullbackLeibler(p, _language.LogPolicy, all), Exact);
        Assert.Equal(expected.GetProperty("TVD(p,pi)").GetDouble(), Divergences.TotalVariation(p, _language.LogPolicy, all), Exact);
        AssertGradient($"grad.constraint_{name}.dpg_normalised", x => -SequenceWeights.Dpg(p[x], _language.LogPolicy[x]) * Math.Exp(_language.LogPolicy[x]));

        int[] samples = _language.Whole("samples.for_lambda");
        FittedLambda sampled = LambdaFit.Fit([.. samples.Select(x => features[x])], Measure.OfAll(samples.Length), moments);
        TinyLanguage.AssertEqual(Numbers(expected, "lambda_from_stored_samples_by_self_normalised_weights"), [.. sampled.Lambda]);
    }

    [GoldenFact]
    public void Lambda_BesideADemandedFeature()
    {
        JsonElement expected = _language.Json.GetProperty("constraints").GetProperty("pointwise_b_and_one");
        double[][] features = [.. _language.Features.Select((both, x) => new[] { _language.Holds[x], both[0] })];
        FittedLambda fitted = LambdaFit.Fit(features, _language.LogPrior, [1, 0.5]);
        Assert.Equal(double.PositiveInfinity, fitted.Lambda[0]);
        Assert.Equal(Numbers(expected, "lambda")[0], fitted.Lambda[1], Exact);
        var target = new DistributionalTarget(fitted.Lambda);
        double[] p = Normalised([.. _language.LogPrior.Select((log, x) => log + target.LogEvidence(features[x]))]);
        Assert.Equal(expected.GetProperty("KL(p||a)").GetDouble(), Divergences.KullbackLeibler(p, _language.LogPrior, Measure.OfAll(p.Length)), Exact);
    }

    private void AssertGradient(string name, Func<int, double> coefficient) => TinyLanguage.AssertEqual(_language.Real(name), _language.Gradient(coefficient));

    private static double[] Normalised(double[] log)
    {
        double z = Math.Log(log.Sum(Math.Exp));
        return [.. log.Select(value => value - z)];
    }

    private static double Distance(double[] one, double[] other) => Math.Sqrt(one.Zip(other, (a, b) => (a - b) * (a - b)).Sum() / one.Sum(a => a * a));

    private static double[] Of(int[] texts, double[] values) => [.. texts.Select(x => values[x])];

    private static double[] Numbers(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(number => number.GetDouble())];
}
