using System.Text.Json;
using System.Text.Json.Nodes;
using Phf.Alignment.Methods;
using Phf.Data;
using Phf.Formats;
using Phf.Model;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Alignment;

/// <summary>
/// Quark (Lu et al. 2022): conditional training on a pool of the model's own texts, each behind the tag of its reward's quantile; new texts are drawn behind the best tag. The penalty
/// KL(a || pi) of each token is by tokens drawn from the prior in its place, whose weighed likelihood has the penalty's gradient.
/// </summary>
internal sealed class QuantileLearning : IAlignmentMethod
{
    private const string PoolName = "pool.json";

    private readonly AlignmentContext _context;
    private readonly List<PooledText> _pool;
    private double _reward;

    private QuantileLearning(AlignmentContext context, List<PooledText> pool) => (_context, _pool) = (context, pool);

    /// <summary>A text of the pool, without a tag.</summary>
    private sealed record PooledText(int[] Tokens, int Start, double Reward);

    /// <param name="context">Of the run.</param>
    /// <param name="checkpoint">Its folder; null at the start, where the pool is the prior's samples.</param>
    public static QuantileLearning Create(AlignmentContext context, string? checkpoint)
    {
        AlignmentPlan plan = context.Plan;
        if (checkpoint is not null) return new QuantileLearning(context, Read(checkpoint));
        var method = new QuantileLearning(context, []);
        method.Take(context.Drawer.Draw(context.Prior, plan.Prompts.Spread(plan.Section.Sampling.PriorSamples), DrawPurpose.Prior, step: 0));
        return method;
    }

    public MethodStep Step(long step, double rate)
    {
        AlignmentPlan plan = _context.Plan;
        int[] prompts = plan.Prompts.OfStep(step, plan.TextsPerStep, plan.Section.Sampling.SamplesPerPrompt);
        _reward = Take(_context.Drawer.Draw(_context.Policy.Model, prompts, DrawPurpose.Training, step).WithoutTag());
        int[] groups = RewardQuantiles.Of([.. _pool.Select(text => text.Reward)], plan.Section.Method.Quantiles);
        ulong seed = Hash64.Of((ulong)plan.Section.Training.Seed, (ulong)step);
        int[] chosen = [.. Enumerable.Range(0, plan.TextsPerStep).Select(i => (int)(Hash64.Of(seed, (ulong)i) % (ulong)_pool.Count))];
        long tokens = chosen.Sum(i => (long)_pool[i].Tokens.Length - _pool[i].Start);
        var weighted = new List<WeightedText>();
        foreach (int i in chosen)
        {
            PooledText text = _pool[i];
            int[] tagged = [text.Tokens[0], .. plan.Tags.Ids[groups[i]], .. text.Tokens[1..]];
            PromptedText learned = new(tagged, text.Start + plan.Tags.Ids[groups[i]].Length);
            weighted.Add(learned.Weighted(1.0 / tokens));
            if (plan.Section.Method.KlWeight > 0)
                weighted.Add(learned.Weighted(plan.Section.Method.KlWeight / tokens) with { Targets = PriorTargets(text, tagged.Length - text.Tokens.Length, Hash64.Of(seed, (ulong)i, 1)) });
        }
        (double loss, double norm) = _context.Policy.Update(weighted, rate);
        return new MethodStep(loss, norm, tokens);
    }

    public void AddTo(JsonObject line)
    {
        line["align_batch_reward"] = _reward;
        line["align_pool"] = _pool.Count;
    }

    public AlignmentState Save(AlignmentState state) => state;

    public void SaveFiles(string directory) => DurableFile.WriteText(Path.Combine(directory, PoolName), JsonSerializer.Serialize(_pool) + "\n");

    public void Dispose()
    {
    }

    /// <summary>Takes texts into the pool, which keeps the newest; returns their mean reward.</summary>
    private double Take(Draws draws)
    {
        MethodSection method = _context.Plan.Section.Method;
        double[] rewards = [.. draws.Features.Select(features => FittedTarget.Reward(_context.Plan.Section.Target, features))];
        _pool.AddRange(rewards.Select((reward, i) => new PooledText(draws.Tokens[i], draws.Starts[i], reward)));
        if (_pool.Count > method.Pool) _pool.RemoveRange(0, _pool.Count - method.Pool);
        return rewards.Average();
    }

    /// <summary>For each place of the tagged text a token that the prior, which knows no tags, draws there; anything where the tag and the prompt are.</summary>
    private int[] PriorTargets(PooledText text, int tagLength, ulong seed) =>
        [.. new int[tagLength], .. Alternatives.Drawn(_context.Prior, text.Tokens, seed)];

    private static List<PooledText> Read(string checkpoint)
    {
        string path = Path.Combine(checkpoint, PoolName);
        try
        {
            return JsonSerializer.Deserialize<List<PooledText>>(File.ReadAllBytes(path)) ?? throw new JsonException("null");
        }
        catch (Exception problem) when (problem is JsonException or FileNotFoundException)
        {
            throw Checkpoint.Damaged(checkpoint, $"{path}: {problem.Message}", problem);
        }
    }
}
