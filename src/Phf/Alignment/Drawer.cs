using Phf.Data;
using Phf.Generation;
using Phf.Model;

namespace Phf.Alignment;

/// <summary>What random numbers are for; each use has streams of its own.</summary>
internal enum DrawPurpose
{
    Prior = 1,
    Training,
    Proposal,
    Evaluation,
    Kept,
}

/// <summary>
/// Draws texts from a model and measures their features. Always at temperature 1 from all tokens: only so is the probability of a draw the model's own,
/// which every weight divides by. (Quark, which divides by none, draws behind its best tag and bans all tags.)
/// </summary>
internal sealed class Drawer(AlignmentPlan plan)
{
    /// <summary>One text for each of the prompts.</summary>
    /// <param name="model">Writes.</param>
    /// <param name="prompts">Numbers of prompts.</param>
    /// <param name="purpose">Of the random numbers.</param>
    /// <param name="step">At which they are drawn.</param>
    public Draws Draw(Gpt2 model, int[] prompts, DrawPurpose purpose, long step)
    {
        int[] tag = plan.LearnsTags && purpose != DrawPurpose.Prior ? plan.Tags.Ids[0] : [];
        int[][] begun = [.. prompts.Select(prompt => (int[])[plan.Prompts.Tokens[prompt][0], .. tag, .. plan.Prompts.Tokens[prompt][1..]])];
        var options = new SamplingOptions { MaxLength = plan.MaxLength, BatchSize = plan.Section.Sampling.BatchSize, Banned = tag.Length > 0 ? plan.Tags.Bans() : [] };
        ulong seed = Hash64.Of((ulong)plan.Section.Training.Seed, (ulong)purpose, (ulong)step);
        int endOfText = plan.Tokenizer.EndOfTextId;
        int[][] written = new Sampler(model, endOfText).Generate(begun, options, seed);
        string[] texts = [.. written.Select((ids, i) => (plan.Section.Sampling.ScorePrompt ? plan.Prompts.Texts[prompts[i]] : "") + plan.Tags.Decode(ids))];
        return new Draws
        {
            Prompts = prompts,
            Tokens = [.. written.Select((ids, i) => begun[i].Length + ids.Length < plan.MaxLength ? (int[])[.. begun[i], .. ids, endOfText] : [.. begun[i], .. ids])],
            Starts = [.. begun.Select(ids => ids.Length)],
            Texts = texts,
            Features = plan.Features.Of(texts),
            TagLength = tag.Length,
        };
    }
}
