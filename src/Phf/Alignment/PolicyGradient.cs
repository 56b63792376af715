using System.Text.Json.Nodes;
using Phf.Alignment.Methods;

namespace Phf.Alignment;

/// <summary>REINFORCE with a KL penalty (docs/alignment.md): texts of the model itself, weighed by reward less penalty less the mean of the others.</summary>
internal sealed class PolicyGradient(AlignmentContext context, double beta) : IAlignmentMethod
{
    private KlController _penalty = new(beta, context.Plan.Section.Method.TargetKl);
    private double _reward, _kl;

    public MethodStep Step(long step, double rate)
    {
        AlignmentPlan plan = context.Plan;
        int[] prompts = plan.Prompts.OfStep(step, plan.TextsPerStep, plan.Section.Sampling.SamplesPerPrompt);
        Draws draws = context.Drawer.Draw(context.Policy.Model, prompts, DrawPurpose.Training, step);
        double[] logPrior = draws.LogProbs(context.Prior), logPolicy = draws.LogProbs(context.Policy.Model);
        (_reward, _kl) = (draws.Features.Average(features => FittedTarget.Reward(plan.Section.Target, features)), logPolicy.Zip(logPrior, (policy, prior) => policy - prior).Average());
        (double[] plain, double[] withBaseline) = Gains(draws, logPolicy, logPrior);
        double[] weights = [.. (plan.Section.Method.Baseline ? withBaseline : plain).Select(weight => weight / draws.Count)];
        (double loss, double norm) = context.Policy.Update(WeightedText.Of(draws, weights), rate);
        _penalty = _penalty.After(_kl);
        return new MethodStep(loss, norm, draws.Written);
    }

    public void AddTo(JsonObject line)
    {
        line["align_batch_reward"] = _reward;
        line["align_batch_kl_prior"] = _kl;
        line["align_beta"] = _penalty.Beta;
    }

    public (double[] Plain, double[] WithBaseline)? Weights(Draws draws, double[] logPolicy, double[] logPrior) => Gains(draws, logPolicy, logPrior);

    public AlignmentState Save(AlignmentState state) => state with { Beta = _penalty.Beta };

    public void SaveFiles(string directory)
    {
    }

    public void Dispose()
    {
    }

    /// <summary>Reward less penalty, and less the mean of the other texts: a baseline made of the others alone leaves the expectation of the gradient as it is.</summary>
    private (double[] Plain, double[] WithBaseline) Gains(Draws draws, double[] logPolicy, double[] logPrior)
    {
        double[] gains = [.. draws.Features.Select((features, i) =>
            SequenceWeights.Reinforce(FittedTarget.Reward(context.Plan.Section.Target, features), _penalty.Beta, logPolicy[i], logPrior[i], baseline: 0))];
        double total = gains.Sum();
        return (gains, [.. gains.Select(gain => gain - (total - gain) / (gains.Length - 1))]);
    }
}
