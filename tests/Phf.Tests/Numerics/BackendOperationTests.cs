using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Numerics.Random;

namespace Phf.Tests.Numerics;

/// <summary>Every operation of every vector width against the scalar reference, at odd sizes; tolerances are shares of the largest element.</summary>
public sealed class BackendOperationTests
{
    /// <summary>Where kernels change: tiles are 14 x 32, 6 x 16 and 6 x 8, vectors 16, 8 and 4.</summary>
    private static readonly int[] Edges = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 27, 28, 29, 31, 32, 33, 41, 42, 43, 47, 48, 49, 63, 64, 65, 70];

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void Linear_OddShapes_MatchReference(string name)
    {
        using var pair = new Pair(name);
        var random = new Rng(2);
        for (int i = 0; i < 300; i++)
        {
            int rows = Pick(ref random), ins = Pick(ref random), outs = Pick(ref random);
            string shape = $"{rows} x {ins} x {outs}";
            pair.Check(Operations.Linear(rows, ins, outs, withResidual: i % 2 == 0), 1e-6, $"Linear {shape}");
            pair.Check(Operations.LinearBackward(rows, ins, outs), 1e-6, $"LinearBackward {shape}");
            pair.Check(Operations.LinearActivation(rows, ins, outs, i % 2 == 0 ? Activation.GeluTanh : Activation.Relu), 1e-6, $"LinearActivation {shape}");
            pair.Check(Operations.Logits(rows, ins, outs), 1e-6, $"Logits {shape}");
        }
    }

    /// <summary>The depth is cut into blocks of at most 384.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void Linear_AroundTheDepthBlock_MatchesReference(string name)
    {
        using var pair = new Pair(name);
        foreach (int depth in new[] { 383, 384, 385, 767, 768, 769, 1153 })
            foreach ((int rows, int outs) in new[] { (1, 48), (5, 33), (29, 32), (43, 67) })
            {
                pair.Check(Operations.Linear(rows, depth, outs, withResidual: true), 1e-6, $"Linear {rows} x {depth} x {outs}");
                pair.Check(Operations.LinearBackward(rows, outs, depth), 1e-6, $"dInput {rows} x {depth} x {outs}");
                pair.Check(Operations.LinearBackward(depth, rows, outs), 3e-6, $"dWeight {rows} x {depth} x {outs}");
            }
    }

    /// <summary>Operands that are packed in several pieces: by rows, by columns, by depth.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void Linear_LargerThanThePackedPiece_MatchesReference(string name)
    {
        using var pair = new Pair(name);
        pair.Check(Operations.Linear(5600, 770, 5, withResidual: true), 1e-6, "many rows");
        pair.Check(Operations.Linear(5, 770, 5601, withResidual: true), 1e-6, "many columns");
        pair.Check(Operations.Linear(5, 770, 5600, withResidual: true), 1e-6, "many columns, not packed");
        pair.Check(Operations.Linear(5, 150_001, 17, withResidual: true), 2e-6, "great depth");
        pair.Check(Operations.LinearBackward(150_001, 5, 7), 5e-6, "great depth of dWeight");
    }

    /// <summary>What generation multiplies: one row or a few against matrices that are not packed for them.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void FewRows_MatchReference(string name)
    {
        using var pair = new Pair(name);
        foreach (int rows in new[] { 1, 2, 7, 8, 9, 16, 17, 33, 64, 127, 128, 129 })
            foreach ((int depth, int outs) in new[] { (5, 127), (12, 128), (400, 129), (769, 300), (3, 2500) })
            {
                pair.Check(Operations.Logits(rows, depth, outs), 1e-6, $"Logits {rows} x {depth} x {outs}");
                pair.Check(Operations.Linear(rows, depth, outs, withResidual: true), 1e-6, $"Linear {rows} x {depth} x {outs}");
                pair.Check(Operations.LinearActivation(rows, depth, outs, Activation.GeluTanh), 1e-6, $"LinearActivation {rows} x {depth} x {outs}");
            }
    }

    /// <summary>Rows 1024 floats apart are packed, others read in place.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void Linear_OfPowerOfTwoRows_MatchesReference(string name)
    {
        using var pair = new Pair(name);
        pair.Check(Operations.Linear(150, 1024, 33, withResidual: true), 1e-6, "Linear");
        pair.Check(Operations.LinearBackward(150, 33, 2048), 2e-6, "LinearBackward");
    }

    /// <summary>A row gives the same bits in any company: whatever path a number of rows takes, the order of adding is one.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void RowAlone_HasTheBitsOfARowAmongMany(string name)
    {
        const int depth = 401, outs = 333;
        using IBackend backend = TestBackends.Create(name);
        using TestMemory memory = new(7);
        Tensor input = memory.Normal(200, depth), weight = memory.Normal(depth, outs), bias = memory.Normal(1, outs), table = memory.Normal(outs, depth);
        Tensor linear = memory.Garbage(200, outs), logits = memory.Garbage(200, outs);
        backend.Linear(input, weight, bias, residual: default, linear);
        backend.Logits(input, table, logits);
        foreach (int rows in new[] { 1, 3, 8, 12, 20, 90, 128 })
        {
            Tensor part = memory.Normal(rows, depth), few = memory.Garbage(rows, outs), fewLogits = memory.Garbage(rows, outs);
            input.Span[..(rows * depth)].CopyTo(part.Span);
            backend.Linear(part, weight, bias, residual: default, few);
            backend.Logits(part, table, fewLogits);
            Assert.Equal(linear.Span[..(rows * outs)].ToArray(), few.Span.ToArray());
            Assert.Equal(logits.Span[..(rows * outs)].ToArray(), fewLogits.Span.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void LayerNorm_MatchesReference(string name)
    {
        using var pair = new Pair(name);
        foreach (int channels in new[] { 1, 2, 7, 8, 15, 16, 17, 48, 65, 257, 1031 })
            foreach (int rows in new[] { 1, 16, 17, 64, 65, 130 })
            {
                // Of two channels that are nearly equal, the mean's rounding is a share of the deviation.
                pair.Check(Operations.LayerNorm(rows, channels), channels < 7 ? 1e-5 : 1e-6, $"LayerNorm {rows} x {channels}");
                pair.Check(Operations.LayerNormBackward(rows, channels), 3e-6, $"LayerNormBackward {rows} x {channels}");
            }
    }

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void Attention_MatchesReference(string name)
    {
        using var pair = new Pair(name);
        foreach (int headSize in new[] { 1, 5, 8, 12, 16, 33, 64 })
            foreach (int time in new[] { 1, 2, 41, 42, 43, 84, 130 })
            {
                (int batch, int heads) = time > 80 ? (1, 2) : (2, 3);
                string shape = $"B {batch} T {time} H {heads} D {headSize}";
                pair.Check(Operations.Attention(batch, time, heads, headSize), 2e-6, $"Attention {shape}");
                pair.Check(Operations.AttentionBackward(batch, time, heads, headSize), 4e-6, $"AttentionBackward {shape}");
                foreach (int position in new[] { 0, time / 2, time - 1 })
                    pair.Check(Operations.AttentionStep(batch, time, heads, headSize, position), 2e-6, $"AttentionStep {shape} at {position}");
            }
    }

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void WholeAttention_MatchesReference(string name)
    {
        using var pair = new Pair(name);
        foreach (int headSize in new[] { 1, 5, 8, 12, 16, 33, 64 })
            foreach (int[] lengths in new int[][] { [1], [2, 0, 1], [15, 16, 17, 31, 32, 33], [130, 3], [64, 64] })
                pair.Check(Operations.WholeAttention(2, headSize, lengths), 2e-6, $"WholeAttention of {string.Join(", ", lengths)}, D {headSize}");
    }

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void LinearActivation_InPlace_MatchesReference(string name)
    {
        using var pair = new Pair(name);
        foreach (int rows in new[] { 1, 5, 43, 150 })
            foreach ((int depth, int outs) in new[] { (5, 127), (401, 96), (769, 33) })
                pair.Check(Operations.LinearActivationInPlace(rows, depth, outs, Activation.Gelu), 1e-6, $"{rows} x {depth} x {outs}");
    }

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void Classify_MatchesReference(string name)
    {
        using var pair = new Pair(name);
        foreach (int vocabulary in new[] { 2, 3, 7, 8, 15, 16, 17, 31, 33, 257, 1100 })
            foreach (double spread in new[] { 1.0, 30.0 })
            {
                int rows = 7 + vocabulary % 13;
                double tolerance = spread > 1 ? 1e-4 : 2e-6; // a sum of 100 is known to 2e-5 in single precision, so a probability to a share of that
                string shape = $"{rows} rows, V {vocabulary}, spread {spread}";
                pair.Check(Operations.Classify(rows, 9, vocabulary, spread, withNegative: false, withGradient: true), tolerance, $"likelihood, {shape}");
                pair.Check(Operations.Classify(rows, 9, vocabulary, spread, withNegative: true, withGradient: true), tolerance, $"both, {shape}");
                pair.Check(Operations.Classify(rows, 9, vocabulary, spread, withNegative: true, withGradient: false), tolerance, $"no gradient, {shape}");
            }
    }

    /// <summary>With 33,000 tokens a chunk of logits has 128 rows.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void Classify_MoreRowsThanOneChunk_MatchesReference(string name)
    {
        using var pair = new Pair(name);
        pair.Check(Operations.Classify(131, 3, 33_000, spread: 2, withNegative: true, withGradient: true), 5e-6, "two chunks");
    }

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void Embed_RepeatedTokens_MatchReference(string name)
    {
        using var pair = new Pair(name);
        foreach (int channels in new[] { 1, 7, 16, 63, 64, 65, 130 })
            foreach (int rows in new[] { 2, 31, 33, 70 })
            {
                pair.Check(Operations.Embed(rows, channels), 0, $"Embed {rows} x {channels}");
                pair.Check(Operations.EmbedBackward(rows, channels), 0, $"EmbedBackward {rows} x {channels}");
            }
    }

    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void FlatOperations_MatchReference(string name)
    {
        using var pair = new Pair(name);
        pair.Check(Operations.SquaredNorm((1 << 17) + 9), 1e-6, "SquaredNorm of three tiles");
        pair.Check(Operations.Clear((1 << 18) + 9), 0, "Clear of two tiles");
        foreach (int count in new[] { 1, 15, 16, 17, 2047, 2049, (1 << 15) + 3 })
        {
            pair.Check(Operations.SquaredNorm(count), 1e-6, $"SquaredNorm {count}");
            foreach (double size in new[] { 1e-9, 1.0, 1e4 }) pair.Check(Operations.AdamW(count, size), 1e-6, $"AdamW {count}, gradients {size}");
            pair.Check(Operations.ActivationBackward(1, count, Activation.GeluTanh), 2e-6, $"ActivationBackward {count}");
            pair.Check(Operations.ActivationBackward(1, count, Activation.Relu), 0, $"ActivationBackward relu {count}");
            pair.Check(Operations.ActivationBackward(1, count, Activation.Gelu), 2e-6, $"ActivationBackward erf gelu {count}");
            pair.Check(Operations.ActivationBackward(1, count, Activation.Silu), 2e-6, $"ActivationBackward silu {count}");
            pair.Check(Operations.Clear(count), 0, $"Clear {count}");
        }
    }

    private static int Pick(ref Rng random) => Edges[(int)(random.NextUInt64() % (ulong)Edges.Length)];

    /// <summary>A backend beside the reference. One backend for many sizes: what one call leaves in scratch memory must not reach the next.</summary>
    private sealed class Pair(string name) : IDisposable
    {
        private readonly IBackend _reference = Backends.CreateReference(), _backend = TestBackends.Create(name);

        public void Check(Operation operation, double tolerance, string what)
        {
            using TestMemory truth = new(), memory = new();
            Tensor[] expected = operation(_reference, truth), actual = operation(_backend, memory);
            for (int i = 0; i < expected.Length; i++) Compare.ToScale(expected[i], actual[i], tolerance, $"{what}, result {i}");
            memory.AssertGuards();
        }

        public void Dispose() => _backend.Dispose();
    }
}
