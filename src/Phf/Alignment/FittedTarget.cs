using System.Globalization;
using Phf.Alignment.Estimates;
using Phf.Alignment.Targets;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>The target with what samples of the prior told of it: lambda, and a first estimate of Z.</summary>
/// <param name="Target">Null where there is none, see <see cref="AlignmentPlan.HasTarget"/>.</param>
/// <param name="Partitions">Z for each prompt; empty without a target.</param>
internal sealed record FittedTarget(Target? Target, IReadOnlyList<PartitionEstimate> Partitions)
{
    /// <summary>Measures the target on samples of the prior.</summary>
    /// <exception cref="InvalidDataException">The prior hardly ever writes what the target asks for, or all texts are the same to it; the message has the numbers.</exception>
    public static FittedTarget Fit(AlignmentPlan plan, Draws prior)
    {
        TargetSection section = plan.Section.Target;
        if (section.Kind == "reward") CheckRewards(section, prior.Features);
        if (!plan.HasTarget) return new FittedTarget(null, []);
        Target target = Of(section, section.Kind == "distributional" ? Lambda(section, prior.Features) : []);
        double[] evidence = [.. prior.Features.Select(features => target.LogEvidence(features))];
        CheckEffective(plan.Section, evidence);
        var partitions = new PartitionEstimate[plan.Prompts.Count];
        for (int prompt = 0; prompt < partitions.Length; prompt++)
            partitions[prompt] = new PartitionEstimate().With([.. evidence.Where((_, i) => prior.Prompts[i] == prompt)]); // P / a is the evidence
        return new FittedTarget(target, partitions);
    }

    /// <summary>The target of a file.</summary>
    /// <param name="section">The file's section; not of a reward without penalty.</param>
    /// <param name="lambda">Of a distributional target.</param>
    public static Target Of(TargetSection section, IReadOnlyList<double> lambda) => section.Kind switch
    {
        "pointwise" => new PointwiseTarget(),
        "distributional" => new DistributionalTarget(lambda),
        _ => new RewardTarget([.. section.Features.Select(feature => feature.Weight)], section.Beta!.Value),
    };

    /// <summary>The reward of a text: the weighed sum of its features.</summary>
    public static double Reward(TargetSection section, double[] features) => features.Select((feature, k) => feature * section.Features[k].Weight).Sum();

    private static IReadOnlyList<double> Lambda(TargetSection section, double[][] features)
    {
        try
        {
            return LambdaFit.Fit(features, Measure.OfAll(features.Length), [.. section.Features.Select(feature => feature.Moment!.Value)]).Lambda;
        }
        catch (InvalidDataException problem)
        {
            string names = string.Join(", ", section.Features.Select((feature, k) => $"{k + 1} {feature.Name}"));
            throw new InvalidDataException($"the target cannot be met from samples of the prior: {problem.Message} (features: {names}; texts: sampling.prior_samples)", problem);
        }
    }

    private static void CheckRewards(TargetSection section, double[][] features)
    {
        double[] rewards = [.. features.Select(each => Reward(section, each))];
        if (rewards.Max() == rewards.Min())
            throw new InvalidDataException($"the reward is {Text(rewards[0])} for every one of {rewards.Length} samples of the prior, so there is nothing to learn; look at target.features, "
                + "or raise sampling.prior_samples");
    }

    private static void CheckEffective(AlignmentSection section, double[] evidence)
    {
        double effective = Measure.EffectiveSamples(evidence), least = section.Sampling.MinEffectiveSamples;
        if (effective >= least) return;
        string found = section.Target.Kind == "pointwise"
            ? $"the target is met by {effective:F0} of {evidence.Length} samples of the prior"
            : $"{evidence.Length} samples of the prior are worth {Text(effective)} under the target";
        string remedy = section.Target.Kind switch
        {
            "pointwise" => "ask for less",
            "distributional" => "ask for expectations nearer to the prior's",
            _ => "raise target.beta",
        };
        throw new InvalidDataException($"{found}, fewer than sampling.min_effective_samples = {Text(least)}: too few to learn from; {remedy}, or raise sampling.prior_samples");
    }

    private static string Text(double number) => number.ToString("G4", CultureInfo.InvariantCulture);
}
