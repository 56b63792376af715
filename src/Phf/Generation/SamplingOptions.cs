namespace Phf.Generation;

/// <summary>How the next token is drawn; names and meaning as in transformers' generate. Lengths are in tokens and count the prompt.</summary>
public sealed record SamplingOptions
{
    private const double LowestTemperature = 1e-6; // logits divided by less would leave single precision

    /// <summary>Sequences grow to this length, prompt included, unless end-of-text comes before.</summary>
    public required int MaxLength { get; init; }

    /// <summary>End-of-text is banned until a sequence is this long, prompt included.</summary>
    public int MinLength { get; init; }

    /// <summary>False takes the most probable token.</summary>
    public bool Sample { get; init; } = true;

    /// <summary>Logits are divided by it.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keep the smallest set of most probable tokens with at least this probability (nucleus sampling); 1 keeps all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Keep this many most probable tokens and those equal to the last; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>
    /// Sequences of token ids that are never completed, prompt included: the last id is not drawn where the ids before it stand. One id
    /// alone is never drawn.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>> Banned { get; init; } = [];

    /// <summary>Sequences computed at once; decides memory and speed, not the result.</summary>
    public int BatchSize { get; init; } = 64;

    /// <exception cref="ArgumentException">A value out of its range.</exception>
    public void Validate(int positions, int longestPrompt)
    {
        if (MaxLength > positions) throw new ArgumentException($"max_length {MaxLength} is longer than the model's {positions} positions");
        if (longestPrompt >= MaxLength) throw new ArgumentException($"the prompt has {longestPrompt} tokens; max_length {MaxLength} leaves no room to write");
        if (!(Temperature is >= LowestTemperature and < double.PositiveInfinity))
            throw new ArgumentException($"temperature {Temperature} is not a number from {LowestTemperature} on; for the most probable token ask for greedy decoding");
        if (!(TopP is > 0 and <= 1)) throw new ArgumentException($"top_p {TopP} is not in (0, 1]");
        if (Banned.Any(sequence => sequence.Count == 0)) throw new ArgumentException("a banned sequence has no token");
        ArgumentOutOfRangeException.ThrowIfNegative(TopK);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
    }
}
