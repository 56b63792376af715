using System.Text.Json.Nodes;
using Phf.Alignment.Methods;
using Phf.Data;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>
/// PPO with a KL penalty in every token's reward (Ziegler et al. 2019; docs/alignment.md): texts of the model itself, gone through several times in parts, with
/// values by a head of the model.
/// </summary>
internal sealed class ProximalPolicy(AlignmentContext context, double beta) : IAlignmentMethod
{
    private KlController _penalty = new(beta, context.Plan.Section.Method.TargetKl);
    private double _reward, _kl, _policyLoss, _valueLoss, _clipped;

    public MethodStep Step(long step, double rate)
    {
        AlignmentPlan plan = context.Plan;
        int[] prompts = plan.Prompts.OfStep(step, plan.TextsPerStep, plan.Section.Sampling.SamplesPerPrompt);
        Draws draws = context.Drawer.Draw(context.Policy.Model, prompts, DrawPurpose.Training, step);
        Rollout rollout = Judge(draws);
        double loss = 0, norm = 0;
        (_policyLoss, _valueLoss, _clipped) = (0, 0, 0);
        MethodSection method = plan.Section.Method;
        for (int epoch = 0; epoch < method.Epochs; epoch++)
        {
            var shuffled = new Permutation(draws.Count, Hash64.Of((ulong)plan.Section.Training.Seed, (ulong)step), epoch);
            int[] order = [.. Enumerable.Range(0, draws.Count).Select(i => (int)shuffled[i])];
            for (int part = 0; part < method.Minibatches; part++)
            {
                (double Loss, double Norm) update = Update(rollout, order[(order.Length * part / method.Minibatches)..(order.Length * (part + 1) / method.Minibatches)], rate);
                loss += update.Loss / (method.Epochs * method.Minibatches);
                norm = update.Norm;
            }
        }
        _penalty = _penalty.After(_kl);
        return new MethodStep(loss, norm, draws.Written);
    }

    public void AddTo(JsonObject line)
    {
        int updates = context.Plan.Section.Method.Epochs * context.Plan.Section.Method.Minibatches;
        line["align_batch_reward"] = _reward;
        line["align_batch_kl_prior"] = _kl;
        line["align_beta"] = _penalty.Beta;
        line["align_policy_loss"] = _policyLoss / updates;
        line["align_value_loss"] = _valueLoss / updates;
        line["align_clipped"] = _clipped / updates;
    }

    public AlignmentState Save(AlignmentState state) => state with { Beta = _penalty.Beta };

    public void SaveFiles(string directory)
    {
    }

    public void Dispose()
    {
    }

    /// <summary>What the updates of a step are measured by: all of it of the model as it drew.</summary>
    private sealed record Rollout(Draws Draws, double[][] LogOld, double[][] ValuesOld, double[][] Advantages, double[][] Returns);

    private Rollout Judge(Draws draws)
    {
        MethodSection method = context.Plan.Section.Method;
        double[][] logOld = draws.TokenLogProbs(context.Policy.Model), logPrior = draws.TokenLogProbs(context.Prior), values = Values(draws);
        double[] scores = [.. draws.Features.Select(features => FittedTarget.Reward(context.Plan.Section.Target, features))];
        double[][] rewards = [.. logOld.Select((text, i) => Advantages.TokenRewards(text, logPrior[i], scores[i], _penalty.Beta))];
        double[][] advantages = [.. rewards.Select((text, i) => Advantages.Generalised(text, values[i], method.Gamma, method.GaeLambda))];
        double[][] returns = [.. advantages.Select((text, i) => Advantages.Returns(text, values[i]))];
        if (method.Whiten) Advantages.Whiten(advantages);
        (_reward, _kl) = (scores.Average(), logOld.Select((text, i) => text.Sum() - logPrior[i].Sum()).Average());
        return new Rollout(draws, logOld, values, advantages, returns);
    }

    private double[][] Values(Draws draws) => [.. context.Policy.Values(draws.Tokens).Select((values, i) => values[(draws.Starts[i] - 1)..])];

    /// <summary>One update by some of the texts: the mean of both losses over their tokens.</summary>
    private (double Loss, double Norm) Update(Rollout rollout, int[] texts, double rate)
    {
        MethodSection method = context.Plan.Section.Method;
        Draws part = rollout.Draws.Of(texts);
        double[][] logNew = part.TokenLogProbs(context.Policy.Model), values = Values(part);
        long tokens = part.Written;
        var weighted = new WeightedText[texts.Length];
        double policyLoss = 0, valueLoss = 0, clipped = 0;
        for (int k = 0; k < texts.Length; k++)
        {
            int i = texts[k], prompt = part.Starts[k] - 1;
            double[] weights = new double[prompt + logNew[k].Length], slopes = new double[weights.Length];
            for (int t = 0; t < logNew[k].Length; t++)
            {
                TokenLoss policy = ClippedLoss.Policy(logNew[k][t], rollout.LogOld[i][t], rollout.Advantages[i][t], method.ClipRange);
                TokenLoss value = ClippedLoss.Value(values[k][t], rollout.ValuesOld[i][t], rollout.Returns[i][t], method.ValueClipRange);
                weights[prompt + t] = -policy.Slope / tokens;
                slopes[prompt + t] = method.ValueCoefficient * value.Slope / tokens;
                policyLoss += policy.Loss / tokens;
                valueLoss += value.Loss / tokens;
                clipped += policy.IsClipped ? 1.0 / tokens : 0;
            }
            weighted[k] = new WeightedText(part.Tokens[k], weights, slopes);
        }
        _policyLoss += policyLoss;
        _valueLoss += valueLoss;
        _clipped += clipped;
        (_, double norm) = context.Policy.Update(weighted, rate);
        return (policyLoss + method.ValueCoefficient * valueLoss, norm);
    }
}
