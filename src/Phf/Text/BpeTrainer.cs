using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Phf.Text;

/// <summary>
/// Learns a byte-level BPE as Hugging Face's BpeTrainer does (256 byte characters as alphabet, <c>&lt;|endoftext|&gt;</c> as special token 0).
/// Each step merges the pair that occurs most often; of equals the one with the smallest left id, then the smallest right id.
/// </summary>
public static class BpeTrainer
{
    /// <summary>End-of-text and the 256 bytes: the smallest vocabulary.</summary>
    public const int SmallestVocabulary = 257;

    private const int ReportEvery = 64, TextsPerBatch = 256;

    /// <param name="texts">One document each; <c>&lt;|endoftext|&gt;</c> in a text is ordinary text.</param>
    /// <param name="vocabularySize">How many ids are wanted; fewer come out when no pair is left to merge.</param>
    /// <param name="minFrequency">Pairs that occur less often are not merged; 0 and 1 are the same.</param>
    /// <param name="progress">Told from time to time, and at the end, how many tokens were learned and how many are wanted.</param>
    /// <param name="cancel">Ends the work with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="vocabularySize"/> is below <see cref="SmallestVocabulary"/>.</exception>
    public static BpeTokenizer Train(
        IEnumerable<string> texts, int vocabularySize, int minFrequency = 0, Action<int, int>? progress = null, CancellationToken cancel = default) =>
        Train(CountPieces(texts, cancel), vocabularySize, minFrequency, progress, cancel);

    /// <summary>The second half of <see cref="Train(IEnumerable{string}, int, int, Action{int, int}?, CancellationToken)"/>, after <see cref="CountPieces"/>.</summary>
    public static BpeTokenizer Train(
        IReadOnlyDictionary<string, long> pieces, int vocabularySize, int minFrequency = 0, Action<int, int>? progress = null,
        CancellationToken cancel = default)
    {
        if (vocabularySize < SmallestVocabulary)
            throw new ArgumentOutOfRangeException(nameof(vocabularySize), vocabularySize,
                $"a byte-level vocabulary has at least {SmallestVocabulary} tokens, the 256 bytes and {BpeTokenizer.EndOfText}");

        var tokens = new List<string> { BpeTokenizer.EndOfText };
        var idOfByte = new int[256];
        foreach (byte value in ByteAlphabet.InCharacterOrder())
        {
            idOfByte[value] = tokens.Count;
            tokens.Add(ByteAlphabet.ToChar(value).ToString());
        }
        var words = new List<TrainingWord>(pieces.Count);
        foreach ((string piece, long count) in pieces)
            words.Add(new TrainingWord(Array.ConvertAll(Encoding.UTF8.GetBytes(piece), value => idOfByte[value]), count));
        var merges = Learn(new PairCounts(words), tokens, vocabularySize, Math.Max(1, minFrequency), progress, cancel);
        return new BpeTokenizer(new BpeModel([.. tokens], merges, "trained vocabulary"),
            [new AddedToken(BpeTokenizer.EndOfText, 0, Special: true, Normalized: false)], "trained vocabulary");
    }

    /// <summary>The different pieces (words with the blank before them, numbers, punctuation) of all texts, with how often each occurs.</summary>
    public static Dictionary<string, long> CountPieces(IEnumerable<string> texts, CancellationToken cancel = default)
    {
        // Each thread counts the batches that it gets; sums do not depend on who got which.
        using var counters = new ThreadLocal<Dictionary<string, long>>(() => new Dictionary<string, long>(StringComparer.Ordinal), trackAllValues: true);
        var batches = Partitioner.Create(texts.Chunk(TextsPerBatch), EnumerablePartitionerOptions.NoBuffering); // few texts in memory at a time
        try
        {
            Parallel.ForEach(batches, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount }, batch =>
            {
                var bySpan = counters.Value!.GetAlternateLookup<ReadOnlySpan<char>>();
                foreach (string text in batch) Count(text, bySpan);
            });
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]); // what reading the texts failed with
        }
        Dictionary<string, long>[] parts = [.. counters.Values.OrderByDescending(part => part.Count)];
        if (parts.Length == 0) return new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (Dictionary<string, long> part in parts[1..])
            foreach ((string piece, long count) in part) CollectionsMarshal.GetValueRefOrAddDefault(parts[0], piece, out _) += count;
        return parts[0];
    }

    private static void Count(string text, Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> counts)
    {
        for (int start = 0; start < text.Length;)
        {
            int end = Gpt2Pattern.PieceEnd(text, start);
            CollectionsMarshal.GetValueRefOrAddDefault(counts, text.AsSpan(start, end - start), out _)++;
            start = end;
        }
    }

    private static List<(string Left, string Right)> Learn(
        PairCounts pairs, List<string> tokens, int vocabularySize, int minFrequency, Action<int, int>? progress, CancellationToken cancel)
    {
        var idOfToken = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < tokens.Count; id++) idOfToken.Add(tokens[id], id);
        var merges = new List<(string, string)>();
        int first = tokens.Count, wanted = vocabularySize - first;
        while (tokens.Count < vocabularySize && pairs.TryTakeBest(out int left, out int right, out long count) && count >= minFrequency)
        {
            cancel.ThrowIfCancellationRequested();
            string merged = tokens[left] + tokens[right];
            if (!idOfToken.TryGetValue(merged, out int id)) // two ways to the same token: the second merge makes no new id
            {
                idOfToken.Add(merged, id = tokens.Count);
                tokens.Add(merged);
            }
            merges.Add((tokens[left], tokens[right]));
            pairs.Merge(left, right, id);
            if ((tokens.Count - first) % ReportEvery == 0) progress?.Invoke(tokens.Count - first, wanted);
        }
        progress?.Invoke(tokens.Count - first, wanted);
        return merges;
    }
}
