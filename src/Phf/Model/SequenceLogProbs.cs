using Phf.Numerics.Backend;

namespace Phf.Model;

/// <summary>Log-probabilities of every token of given sequences.</summary>
public static class SequenceLogProbs
{
    private const int RowsAtOnce = 1024; // B T; about 0.6 GB of activations for GPT-2 of 124M parameters
    private const double HighestShare = 1 - 1e-7; // of banned tokens: what is left is never nothing
    private const int LengthStep = 32; // sequences of similar lengths share a batch and its buffers

    /// <summary>
    /// log p, in nats, of each token but the first given those before it. A sequence longer than the model's context T is read in windows of T tokens
    /// that overlap by half, so each token but those of the first window has at least T/2 before it.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="sequences">Token ids, each below the vocabulary; the numbers do not depend on what else is in the list.</param>
    /// <param name="cancel">Stops between two batches.</param>
    /// <param name="banned">Tokens that are never drawn: p is divided by the probability of all others, as a sampler does that bans them.</param>
    /// <returns>For each sequence one number fewer than it has tokens; none for an empty one.</returns>
    /// <exception cref="ArgumentException">An id is not in the vocabulary.</exception>
    public static float[][] Of(Gpt2 model, IReadOnlyList<int[]> sequences, CancellationToken cancel = default, params ReadOnlySpan<int> banned) =>
        Measure(model, sequences, margins: null, banned, cancel);

    /// <summary>As <see cref="Of"/>, and how far each token is the model's first choice.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sequences">Token ids, each below the vocabulary.</param>
    /// <param name="cancel">Stops between two batches.</param>
    /// <returns>Log-probabilities, and margins in the same places: the token's logit less the highest other one, above 0 where it is the most probable token.</returns>
    /// <exception cref="ArgumentException">An id is not in the vocabulary.</exception>
    public static (float[][] LogProbs, float[][] Margins) WithMargins(Gpt2 model, IReadOnlyList<int[]> sequences, CancellationToken cancel = default)
    {
        float[][] margins = Places(sequences);
        return (Measure(model, sequences, margins, banned: [], cancel), margins);
    }

    private static float[][] Places(IReadOnlyList<int[]> sequences) => [.. sequences.Select(sequence => new float[Math.Max(0, sequence.Length - 1)])];

    private static float[][] Measure(Gpt2 model, IReadOnlyList<int[]> sequences, float[][]? margins, ReadOnlySpan<int> banned, CancellationToken cancel)
    {
        foreach (int[] sequence in sequences)
            foreach (int id in sequence)
                if ((uint)id >= (uint)model.Config.VocabularySize)
                    throw new ArgumentException($"token id {id} is not in the model's vocabulary of {model.Config.VocabularySize}");
        float[][] results = Places(sequences);
        foreach (IGrouping<int, Window> group in Windows(sequences, model.Config.Positions).GroupBy(window => window.Room(model.Config.Positions)).OrderBy(group => group.Key))
        {
            Window[] all = [.. group];
            int batch = Math.Clamp(RowsAtOnce / group.Key, 1, all.Length);
            using var state = new Activations(model.Config, batch, group.Key, forTraining: false);
            foreach (Window[] windows in all.Chunk(batch))
            {
                cancel.ThrowIfCancellationRequested();
                Measure(model, state, windows, sequences, banned, results, margins);
            }
        }
        return results;
    }

    private static IEnumerable<Window> Windows(IReadOnlyList<int[]> sequences, int context)
    {
        for (int s = 0; s < sequences.Count; s++)
        {
            int targets = sequences[s].Length - 1, overlap = context / 2;
            for (int done = 0; done < targets;)
            {
                int start = Math.Max(0, done - overlap), length = Math.Min(context, targets - start);
                yield return new Window(s, start, length, done);
                done = start + length;
            }
        }
    }

    private static void Measure(Gpt2 model, Activations state, Window[] windows, IReadOnlyList<int[]> sequences, ReadOnlySpan<int> banned, float[][] results, float[][]? margins)
    {
        int time = state.Time, rows = state.Batch * time;
        int[] inputs = new int[rows], targets = new int[rows], positions = new int[rows]; // what is behind a window's end is padding
        for (int b = 0; b < windows.Length; b++)
        {
            Window window = windows[b];
            sequences[window.Sequence].AsSpan(window.Start, window.Length).CopyTo(inputs.AsSpan(b * time));
            sequences[window.Sequence].AsSpan(window.Start + 1, window.Length).CopyTo(targets.AsSpan(b * time));
        }
        for (int i = 0; i < rows; i++) positions[i] = i % time;
        float[] logProbs = new float[rows], weights = new float[rows], logComplements = new float[rows];
        float[] differences = margins is null ? [] : new float[rows];
        model.Forward(inputs, positions, state);
        model.Classify(state, targets, new TokenWeights(weights, default), logProbs, logComplements, gradients: null, differences);
        if (banned.Length > 0) LeaveOut(model, state, banned, logProbs);
        for (int b = 0; b < windows.Length; b++)
        {
            Window window = windows[b];
            int skipped = window.FirstNew - window.Start;
            Range found = ((b * time) + skipped)..((b * time) + window.Length);
            logProbs.AsSpan(found).CopyTo(results[window.Sequence].AsSpan(window.FirstNew));
            if (margins is not null) differences.AsSpan(found).CopyTo(margins[window.Sequence].AsSpan(window.FirstNew));
        }
    }

    /// <summary>log p of all rows as if the banned tokens were not there: log p - log(1 - their probability).</summary>
    private static void LeaveOut(Gpt2 model, Activations state, ReadOnlySpan<int> banned, float[] logProbs)
    {
        int rows = logProbs.Length;
        int[] targets = new int[rows];
        float[] ofBanned = new float[rows], weights = new float[rows], logComplements = new float[rows];
        var lost = new double[rows];
        foreach (int token in banned)
        {
            Array.Fill(targets, token);
            model.Classify(state, targets, new TokenWeights(weights, default), ofBanned, logComplements, gradients: null);
            for (int i = 0; i < rows; i++) lost[i] += Math.Exp(ofBanned[i]);
        }
        for (int i = 0; i < rows; i++) logProbs[i] -= (float)Math.Log(1 - Math.Min(lost[i], HighestShare));
    }

    /// <summary>Length inputs from Start of a sequence; targets before FirstNew have been measured with more context.</summary>
    private readonly record struct Window(int Sequence, int Start, int Length, int FirstNew)
    {
        public int Room(int context) => Math.Min(context, (Length + LengthStep - 1) / LengthStep * LengthStep);
    }
}
