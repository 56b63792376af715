using Phf.Evaluation;
using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Scoring;
using Phf.Tests.Model;
using Phf.Tests.Numerics;

namespace Phf.Tests.Evaluation;

/// <summary>Best-of-n and rejection sampling with a scorer that counts a letter.</summary>
public sealed class CandidateSearchTests
{
    private const int Count = 40, EndOfText = 12;

    private static readonly SamplingOptions Options = new() { MaxLength = 9, Temperature = 1.3 };

    [Fact]
    public void BestOf_KeepsTheBestOfNested_Candidates()
    {
        Candidates first = Draw("cpu128", new Selection()), four = Draw("cpu128", new Selection { BestOf = 4 }), eight = Draw("cpu128", new Selection { BestOf = 8 });
        using (IBackend backend = TestBackends.Create("cpu128", threads: 1))
        using (Gpt2 model = TinyGpt2.Create(backend)) Assert.Equal(new Sampler(model, EndOfText).Generate(Prompts(), Options, seed: 1), first.Written);
        Assert.All(first.Scores.Zip(four.Scores), pair => Assert.True(pair.Second <= pair.First));
        Assert.All(four.Scores.Zip(eight.Scores), pair => Assert.True(pair.Second <= pair.First));
        Assert.True(four.Scores.Average() < first.Scores.Average() - 0.05, "four candidates are hardly better than one");
        Assert.Equal((Count, 4 * Count, (double?)null), (first.Draws, four.Draws, eight.AcceptanceRate));
        Assert.Equal(eight.Texts, eight.Written.Select(TextOf));
        Assert.Equal(eight.Scores, eight.Texts.Select(Letters.ScoreOf));
    }

    [Fact]
    public void Rejection_DrawsUntilItPasses_AndTellsTheRate()
    {
        Candidates first = Draw("cpu128", new Selection()), kept = Draw("cpu128", new Selection { RejectAbove = 0, MaxTries = 50 });
        Assert.All(kept.Scores, score => Assert.Equal(0, score));
        Assert.Equal(Count, kept.Accepted);
        Assert.InRange(kept.Draws, Count + 1, 10 * Count);
        Assert.Equal(Count / (double)kept.Draws, kept.AcceptanceRate);
        // What passes at once is the sample of plain drawing.
        Assert.All(Enumerable.Range(0, Count).Where(i => first.Scores[i] == 0), i => Assert.Equal(first.Texts[i], kept.Texts[i]));

        Candidates none = Draw("cpu128", new Selection { RejectAbove = -1, MaxTries = 4 });
        Assert.Equal((0, 4L * Count), (none.Accepted, none.Draws));
        Assert.Equal(Draw("cpu128", new Selection { BestOf = 4 }).Texts, none.Texts);
    }

    [Theory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void AnyBatchSizeAndThreads_SameTexts(string backend)
    {
        foreach (Selection selection in new Selection[] { new() { BestOf = 3 }, new() { RejectAbove = 0.1, MaxTries = 5 } })
        {
            Candidates expected = Draw(backend, selection, threads: 1, batchSize: 7), actual = Draw(backend, selection, threads: 3, batchSize: 64);
            Assert.Equal(expected.Written, actual.Written);
            Assert.Equal((expected.Draws, expected.Accepted), (actual.Draws, actual.Accepted));
        }
    }

    [Fact]
    public void Progress_NeverFalls_AndEndsOnce()
    {
        foreach (Selection selection in new Selection[] { new(), new() { BestOf = 3 }, new() { RejectAbove = 0, MaxTries = 5 } })
        {
            var told = new List<int>();
            Draw("cpu128", selection, progress: told.Add);
            Assert.Equal(told.Order(), told);
            Assert.Equal(Count, told[^1]);
            Assert.Single(told, Count);
        }
    }

    private static Candidates Draw(string name, Selection selection, int threads = 1, int batchSize = 16, Action<int>? progress = null)
    {
        using IBackend backend = TestBackends.Create(name, threads);
        using Gpt2 model = TinyGpt2.Create(backend);
        return new CandidateSearch(new Sampler(model, EndOfText), new Letters()).Draw(Prompts(), Options with { BatchSize = batchSize }, selection, seed: 1, (_, ids) => TextOf(ids), progress);
    }

    private static int[][] Prompts() => [.. Enumerable.Range(0, Count).Select(i => i % 2 == 0 ? new[] { 1 } : [2, 3])];

    private static string TextOf(int[] ids) => string.Concat(ids.Select(id => (char)('a' + id)));

    /// <summary>The share of a, b, c in a text.</summary>
    private sealed class Letters : IScorer
    {
        public string Id => "letters/1";

        public static double ScoreOf(string text) => text.Length == 0 ? 0 : text.Count(letter => letter < 'd') / (double)text.Length;

        public void Score(ReadOnlySpan<string> texts, Span<double> scores)
        {
            for (int i = 0; i < texts.Length; i++) scores[i] = ScoreOf(texts[i]);
        }
    }
}
