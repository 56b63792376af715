using System.Runtime.InteropServices;
using Phf.Model;
using Phf.Numerics.Random;

namespace Phf.Generation;

/// <summary>
/// Writes continuations with a key-value cache, many sequences at a time. Sequence i draws from its own random stream, so the
/// result is the same for any batch size and any number of threads.
/// </summary>
public sealed class Sampler(Gpt2 model, int endOfTextId)
{
    /// <summary>Continues each prompt.</summary>
    /// <param name="prompts">Token ids, at least one each; any lengths.</param>
    /// <param name="options">How tokens are drawn.</param>
    /// <param name="seed">Same seed, same result.</param>
    /// <param name="progress">Told how many sequences are finished.</param>
    /// <param name="cancel">Stops between two tokens.</param>
    /// <returns>For each prompt the tokens written behind it, without the end-of-text token that ended it.</returns>
    public int[][] Generate(IReadOnlyList<int[]> prompts, SamplingOptions options, ulong seed, Action<int>? progress = null, CancellationToken cancel = default)
    {
        if (prompts.Count == 0) return [];
        if (prompts.Any(prompt => prompt.Length == 0)) throw new ArgumentException("a prompt has no token; begin with the end-of-text token");
        options.Validate(model.Config.Positions, prompts.Max(prompt => prompt.Length));
        int vocabulary = model.Config.VocabularySize;
        foreach (int id in options.Banned.SelectMany(sequence => sequence).Concat(prompts.SelectMany(prompt => prompt)))
            if (id < 0 || id >= vocabulary) throw new ArgumentException($"token id {id} is outside the model's vocabulary of {vocabulary}");
        // End-of-text is banned only for a while, but then it is the only token; without any there is nothing to draw.
        if (options.Banned.Select(sequence => sequence[^1]).Append(endOfTextId).Distinct().Count() == vocabulary) throw new ArgumentException("every token but end-of-text is banned");

        var results = new int[prompts.Count][];
        // One for each thread.
        TokenChooser[] choosers = [.. Enumerable.Range(0, model.Backend.Threads).Select(_ => new TokenChooser(options, endOfTextId, vocabulary))];
        int done = 0;
        // Sequences of a batch are at the same position, so prompts of one length go together.
        foreach (IGrouping<int, int> group in Enumerable.Range(0, prompts.Count).GroupBy(i => prompts[i].Length).OrderBy(group => group.Key))
            foreach (int[] batch in group.Chunk(options.BatchSize))
            {
                GenerateBatch(batch, prompts, options, choosers, seed, results, cancel);
                progress?.Invoke(done += batch.Length);
            }
        return results;
    }

    private void GenerateBatch(int[] batch, IReadOnlyList<int[]> prompts, SamplingOptions options, TokenChooser[] choosers, ulong seed, int[][] results, CancellationToken cancel)
    {
        using var state = new DecodeState(model, batch.Length, options.MaxLength);
        Rng[] random = [.. batch.Select(i => new Rng(seed, (ulong)i))];
        List<int>[] sequences = [.. batch.Select(i => new List<int>(prompts[i]))];
        var finished = new bool[batch.Length];
        var tokens = new int[batch.Length];
        int promptLength = prompts[batch[0]].Length, running = batch.Length;
        for (int length = 1; length < options.MaxLength && running > 0; length++)
        {
            cancel.ThrowIfCancellationRequested();
            for (int b = 0; b < batch.Length; b++) tokens[b] = finished[b] ? endOfTextId : sequences[b][length - 1];
            state.Step(tokens);
            if (length < promptLength) continue;
            model.Backend.ForEach(batch.Length, (b, worker) =>
            {
                if (!finished[b]) tokens[b] = choosers[worker].Choose(state.Logits.Row(b), CollectionsMarshal.AsSpan(sequences[b]), ref random[b]);
            });
            for (int b = 0; b < batch.Length; b++)
            {
                if (finished[b]) continue;
                finished[b] = tokens[b] == endOfTextId;
                if (finished[b]) running--;
                else sequences[b].Add(tokens[b]);
            }
        }
        for (int b = 0; b < batch.Length; b++) results[batch[b]] = [.. sequences[b].Skip(promptLength)];
    }
}
