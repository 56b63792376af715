using Phf.Alignment.Estimates;
using Phf.Alignment.Targets;
using Phf.Model;

namespace Phf.Alignment;

/// <summary>What the methods and the measurements of a run share.</summary>
internal sealed class AlignmentContext(AlignmentPlan plan, Policy policy, Gpt2 prior, FittedTarget fitted)
{
    private readonly PartitionEstimate[] _partitions = [.. fitted.Partitions];

    public AlignmentPlan Plan => plan;

    public Policy Policy => policy;

    /// <summary>Frozen: weights and nothing else.</summary>
    public Gpt2 Prior => prior;

    public Drawer Drawer { get; } = new(plan);

    /// <inheritdoc cref="FittedTarget.Target"/>
    public Target? Target => fitted.Target;

    /// <summary>Z for each prompt so far; empty without a target.</summary>
    public IReadOnlyList<PartitionEstimate> Partitions => _partitions;

    /// <summary>log P of each text, up to the constant of its prompt; needs a target.</summary>
    /// <param name="draws">The texts.</param>
    /// <param name="logPrior">log a of each.</param>
    public double[] LogTarget(Draws draws, double[] logPrior) => [.. logPrior.Select((log, i) => log + Target!.LogEvidence(draws.Features[i]))];

    /// <summary>log p = log P - log Z, by the estimate of Z so far; -infinity where P is 0, and for a prompt of which no text has met the target yet.</summary>
    public double[] Normalised(Draws draws, double[] logTarget) =>
        [.. logTarget.Select((log, i) => _partitions[draws.Prompts[i]] is { Mean: > 0 } z ? log - z.Log : double.NegativeInfinity)];

    /// <summary>Takes samples of any proposal into the estimates of Z.</summary>
    public void Learn(Draws draws, double[] logTarget, double[] logProposal)
    {
        foreach (IGrouping<int, int> group in Enumerable.Range(0, draws.Count).GroupBy(i => draws.Prompts[i]))
            _partitions[group.Key] = _partitions[group.Key].With([.. group.Select(i => logTarget[i] - logProposal[i])]);
    }
}
