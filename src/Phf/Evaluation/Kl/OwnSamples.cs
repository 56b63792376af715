using Phf.Generation;
using Phf.Model;

namespace Phf.Evaluation.Kl;

/// <summary>Texts drawn from a model as it is: temperature 1, nothing cut off, so that their log-probabilities are those of the draw.</summary>
internal static class OwnSamples
{
    private const int BatchSize = 64;

    /// <summary>
    /// Draws texts of at most <paramref name="maxTokens"/> tokens. A model with tags writes behind <paramref name="prefix"/>; tags of one token other than the
    /// best are banned, as they are when it is used, and the probabilities are those under the ban.
    /// </summary>
    /// <param name="model">Who writes.</param>
    /// <param name="prefix">Token ids behind the start of a document; given, not charged.</param>
    /// <param name="count">Texts.</param>
    /// <param name="maxTokens">Longest text, tags of its own included.</param>
    /// <param name="seed">Same seed, same texts.</param>
    /// <param name="progress">Told how many texts are finished.</param>
    /// <param name="cancel">Stops between two tokens.</param>
    public static ReferenceSample[] Draw(LanguageModel model, int[] prefix, int count, int maxTokens, ulong seed, Action<int>? progress, CancellationToken cancel)
    {
        int[] prompt = [model.Tokenizer.EndOfTextId, .. prefix];
        if (prompt.Length >= model.Config.Positions)
            throw new ArgumentException($"the prefix has {prefix.Length} tokens and {model.Name} reads {model.Config.Positions}; give a shorter one");
        int[] banned = BannedIn(model);
        var options = new SamplingOptions
        {
            MaxLength = Math.Min(model.Config.Positions, prompt.Length + maxTokens),
            Banned = [.. banned.Select(id => new[] { id })],
            BatchSize = BatchSize,
        };
        int[][] prompts = [.. Enumerable.Repeat(prompt, count)];
        int[][] written = new Sampler(model.Weights, model.Tokenizer.EndOfTextId).Generate(prompts, options, seed, progress, cancel);
        bool[] ended = [.. written.Select(ids => prompt.Length + ids.Length < options.MaxLength)];
        int[][] sequences = [.. written.Select((ids, i) => (int[])[.. prompt, .. ids, .. ended[i] ? [model.Tokenizer.EndOfTextId] : (int[])[]])];
        float[][] logProbs = SequenceLogProbs.Of(model.Weights, sequences, cancel, banned);
        return [.. written.Select((ids, i) => Sample(model, ids, ended[i], logProbs[i].AsSpan(prompt.Length - 1)))];
    }

    /// <summary>Tags that the model must not write: all but the best, or all where it was cooled down without; those of several tokens cannot be told apart from text.</summary>
    private static int[] BannedIn(LanguageModel model) => model.Tags.Ids.Any(tag => tag.Length > 1)
        ? []
        : [.. model.Tags.Ids.Skip(model.ReadsTags ? 1 : 0).Select(tag => tag[0])];

    /// <param name="model">Who wrote.</param>
    /// <param name="written">What it wrote, its own tags included.</param>
    /// <param name="ended">Whether it ended the text itself.</param>
    /// <param name="logProbs">Of what it wrote, and of the end where it ended.</param>
    private static ReferenceSample Sample(LanguageModel model, int[] written, bool ended, ReadOnlySpan<float> logProbs)
    {
        bool[] isTag = TagMask(written, model.Tags.Ids);
        double text = 0, tags = 0;
        for (int i = 0; i < logProbs.Length; i++)
        {
            if (i < isTag.Length && isTag[i]) tags += logProbs[i];
            else text += logProbs[i];
        }
        return new ReferenceSample(model.Tags.Decode(written), text, ended, [.. written.Where((_, i) => !isTag[i])], model.Tokenizer.Fingerprint,
            isTag.Contains(true) ? text + tags : null);
    }

    private static bool[] TagMask(int[] ids, IReadOnlyList<int[]> tags)
    {
        var isTag = new bool[ids.Length];
        for (int i = 0; i < ids.Length; i++)
            foreach (int[] tag in tags)
                if (ids.AsSpan(i).StartsWith(tag)) isTag.AsSpan(i, tag.Length).Fill(true);
        return isTag;
    }
}
