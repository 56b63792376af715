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
        double[] rewards = [.. draws.Features.Select(features => FittedTarget.Reward(plan.Section.Target, features))];
        double[] gains = [.. rewards.Select((reward, i) => SequenceWeights.Reinforce(reward, _penalty.Beta, logPolicy[i], logPrior[i], baseline: 0))];
        (_reward, _kl) = (rewards.Average(), logPolicy.Zip(logPrior, (policy, prior) => policy - prior).Average());
        // A baseline that is made of the other texts alone leaves the expectation of the gradient as it is.
        double total = gains.Sum();
        double[] weights = [.. gains.Select(gain => (plan.Section.Method.Baseline ? gain - (total - gain) / (gains.Length - 1) : gain) / gains.Length)];
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

    public AlignmentState Save(AlignmentState state) => state with { Beta = _penalty.Beta };

    public void SaveFiles(string directory)
    {
    }

    public void Dispose()
    {
    }
}
