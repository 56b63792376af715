using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Random;
using Phf.Tests.Model;
using Phf.Tests.Numerics;

namespace Phf.Tests.Generation;

public sealed class SamplerTests
{
    private const int EndOfText = 12; // of the tiny model's 13 tokens

    private static readonly SamplingOptions Options = new() { MaxLength = 9, Temperature = 1.3, TopP = 0.95 };

    /// <summary>Prompts of two lengths, in the order in which they were given.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.Cpu), MemberType = typeof(TestBackends))]
    public void Generate_AnyBatchSizeAndThreads_SameTokens(string name)
    {
        int[][] prompts = [.. Enumerable.Range(0, 11).Select(i => i % 3 == 0 ? new[] { i } : [i, 2, 5])];
        int[][] expected = Generate(name, threads: 1, prompts, Options with { BatchSize = 1 });
        Assert.Equal(expected, Generate(name, threads: 1, prompts, Options with { BatchSize = 4 }));
        Assert.Equal(expected, Generate(name, threads: 2, prompts, Options with { BatchSize = 64 }));
        Assert.Equal(expected, Generate(name, threads: 3, prompts, Options with { BatchSize = 3 }));
        Assert.True(expected.Distinct(SequenceComparer.Instance).Count() > 5, "the samples hardly differ");
        Assert.All(prompts.Zip(expected), pair => Assert.InRange(pair.Second.Length, 0, 9 - pair.First.Length));
    }

    [Fact]
    public void Generate_SameSeed_SameTokens_OtherSeed_OtherTokens()
    {
        int[][] prompts = [[1], [1], [1], [1]];
        int[][] first = Generate("cpu128", threads: 1, prompts, Options);
        Assert.Equal(first, Generate("cpu128", threads: 1, prompts, Options));
        Assert.NotEqual(first, Generate("cpu128", threads: 1, prompts, Options, seed: 2));
    }

    [Fact]
    public void Generate_BannedTokensAndEndOfText_AreNotWritten()
    {
        int[][] written = Generate("cpu128", threads: 1, [.. Enumerable.Repeat(new[] { 3 }, 40)], new SamplingOptions { MaxLength = 9, MinLength = 6, Banned = [[0], [4], [7]] });
        Assert.DoesNotContain(written.SelectMany(tokens => tokens), token => token is 0 or 4 or 7 or EndOfText);
        Assert.All(written, tokens => Assert.InRange(tokens.Length, 5, 8));
        Assert.Contains(written, tokens => tokens.Length < 8); // end-of-text comes, but not too early
    }

    [Fact]
    public void Generate_BannedSequence_IsNeverCompleted_AlsoBehindThePrompt()
    {
        int[][] prompts = [.. Enumerable.Repeat(new[] { 3, 8 }, 60)];
        var free = new SamplingOptions { MaxLength = 9, Temperature = 2 };
        int[][] written = Generate("cpu128", threads: 1, prompts, free);
        int[] common = written.SelectMany(tokens => tokens.Zip(tokens.Skip(1))).CountBy(pair => pair).MaxBy(pair => pair.Value).Key is var (a, b) ? [a, b] : [];
        int first = written.Where(tokens => tokens.Length > 0).CountBy(tokens => tokens[0]).MaxBy(pair => pair.Value).Key;
        int[][] banned = Generate("cpu128", threads: 1, prompts, free with { Banned = [common, [3, 8, first]] });
        Assert.DoesNotContain(banned, tokens => tokens.Zip(tokens.Skip(1)).Contains((common[0], common[1])));
        Assert.DoesNotContain(banned, tokens => tokens.Length > 0 && tokens[0] == first);
        Assert.Contains(banned, tokens => tokens.Contains(common[1])); // by itself it may come
    }

    /// <summary>The first draw of each sequence's own stream, as the sampler takes it: chi-square with 5 degrees of freedom.</summary>
    [Fact]
    public void Choose_Frequencies_FollowTheProbabilities()
    {
        const int draws = 40_000;
        float[] logits = [0.3f, -1, 2, 0.7f, -0.5f, 1.1f];
        var chooser = new TokenChooser(new SamplingOptions { MaxLength = 8, Temperature = 1.4 }, endOfTextId: 5, vocabulary: 6);
        var expected = new double[6];
        chooser.Probabilities(logits, [5], shortest: 0, expected);
        var counts = new int[6];
        for (int i = 0; i < draws; i++)
        {
            var random = new Rng(seed: 9, stream: (ulong)i);
            counts[chooser.Choose(logits, [5], shortest: 0, maySegmentEnd: false, ref random)]++;
        }
        double chiSquare = Enumerable.Range(0, 6).Sum(id => Math.Pow(counts[id] - draws * expected[id], 2) / (draws * expected[id]));
        Assert.True(chiSquare < 20.5, $"chi-square {chiSquare}, above the 0.1 % point"); // deterministic: the seed is fixed
    }

    [Fact]
    public void Generate_BadArguments_AreNamed()
    {
        AssertRefused([[]], Options, "end-of-text");
        AssertRefused([[1], [1, 2, 3, 4, 5, 6, 7, 8, 9]], Options, "9 tokens");
        AssertRefused([[1]], Options with { MaxLength = 10 }, "9 positions");
        AssertRefused([[1, 13]], Options, "13");
        AssertRefused([[-1]], Options, "-1");
        AssertRefused([[1]], Options with { Banned = [[3], [4, 99]] }, "99");
        AssertRefused([[1]], Options with { Banned = [[3], []] }, "a banned sequence has no token");
        AssertRefused([[1]], Options with { Temperature = 0 }, "greedy");
        AssertRefused([[1]], Options with { Temperature = double.NaN }, "temperature");
        AssertRefused([[1]], Options with { Temperature = 1e-40 }, "temperature");
        AssertRefused([[1]], Options with { Temperature = double.PositiveInfinity }, "temperature");
        AssertRefused([[1]], Options with { TopP = 0 }, "top_p");
        AssertRefused([[1]], Options with { TopP = double.NaN }, "top_p");
        AssertRefused([[1]], Options with { TopK = -1 }, "TopK");
        AssertRefused([[1]], Options with { BatchSize = 0 }, "BatchSize");
        AssertRefused([[1]], Options with { Banned = [.. Enumerable.Range(0, 13).Select(id => new[] { id })] }, "every token");
        AssertRefused([[1]], Options with { Banned = [.. Enumerable.Range(0, 12).Select(id => new[] { id })] }, "every token");
    }

    [Fact]
    public void Generate_NoPrompts_GivesNothing() => Assert.Empty(Generate("cpu128", threads: 1, [], Options));

    private static void AssertRefused(int[][] prompts, SamplingOptions options, string named)
    {
        var problem = Assert.ThrowsAny<ArgumentException>(() => Generate("cpu128", threads: 1, prompts, options));
        Assert.Contains(named, problem.Message);
    }

    private static int[][] Generate(string name, int threads, int[][] prompts, SamplingOptions options, ulong seed = 1)
    {
        using IBackend backend = TestBackends.Create(name, threads);
        using Gpt2 model = TinyGpt2.Create(backend);
        return new Sampler(model, EndOfText).Generate(prompts, options, seed);
    }

    private sealed class SequenceComparer : IEqualityComparer<int[]>
    {
        public static readonly SequenceComparer Instance = new();

        public bool Equals(int[]? a, int[]? b) => a.AsSpan().SequenceEqual(b);

        public int GetHashCode(int[] tokens) => tokens.Length;
    }
}
