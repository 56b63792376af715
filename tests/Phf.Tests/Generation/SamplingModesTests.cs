using Phf.Data;
using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Tests.Model;
using Phf.Tests.Numerics;
using Phf.Text;

namespace Phf.Tests.Generation;

/// <summary>Every way of drawing besides temperature and top-p: the same for any batch and threads, and what it promises.</summary>
public sealed class SamplingModesTests
{
    private const string Good = "<|good|>", Bad = "<|bad|>";

    private static readonly BpeTokenizer Tokenizer = BpeTrainer.Train(["x = 1.\ny = 2. z\n\n# A b. C d! e\n"], 266).WithAddedTokens(Good, Bad);
    private static readonly int End = Tokenizer.EndOfTextId, GoodId = Tokenizer.VocabularySize - 2, BadId = GoodId + 1;
    private static readonly Gpt2Config Shape = new() { VocabularySize = Tokenizer.VocabularySize, Positions = 40, Channels = 8, Layers = 2, Heads = 2, Inner = 20 };
    private static readonly SamplingOptions Plain = new() { MaxLength = 40, Temperature = 1.2, TopP = 0.95 };

    private static readonly Dictionary<string, SamplingOptions> Modes = new()
    {
        ["penalties"] = Plain with { RepetitionPenalty = 1.3, NoRepeatNGram = 2 },
        ["filters"] = Plain with { TopK = 90, MinP = 0.01, TypicalP = 0.9, EpsilonCutoff = 1e-3, EtaCutoff = 1e-3 },
        ["new tokens"] = Plain with { MaxNewTokens = 12, MinNewTokens = 9 },
        ["guidance"] = Plain with { Guidance = new() { Weight = 1.5, Tag = GoodId, Against = BadId }, Banned = [[BadId]] },
        ["lines"] = Plain with { SegmentTags = Segments(Segmentation.Line) },
        ["sentences, guided"] = Plain with { SegmentTags = Segments(Segmentation.Sentence), Guidance = new() { Weight = 0.5, Tag = GoodId, Against = BadId } },
    };

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string backend in TestBackends.Names)
                foreach (string mode in Modes.Keys) cases.Add(mode, backend);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AnyBatchSizeAndThreads_SameTokens(string mode, string backend)
    {
        int[][] expected = Generate(backend, threads: 1, Modes[mode] with { BatchSize = 1 });
        Assert.Equal(expected, Generate(backend, threads: 3, Modes[mode] with { BatchSize = 4 }));
        Assert.True(expected.Select(ids => string.Join(' ', ids)).Distinct().Count() > 8, "the samples hardly differ");
        Assert.NotEqual(expected, Generate(backend, threads: 2, Plain));
    }

    [Fact]
    public void NoRepeatNGram_WritesNoneTwice()
    {
        int[][] prompts = Prompts(24), written = Generate("cpu128", threads: 1, Plain with { Temperature = 0.3, NoRepeatNGram = 2 });
        Assert.All(prompts.Zip(written, (prompt, ids) => (int[])[.. prompt, .. ids]), ids => Assert.Distinct(ids.Zip(ids.Skip(1))));
        Assert.Contains(Generate("cpu128", threads: 1, Plain with { Temperature = 0.3 }), ids => ids.Zip(ids.Skip(1)).Distinct().Count() < ids.Length - 1);
    }

    [Fact]
    public void NewTokens_AreCountedBehindEachPrompt()
    {
        int[][] written = Generate("cpu128", threads: 1, Modes["new tokens"]);
        Assert.All(written, ids => Assert.InRange(ids.Length, 9, 12));
        Assert.Contains(written, ids => ids.Length == 12);
    }

    [Fact]
    public void Stream_DecidesTheText_NotTheCompany()
    {
        using IBackend backend = TestBackends.Create("cpu128");
        using Gpt2 model = TinyGpt2.Create(backend, Shape);
        var sampler = new Sampler(model, End);
        int[][] all = sampler.Generate([.. Enumerable.Repeat(new[] { End }, 9)], Plain, seed: 4);
        Assert.Equal([all[7], all[2]], sampler.Generate([new SamplingPrompt([End], 7), new SamplingPrompt([End], 2)], Plain, seed: 4));
    }

    /// <summary>Greedy tokens are those of the formula, computed from the logits of both readings side by side.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void Guidance_TakesTheTokenOfTheFormula(string name)
    {
        const double weight = 2.5;
        using IBackend backend = TestBackends.Create(name);
        using Gpt2 model = TinyGpt2.Create(backend, Shape);
        var options = new SamplingOptions { MaxLength = 30, MinLength = 30, Sample = false, Guidance = new() { Weight = weight, Tag = GoodId, Against = BadId } };
        int[] prompt = [End, GoodId, .. Tokenizer.Encode("x =")], written = new Sampler(model, End).Generate([prompt], options, seed: 1)[0];
        Assert.Equal(30, prompt.Length + written.Length);
        Assert.NotEqual(written, new Sampler(model, End).Generate([prompt], options with { Guidance = null }, seed: 1)[0]);

        using DecodeState own = new(model, 1, 30), other = new(model, 1, 30);
        int[] whole = [.. prompt, .. written];
        for (int i = 0; i + 1 < whole.Length; i++)
        {
            own.Step([whole[i]]);
            other.Step([whole[i] == GoodId ? BadId : whole[i]]);
            if (i + 1 < prompt.Length) continue;
            double[] scores = [.. Enumerable.Range(0, Shape.VocabularySize).Select(id =>
                (1 + weight) * own.Logits.Row(0)[id] - weight * other.Logits.Row(0)[id == GoodId ? BadId : id == BadId ? GoodId : id])];
            scores[End] = double.NegativeInfinity;
            Assert.InRange(scores[whole[i + 1]], scores.Max() - 1e-4, double.PositiveInfinity);
        }
    }

    [Fact]
    public void GuidanceOfZero_IsTheModelAlone()
    {
        SamplingOptions none = Plain with { Guidance = new() { Weight = 0, Tag = GoodId, Against = BadId } };
        Assert.Equal(Generate("cpu128", threads: 1, Plain), Generate("cpu128", threads: 1, none));
    }

    /// <summary>Behind every newline that was written stands the tag, and nowhere else; the model writes none itself, and may still end there.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void Retag_Lines_HaveATagEach(string backend)
    {
        int[] few = [.. Tokenizer.Encode("x\ny"), End, GoodId, BadId];
        SamplingOptions options = Modes["lines"] with { Banned = [.. Enumerable.Range(0, Shape.VocabularySize).Except(few).Select(id => new[] { id })] };
        int[][] prompts = Prompts(24), written = Generate(backend, threads: 2, options);
        int tags = 0, ends = 0;
        foreach ((int[] prompt, int[] ids) in prompts.Zip(written))
        {
            Assert.DoesNotContain(BadId, ids);
            int[] whole = [.. prompt, .. ids];
            for (int i = prompt.Length; i <= whole.Length; i++)
            {
                bool isBehindLine = Tokenizer.Decode(whole.AsSpan(i - 1, 1)).EndsWith('\n');
                if (i < whole.Length) Assert.Equal(isBehindLine, whole[i] == GoodId);
                else if (isBehindLine && whole.Length < options.MaxLength) ends++;
                if (i < whole.Length && whole[i] == GoodId) tags++;
            }
        }
        Assert.True(tags > 10, $"only {tags} lines ended");
        Assert.True(ends > 0, "no text ended behind a newline");
    }

    [Fact]
    public void Chooser_WithEveryTokenBanned_EndsTheText()
    {
        int[][] banned = [.. Enumerable.Range(0, Shape.VocabularySize - 5).Select(id => new[] { id })];
        int[][] written = Generate("cpu128", threads: 1, new SamplingOptions { MaxLength = 40, MinLength = 40, NoRepeatNGram = 1, TopK = 3, Banned = banned });
        Assert.All(written, ids => Assert.InRange(ids.Length, 0, 5));
    }

    [Fact]
    public void BadOptions_AreNamed()
    {
        AssertRefused(Plain with { RepetitionPenalty = 0 }, "repetition_penalty 0");
        AssertRefused(Plain with { NoRepeatNGram = -1 }, "NoRepeatNGram");
        AssertRefused(Plain with { MinP = 1.1 }, "min_p");
        AssertRefused(Plain with { TypicalP = 0 }, "typical_p");
        AssertRefused(Plain with { EpsilonCutoff = 1 }, "epsilon_cutoff");
        AssertRefused(Plain with { EtaCutoff = double.NaN }, "eta_cutoff");
        AssertRefused(Plain with { MaxNewTokens = 39 }, "a prompt of 6 tokens and max_new_tokens 39 are more than the model's 40 positions");
        AssertRefused(Plain with { Guidance = new() { Weight = double.NaN, Tag = GoodId, Against = BadId } }, "guidance NaN");
        AssertRefused(Plain with { Guidance = new() { Weight = 1, Tag = GoodId, Against = GoodId } }, "two tags");
        AssertRefused(Plain with { Guidance = new() { Weight = 1, Tag = GoodId, Against = 5000 } }, "5000");
        AssertRefused(Plain with { SegmentTags = Segments(Segmentation.Document) }, "one segment");
    }

    private static void AssertRefused(SamplingOptions options, string named) =>
        Assert.Contains(named, Assert.ThrowsAny<ArgumentException>(() => Generate("cpu128", threads: 1, options)).Message);

    private static SegmentTags Segments(Segmentation segmentation) =>
        new() { Tokenizer = Tokenizer, Segmentation = segmentation, Tag = [GoodId], Known = [[GoodId], [BadId]], Bans = [[GoodId], [BadId]] };

    /// <summary>Prompts of several lengths behind the good tag.</summary>
    private static int[][] Prompts(int count) => [.. Enumerable.Range(0, count).Select(i => (int[])[End, GoodId, .. Tokenizer.Encode("x = 1. y")[..(i % 5)]])];

    private static int[][] Generate(string name, int threads, SamplingOptions options)
    {
        using IBackend backend = TestBackends.Create(name, threads);
        using Gpt2 model = TinyGpt2.Create(backend, Shape);
        return new Sampler(model, End).Generate(Prompts(24), options, seed: 1);
    }
}
