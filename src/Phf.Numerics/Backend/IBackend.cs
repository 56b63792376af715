using Phf.Numerics.Memory;

namespace Phf.Numerics.Backend;

/// <summary>
/// The operations a GPT-2 needs, forward and backward, and an encoder needs forward, on single-precision tensors. Sources first, sizes, destination last.
/// N is the number of rows (tokens), C channels, V vocabulary, H heads, D = C / H channels of a head, T time.
/// Every result is the same for any number of threads. Destinations are overwritten unless the text says "adds".
/// </summary>
public interface IBackend : IDisposable
{
    /// <summary>What computes, e.g. <c>cpu/avx512 2 threads</c>.</summary>
    string Name { get; }

    /// <summary>Threads in use, the caller's included.</summary>
    int Threads { get; }

    /// <summary>output (N, C) = tokenTable[tokens] + positionTable[positions].</summary>
    void Embed(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Tensor tokenTable, Tensor positionTable, Tensor output);

    /// <summary>Adds dOutput's rows to the rows of dTokenTable and dPositionTable that <see cref="Embed"/> read, in row order.</summary>
    void EmbedBackward(Tensor dOutput, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Tensor dTokenTable, Tensor dPositionTable);

    /// <summary>output = (input - mean) * rstd * gain + bias per row; mean and rstd (1, N) are kept for the backward pass.</summary>
    void LayerNorm(Tensor input, Tensor gain, Tensor bias, float epsilon, Tensor output, Tensor mean, Tensor rstd);

    /// <summary>Adds to dInput, dGain and dBias.</summary>
    void LayerNormBackward(
        Tensor dOutput, Tensor input, Tensor gain, Tensor mean, Tensor rstd, Tensor dInput, Tensor dGain, Tensor dBias);

    /// <summary>output (N, Out) = input (N, In) * weight (In, Out) + bias (1, Out) [+ residual (N, Out) unless empty; it must not be output].</summary>
    void Linear(Tensor input, Tensor weight, Tensor bias, Tensor residual, Tensor output);

    /// <summary>preActivation = input * weight + bias; output = activation(preActivation). Both may be one tensor where no backward pass follows.</summary>
    void LinearActivation(Tensor input, Tensor weight, Tensor bias, Activation activation, Tensor preActivation, Tensor output);

    /// <summary>dInput = dOutput * weight^T; adds input^T * dOutput to dWeight and dOutput's column sums to dBias.</summary>
    void LinearBackward(Tensor dOutput, Tensor input, Tensor weight, Tensor dInput, Tensor dWeight, Tensor dBias);

    /// <summary>dPreActivation = dOutput * activation'(preActivation), in place: dOutput becomes dPreActivation.</summary>
    void ActivationBackward(Tensor preActivation, Activation activation, Tensor dOutput);

    /// <summary>
    /// Causal self-attention of every head: qkv (B T, 3C) holds queries, keys, values side by side, heads side by side in each.
    /// output (B T, C); logSumExp (B H, T) of the scaled scores is kept for the backward pass.
    /// </summary>
    void Attention(Tensor qkv, AttentionShape shape, Tensor output, Tensor logSumExp);

    /// <summary>dQkv (B T, 3C) from dOutput; scores are computed again from qkv and logSumExp.</summary>
    void AttentionBackward(Tensor dOutput, Tensor qkv, Tensor output, Tensor logSumExp, AttentionShape shape, Tensor dQkv);

    /// <summary>
    /// Self-attention of every head in which a token sees its whole sequence. The sequences of qkv (N, 3C) lie one behind the other, without padding: sequence
    /// i has the rows from starts[i] to starts[i + 1] - 1, so starts has B + 1 numbers, of which the first is 0 and the last N. output (N, C).
    /// </summary>
    /// <param name="qkv">Queries, keys, values side by side, heads side by side in each.</param>
    /// <param name="starts">Rising; a sequence may be empty.</param>
    /// <param name="heads">H, which divides C.</param>
    /// <param name="scale">Scores are multiplied by it before the softmax.</param>
    /// <param name="output">Overwritten.</param>
    void WholeAttention(Tensor qkv, ReadOnlySpan<int> starts, int heads, float scale, Tensor output);

    /// <summary>
    /// Attention of one new token per sequence: writes the keys and values of qkv (B, 3C) into the caches at
    /// <paramref name="position"/>, then attends to positions 0 .. position. valueCache (B H T, D) holds a row per position, keyCache
    /// (B H T / KeyBlock, D KeyBlock) a row per block of positions, and in it for each of the D channels its KeyBlock values. shape.Time, their
    /// T, is a multiple of <see cref="AttentionShape.KeyBlock"/>.
    /// </summary>
    void AttentionStep(Tensor qkv, AttentionShape shape, int position, Tensor keyCache, Tensor valueCache, Tensor output);

    /// <summary>logits (N, V) = hidden (N, C) * table (V, C)^T.</summary>
    void Logits(Tensor hidden, Tensor table, Tensor logits);

    /// <summary>
    /// The fused classifier: log-probabilities of the targets under softmax(hidden * table^T), and the gradient of
    /// sum_i -positive_i log p_i - negative_i log(1 - p_i). [N, V] logits never exist: rows are visited in chunks.
    /// </summary>
    /// <param name="hidden">(N, C)</param>
    /// <param name="table">(V, C)</param>
    /// <param name="targets">N token numbers.</param>
    /// <param name="weights">What each row pays, and what to compute.</param>
    /// <param name="logProbs">N values log p.</param>
    /// <param name="logComplements">N values log(1 - p), from the other tokens' exponentials, exact where p is near 1.</param>
    /// <param name="dHidden">(N, C), overwritten; empty: no gradient is computed.</param>
    /// <param name="dTable">(V, C), added to.</param>
    /// <param name="margins">N values: the target's logit less the highest other one, above 0 where the target is the most probable token; empty: not wanted.</param>
    void Classify(Tensor hidden, Tensor table, ReadOnlySpan<int> targets, TokenWeights weights, Span<float> logProbs,
        Span<float> logComplements, Tensor dHidden, Tensor dTable, Span<float> margins = default);

    /// <summary>Calls <paramref name="tile"/> with (tile, worker) for every tile on all threads; what it does must not depend on who does it.</summary>
    void ForEach(int tiles, Action<int, int> tile);

    /// <summary>Adds source to destination of the same shape, element by element.</summary>
    void Add(Tensor source, Tensor destination);

    /// <summary>Sum of squares, in double.</summary>
    double SquaredNorm(FlatBlock values);

    /// <summary>One AdamW update of parameters, first and second moments (Loshchilov and Hutter 2019, algorithm 2, as in PyTorch).</summary>
    void AdamW(FlatBlock parameters, FlatBlock gradients, FlatBlock firstMoments, FlatBlock secondMoments, AdamWStep step);

    /// <summary>Sets every element to zero.</summary>
    void Clear(FlatBlock values);
}

/// <summary>Non-linearity of the feed-forward layer.</summary>
public enum Activation
{
    /// <summary>GELU by its tanh approximation: x / (1 + exp(-2 sqrt(2/pi) (x + 0.044715 x^3))).</summary>
    GeluTanh,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>GELU itself, x Phi(x) with the normal distribution Phi (Hendrycks and Gimpel 2016).</summary>
    Gelu,

    /// <summary>x / (1 + exp(-x)).</summary>
    Silu,
}

/// <summary>B sequences of T tokens with H heads of D channels; scores are multiplied by Scale before the softmax.</summary>
public readonly record struct AttentionShape(int Batch, int Time, int Heads, int HeadSize, float Scale)
{
    /// <summary>Positions side by side in the cache of keys: a whole number of vectors of every width.</summary>
    public const int KeyBlock = 16;

    public int Channels => Heads * HeadSize;
}

/// <summary>
/// What each of N rows pays in the classifier: -Positive log p - Negative log(1 - p). Both spans have N elements; an empty
/// Negative means zeros.
/// </summary>
public readonly ref struct TokenWeights(ReadOnlySpan<float> positive, ReadOnlySpan<float> negative)
{
    public ReadOnlySpan<float> Positive { get; } = positive;

    public ReadOnlySpan<float> Negative { get; } = negative;
}

/// <summary>Numbers of one AdamW step; GradientScale multiplies the gradients first (clipping), Step counts from 1.</summary>
public readonly record struct AdamWStep(
    int Step, float LearningRate, float Beta1, float Beta2, float Epsilon, float WeightDecay, float GradientScale);
