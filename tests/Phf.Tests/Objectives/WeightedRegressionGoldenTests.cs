using System.Text.Json;
using Phf.Data;
using Phf.Objectives;
using Phf.Tests.Numerics;
using Phf.Training;

namespace Phf.Tests.Objectives;

/// <summary>Reward- and advantage-weighted regression on recorded logits, scores and values, against the reference code in double precision.</summary>
public sealed class WeightedRegressionGoldenTests
{
    private const double Tolerance = 2e-6; // relative; of the largest gradient

    [GoldenTheory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void AdvantageWeighted_EqualsTheReference(string backendName)
    {
        using var golden = new ObjectiveGolden(backendName);
        int cases = 0;
        foreach (JsonElement entry in golden.Cases("reference").Where(entry => entry.GetProperty("class").GetString() == "AWR"))
        {
            string name = entry.GetProperty("case").GetString()!, scoresName = entry.GetProperty("token_scores").GetString()!;
            var objective = new WeightedRegression(name, Options(entry.GetProperty("options")));
            float[] scores = golden.Scores(scoresName), values = golden.Values(entry.GetProperty("values").GetString()!), dValues = new float[scores.Length];
            double valueLoss = objective.ValueLoss(scores, values, new TokenKind[scores.Length], 1.0 / ObjectiveGolden.Rows, dValues);
            golden.Compute(objective, scoresName, entry.GetProperty("logits").GetString()!, values);

            AssertClose(entry.GetProperty("loss_f64").GetDouble(), golden.Loss + valueLoss, $"{name}: loss");
            golden.AssertGradients(golden.Gradients($"{name}.dlogits"), name);
            AssertValueGradients(golden.Gradients($"{name}.dvalues"), dValues, name);
            AssertLogs(entry.GetProperty("logs_f64"), objective, golden, scores, values, name);
            cases++;
        }
        Assert.Equal(72, cases);
    }

    [GoldenTheory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void RewardWeighted_EqualsTheFormula(string backendName)
    {
        using var golden = new ObjectiveGolden(backendName);
        int cases = 0;
        foreach (JsonElement entry in golden.Cases("correct_variants").Where(entry => entry.TryGetProperty("clip", out _)))
        {
            string name = entry.GetProperty("case").GetString()!;
            var objective = new WeightedRegression(name, new() { Beta = Number(entry, "beta"), ClipWeightMax = Number(entry, "clip") });
            golden.Compute(objective, entry.GetProperty("token_scores").GetString()!, entry.GetProperty("logits").GetString()!);
            AssertClose(Number(entry, "loss_f64"), golden.Loss, $"{name}: loss");
            AssertClose(Number(entry, "weight_mean"), golden.Weights.Average(weight => (double)weight), $"{name}: weight");
            golden.AssertGradients(golden.VariantGradients($"{name}.dlogits"), name);
            cases++;
        }
        Assert.Equal(18, cases);
    }

    /// <summary>The reference takes a fixed value of 0 for none; what it then computes is the run by values.</summary>
    private static WeightedRegressionOptions Options(JsonElement options)
    {
        double fixedValue = options.TryGetProperty("fixed_value", out JsonElement given) ? given.GetDouble() : 0;
        return new WeightedRegressionOptions
        {
            Alpha = Number(options, "alpha"),
            Beta = Number(options, "beta"),
            UsesValues = fixedValue == 0 && Flag(options, "use_value_head", otherwise: true),
            FixedValue = fixedValue,
            ClipValue = Flag(options, "clip_value", otherwise: false),
            ClipWeightMax = options.TryGetProperty("clip_weight_max", out JsonElement clip) ? clip.GetDouble() : 1000,
            NormalizeAdvantage = Flag(options, "normalize_advantage", otherwise: false),
        };
    }

    /// <summary>Recorded [4, 25], of which the last column, behind the last target, is 0.</summary>
    private static void AssertValueGradients(double[] expected, float[] actual, string name)
    {
        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < actual.Length; i++)
        {
            double truth = expected[i / ObjectiveGolden.Time * (ObjectiveGolden.Time + 1) + i % ObjectiveGolden.Time];
            Assert.True(Math.Abs(truth - actual[i]) <= Tolerance * scale, $"{name}: gradient of value {i} is {actual[i]}, expected {truth}, scale {scale}");
        }
    }

    private static void AssertLogs(JsonElement logs, WeightedRegression objective, ObjectiveGolden golden, float[] scores, float[] values, string name)
    {
        var statistics = new RegressionStatistics(objective, tokens: scores.Length);
        statistics.Begin();
        statistics.KeepWeights(golden.Weights);
        statistics.Add(scores, values, golden.LogProbs);
        RegressionReport report = statistics.Report();
        ValueReport ofValues = report.Values!;
        Check("lm_loss", report.LmLoss);
        Check("weighted_lm_loss", report.WeightedLmLoss);
        if (!objective.Options.NormalizeAdvantage) Check("advantage_avg", report.AdvantageAverage); // the reference's is 0 by then
        Check("weight_avg", report.WeightAverage);
        Check("weights_min", report.Weights.Min);
        Check("weights_max", report.Weights.Max);
        Check("value_loss", ofValues.Loss);
        Check("value_min", ofValues.Min);
        Check("value_max", ofValues.Max);
        Check("value_avg", ofValues.Average);
        Check("value_std", ofValues.Deviation);
        if (logs.GetProperty("value_reward_corr").ValueKind == JsonValueKind.String) Assert.Null(ofValues.RewardCorrelation); // NaN: constant rewards
        else Check("value_reward_corr", ofValues.RewardCorrelation!.Value);
        Assert.Equal(golden.Weights.Count(weight => weight >= (float)(objective.Options.Alpha * objective.Options.ClipWeightMax)) / (double)scores.Length, report.ClippedShare, 1e-12);

        void Check(string key, double actual) => AssertClose(Number(logs, key), actual, $"{name}: {key}");
    }

    private static void AssertClose(double expected, double actual, string what) =>
        Assert.True(Math.Abs(expected - actual) <= Tolerance * Math.Abs(expected) + 1e-37, $"{what} is {actual}, expected {expected}"); // single precision ends there

    private static double Number(JsonElement element, string key) => element.GetProperty(key).GetDouble();

    private static bool Flag(JsonElement options, string key, bool otherwise) => options.TryGetProperty(key, out JsonElement value) ? value.GetBoolean() : otherwise;
}
