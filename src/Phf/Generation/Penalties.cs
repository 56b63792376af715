namespace Phf.Generation;

/// <summary>What the tokens of a sequence do to the scores of the next one, as in transformers.</summary>
internal static class Penalties
{
    /// <summary>Makes tokens that stand in the sequence less probable (a penalty above 1), each once however often it stands there.</summary>
    /// <param name="logits">V scores before the penalty.</param>
    /// <param name="sequence">Token ids.</param>
    /// <param name="penalty">Divides positive scores and multiplies others.</param>
    /// <param name="scores">V; written at the tokens of the sequence.</param>
    public static void Repetition(ReadOnlySpan<float> logits, ReadOnlySpan<int> sequence, float penalty, Span<float> scores)
    {
        foreach (int id in sequence) scores[id] = logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty;
    }

    /// <summary>Bans every token that would complete a run of <paramref name="length"/> tokens that the sequence has already.</summary>
    public static void NGrams(ReadOnlySpan<int> sequence, int length, Span<float> scores)
    {
        if (sequence.Length < length) return;
        ReadOnlySpan<int> last = sequence[^(length - 1)..];
        for (int i = 0; i + length <= sequence.Length; i++)
            if (sequence.Slice(i, length - 1).SequenceEqual(last)) scores[sequence[i + length - 1]] = float.NegativeInfinity;
    }
}
