using Phf.Alignment.Estimates;
using Phf.Alignment.Targets;
using Phf.Data;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Random;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>A text that was kept.</summary>
/// <param name="Prompt">What it goes on with.</param>
/// <param name="Text">The text.</param>
/// <param name="Features">The target's features of it.</param>
/// <param name="LogEvidence">log e(x).</param>
public sealed record TargetSample(string Prompt, string Text, IReadOnlyList<double> Features, double LogEvidence);

/// <summary>What sampling from a target gave.</summary>
/// <param name="Texts">As many as were asked for.</param>
/// <param name="Drawn">Texts of the prior that were drawn for them.</param>
/// <param name="Kept">How they were chosen: acceptance and distance from the target; null for best-of-n.</param>
/// <param name="TradeOff">The same for other bounds, from many texts kept to few; empty for best-of-n.</param>
public sealed record TargetSamples(IReadOnlyList<TargetSample> Texts, long Drawn, QuasiRejection? Kept, IReadOnlyList<QuasiRejection> TradeOff);

/// <summary>
/// Samples from a target without training: rejection and quasi-rejection (<see cref="QuasiRejection"/>) from the prior, and the best of n of its texts, whose distance
/// from the prior is at most log n - (n - 1) / n (Beirami et al. 2024, arXiv 2401.01879).
/// </summary>
public sealed class TargetSampler(AlignmentPlan plan, IBackend backend)
{
    private const int EmptyRounds = 50; // without any text kept, before it is given up
    private static readonly double[] Quantiles = [0.5, 0.75, 0.9, 0.95, 0.99, 1];

    /// <summary>Draws until enough texts are kept.</summary>
    /// <param name="texts">How many.</param>
    /// <param name="progress">Told how many there are.</param>
    /// <param name="cancel">Stops between two rounds.</param>
    /// <exception cref="InvalidDataException">The prior hardly ever writes what is wanted, or there is no bound for rejection; with numbers.</exception>
    public TargetSamples Draw(int texts, Action<int> progress, CancellationToken cancel)
    {
        using Gpt2 prior = Gpt2Weights.Load(plan.PriorDirectory, backend);
        var drawer = new Drawer(plan);
        AlignmentSampling sampling = plan.Section.Sampling;
        Draws first = drawer.Draw(prior, plan.Prompts.Spread(sampling.PriorSamples), DrawPurpose.Prior, step: 0);
        Target target = FittedTarget.Fit(plan, first).Target!;
        double[] evidence = Evidence(target, first);
        if (plan.Section.Method.Name == "best-of-n") return Best(prior, drawer, target, texts, progress, cancel);
        double[] logs = new double[first.Count], share = Measure.OfSamples(logs); // by shares of the samples: q does not matter
        double[] sorted = [.. evidence.Order()];
        double logBound = plan.Section.Method.Name == "rejection" ? UpperBound(plan.Section.Target, target) : Quantile(sorted, plan.Section.Method.BoundQuantile);
        if (double.IsNegativeInfinity(logBound))
            throw new InvalidDataException($"method.bound_quantile {plan.Section.Method.BoundQuantile} of the evidence in {first.Count} samples of the prior is 0, so nothing would be kept by it; raise it");
        QuasiRejection At(double bound) => QuasiRejection.At(evidence, logs, share, bound);
        QuasiRejection[] tradeOff = [.. Quantiles.Select(quantile => Quantile(sorted, quantile)).Where(double.IsFinite).Distinct().Select(At)];
        (List<TargetSample> kept, long drawn) = Keep(prior, drawer, target, logBound, texts, progress, cancel);
        return new TargetSamples(kept, drawn, At(logBound), tradeOff);
    }

    private (List<TargetSample> Kept, long Drawn) Keep(Gpt2 prior, Drawer drawer, Target target, double logBound, int texts, Action<int> progress, CancellationToken cancel)
    {
        var kept = new List<TargetSample>();
        long drawn = 0;
        for (long round = 1; kept.Count < texts; round++)
        {
            cancel.ThrowIfCancellationRequested();
            if (round > EmptyRounds && kept.Count == 0) throw new InvalidDataException($"none of {drawn:N0} texts of the prior was kept; take quasi-rejection with a smaller method.bound_quantile, or a milder target");
            Draws draws = drawer.Draw(prior, plan.Prompts.Spread(plan.Section.Sampling.PriorSamples), DrawPurpose.Kept, round);
            double[] evidence = Evidence(target, draws);
            for (int i = 0; i < draws.Count && kept.Count < texts; i++)
            {
                drawn++;
                var random = new Rng(Hash64.Of((ulong)plan.Section.Training.Seed, (ulong)round, (ulong)i));
                if (random.NextDouble() < Math.Exp(evidence[i] - logBound)) kept.Add(Sample(draws, i, evidence[i]));
            }
            progress(kept.Count);
        }
        return (kept, drawn);
    }

    private TargetSamples Best(Gpt2 prior, Drawer drawer, Target target, int texts, Action<int> progress, CancellationToken cancel)
    {
        int candidates = plan.Section.Method.Candidates, atOnce = Math.Max(1, plan.Section.Sampling.PriorSamples / candidates);
        var best = new List<TargetSample>();
        for (long round = 1; best.Count < texts; round++)
        {
            cancel.ThrowIfCancellationRequested();
            int groups = Math.Min(atOnce, texts - best.Count), before = best.Count;
            int[] prompts = [.. Enumerable.Range(0, groups * candidates).Select(i => (before + i / candidates) % plan.Prompts.Count)];
            Draws draws = drawer.Draw(prior, prompts, DrawPurpose.Kept, round);
            double[] evidence = Evidence(target, draws);
            for (int group = 0; group < groups; group++)
            {
                int top = Enumerable.Range(group * candidates, candidates).MaxBy(i => evidence[i]); // the first of equals
                best.Add(Sample(draws, top, evidence[top]));
            }
            progress(best.Count);
        }
        return new TargetSamples(best, (long)best.Count * candidates, Kept: null, TradeOff: []);
    }

    private TargetSample Sample(Draws draws, int i, double evidence) => new(plan.Prompts.Texts[draws.Prompts[i]], draws.Texts[i], draws.Features[i], evidence);

    private static double[] Evidence(Target target, Draws draws) => [.. draws.Features.Select(features => target.LogEvidence(features))];

    private static double Quantile(double[] sorted, double quantile) => sorted[Math.Min(sorted.Length - 1, (int)(quantile * sorted.Length))];

    /// <summary>The largest evidence that any text can have.</summary>
    private static double UpperBound(TargetSection section, Target target)
    {
        if (target is PointwiseTarget) return 0;
        IReadOnlyList<double> weights = target switch
        {
            DistributionalTarget distributional => [.. distributional.Lambda.Select(lambda => double.IsPositiveInfinity(lambda) ? 0 : lambda)],
            RewardTarget reward => [.. reward.Weights.Select(weight => weight / reward.Beta)],
            _ => throw new ArgumentException($"a target of type {target.GetType().Name}"),
        };
        for (int k = 0; k < weights.Count; k++)
            if (!section.Features[k].IsBoolean && weights[k] != 0)
                throw new InvalidDataException($"feature {section.Features[k].Name} is a number without a largest value, and rejection needs a bound; take quasi-rejection, or add above or at_most to the feature");
        return weights.Sum(weight => Math.Max(0, weight));
    }
}
