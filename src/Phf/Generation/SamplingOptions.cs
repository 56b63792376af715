namespace Phf.Generation;

/// <summary>
/// How the next token is drawn; names and meaning as in transformers' generate, which applies them in this order: <see cref="RepetitionPenalty"/>,
/// <see cref="NoRepeatNGram"/>, <see cref="Banned"/>, the shortest lengths, <see cref="Temperature"/>, <see cref="TopK"/>, <see cref="TopP"/>,
/// <see cref="MinP"/>, <see cref="TypicalP"/>, <see cref="EpsilonCutoff"/>, <see cref="EtaCutoff"/>. Lengths are in tokens, tags among them.
/// </summary>
public sealed record SamplingOptions
{
    private const double LowestTemperature = 1e-6; // logits divided by less would leave single precision

    /// <summary>Sequences grow to this length, prompt included, unless end-of-text comes before.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Tokens written behind a prompt at most, whatever its length; <see cref="MaxLength"/> then does not count. Null goes by that.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>End-of-text is banned until a sequence is this long, prompt included.</summary>
    public int MinLength { get; init; }

    /// <summary>
    /// <see cref="MinLength"/> does not count the end-of-text tokens in the prompt. So does the reference, which takes their number for the prompt's length.
    /// </summary>
    public bool MinLengthSkipsEndOfText { get; init; }

    /// <summary>End-of-text is banned until so many tokens are written.</summary>
    public int MinNewTokens { get; init; }

    /// <summary>False takes the most probable token that is not banned.</summary>
    public bool Sample { get; init; } = true;

    /// <summary>
    /// Scores of tokens that stand in the sequence, prompt included, are divided by it where positive, else multiplied; 1 leaves them, above 1 makes repetition
    /// rarer (Keskar et al. 2019, arXiv 1909.05858).
    /// </summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>No run of so many tokens comes twice in a sequence, prompt included; 0 allows all.</summary>
    public int NoRepeatNGram { get; init; }

    /// <summary>
    /// Sequences of token ids that are never completed, prompt included: the last id is not drawn where the ids before it stand. One id
    /// alone is never drawn; end-of-text alone is no ban.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>> Banned { get; init; } = [];

    /// <summary>Logits are divided by it.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keep this many most probable tokens and those equal to the last; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the smallest set of most probable tokens with at least this probability (nucleus sampling); 1 keeps all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Keep tokens at least this times as probable as the most probable one; 0 keeps all.</summary>
    public double MinP { get; init; }

    /// <summary>
    /// Keep the tokens whose surprise is closest to the expected one and that have at least this probability together (Meister et al. 2022, arXiv 2202.00666);
    /// 1 keeps all.
    /// </summary>
    public double TypicalP { get; init; } = 1;

    /// <summary>Keep tokens with at least this probability, or the most probable one; 0 keeps all.</summary>
    public double EpsilonCutoff { get; init; }

    /// <summary>
    /// Keep tokens with at least the probability min(eta, sqrt(eta) exp(-entropy)), or the most probable one (Hewitt et al. 2022, arXiv 2210.15191); 0 keeps
    /// all.
    /// </summary>
    public double EtaCutoff { get; init; }

    /// <summary>Null draws from the model alone.</summary>
    public Guidance? Guidance { get; init; }

    /// <summary>Null leaves tags to the model.</summary>
    public SegmentTags? SegmentTags { get; init; }

    /// <summary>Sequences computed at once; decides memory and speed, not the result.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Whether anything besides temperature, top-k and top-p filters what may be drawn.</summary>
    internal bool HasRareFilters => MinP > 0 || TypicalP < 1 || EpsilonCutoff > 0 || EtaCutoff > 0;

    /// <summary>Length at which a sequence behind a prompt of <paramref name="promptLength"/> tokens ends, prompt included.</summary>
    public int LongestBehind(int promptLength) => MaxNewTokens is { } written ? promptLength + written : MaxLength;

    /// <summary>Length before which a sequence behind <paramref name="prompt"/> does not end, prompt included.</summary>
    public int ShortestBehind(ReadOnlySpan<int> prompt, int endOfTextId) =>
        Math.Max(MinLength + (MinLengthSkipsEndOfText ? prompt.Count(endOfTextId) : 0), MinNewTokens > 0 ? prompt.Length + MinNewTokens : 0);

    /// <exception cref="ArgumentException">A value out of its range.</exception>
    public void Validate(int positions, int longestPrompt)
    {
        int longest = LongestBehind(longestPrompt);
        if (longest > positions)
            throw new ArgumentException(MaxNewTokens is null ? $"max_length {MaxLength} is longer than the model's {positions} positions"
                : $"a prompt of {longestPrompt} tokens and max_new_tokens {MaxNewTokens} are more than the model's {positions} positions");
        if (longestPrompt >= longest) throw new ArgumentException($"the prompt has {longestPrompt} tokens; max_length {longest} leaves no room to write");
        if (!(Temperature is >= LowestTemperature and < double.PositiveInfinity))
            throw new ArgumentException($"temperature {Temperature} is not a number from {LowestTemperature} on; for the most probable token ask for greedy decoding");
        if (!(RepetitionPenalty is > 0 and < double.PositiveInfinity)) throw new ArgumentException($"repetition_penalty {RepetitionPenalty} is not a number above 0");
        CheckShare("top_p", TopP, TopP is > 0 and <= 1, "(0, 1]");
        CheckShare("typical_p", TypicalP, TypicalP is > 0 and <= 1, "(0, 1]");
        CheckShare("min_p", MinP, MinP is >= 0 and <= 1, "[0, 1]");
        CheckShare("epsilon_cutoff", EpsilonCutoff, EpsilonCutoff is >= 0 and < 1, "[0, 1)");
        CheckShare("eta_cutoff", EtaCutoff, EtaCutoff is >= 0 and < 1, "[0, 1)");
        if (Banned.Any(sequence => sequence.Count == 0)) throw new ArgumentException("a banned sequence has no token");
        Guidance?.Validate();
        SegmentTags?.Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(TopK);
        ArgumentOutOfRangeException.ThrowIfNegative(NoRepeatNGram);
        ArgumentOutOfRangeException.ThrowIfNegative(MinNewTokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
    }

    private static void CheckShare(string name, double value, bool isGood, string range)
    {
        if (!isGood) throw new ArgumentException($"{name} {value} is not in {range}");
    }
}
