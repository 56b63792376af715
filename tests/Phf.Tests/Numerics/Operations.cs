using Phf.Numerics.Backend;
using Phf.Numerics.Memory;

namespace Phf.Tests.Numerics;

/// <summary>An operation on operands that it makes itself; returns everything that it wrote.</summary>
internal delegate Tensor[] Operation(IBackend backend, TestMemory memory);

/// <summary>
/// Every operation of <see cref="IBackend"/> on made-up operands of a given size. What is to be overwritten holds NaN before, what is
/// added to holds numbers.
/// </summary>
internal static class Operations
{
    public static Operation Embed(int rows, int channels) => (backend, memory) =>
    {
        Tensor tokenTable = memory.Normal(7, channels), positionTable = memory.Normal(5, channels), output = memory.Garbage(rows, channels);
        backend.Embed(memory.Whole(rows, 7), memory.Whole(rows, 5), tokenTable, positionTable, output);
        return [output];
    };

    /// <summary>Seven tokens and five positions, so that rows repeat.</summary>
    public static Operation EmbedBackward(int rows, int channels) => (backend, memory) =>
    {
        Tensor dOutput = memory.Normal(rows, channels), dTokens = memory.Normal(7, channels), dPositions = memory.Normal(5, channels);
        backend.EmbedBackward(dOutput, memory.Whole(rows, 7), memory.Whole(rows, 5), dTokens, dPositions);
        return [dTokens, dPositions];
    };

    public static Operation LayerNorm(int rows, int channels) => (backend, memory) =>
    {
        Tensor input = memory.Normal(rows, channels, deviation: 3, mean: 2), gain = memory.Normal(1, channels, 0.2, mean: 1), bias = memory.Normal(1, channels);
        Tensor output = memory.Garbage(rows, channels), mean = memory.Garbage(1, rows), rstd = memory.Garbage(1, rows);
        backend.LayerNorm(input, gain, bias, 1e-5f, output, mean, rstd);
        return [output, mean, rstd];
    };

    public static Operation LayerNormBackward(int rows, int channels) => (backend, memory) =>
    {
        Tensor dOutput = memory.Normal(rows, channels), input = memory.Normal(rows, channels), gain = memory.Normal(1, channels, 0.2, mean: 1);
        Tensor mean = memory.Normal(1, rows, 0.1), rstd = memory.Normal(1, rows, 0.1, mean: 1);
        Tensor dInput = memory.Normal(rows, channels), dGain = memory.Normal(1, channels), dBias = memory.Normal(1, channels);
        backend.LayerNormBackward(dOutput, input, gain, mean, rstd, dInput, dGain, dBias);
        return [dInput, dGain, dBias];
    };

    public static Operation Linear(int rows, int ins, int outs, bool withResidual) => (backend, memory) =>
    {
        Tensor input = memory.Normal(rows, ins), weight = memory.Normal(ins, outs), bias = memory.Normal(1, outs), output = memory.Garbage(rows, outs);
        backend.Linear(input, weight, bias, withResidual ? memory.Normal(rows, outs) : default, output);
        return [output];
    };

    public static Operation LinearActivation(int rows, int ins, int outs, Activation activation) => (backend, memory) =>
    {
        Tensor input = memory.Normal(rows, ins), weight = memory.Normal(ins, outs, 1 / Math.Sqrt(ins)), bias = memory.Normal(1, outs);
        Tensor preActivation = memory.Garbage(rows, outs), output = memory.Garbage(rows, outs);
        backend.LinearActivation(input, weight, bias, activation, preActivation, output);
        return [preActivation, output];
    };

    public static Operation LinearBackward(int rows, int ins, int outs) => (backend, memory) =>
    {
        Tensor dOutput = memory.Normal(rows, outs), input = memory.Normal(rows, ins), weight = memory.Normal(ins, outs);
        Tensor dInput = memory.Garbage(rows, ins), dWeight = memory.Normal(ins, outs), dBias = memory.Normal(1, outs);
        backend.LinearBackward(dOutput, input, weight, dInput, dWeight, dBias);
        return [dInput, dWeight, dBias];
    };

    public static Operation ActivationBackward(int rows, int columns, Activation activation) => (backend, memory) =>
    {
        Tensor preActivation = memory.Normal(rows, columns, deviation: 3), dOutput = memory.Normal(rows, columns);
        backend.ActivationBackward(preActivation, activation, dOutput);
        return [dOutput];
    };

    public static Operation Attention(int batch, int time, int heads, int headSize) => (backend, memory) =>
    {
        AttentionShape shape = Shape(batch, time, heads, headSize);
        Tensor qkv = memory.Normal(batch * time, 3 * shape.Channels, deviation: 1.5);
        Tensor output = memory.Garbage(batch * time, shape.Channels), logSumExp = memory.Garbage(batch * heads, time);
        backend.Attention(qkv, shape, output, logSumExp);
        return [output, logSumExp];
    };

    /// <summary>Sequences of these lengths.</summary>
    public static Operation WholeAttention(int heads, int headSize, params int[] lengths) => (backend, memory) =>
    {
        int[] starts = [0, .. lengths.Select((_, i) => lengths.Take(i + 1).Sum())];
        Tensor qkv = memory.Normal(starts[^1], 3 * heads * headSize, deviation: 1.5), output = memory.Garbage(starts[^1], heads * headSize);
        backend.WholeAttention(qkv, starts, heads, (float)(1 / Math.Sqrt(headSize)), output);
        return [output];
    };

    /// <summary>preActivation and output in one tensor.</summary>
    public static Operation LinearActivationInPlace(int rows, int ins, int outs, Activation activation) => (backend, memory) =>
    {
        Tensor input = memory.Normal(rows, ins), weight = memory.Normal(ins, outs, 1 / Math.Sqrt(ins)), bias = memory.Normal(1, outs), output = memory.Garbage(rows, outs);
        backend.LinearActivation(input, weight, bias, activation, output, output);
        return [output];
    };

    /// <summary>With the output and log-sum-exp of the backend's own forward pass, as in training.</summary>
    public static Operation AttentionBackward(int batch, int time, int heads, int headSize) => (backend, memory) =>
    {
        AttentionShape shape = Shape(batch, time, heads, headSize);
        Tensor qkv = memory.Normal(batch * time, 3 * shape.Channels, deviation: 1.5), dOutput = memory.Normal(batch * time, shape.Channels);
        Tensor output = memory.Garbage(batch * time, shape.Channels), logSumExp = memory.Garbage(batch * heads, time);
        Tensor dQkv = memory.Garbage(batch * time, 3 * shape.Channels);
        backend.Attention(qkv, shape, output, logSumExp);
        backend.AttentionBackward(dOutput, qkv, output, logSumExp, shape, dQkv);
        return [dQkv];
    };

    /// <summary>The caches hold numbers before the position and NaN, which must not show, from it on. Time is rounded up to whole blocks of keys.</summary>
    public static Operation AttentionStep(int batch, int room, int heads, int headSize, int position) => (backend, memory) =>
    {
        int time = (room + AttentionShape.KeyBlock - 1) / AttentionShape.KeyBlock * AttentionShape.KeyBlock;
        AttentionShape shape = Shape(batch, time, heads, headSize);
        Tensor qkv = memory.Normal(batch, 3 * shape.Channels, deviation: 1.5), output = memory.Garbage(batch, shape.Channels);
        const int Block = AttentionShape.KeyBlock;
        Tensor keys = memory.Normal(batch * heads * (time / Block), headSize * Block), values = memory.Normal(batch * heads * time, headSize);
        for (int row = 0; row < keys.Rows; row++)
            for (int i = 0; i < keys.Columns; i++)
                if (row % (time / Block) * Block + i % Block >= position) keys.Row(row)[i] = float.NaN;
        for (int row = 0; row < values.Rows; row++)
            if (row % time >= position) values.Row(row).Fill(float.NaN);
        backend.AttentionStep(qkv, shape, position, keys, values, output);
        return [output, keys, values];
    };

    public static Operation Logits(int rows, int channels, int vocabulary) => (backend, memory) =>
    {
        Tensor hidden = memory.Normal(rows, channels), table = memory.Normal(vocabulary, channels), logits = memory.Garbage(rows, vocabulary);
        backend.Logits(hidden, table, logits);
        return [logits];
    };

    /// <summary>Logits of deviation <paramref name="spread"/>; weights of both signs.</summary>
    public static Operation Classify(int rows, int channels, int vocabulary, double spread, bool withNegative, bool withGradient) => (backend, memory) =>
    {
        Tensor hidden = memory.Normal(rows, channels, spread / Math.Sqrt(channels)), table = memory.Normal(vocabulary, channels);
        Tensor positive = memory.Normal(1, rows), negative = withNegative ? memory.Normal(1, rows) : default;
        Tensor logProbs = memory.Garbage(1, rows), logComplements = memory.Garbage(1, rows), margins = memory.Garbage(1, rows);
        Tensor dHidden = withGradient ? memory.Garbage(rows, channels) : default, dTable = withGradient ? memory.Normal(vocabulary, channels) : default;
        var weights = new TokenWeights(positive.Span, withNegative ? negative.Span : default);
        backend.Classify(hidden, table, memory.Whole(rows, vocabulary), weights, logProbs.Span, logComplements.Span, dHidden, dTable, margins.Span);
        return withGradient ? [logProbs, logComplements, margins, dHidden, dTable] : [logProbs, logComplements, margins];
    };

    public static Operation Add(int rows, int columns) => (backend, memory) =>
    {
        Tensor source = memory.Normal(rows, columns), destination = memory.Normal(rows, columns);
        backend.Add(source, destination);
        return [destination];
    };

    public static Operation SquaredNorm(int count) => (backend, memory) =>
    {
        Tensor values = memory.Normal(1, count), sum = memory.Garbage(1, 1);
        using Arena arena = Flat(values, out FlatBlock block);
        sum.Span[0] = (float)backend.SquaredNorm(block);
        return [sum];
    };

    /// <summary>Steps 1 to 3 from moments of zero; the gradient is scaled as clipping does.</summary>
    public static Operation AdamW(int count, double gradientSize = 1) => (backend, memory) =>
    {
        Tensor parameters = memory.Normal(1, count), gradients = memory.Normal(1, count, gradientSize);
        Tensor first = memory.Garbage(1, count), second = memory.Garbage(1, count);
        first.Span.Clear();
        second.Span.Clear();
        using Arena p = Flat(parameters, out FlatBlock ps), g = Flat(gradients, out FlatBlock gs), m = Flat(first, out FlatBlock ms), v = Flat(second, out FlatBlock vs);
        for (int step = 1; step <= 3; step++) backend.AdamW(ps, gs, ms, vs, new AdamWStep(step, 0.01f, 0.9f, 0.999f, 1e-8f, 0.1f, 0.7f));
        ps.Span.CopyTo(parameters.Span);
        ms.Span.CopyTo(first.Span);
        vs.Span.CopyTo(second.Span);
        return [parameters, first, second];
    };

    public static Operation Clear(int count) => (backend, memory) =>
    {
        Tensor values = memory.Garbage(1, count);
        using Arena arena = Flat(values, out FlatBlock block);
        backend.Clear(block);
        block.Span.CopyTo(values.Span);
        return [values];
    };

    /// <summary>Each operation once, at sizes that are no multiple of anything and give several tiles.</summary>
    public static IReadOnlyDictionary<string, Operation> All { get; } = new Dictionary<string, Operation>
    {
        ["Embed"] = Embed(77, 67),
        ["EmbedBackward"] = EmbedBackward(77, 131),
        ["LayerNorm"] = LayerNorm(77, 67),
        ["LayerNormBackward"] = LayerNormBackward(201, 67),
        ["Linear"] = Linear(131, 401, 267, withResidual: true),
        ["Linear of few rows"] = Linear(5, 401, 272, withResidual: false), // the weights are not packed
        ["LinearActivation gelu"] = LinearActivation(45, 35, 99, Activation.GeluTanh),
        ["LinearActivation relu"] = LinearActivation(45, 35, 99, Activation.Relu),
        ["LinearActivation erf gelu"] = LinearActivation(45, 35, 99, Activation.Gelu),
        ["LinearActivation silu"] = LinearActivation(45, 35, 99, Activation.Silu),
        ["LinearBackward"] = LinearBackward(401, 45, 267),
        ["ActivationBackward gelu"] = ActivationBackward(301, 67, Activation.GeluTanh),
        ["ActivationBackward relu"] = ActivationBackward(301, 67, Activation.Relu),
        ["ActivationBackward erf gelu"] = ActivationBackward(301, 67, Activation.Gelu),
        ["ActivationBackward silu"] = ActivationBackward(301, 67, Activation.Silu),
        ["Attention"] = Attention(2, 93, 3, 13),
        ["AttentionBackward"] = AttentionBackward(2, 93, 3, 13),
        ["LinearActivation in place"] = LinearActivationInPlace(45, 401, 99, Activation.Gelu),
        ["WholeAttention"] = WholeAttention(3, 13, 93, 1, 40),
        ["AttentionStep"] = AttentionStep(2, 31, 3, 13, position: 17),
        ["Logits"] = Logits(33, 45, 301),
        ["Classify"] = Classify(45, 35, 301, spread: 3, withNegative: true, withGradient: true),
        ["Classify without gradient"] = Classify(45, 35, 301, spread: 3, withNegative: false, withGradient: false),
        ["Add"] = Add(1001, 67),
        ["SquaredNorm"] = SquaredNorm(200_001),
        ["AdamW"] = AdamW(100_001),
        ["Clear"] = Clear(600_001),
    };

    private static AttentionShape Shape(int batch, int time, int heads, int headSize) =>
        new(batch, time, heads, headSize, (float)(1 / Math.Sqrt(headSize)));

    /// <summary>A copy as a flat block of exactly this length.</summary>
    private static Arena Flat(Tensor values, out FlatBlock block)
    {
        var arena = new Arena(Arena.SizeOf(1, values.Columns));
        values.Span.CopyTo(arena.Take(1, values.Columns).Span);
        block = arena.All.Slice(0, values.Length);
        return arena;
    }
}
