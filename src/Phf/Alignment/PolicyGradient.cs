using System.Text.Json.Nodes;
using Phf.Alignment.Methods;

namespace Phf.Alignment;

/// <summary>
/// REINFORCE with a KL penalty (docs/alignment.md): texts of the model itself, weighed by reward less penalty less the mean of the others, or token by token by a
/// <see cref="LearnedBaseline"/>.
/// </summary>
internal sealed class PolicyGradient : IAlignmentMethod
{
    private readonly AlignmentContext _context;
    private readonly LearnedBaseline? _baseline;
    private KlController _penalty;
    private double _reward, _kl;

    /// <param name="context">Of the run.</param>
    /// <param name="checkpoint">Its folder; null at the start.</param>
    /// <param name="beta">Weight of the penalty so far.</param>
    /// <exception cref="InvalidDataException">The checkpoint is damaged.</exception>
    public PolicyGradient(AlignmentContext context, string? checkpoint, double beta)
    {
        _context = context;
        _penalty = new KlController(beta, context.Plan.Section.Method.TargetKl);
        if (context.Plan.Section.Method.LearnedBaseline) _baseline = LearnedBaseline.Create(context, checkpoint);
    }

    public MethodStep Step(long step, double rate)
    {
        AlignmentPlan plan = _context.Plan;
        int[] prompts = plan.Prompts.OfStep(step, plan.TextsPerStep, plan.Section.Sampling.SamplesPerPrompt);
        Draws draws = _context.Drawer.Draw(_context.Policy.Model, prompts, DrawPurpose.Training, step);
        double[][] logPrior = draws.TokenLogProbs(_context.Prior), logPolicy = draws.TokenLogProbs(_context.Policy.Model);
        (_reward, _kl) = (Rewards(draws).Average(), logPolicy.Zip(logPrior, (policy, prior) => policy.Sum() - prior.Sum()).Average());
        WeightedText[] texts;
        if (_baseline is not null) texts = _baseline.Weigh(draws, TokenRewards(draws, logPolicy, logPrior));
        else
        {
            (double[] plain, double[] withBaseline) = Gains(draws, logPolicy, logPrior);
            texts = WeightedText.Of(draws, [.. (plan.Section.Method.Baseline ? withBaseline : plain).Select(weight => weight / draws.Count)]);
        }
        if (_baseline?.IsAlone(step) is true) return new MethodStep(0, 0, draws.Written);
        (double loss, double norm) = _context.Policy.Update(texts, rate);
        _penalty = _penalty.After(_kl);
        return new MethodStep(loss, norm, draws.Written);
    }

    public void AddTo(JsonObject line)
    {
        line["align_batch_reward"] = _reward;
        line["align_batch_kl_prior"] = _kl;
        line["align_beta"] = _penalty.Beta;
        _baseline?.AddTo(line);
    }

    public (WeightedText[] Plain, WeightedText[] WithBaseline)? Weigh(Draws draws)
    {
        double[][] logPrior = draws.TokenLogProbs(_context.Prior), logPolicy = draws.TokenLogProbs(_context.Policy.Model);
        (double[] plain, double[] withBaseline) = Gains(draws, logPolicy, logPrior);
        return (WeightedText.Of(draws, plain), _baseline is null ? WeightedText.Of(draws, withBaseline) : _baseline.WeighOnly(draws, TokenRewards(draws, logPolicy, logPrior)));
    }

    public AlignmentState Save(AlignmentState state)
    {
        state = state with { Beta = _penalty.Beta };
        return _baseline is null ? state : _baseline.Save(state);
    }

    public void SaveFiles(string directory) => _baseline?.SaveFile(directory);

    public void Dispose() => _baseline?.Dispose();

    private double[] Rewards(Draws draws) => [.. draws.Features.Select(features => FittedTarget.Reward(_context.Plan.Section.Target, features))];

    private double[][] TokenRewards(Draws draws, double[][] logPolicy, double[][] logPrior) =>
        [.. Rewards(draws).Select((reward, i) => Advantages.TokenRewards(logPolicy[i], logPrior[i], reward, _penalty.Beta))];

    /// <summary>Reward less penalty, and less the mean of the other texts: a baseline made of the others alone leaves the expectation of the gradient as it is.</summary>
    private (double[] Plain, double[] WithBaseline) Gains(Draws draws, double[][] logPolicy, double[][] logPrior)
    {
        double[] gains = [.. Rewards(draws).Select((reward, i) => SequenceWeights.Reinforce(reward, _penalty.Beta, logPolicy[i].Sum(), logPrior[i].Sum(), baseline: 0))];
        double total = gains.Sum();
        return (gains, [.. gains.Select(gain => gain - (total - gain) / (gains.Length - 1))]);
    }
}
