using Phf.Numerics.Random;

namespace Phf.Generation;

/// <summary>
/// Draws one token from a row of logits: bans, minimum length, temperature, top-k, top-p, in the order of transformers' generate.
/// Holds scratch space; one for each thread.
/// </summary>
internal sealed class TokenChooser(SamplingOptions options, int endOfTextId, int vocabulary)
{
    private readonly int[][] _banned = [.. options.Banned.Select(sequence => sequence.ToArray())];
    private readonly float[] _scores = new float[vocabulary];
    private readonly float[] _candidateScores = new float[vocabulary];
    private readonly int[] _candidates = new int[vocabulary];
    private readonly float[] _selection = new float[vocabulary];

    /// <param name="logits">V scores; left as they are.</param>
    /// <param name="sequence">The sequence so far, prompt included.</param>
    /// <param name="random">Advanced by one draw when sampling.</param>
    public int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> sequence, ref Rng random)
    {
        CopyAndBan(logits, sequence);
        if (!options.Sample) return Largest(_scores);
        int count = Candidates();
        return Draw(count, random.NextDouble());
    }

    /// <summary>Probabilities after all filters, for tests and inspection: V values, zero for tokens that cannot be drawn.</summary>
    public void Probabilities(ReadOnlySpan<float> logits, ReadOnlySpan<int> sequence, Span<double> probabilities)
    {
        CopyAndBan(logits, sequence);
        probabilities.Clear();
        int count = Candidates();
        double total = 0;
        for (int i = 0; i < count; i++) total += _candidateScores[i];
        for (int i = 0; i < count; i++) probabilities[_candidates[i]] = _candidateScores[i] / total;
    }

    private void CopyAndBan(ReadOnlySpan<float> logits, ReadOnlySpan<int> sequence)
    {
        logits.CopyTo(_scores);
        foreach (int[] banned in _banned)
            if (sequence.EndsWith(banned.AsSpan(..^1))) _scores[banned[^1]] = float.NegativeInfinity;
        if (sequence.Length < options.MinLength) _scores[endOfTextId] = float.NegativeInfinity;
    }

    private static int Largest(ReadOnlySpan<float> scores)
    {
        int best = 0;
        for (int i = 1; i < scores.Length; i++) if (scores[i] > scores[best]) best = i;
        return best;
    }

    /// <summary>Fills the candidates that survive the filters, in order of their ids, with exponentials as scores; returns how many.</summary>
    private int Candidates()
    {
        float max = float.NegativeInfinity, temperature = (float)options.Temperature;
        for (int i = 0; i < vocabulary; i++)
        {
            _scores[i] /= temperature;
            max = MathF.Max(max, _scores[i]);
        }
        float floor = options.TopK > 0 && options.TopK < vocabulary ? KthLargest(options.TopK) : float.NegativeInfinity;
        double total = 0;
        int count = 0;
        for (int i = 0; i < vocabulary; i++)
        {
            if (_scores[i] < floor || float.IsNegativeInfinity(_scores[i])) continue;
            float e = MathF.Exp(_scores[i] - max);
            if (e == 0) continue;
            _candidates[count] = i;
            _candidateScores[count++] = e;
            total += e;
        }
        return options.TopP < 1 ? Nucleus(count, total) : count;
    }

    private float KthLargest(int k)
    {
        _scores.CopyTo(_selection, 0);
        Array.Sort(_selection);
        return _selection[vocabulary - k];
    }

    /// <summary>
    /// Leaves out the least probable candidates that together have at most 1 - top_p. All candidates below (1 - top_p) / n of the
    /// mass go at once, since together they cannot reach it; the few that are left are sorted.
    /// </summary>
    private int Nucleus(int count, double total)
    {
        double allowance = (1 - options.TopP) * total, share = allowance / count, gone = 0;
        int left = 0;
        for (int i = 0; i < count; i++)
        {
            if (_candidateScores[i] < share)
            {
                gone += _candidateScores[i];
                continue;
            }
            _candidates[left] = _candidates[i];
            _candidateScores[left] = _candidateScores[i];
            _selection[left++] = _candidateScores[i];
        }
        Array.Sort(_selection, 0, left);
        int first = 0;
        while (first < left - 1 && gone + _selection[first] <= allowance) gone += _selection[first++];
        float least = _selection[first];
        // Of several candidates equal to the least one kept, those with smaller ids stay as long as there is room.
        int equal = 0;
        for (int i = first; i < left && _selection[i] == least; i++) equal++;
        int kept = 0;
        for (int i = 0; i < left; i++)
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
