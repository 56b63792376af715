using System.Text.Json.Nodes;
using Phf.Alignment.Methods;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>
/// Preference losses on given pairs (<see cref="PreferenceLosses"/>; docs/alignment.md): a loss's derivative by a text's log-probability, negated, is the weight of each of its
/// tokens.
/// </summary>
internal sealed class PreferenceLearning(AlignmentContext context) : IAlignmentMethod
{
    private double _accuracy, _margin;

    public MethodStep Step(long step, double rate)
    {
        PreferencePair[] pairs = PreferencePairs.OfStep(context.Plan, step);
        PromptedText[] texts = [.. pairs.Select(pair => pair.Chosen), .. pairs.Select(pair => pair.Rejected)];
        double[] policy = PromptedText.LogProbs(context.Policy.Model, texts), prior = PromptedText.LogProbs(context.Prior, texts);
        int n = pairs.Length;
        PairLogProbs[] logs = [.. pairs.Select((pair, i) => new PairLogProbs(policy[i], policy[n + i], prior[i], prior[n + i], pair.Chosen.Length, pair.Rejected.Length))];
        PairLoss[] losses = context.Plan.Section.Method.Name == "kto" ? Kto(pairs, logs) : [.. logs.Select(pair => Loss(pair))];
        (_accuracy, _margin) = (logs.Count(pair => pair.Margin > 0) / (double)n, logs.Average(pair => pair.Margin));
        WeightedText[] weighted = [.. texts.Select((text, i) => text.Weighted(-(i < n ? losses[i].DChosen : losses[i - n].DRejected) / n))];
        (_, double norm) = context.Policy.Update(weighted, rate);
        return new MethodStep(losses.Average(loss => loss.Loss), norm, texts.Sum(text => (long)text.Length));
    }

    public void AddTo(JsonObject line)
    {
        line["align_accuracy"] = _accuracy;
        line["align_margin"] = _margin;
    }

    public AlignmentState Save(AlignmentState state) => state;

    public void SaveFiles(string directory)
    {
    }

    public void Dispose()
    {
    }

    private PairLoss Loss(in PairLogProbs pair)
    {
        MethodSection method = context.Plan.Section.Method;
        return method.Name switch
        {
            "dpo" => PreferenceLosses.Dpo(pair, method.Beta, method.LabelSmoothing),
            "ipo" => PreferenceLosses.Ipo(pair, method.Beta, method.ByLength),
            "orpo" => PreferenceLosses.Orpo(pair, method.OddsWeight),
            _ => PreferenceLosses.SimPo(pair, method.Beta, method.Margin),
        };
    }

    /// <summary>Both texts of a pair count for themselves; the mean is over all texts, so each pair's share is half their sum.</summary>
    private PairLoss[] Kto(PreferencePair[] pairs, PairLogProbs[] logs)
    {
        MethodSection method = context.Plan.Section.Method;
        PromptedText[] mismatched = [.. pairs.SelectMany((pair, i) => new[] { pair.Chosen, pair.Rejected }.Select(text => Beside(pairs[(i + 1) % pairs.Length].Chosen, text)))];
        double[] policy = PromptedText.LogProbs(context.Policy.Model, mismatched), prior = PromptedText.LogProbs(context.Prior, mismatched);
        double reference = PreferenceLosses.KtoReferencePoint([.. policy.Zip(prior, (ours, before) => ours - before)]);
        return [.. logs.Select(pair =>
        {
            (double chosen, double dChosen) = PreferenceLosses.Kto(pair.Chosen - pair.ReferenceChosen, isDesirable: true, method.Beta, reference, method.DesirableWeight);
            (double rejected, double dRejected) = PreferenceLosses.Kto(pair.Rejected - pair.ReferenceRejected, isDesirable: false, method.Beta, reference, method.UndesirableWeight);
            return new PairLoss((chosen + rejected) / 2, dChosen / 2, dRejected / 2);
        })];
    }

    /// <summary>A text behind the prompt of another one, cut to the longest length.</summary>
    private PromptedText Beside(PromptedText other, PromptedText text)
    {
        int[] tokens = [.. other.Tokens[..other.Start], .. text.Tokens[text.Start..]];
        return new PromptedText(tokens[..Math.Min(tokens.Length, context.Plan.MaxLength)], other.Start);
    }
}
