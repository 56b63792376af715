using Phf.Model;

namespace Phf.Generation;

/// <summary>
/// Writes continuations with a key-value cache, many sequences at a time. Each sequence draws from its own random stream, so the
/// result is the same for any batch size and any number of threads.
/// </summary>
public sealed class Sampler(Gpt2 model, int endOfTextId)
{
    /// <summary>Continues each prompt; prompt i draws from stream i.</summary>
    /// <param name="prompts">Token ids, at least one each; any lengths.</param>
    /// <param name="options">How tokens are drawn.</param>
    /// <param name="seed">Same seed, same result.</param>
    /// <param name="progress">Told how many sequences are finished.</param>
    /// <param name="cancel">Stops between two tokens.</param>
    /// <returns>For each prompt the tokens written behind it, without the end-of-text token that ended it.</returns>
    /// <exception cref="ArgumentException">An option out of its range, or a prompt that leaves no room.</exception>
    public int[][] Generate(IReadOnlyList<int[]> prompts, SamplingOptions options, ulong seed, Action<int>? progress = null, CancellationToken cancel = default) =>
        Generate([.. prompts.Select((ids, i) => new SamplingPrompt(ids, (ulong)i))], options, seed, progress, cancel);

    /// <inheritdoc cref="Generate(IReadOnlyList{int[]}, SamplingOptions, ulong, Action{int}?, CancellationToken)"/>
    public int[][] Generate(IReadOnlyList<SamplingPrompt> prompts, SamplingOptions options, ulong seed, Action<int>? progress = null, CancellationToken cancel = default)
    {
        if (prompts.Count == 0) return [];
        Check(prompts, options);
        var results = new int[prompts.Count][];
        // One for each thread.
        TokenChooser[] choosers = [.. Enumerable.Range(0, model.Backend.Threads).Select(_ => new TokenChooser(options, endOfTextId, model.Config.VocabularySize))];
        int done = 0;
        // Those of a length go together: in a batch the short ones would be finished and wait.
        foreach (int[] batch in Enumerable.Range(0, prompts.Count).OrderBy(i => prompts[i].Ids.Length).Chunk(options.BatchSize))
        {
            SequenceWriter[] writers = [.. batch.Select(i => new SequenceWriter(prompts[i], options, endOfTextId, seed))];
            Write(writers, options.LongestBehind(batch.Max(i => prompts[i].Ids.Length)), options.Guidance, choosers, cancel);
            for (int b = 0; b < batch.Length; b++) results[batch[b]] = writers[b].Written;
            progress?.Invoke(done += batch.Length);
        }
        return results;
    }

    private void Check(IReadOnlyList<SamplingPrompt> prompts, SamplingOptions options)
    {
        if (prompts.Any(prompt => prompt.Ids.Length == 0)) throw new ArgumentException("a prompt has no token; begin with the end-of-text token");
        options.Validate(model.Config.Positions, prompts.Max(prompt => prompt.Ids.Length));
        int vocabulary = model.Config.VocabularySize;
        IEnumerable<int> tags = options.Guidance is { } guidance ? [guidance.Tag, guidance.Against] : [];
        foreach (int id in options.Banned.SelectMany(sequence => sequence).Concat(prompts.SelectMany(prompt => prompt.Ids)).Concat(tags).Concat(options.SegmentTags?.Tag ?? []))
            if (id < 0 || id >= vocabulary) throw new ArgumentException($"token id {id} is outside the model's vocabulary of {vocabulary}");
        // End-of-text is banned only for a while, but then it is the only token; without any there is nothing to draw.
        if (options.Banned.Select(sequence => sequence[^1]).Append(endOfTextId).Distinct().Count() == vocabulary) throw new ArgumentException("every token but end-of-text is banned");
    }

    /// <summary>
    /// Runs a batch to its end. All sequences are at one position: longer prompts are still read while what follows shorter ones is drawn. With guidance the
    /// other readings are the second half of the rows.
    /// </summary>
    private void Write(SequenceWriter[] writers, int longest, Guidance? guidance, TokenChooser[] choosers, CancellationToken cancel)
    {
        int count = writers.Length, vocabulary = model.Config.VocabularySize;
        using var state = new DecodeState(model, guidance is null ? count : 2 * count, longest);
        var tokens = new int[state.Batch];
        float[][] guided = guidance is null ? [] : [.. choosers.Select(_ => new float[vocabulary])];
        for (int length = 1; length < longest && writers.Any(writer => !writer.IsFinished); length++)
        {
            cancel.ThrowIfCancellationRequested();
            for (int b = 0; b < state.Batch; b++)
            {
                int token = writers[b % count].At(length - 1);
                tokens[b] = b < count ? token : guidance!.Other(token);
            }
            state.Step(tokens);
            model.Backend.ForEach(count, (b, worker) =>
            {
                if (!writers[b].GoesOnAt(length)) return;
                ReadOnlySpan<float> logits = state.Logits.Row(b);
                if (guidance is not null)
                {
                    guidance.Combine(logits, state.Logits.Row(count + b), guided[worker]);
                    logits = guided[worker];
                }
                writers[b].Write(logits, choosers[worker]);
            });
        }
    }
}
