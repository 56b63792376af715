using System.Numerics;
using System.Runtime.InteropServices;
using Phf.Numerics.Random;

namespace Phf.Generation;

/// <summary>
/// Draws one token from a row of logits by the rules of <see cref="SamplingOptions"/>, in the order of transformers' generate. Holds scratch space; one for
/// each thread.
/// </summary>
internal sealed class TokenChooser(SamplingOptions options, int endOfTextId, int vocabulary)
{
    private readonly int[][] _banned = Bans(options.Banned, endOfTextId);
    private readonly int[][] _tags = Bans(options.SegmentTags?.Bans ?? [], endOfTextId);
    private readonly CandidateFilters? _filters = options.HasRareFilters ? new CandidateFilters(options, vocabulary) : null;
    private readonly float[] _scores = new float[vocabulary];
    private readonly float[] _candidateScores = new float[vocabulary];
    private readonly int[] _candidates = new int[vocabulary];
    private readonly float[] _selection = new float[vocabulary];
    private readonly PriorityQueue<float, float> _largest = new();

    /// <param name="logits">V scores; left as they are.</param>
    /// <param name="sequence">The sequence so far, prompt included.</param>
    /// <param name="shortest">Length before which it does not end.</param>
    /// <param name="maySegmentEnd">Tags are not banned: they say that a new segment begins.</param>
    /// <param name="random">Advanced by one draw when sampling.</param>
    /// <returns>A token; end-of-text where every token is banned.</returns>
    public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> sequence, int shortest, bool maySegmentEnd, ref Rng random)
    {
        CopyAndBan(logits, sequence, shortest, maySegmentEnd);
        float largest = LargestOf(_scores);
        if (largest == float.NegativeInfinity) return endOfTextId;
        if (!options.Sample) return _scores.AsSpan().IndexOf(largest);
        int count = Candidates(largest);
        return Draw(count, random.NextDouble());
    }

    /// <summary>Probabilities after all filters, for tests and inspection: V values, zero for tokens that cannot be drawn.</summary>
    public void Probabilities(ReadOnlySpan<float> logits, ReadOnlySpan<int> sequence, int shortest, Span<double> probabilities)
    {
        CopyAndBan(logits, sequence, shortest, maySegmentEnd: false);
        probabilities.Clear();
        int count = Candidates(LargestOf(_scores));
        double total = 0;
        for (int i = 0; i < count; i++) total += _candidateScores[i];
        for (int i = 0; i < count; i++) probabilities[_candidates[i]] = _candidateScores[i] / total;
    }

    private static int[][] Bans(IReadOnlyList<IReadOnlyList<int>> sequences, int endOfTextId) =>
        [.. sequences.Select(sequence => sequence.ToArray()).Where(sequence => sequence is not [var only] || only != endOfTextId)];

    private void CopyAndBan(ReadOnlySpan<float> logits, ReadOnlySpan<int> sequence, int shortest, bool maySegmentEnd)
    {
        logits.CopyTo(_scores);
        if (options.RepetitionPenalty != 1) Penalties.Repetition(logits, sequence, (float)options.RepetitionPenalty, _scores);
        if (options.NoRepeatNGram > 0) Penalties.NGrams(sequence, options.NoRepeatNGram, _scores);
        Ban(_banned, sequence);
        if (!maySegmentEnd) Ban(_tags, sequence);
        if (sequence.Length < shortest) _scores[endOfTextId] = float.NegativeInfinity;
    }

    private void Ban(int[][] sequences, ReadOnlySpan<int> sequence)
    {
        foreach (int[] banned in sequences)
            if (sequence.EndsWith(banned.AsSpan(..^1))) _scores[banned[^1]] = float.NegativeInfinity;
    }

    /// <summary>Fills the candidates that survive the filters, in order of their ids, with exponentials as scores; returns how many.</summary>
    /// <param name="largest">The largest score.</param>
    private int Candidates(float largest)
    {
        Scale(_scores, (float)options.Temperature);
        float floor = options.TopK > 0 && options.TopK < vocabulary ? KthLargest(options.TopK) : float.NegativeInfinity;
        double total = ExpAbove(_scores, floor, largest / (float)options.Temperature);
        double allowance = (1 - options.TopP) * total; // what the least probable tokens may have together
        // Tokens below this share of it cannot reach it together: they go at once.
        float share = options.TopP < 1 ? (float)(allowance / vocabulary) : float.Epsilon;
        int count = 0;
        double gone = 0;
        for (int i = 0; i < vocabulary;)
        {
            int width = Math.Min(Vector<float>.Count, vocabulary - i);
            if (width == Vector<float>.Count && Vector.LessThanAll(new Vector<float>(_scores, i), new Vector<float>(share)))
            {
                gone += Vector.Sum(new Vector<float>(_scores, i));
                i += width;
                continue;
            }
            for (int end = i + width; i < end; i++)
            {
                if (_scores[i] < share)
                {
                    gone += _scores[i];
                    continue;
                }
                _candidates[count] = i;
                _candidateScores[count++] = _scores[i];
            }
        }
        if (options.TopP < 1) count = Nucleus(count, allowance - gone);
        return _filters?.Apply(_candidates.AsSpan(0, count), _candidateScores.AsSpan(0, count)) ?? count;
    }

    private static void Scale(Span<float> scores, float temperature)
    {
        if (temperature == 1) return;
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(scores);
        foreach (ref Vector<float> vector in vectors) vector /= new Vector<float>(temperature);
        foreach (ref float score in scores[(vectors.Length * Vector<float>.Count)..]) score /= temperature;
    }

    private static float LargestOf(Span<float> scores)
    {
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(scores);
        var largest = new Vector<float>(float.NegativeInfinity);
        foreach (Vector<float> vector in vectors) largest = Vector.Max(largest, vector);
        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector<float>.Count; lane++) max = MathF.Max(max, largest[lane]);
        foreach (float score in scores[(vectors.Length * Vector<float>.Count)..]) max = MathF.Max(max, score);
        return max;
    }

    /// <summary>scores = exp(scores - max), 0 for those below the floor; returns the sum.</summary>
    private static double ExpAbove(Span<float> scores, float floor, float max)
    {
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(scores);
        Vector<float> lowest = new(floor), shift = new(max);
        double total = 0;
        foreach (ref Vector<float> vector in vectors)
        {
            vector = Vector.ConditionalSelect(Vector.LessThan(vector, lowest), Vector<float>.Zero, Vector.Exp(vector - shift));
            total += Vector.Sum(vector);
        }
        foreach (ref float score in scores[(vectors.Length * Vector<float>.Count)..])
        {
            score = score < floor ? 0 : MathF.Exp(score - max);
            total += score;
        }
        return total;
    }

    private float KthLargest(int k)
    {
        _largest.Clear();
        foreach (float score in _scores)
        {
            if (_largest.Count < k) _largest.Enqueue(score, score);
            else if (score > _largest.Peek()) _largest.DequeueEnqueue(score, score);
        }
        return _largest.Peek();
    }

    /// <summary>Leaves out the least probable candidates that together have at most <paramref name="allowance"/>.</summary>
    private int Nucleus(int count, double allowance)
    {
        _candidateScores.AsSpan(0, count).CopyTo(_selection);
        Array.Sort(_selection, 0, count);
        double gone = 0;
        int first = 0;
        while (first < count - 1 && gone + _selection[first] <= allowance) gone += _selection[first++];
        float least = _selection[first];
        // Of several candidates equal to the least one kept, those with smaller ids stay as long as there is room.
        int equal = 0;
        for (int i = first; i < count && _selection[i] == least; i++) equal++;
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            if (_candidateScores[i] < least || (_candidateScores[i] == least && equal-- <= 0)) continue;
            _candidates[kept] = _candidates[i];
            _candidateScores[kept++] = _candidateScores[i];
        }
        return kept;
    }

    private int Draw(int count, double uniform)
    {
        double total = 0, sum = 0;
        for (int i = 0; i < count; i++) total += _candidateScores[i];
        double place = uniform * total;
        for (int i = 0; i < count; i++)
        {
            sum += _candidateScores[i];
            if (place < sum) return _candidates[i];
        }
        return _candidates[count - 1];
    }
}
