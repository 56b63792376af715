using System.Diagnostics;
using Phf.Numerics.Memory;

namespace Phf.Numerics.Backend;

/// <summary>Passes every operation on and adds up its time, its multiply-adds and the bytes that it must at least move: the profiler.</summary>
public sealed class TimedBackend(IBackend inner) : IBackend
{
    private readonly SortedDictionary<string, Timing> _timings = new(StringComparer.Ordinal);

    public string Name => inner.Name;

    public int Threads => inner.Threads;

    /// <summary>Operations by name.</summary>
    public IReadOnlyDictionary<string, Timing> Timings => _timings;

    public void Dispose() => inner.Dispose();

    /// <summary>Forgets what was measured.</summary>
    public void Reset() => _timings.Clear();

    public void ForEach(int tiles, Action<int, int> tile)
    {
        long start = Stopwatch.GetTimestamp();
        inner.ForEach(tiles, tile);
        Add("other work", start, 0, 0);
    }

    public void Embed(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Tensor tokenTable, Tensor positionTable, Tensor output)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Embed(tokens, positions, tokenTable, positionTable, output);
        Add("embed", start, 0, 3 * output.Length);
    }

    public void EmbedBackward(Tensor dOutput, ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Tensor dTokenTable, Tensor dPositionTable)
    {
        long start = Stopwatch.GetTimestamp();
        inner.EmbedBackward(dOutput, tokens, positions, dTokenTable, dPositionTable);
        Add("embed backward", start, 0, 5 * dOutput.Length);
    }

    public void LayerNorm(Tensor input, Tensor gain, Tensor bias, float epsilon, Tensor output, Tensor mean, Tensor rstd)
    {
        long start = Stopwatch.GetTimestamp();
        inner.LayerNorm(input, gain, bias, epsilon, output, mean, rstd);
        Add("layer norm", start, 0, 2 * input.Length);
    }

    public void LayerNormBackward(Tensor dOutput, Tensor input, Tensor gain, Tensor mean, Tensor rstd, Tensor dInput, Tensor dGain, Tensor dBias)
    {
        long start = Stopwatch.GetTimestamp();
        inner.LayerNormBackward(dOutput, input, gain, mean, rstd, dInput, dGain, dBias);
        Add("layer norm backward", start, 0, 4 * input.Length);
    }

    public void Linear(Tensor input, Tensor weight, Tensor bias, Tensor residual, Tensor output)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Linear(input, weight, bias, residual, output);
        Add("linear", start, 2.0 * input.Rows * weight.Length, input.Length + weight.Length + residual.Length + output.Length);
    }

    public void LinearActivation(Tensor input, Tensor weight, Tensor bias, Activation activation, Tensor preActivation, Tensor output)
    {
        long start = Stopwatch.GetTimestamp();
        inner.LinearActivation(input, weight, bias, activation, preActivation, output);
        Add("linear + activation", start, 2.0 * input.Rows * weight.Length, input.Length + weight.Length + 2 * output.Length);
    }

    public void LinearBackward(Tensor dOutput, Tensor input, Tensor weight, Tensor dInput, Tensor dWeight, Tensor dBias)
    {
        long start = Stopwatch.GetTimestamp();
        inner.LinearBackward(dOutput, input, weight, dInput, dWeight, dBias);
        Add("linear backward", start, 4.0 * input.Rows * weight.Length, dOutput.Length + 2 * input.Length + 3 * weight.Length);
    }

    public void ActivationBackward(Tensor preActivation, Activation activation, Tensor dOutput)
    {
        long start = Stopwatch.GetTimestamp();
        inner.ActivationBackward(preActivation, activation, dOutput);
        Add("activation backward", start, 0, 3 * dOutput.Length);
    }

    public void Attention(Tensor qkv, AttentionShape shape, Tensor output, Tensor logSumExp)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Attention(qkv, shape, output, logSumExp);
        Add("attention", start, 2.0 * shape.Batch * shape.Time * shape.Time * shape.Channels, qkv.Length + output.Length);
    }

    public void AttentionBackward(Tensor dOutput, Tensor qkv, Tensor output, Tensor logSumExp, AttentionShape shape, Tensor dQkv)
    {
        long start = Stopwatch.GetTimestamp();
        inner.AttentionBackward(dOutput, qkv, output, logSumExp, shape, dQkv);
        Add("attention backward", start, 4.0 * shape.Batch * shape.Time * shape.Time * shape.Channels, 2 * qkv.Length + 2 * output.Length);
    }

    public void WholeAttention(Tensor qkv, ReadOnlySpan<int> starts, int heads, float scale, Tensor output)
    {
        long start = Stopwatch.GetTimestamp();
        inner.WholeAttention(qkv, starts, heads, scale, output);
        double pairs = 0;
        for (int i = 0; i + 1 < starts.Length; i++) pairs += Math.Pow(starts[i + 1] - starts[i], 2);
        Add("whole attention", start, 4 * pairs * output.Columns, qkv.Length + output.Length);
    }

    public void AttentionStep(Tensor qkv, AttentionShape shape, int position, Tensor keyCache, Tensor valueCache, Tensor output)
    {
        long start = Stopwatch.GetTimestamp();
        inner.AttentionStep(qkv, shape, position, keyCache, valueCache, output);
        Add("attention step", start, 4.0 * shape.Batch * (position + 1) * shape.Channels, 2L * shape.Batch * (position + 1) * shape.Channels);
    }

    public void Logits(Tensor hidden, Tensor table, Tensor logits)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Logits(hidden, table, logits);
        Add("logits", start, 2.0 * hidden.Rows * table.Length, hidden.Length + table.Length + logits.Length);
    }

    public void Classify(Tensor hidden, Tensor table, ReadOnlySpan<int> targets, TokenWeights weights, Span<float> logProbs,
        Span<float> logComplements, Tensor dHidden, Tensor dTable, Span<float> margins = default)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Classify(hidden, table, targets, weights, logProbs, logComplements, dHidden, dTable, margins);
        Add("classify", start, (dHidden.IsEmpty ? 2.0 : 6.0) * hidden.Rows * table.Length, hidden.Length + table.Length + dHidden.Length + 2 * dTable.Length);
    }

    public void Add(Tensor source, Tensor destination)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Add(source, destination);
        Add("add", start, 0, 3 * source.Length);
    }

    public double SquaredNorm(FlatBlock values)
    {
        long start = Stopwatch.GetTimestamp();
        double result = inner.SquaredNorm(values);
        Add("squared norm", start, 0, values.Length);
        return result;
    }

    public void AdamW(FlatBlock parameters, FlatBlock gradients, FlatBlock firstMoments, FlatBlock secondMoments, AdamWStep step)
    {
        long start = Stopwatch.GetTimestamp();
        inner.AdamW(parameters, gradients, firstMoments, secondMoments, step);
        Add("adamw", start, 0, 7 * parameters.Length);
    }

    public void Clear(FlatBlock values)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Clear(values);
        Add("clear", start, 0, values.Length);
    }

    private void Add(string operation, long start, double flops, double floats)
    {
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (!_timings.TryGetValue(operation, out Timing? timing)) _timings.Add(operation, timing = new Timing());
        timing.Add(seconds, flops, floats * sizeof(float));
    }

    /// <summary>
    /// Time, counted floating-point operations (element-wise work counts none) and bytes of one kind of operation: its operands once each,
    /// as if nothing were in a cache and nothing read twice.
    /// </summary>
    public sealed class Timing
    {
        public int Calls { get; private set; }

        public double Seconds { get; private set; }

        public double Flops { get; private set; }

        public double Bytes { get; private set; }

        internal void Add(double seconds, double flops, double bytes)
        {
            Calls++;
            Seconds += seconds;
            Flops += flops;
            Bytes += bytes;
        }
    }
}
