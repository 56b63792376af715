using System.Text.Json;
using Phf.Objectives;
using Phf.Tests.Numerics;

namespace Phf.Tests.Objectives;

/// <summary>
/// Weights of the objectives through the fused classifier, against the reference code in double precision. The hidden states are the
/// recorded logits and the table is the identity, so that the logits come out exactly.
/// </summary>
public sealed class ObjectiveGoldenTests
{
    private const double LossTolerance = 2e-6; // relative

    [GoldenTheory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void LossesAndGradients_EqualTheReference(string backendName)
    {
        using var golden = new ObjectiveGolden(backendName);
        int cases = 0;
        foreach (JsonElement entry in golden.Cases("reference"))
        {
            if (Objective(entry) is not { } objective) continue;
            string name = entry.GetProperty("case").GetString()!, logits = entry.GetProperty("logits").GetString()!;
            bool isStable = entry.TryGetProperty("loss_stable_f64", out JsonElement stable); // unlikelihood without the clamp
            double truth = (isStable ? stable : entry.GetProperty("loss_f64")).GetDouble();
            golden.Compute(objective, entry.GetProperty("token_scores").GetString()!, logits);
            Assert.True(Math.Abs(golden.Loss - truth) <= LossTolerance * Math.Abs(truth), $"{name}: loss {golden.Loss}, expected {truth}");
            // The reference's gradient is 0 where its 1 - p is clamped.
            if (logits != "extreme" || !isStable) golden.AssertGradients(golden.Gradients($"{name}.dlogits"), name);
            cases++;
        }
        Assert.Equal(48, cases);
    }

    [GoldenTheory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void UnlikelihoodAtThresholdZero_EqualsTheFormula(string backendName)
    {
        using var golden = new ObjectiveGolden(backendName);
        int cases = 0;
        foreach (JsonElement entry in golden.Cases("correct_variants"))
        {
            if (!entry.TryGetProperty("threshold", out JsonElement threshold)) continue;
            string name = entry.GetProperty("case").GetString()!;
            var objective = new Unlikelihood(threshold.GetSingle(), entry.GetProperty("alpha").GetSingle());
            golden.Compute(objective, entry.GetProperty("token_scores").GetString()!, entry.GetProperty("logits").GetString()!);
            double truth = entry.GetProperty("loss_stable_f64").GetDouble();
            Assert.True(Math.Abs(golden.Loss - truth) <= LossTolerance * Math.Abs(truth), $"{name}: loss {golden.Loss}, expected {truth}");
            golden.AssertGradients(golden.VariantGradients($"{name}.dlogits"), name);
            Assert.Equal(entry.GetProperty("aligned_fraction").GetDouble(), golden.AlignedFraction, 1e-12);
            cases++;
        }
        Assert.Equal(20, cases);
    }

    /// <summary>The reference takes a threshold of 0 for none: its numbers are the soft variant's. Null for another objective.</summary>
    private static IObjective? Objective(JsonElement entry)
    {
        string name = entry.GetProperty("class").GetString()!;
        if (name == "MLE") return new MaximumLikelihood();
        if (name != "Unlikelihood") return null;
        JsonElement options = entry.GetProperty("options");
        float threshold = options.GetProperty("score_threshold").GetSingle(), alpha = options.GetProperty("alpha").GetSingle();
        return threshold == 0 ? new SoftUnlikelihood(alpha) : new Unlikelihood(threshold, alpha);
    }
}
