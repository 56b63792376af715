using System.Text.Json.Nodes;
using Phf.Alignment.Estimates;
using Phf.Evaluation;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>A model on its way, measured on texts of its own. Expectations are means over them; entropies and divergences are in nats per text.</summary>
public sealed record AlignmentReport
{
    /// <summary>Steps done.</summary>
    public required long Step { get; init; }

    /// <summary>Texts behind every number.</summary>
    public required int Texts { get; init; }

    /// <summary>E[phi] of each feature by its name.</summary>
    public required IReadOnlyList<(string Name, double Mean)> Features { get; init; }

    /// <summary>E[r]; null where the target is no reward.</summary>
    public required double? Reward { get; init; }

    /// <summary>KL(pi || a) from the prior.</summary>
    public required double KlFromPrior { get; init; }

    /// <summary>Its standard error.</summary>
    public required double KlFromPriorError { get; init; }

    /// <summary>-E[log pi].</summary>
    public required double Entropy { get; init; }

    /// <summary>Distance from the target; null for a reward without penalty.</summary>
    public required TargetDistance? Target { get; init; }

    /// <summary>Trace of the covariance of one text's gradient, without and with the method's baseline; null for methods without baselines.</summary>
    public required (double Plain, double WithBaseline)? GradientVariance { get; init; }

    /// <summary>Different n-grams / n-grams over all texts, n = 1, 2, 3.</summary>
    public required IReadOnlyList<double> Distinct { get; init; }

    /// <summary>Self-BLEU by words, see <see cref="Evaluation.SelfBleu"/>.</summary>
    public required double SelfBleu { get; init; }

    /// <summary>Mean length in tokens, the one that ended a text included.</summary>
    public required double Length { get; init; }

    /// <summary>Measures draws of the model itself.</summary>
    internal static AlignmentReport Of(AlignmentContext context, IAlignmentMethod method, Draws draws, long step)
    {
        double[] logPolicy = draws.LogProbs(context.Policy.Model), logPrior = draws.WithoutTag().LogProbs(context.Prior);
        double[] ratios = [.. logPolicy.Zip(logPrior, (policy, prior) => policy - prior)];
        TargetSection target = context.Plan.Section.Target;
        double kl = ratios.Average();
        return new AlignmentReport
        {
            Step = step,
            Texts = draws.Count,
            Features = [.. context.Plan.Features.Names.Select((name, k) => (name, draws.Features.Average(features => features[k])))],
            Reward = target.Kind == "reward" ? draws.Features.Average(features => FittedTarget.Reward(target, features)) : null,
            KlFromPrior = kl,
            KlFromPriorError = Math.Sqrt(ratios.Sum(ratio => (ratio - kl) * (ratio - kl)) / (ratios.Length - 1) / ratios.Length),
            Entropy = -logPolicy.Average(),
            Target = context.Target is null ? null : TargetDistance.Of(context, draws, logPolicy, logPrior),
            GradientVariance = method.Weigh(draws.Of([.. Enumerable.Range(0, Math.Min(draws.Count, GradientSpread.Texts))])) is { } weighed
                ? (GradientSpread.Of(context.Policy, weighed.Plain), GradientSpread.Of(context.Policy, weighed.WithBaseline)) : null,
            Distinct = [.. Enumerable.Range(1, 3).Select(order => NGramStatistics.Of(draws.Texts, order).Distinct)],
            SelfBleu = Evaluation.SelfBleu.OfWords(draws.Texts),
            Length = draws.Written / (double)draws.Count,
        };
    }

    /// <summary>The line of metrics.jsonl; a number that is not finite is left out.</summary>
    internal JsonObject ToLine(long tokens)
    {
        var line = new JsonObject { ["step"] = Step, ["tokens"] = tokens, ["align_texts"] = Texts };
        foreach ((string name, double mean) in Features) Add($"align_feature_{name}", mean);
        if (Reward is { } reward) Add("align_reward", reward);
        Add("align_kl_prior", KlFromPrior);
        Add("align_kl_prior_error", KlFromPriorError);
        Add("align_entropy", Entropy);
        if (Target is { } target)
        {
            Add("align_kl_target", target.Kl);
            Add("align_tv_target", target.TotalVariation);
            Add("align_js_target", target.JensenShannon);
            Add("align_effective_samples", target.EffectiveTexts);
            Add("align_acceptance", target.Acceptance);
            Add("align_z", target.Z);
            Add("align_z_error", target.ZError);
        }
        if (GradientVariance is { } variance)
        {
            Add("align_gradient_variance", variance.Plain);
            Add("align_gradient_variance_baseline", variance.WithBaseline);
        }
        for (int n = 0; n < Distinct.Count; n++) Add($"align_distinct_{n + 1}", Distinct[n]);
        Add("align_self_bleu", SelfBleu);
        Add("align_length", Length);
        return line;

        void Add(string name, double value)
        {
            if (double.IsFinite(value)) line[name] = value;
        }
    }
}

/// <summary>How far a model is from its target p, by texts of the model and the estimate of Z so far.</summary>
/// <param name="Kl">KL(p || pi).</param>
/// <param name="TotalVariation">1/2 sum |p - pi|.</param>
/// <param name="JensenShannon">Between 0 and log 2.</param>
/// <param name="EffectiveTexts">What the texts are worth under the target, as a number of texts.</param>
/// <param name="Acceptance">Share of the texts that rejection sampling would keep with the largest weight among them as its bound.</param>
/// <param name="Z">The constant of the target; with several prompts the mean over them.</param>
/// <param name="ZError">Standard error of Z.</param>
public sealed record TargetDistance(double Kl, double TotalVariation, double JensenShannon, double EffectiveTexts, double Acceptance, double Z, double ZError)
{
    internal static TargetDistance Of(AlignmentContext context, Draws draws, double[] logPolicy, double[] logPrior)
    {
        double[] logP = context.Normalised(draws, context.LogTarget(draws, logPrior)), measure = Measure.OfSamples(logPolicy);
        double[] weights = [.. logP.Zip(logPolicy, (p, policy) => Math.Exp(p - policy))];
        IReadOnlyList<PartitionEstimate> z = context.Partitions;
        double largest = weights.Max();
        return new TargetDistance(Divergences.KullbackLeibler(logP, logPolicy, measure), Divergences.TotalVariation(logP, logPolicy, measure),
            Divergences.JensenShannon(logP, logPolicy, measure), Measure.EffectiveSamples([.. logP.Zip(logPolicy, (p, policy) => p - policy)]),
            largest == 0 ? 0 : weights.Average() / largest, z.Average(each => each.Mean), Math.Sqrt(z.Sum(each => each.StandardError * each.StandardError)) / z.Count);
    }
}
