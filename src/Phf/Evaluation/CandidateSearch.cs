using Phf.Generation;
using Phf.Scoring;

namespace Phf.Evaluation;

/// <summary>The samples that were kept.</summary>
/// <param name="Texts">As they were scored.</param>
/// <param name="Written">The tokens behind each prompt.</param>
/// <param name="Scores">Of the texts.</param>
/// <param name="Draws">Candidates drawn for all of them.</param>
/// <param name="Accepted">Samples with a score up to the limit; null without rejection.</param>
public sealed record Candidates(string[] Texts, int[][] Written, double[] Scores, long Draws, int? Accepted)
{
    /// <summary>Share of the candidates that passed; null without rejection.</summary>
    public double? AcceptanceRate => Accepted / (double)Draws;
}

/// <summary>
/// Draws candidates round after round and keeps the best, or the first that is good enough. Candidate k of sample i draws from stream k n + i of n samples: the
/// first candidates are the samples that would be drawn without a search, and best of 8 has those of best of 4 among its candidates.
/// </summary>
public sealed class CandidateSearch(Sampler sampler, IScorer scorer)
{
    /// <param name="prompts">Token ids before each sample.</param>
    /// <param name="options">How tokens are drawn.</param>
    /// <param name="selection">What is kept.</param>
    /// <param name="seed">Same seed, same samples.</param>
    /// <param name="textOf">The text to score of a sample's number and the tokens that were written.</param>
    /// <param name="progress">Told how far it is, in samples; the number of prompts once, at the end.</param>
    /// <param name="cancel">Stops between two tokens.</param>
    public Candidates Draw(IReadOnlyList<int[]> prompts, SamplingOptions options, Selection selection, ulong seed, Func<int, int[], string> textOf,
        Action<int>? progress = null, CancellationToken cancel = default)
    {
        int count = prompts.Count;
        var kept = new Candidates(new string[count], new int[count][], new double[count], 0, null);
        int[] open = [.. Enumerable.Range(0, count)]; // samples that another candidate is drawn for
        long draws = 0;
        for (int round = 0; round < selection.Rounds && open.Length > 0; round++)
        {
            SamplingPrompt[] starts = [.. open.Select(i => new SamplingPrompt(prompts[i], ((ulong)round * (ulong)count) + (ulong)i))];
            int before = count * round / selection.Rounds;
            // A candidate that may be rejected settles nothing: with rejection a round tells only what has passed.
            Action<int>? told = selection.RejectAbove is null ? done => progress?.Invoke(Math.Min(count - 1, before + done / selection.Rounds)) : null;
            int[][] written = sampler.Generate(starts, options, seed, told, cancel);
            string[] texts = [.. written.Select((ids, at) => textOf(open[at], ids))];
            var scores = new double[texts.Length];
            scorer.Score(texts, scores);
            for (int at = 0; at < open.Length; at++) Keep(kept, open[at], texts[at], written[at], scores[at]);
            draws += open.Length;
            if (selection.RejectAbove is not { } limit) continue;
            open = [.. open.Where(i => !(kept.Scores[i] <= limit))];
            progress?.Invoke(Math.Min(count - 1, count - open.Length));
        }
        progress?.Invoke(count);
        return kept with { Draws = draws, Accepted = selection.RejectAbove is null ? null : count - open.Length };
    }

    private static void Keep(Candidates kept, int sample, string text, int[] written, double score)
    {
        bool isBetter = kept.Texts[sample] is null || score < kept.Scores[sample] || (double.IsNaN(kept.Scores[sample]) && !double.IsNaN(score));
        if (isBetter) (kept.Texts[sample], kept.Written[sample], kept.Scores[sample]) = (text, written, score);
    }
}
