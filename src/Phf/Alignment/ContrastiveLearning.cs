using System.Text.Json.Nodes;
using Phf.Alignment.Methods;
using Phf.Data;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>
/// CRINGE (Adolphs et al. 2022, arXiv 2211.05826): better texts by likelihood; each token of a worse text against one that the model would write in its place. The
/// difference of two logits is that of two log-probabilities, so a worse text stands twice in the batch: with its own tokens as targets, weighed down, and with the others, weighed up.
/// </summary>
internal sealed class ContrastiveLearning(AlignmentContext context) : IAlignmentMethod
{
    private double _likelihood, _contrast;

    public MethodStep Step(long step, double rate)
    {
        AlignmentPlan plan = context.Plan;
        MethodSection method = plan.Section.Method;
        PreferencePair[] pairs = PreferencePairs.OfStep(plan, step);
        long good = pairs.Sum(pair => (long)pair.Chosen.Length), bad = pairs.Sum(pair => (long)pair.Rejected.Length);
        List<WeightedText> weighted = [.. pairs.Select(pair => pair.Chosen.Weighted(1.0 / good))];
        _contrast = 0;
        for (int i = 0; i < pairs.Length; i++)
        {
            PromptedText text = pairs[i].Rejected;
            (int[] others, double[] gaps) = Alternatives.Of(context.Policy.Model, text.Tokens, method.Alternatives, Hash64.Of((ulong)plan.Section.Training.Seed, (ulong)step, (ulong)i));
            double[] slopes = new double[gaps.Length];
            for (int t = text.Start - 1; t < gaps.Length; t++)
            {
                (double loss, double slope) = PreferenceLosses.Cringe(gaps[t], 0);
                slopes[t] = method.CringeWeight * slope / bad;
                _contrast += loss / bad;
            }
            weighted.Add(new WeightedText(text.Tokens, [.. slopes.Select(slope => -slope)]));
            weighted.Add(new WeightedText(text.Tokens, slopes, Targets: others));
        }
        _likelihood = -PromptedText.LogProbs(context.Policy.Model, [.. pairs.Select(pair => pair.Chosen)]).Sum() / good;
        (_, double norm) = context.Policy.Update(weighted, rate);
        return new MethodStep(_likelihood + method.CringeWeight * _contrast, norm, good + bad);
    }

    public void AddTo(JsonObject line)
    {
        line["align_likelihood_loss"] = _likelihood;
        line["align_contrast_loss"] = _contrast;
    }

    public AlignmentState Save(AlignmentState state) => state;

    public void SaveFiles(string directory)
    {
    }

    public void Dispose()
    {
    }
}
