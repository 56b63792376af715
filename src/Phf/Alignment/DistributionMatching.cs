using System.Text.Json.Nodes;
using Phf.Alignment.Estimates;
using Phf.Alignment.Methods;
using Phf.Alignment.Targets;
using Phf.Model;

namespace Phf.Alignment;

/// <summary>
/// Distribution matching (docs/alignment.md): texts of a proposal q with weights by <see cref="SequenceWeights"/>. dpg, f-dpg and cdpg draw from the model itself; gdc and
/// gdc++ from a copy that is replaced by the model where that has come nearer to the target (Khalifa et al. 2021, algorithm 2). With a
/// <see cref="LearnedBaseline"/> each token has a weight of its own.
/// </summary>
internal sealed class DistributionMatching : IAlignmentMethod
{
    private readonly AlignmentContext _context;
    private readonly Gpt2? _proposal; // null: the model itself
    private readonly LearnedBaseline? _baseline;
    private readonly FDivergence? _divergence;
    private readonly bool _hasBaseline;
    private double[]? _ledLambda; // null: the target's own
    private double _effective;
    private (double KlPolicy, double KlProposal, bool IsReplaced)? _comparison;

    private DistributionMatching(AlignmentContext context, Gpt2? proposal, LearnedBaseline? baseline)
    {
        (_context, _proposal, _baseline) = (context, proposal, baseline);
        Training.Configuration.MethodSection method = context.Plan.Section.Method;
        _hasBaseline = method.Name == "gdc++";
        _divergence = method.Name != "f-dpg" ? null : method.Divergence switch
        {
            "forward_kl" => FDivergence.ForwardKl,
            "reverse_kl" => FDivergence.ReverseKl,
            "tv" => FDivergence.TotalVariation,
            _ => FDivergence.JensenShannon,
        };
    }

    /// <param name="context">Of the run.</param>
    /// <param name="checkpoint">Its folder; null at the start, where the proposal is the prior.</param>
    /// <exception cref="InvalidDataException">The checkpoint is damaged.</exception>
    public static DistributionMatching Create(AlignmentContext context, string? checkpoint)
    {
        if (context.Plan.Section.Method.Name is not ("gdc" or "gdc++"))
            return new DistributionMatching(context, proposal: null, context.Plan.Section.Method.LearnedBaseline ? LearnedBaseline.Create(context, checkpoint) : null)
            {
                _ledLambda = context.Plan.Section.Method.LambdaRate == 0 ? null
                    : [.. (checkpoint is null ? null : AlignmentState.Read(checkpoint).LedLambda) ?? ((DistributionalTarget)context.Target!).Lambda],
            };
        var proposal = new Gpt2(context.Prior.Config, context.Prior.Backend);
        try
        {
            if (checkpoint is null) CopyWeights(context.Prior, proposal);
            else Gpt2Weights.Read(Path.Combine(checkpoint, AlignmentState.ProposalName), proposal);
            return new DistributionMatching(context, proposal, baseline: null);
        }
        catch
        {
            proposal.Dispose();
            throw;
        }
    }

    /// <summary>Only p / q itself lets a few texts outweigh the others: the weights of total variation and Jensen-Shannon are bounded, that of reverse KL is a logarithm.</summary>
    public double? EffectiveTexts => _divergence is null or FDivergence.ForwardKl ? _effective : null;

    public MethodStep Step(long step, double rate)
    {
        AlignmentPlan plan = _context.Plan;
        Policy policy = _context.Policy;
        int[] prompts = plan.Prompts.OfStep(step, plan.TextsPerStep, plan.Section.Sampling.SamplesPerPrompt);
        Draws draws = _context.Drawer.Draw(_proposal ?? policy.Model, prompts, DrawPurpose.Training, step);
        if (_baseline is not null) return Step(draws, _baseline, step, rate);
        int[] read = Read(draws);
        double[] logProposal = draws.LogProbs(_proposal ?? policy.Model, read), logTarget = _context.LogTarget(draws, draws.LogProbs(_context.Prior, read));
        double[] logPolicy = _proposal is not null && _hasBaseline ? draws.LogProbs(policy.Model, read) : logProposal; // p / q alone asks for no pi
        _context.Learn(draws, logTarget, logProposal);
        double[] logP = _context.Normalised(draws, logTarget);
        double[] weights = [.. logP.Select((log, i) => Weight(log, logPolicy[i], logProposal[i]) / draws.Count)];
        _effective = Measure.EffectiveSamples([.. logP.Zip(logProposal, (p, q) => p - q)]);
        (double loss, double norm) = policy.Update(WeightedText.Of(draws, weights), rate);
        _comparison = null;
        if (_proposal is not null && step % plan.Section.Method.ProposalSteps == 0) Compare(step, _proposal);
        return new MethodStep(loss, norm, draws.Written);
    }

    public void AddTo(JsonObject line)
    {
        if (EffectiveTexts is { } effective) line["align_effective_texts"] = effective;
        _baseline?.AddTo(line);
        for (int k = 0; k < _ledLambda?.Length; k++) line[$"align_lambda_{_context.Plan.Features.Names[k]}"] = _ledLambda[k];
        if (_comparison is not { } compared) return;
        line["align_kl_target_to_model"] = compared.KlPolicy;
        line["align_kl_target_to_proposal"] = compared.KlProposal;
        line["align_proposal_replaced"] = compared.IsReplaced ? 1 : 0;
    }

    public (WeightedText[] Plain, WeightedText[] WithBaseline)? Weigh(Draws draws)
    {
        if (_divergence is not null && _baseline is null) return null;
        double[][] logPolicy = draws.TokenLogProbs(_context.Policy.Model), logPrior = draws.TokenLogProbs(_context.Prior);
        double[] log = Draws.Sums(logPolicy), logP = _context.Normalised(draws, _context.LogTarget(draws, Draws.Sums(logPrior)));
        WeightedText[] plain = WeightedText.Of(draws, [.. logP.Select((p, i) => Weight(p, log[i], log[i]))]);
        return (plain, _baseline is null
            ? WeightedText.Of(draws, [.. logP.Select((p, i) => SequenceWeights.DpgWithBaseline(p, log[i], log[i], logZ: 0))])
            : _baseline.WeighOnly(draws, Rewards(draws, logP, logPolicy, logPrior)));
    }

    public AlignmentState Save(AlignmentState state) => _baseline is null ? state with { HasProposal = _proposal is not null } : _baseline.Save(state with { LedLambda = _ledLambda });

    public void SaveFiles(string directory)
    {
        if (_proposal is not null) Gpt2Weights.Write(Path.Combine(directory, AlignmentState.ProposalName), _proposal.Parameters);
        _baseline?.SaveFile(directory);
    }

    public void Dispose()
    {
        _proposal?.Dispose();
        _baseline?.Dispose();
    }

    /// <summary>A step with a learned baseline: all texts are read, since those that the target forbids teach it as much as the others.</summary>
    private MethodStep Step(Draws draws, LearnedBaseline baseline, long step, double rate)
    {
        double[][] logPolicy = draws.TokenLogProbs(_context.Policy.Model), logPrior = draws.TokenLogProbs(_context.Prior);
        double[] log = Draws.Sums(logPolicy), logTarget = _context.LogTarget(draws, Draws.Sums(logPrior));
        // Afterwards Z stays as it is: P / pi of a model that has moved scatters more with every step, and one such batch outweighs thousands of the prior's texts.
        if (baseline.IsAlone(step)) _context.Learn(draws, logTarget, log);
        double[] logP = _context.Normalised(draws, logTarget);
        _effective = Measure.EffectiveSamples([.. logP.Zip(log, (p, q) => p - q)]);
        WeightedText[] texts = baseline.Weigh(draws, Rewards(draws, logP, logPolicy, logPrior));
        if (baseline.IsAlone(step)) return new MethodStep(0, 0, draws.Written);
        (double loss, double norm) = _context.Policy.Update(texts, rate);
        LeadLambda(draws);
        return new MethodStep(loss, norm, draws.Written);
    }

    /// <summary>
    /// Dual ascent on the least KL(pi || a) with E_pi[phi_i] = mu_i: its multipliers are the target's lambda where the model can become the target, and others where it cannot.
    /// </summary>
    private void LeadLambda(Draws draws)
    {
        for (int k = 0; k < _ledLambda?.Length; k++)
            _ledLambda[k] += _context.Plan.Section.Method.LambdaRate * (_context.Plan.Section.Target.Features[k].Moment!.Value - draws.Features.Average(features => features[k]));
    }

    /// <summary>
    /// The weight of each text as the sum of rewards of its tokens. That of reverse KL falls apart into theirs, log e + sum (log a - log pi) up to a constant; any other is the last token's.
    /// </summary>
    private double[][] Rewards(Draws draws, double[] logP, double[][] logPolicy, double[][] logPrior)
    {
        Target target = _ledLambda is null ? _context.Target! : new DistributionalTarget(_ledLambda);
        return [.. logP.Select((p, i) =>
        {
            if (_divergence == FDivergence.ReverseKl) return Advantages.TokenRewards(logPolicy[i], logPrior[i], target.LogEvidence(draws.Features[i]), beta: 1);
            double[] rewards = new double[logPolicy[i].Length];
            double log = logPolicy[i].Sum();
            rewards[^1] = Weight(p, log, log);
            return rewards;
        })];
    }

    /// <summary>The texts that any model has to read: p / q is 0 for all that the target forbids, whatever the models say of them.</summary>
    private int[] Read(Draws draws)
    {
        IEnumerable<int> all = Enumerable.Range(0, draws.Count);
        return [.. _hasBaseline || _divergence is not null ? all : all.Where(i => !double.IsNegativeInfinity(_context.Target!.LogEvidence(draws.Features[i])))];
    }

    private double Weight(double logP, double logPolicy, double logProposal) =>
        _divergence is { } divergence ? SequenceWeights.FDpg(divergence, logP, logPolicy, logProposal)
        : _hasBaseline ? SequenceWeights.DpgWithBaseline(logP, logPolicy, logProposal, logZ: 0)
        : SequenceWeights.Dpg(logP, logProposal);

    /// <summary>The model becomes the proposal where fresh texts of the old one say that it is nearer to the target. Both KLs are of the same texts.</summary>
    private void Compare(long step, Gpt2 proposal)
    {
        int[] prompts = _context.Plan.Prompts.Spread(_context.Plan.Section.Method.ProposalSamples);
        Draws draws = _context.Drawer.Draw(proposal, prompts, DrawPurpose.Proposal, step);
        double[] logTarget = _context.LogTarget(draws, draws.LogProbs(_context.Prior)), logProposal = draws.LogProbs(proposal);
        _context.Learn(draws, logTarget, logProposal);
        double[] logP = _context.Normalised(draws, logTarget), measure = Measure.OfSamples(logProposal);
        double klPolicy = Divergences.KullbackLeibler(logP, draws.LogProbs(_context.Policy.Model), measure), klProposal = Divergences.KullbackLeibler(logP, logProposal, measure);
        _comparison = (klPolicy, klProposal, klPolicy < klProposal);
        if (klPolicy < klProposal) CopyWeights(_context.Policy.Model, proposal);
    }

    private static void CopyWeights(Gpt2 from, Gpt2 to)
    {
        foreach (ParameterShape shape in to.Parameters.Layout.Shapes) from.Parameters[shape.Name].Span.CopyTo(to.Parameters[shape.Name].Span);
    }
}
