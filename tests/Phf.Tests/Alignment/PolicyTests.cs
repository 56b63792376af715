using Phf.Alignment;
using Phf.Alignment.Estimates;
using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Tests.Model;
using Phf.Tests.Numerics;
using Phf.Training.Configuration;

namespace Phf.Tests.Alignment;

/// <summary>
/// The engine on a language that can be enumerated: a model of five tokens, the last of which ends a text, that writes at most three.
/// </summary>
public sealed class PolicyTests
{
    private const int Vocabulary = 5, EndOfText = 4, MaxLength = 4;
    private static readonly Gpt2Config Config = new() { VocabularySize = Vocabulary, Positions = MaxLength, Channels = 8, Layers = 1, Heads = 2 };

    public static TheoryData<string> BackendNames => [.. TestBackends.CpuNames, "reference"];

    [Theory]
    [MemberData(nameof(BackendNames))]
    public void ProbabilitiesOfAllTexts_AddUpToOne(string backendName)
    {
        using IBackend backend = TestBackends.Create(backendName);
        using Gpt2 model = TinyGpt2.Create(backend, Config);
        Assert.Equal(1, LogProbs(model, AllTexts()).Sum(Math.Exp), 1e-5); // an end that is charged where there is one, and only there
    }

    [Fact]
    public void Sampler_DrawsTextsByTheirProbabilities()
    {
        using IBackend backend = Backends.CreateCpu(threads: 1);
        using Gpt2 model = TinyGpt2.Create(backend, Config);
        int[][] texts = AllTexts(), prompts = [.. Enumerable.Repeat(new[] { EndOfText }, 20_000)];
        int[][] written = new Sampler(model, EndOfText).Generate(prompts, new SamplingOptions { MaxLength = MaxLength }, seed: 4);
        Dictionary<string, int> counts = written.GroupBy(ids => string.Join(' ', ids)).ToDictionary(group => group.Key, group => group.Count());
        double[] logs = LogProbs(model, texts);
        double statistic = 0;
        for (int x = 0; x < texts.Length; x++)
        {
            double expected = written.Length * Math.Exp(logs[x]);
            statistic += Math.Pow(counts.GetValueOrDefault(string.Join(' ', texts[x][1..].TakeWhile(id => id != EndOfText))) - expected, 2) / expected;
        }
        double freedom = texts.Length - 1; // chi squared has this mean and twice this variance
        Assert.InRange(statistic, freedom - 4 * Math.Sqrt(2 * freedom), freedom + 4 * Math.Sqrt(2 * freedom));
    }

    [Theory]
    [MemberData(nameof(BackendNames))]
    public void Gradient_OfTheDistanceToATarget_EqualsFiniteDifferences(string backendName)
    {
        using IBackend backend = TestBackends.Create(backendName);
        using Gpt2 model = TinyGpt2.Create(backend, Config);
        using var policy = new Policy(model, new TrainingSection { PerDeviceTrainBatchSize = 7 }, MaxLength - 1);
        int[][] texts = AllTexts();
        double[] p = [.. texts.Select((_, x) => Math.Log((1.0 + x % 5) / texts.Select((_, y) => 1.0 + y % 5).Sum()))], all = Measure.OfAll(texts.Length);
        double Distance() => Divergences.KullbackLeibler(p, LogProbs(model, texts), all);
        // grad KL(p || pi) = -sum p grad log pi: every text once, weighed by p.
        WeightedText[] weighted = [.. texts.Select((tokens, x) => new WeightedText(tokens, [.. Enumerable.Repeat(Math.Exp(p[x]), tokens.Length - 1)]))];
        double squared = policy.SquaredGradient(weighted);
        Assert.Equal(squared, policy.SquaredGradient(weighted), 1e-12); // nothing was left over

        // Along the gradient the distance changes by the gradient's norm.
        float[] direction = [.. policy.Gradients.All.Span.ToArray().Select(value => (float)(value / Math.Sqrt(squared)))];
        const float h = 5e-3f;
        double above = Moved(h), below = Moved(-h);
        Assert.Equal(Math.Sqrt(squared), (above - below) / (2 * h), 2e-4 * Math.Sqrt(squared) + 2e-5 / h);

        double Moved(float by)
        {
            float[] before = model.Parameters.All.Span.ToArray();
            for (int i = 0; i < before.Length; i++) model.Parameters.All.Span[i] += by * direction[i];
            double distance = Distance();
            before.CopyTo(model.Parameters.All.Span);
            return distance;
        }
    }

    [Fact]
    public void Alternatives_AreLikelyOtherTokens_AndTheirGradientIsThatOfTheLogits()
    {
        using IBackend backend = Backends.CreateReference();
        using Gpt2 model = TinyGpt2.Create(backend, Config);
        using var policy = new Policy(model, new TrainingSection { PerDeviceTrainBatchSize = 2 }, MaxLength - 1);
        int[] text = [EndOfText, 2, 0, 1];
        (int[] others, double[] gaps) = Alternatives.Of(model, text, candidates: 2, seed: 5);
        for (int t = 0; t < others.Length; t++)
        {
            double[] logs = [.. Enumerable.Range(0, Vocabulary).Select(id => LogProbs(model, [[.. text[..(t + 1)], id]])[0])];
            Assert.NotEqual(text[t + 1], others[t]);
            Assert.True(Enumerable.Range(0, Vocabulary).Count(id => id != text[t + 1] && logs[id] > logs[others[t]]) < 2, "one of the two most probable others");
            Assert.Equal(logs[text[t + 1]] - logs[others[t]], gaps[t], 1e-5); // a difference of logits is one of log-probabilities
        }
        Assert.Equal(others, Alternatives.Of(model, text, candidates: 2, seed: 5).Tokens);

        double squared = policy.SquaredGradient([new WeightedText(text, [-1, -1, -1]), new WeightedText(text, [1, 1, 1], Targets: others)]);
        float[] direction = [.. policy.Gradients.All.Span.ToArray().Select(value => (float)(value / Math.Sqrt(squared)))];
        const float h = 5e-3f;
        Assert.Equal(Math.Sqrt(squared), (Gaps(h) - Gaps(-h)) / (2 * h), 1e-3 * Math.Sqrt(squared));

        double Gaps(float by)
        {
            float[] before = model.Parameters.All.Span.ToArray();
            for (int i = 0; i < before.Length; i++) model.Parameters.All.Span[i] += by * direction[i];
            double sum = Enumerable.Range(0, others.Length).Sum(t =>
                LogProbs(model, [[.. text[..(t + 1)], text[t + 1]]])[0] - LogProbs(model, [[.. text[..(t + 1)], others[t]]])[0]);
            before.CopyTo(model.Parameters.All.Span);
            return sum;
        }
    }

    [Fact]
    public void GradientSpread_IsThatOfSingleTexts()
    {
        using IBackend backend = Backends.CreateReference();
        using Gpt2 model = TinyGpt2.Create(backend, Config);
        using var policy = new Policy(model, new TrainingSection { PerDeviceTrainBatchSize = 64 }, MaxLength - 1);
        int[][] texts = [.. AllTexts().Take(8)];
        double[] weights = [1, -2, 0.5, 3, 1, 1, -1, 2];
        var draws = new Draws { Prompts = new int[8], Tokens = texts, Starts = [.. texts.Select(_ => 1)], Texts = [.. texts.Select(_ => "")], Features = [.. texts.Select(_ => new double[1])] };
        double spread = GradientSpread.Of(policy, WeightedText.Of(draws, weights));
        WeightedText[] each = WeightedText.Of(draws, weights);
        double[][] gradients = [.. each.Select(text =>
        {
            policy.SquaredGradient([text]);
            return policy.Gradients.All.Span.ToArray().Select(value => (double)value).ToArray();
        })];
        double expected = Enumerable.Range(0, gradients[0].Length).Sum(i =>
        {
            double mean = gradients.Average(gradient => gradient[i]);
            return gradients.Sum(gradient => (gradient[i] - mean) * (gradient[i] - mean)) / 7;
        });
        Assert.Equal(expected, spread, 1e-4 * expected);
    }

    [Fact]
    public void Update_WithoutAnyWeight_ChangesNothing()
    {
        using IBackend backend = Backends.CreateReference();
        using Gpt2 model = TinyGpt2.Create(backend, Config);
        using var policy = new Policy(model, new TrainingSection { PerDeviceTrainBatchSize = 2 }, MaxLength - 1);
        policy.Update([new WeightedText([4, 1, 2], [1, 1])], rate: 1e-2);
        byte[] before = TinyGpt2.Bytes(model.Parameters.All);
        policy.Update([new WeightedText([4, 1, 2], [0, 0])], rate: 1e-2); // the moments alone would move the weights
        Assert.Equal(before, TinyGpt2.Bytes(model.Parameters.All));
        Assert.Equal(1, policy.Updates);
    }

    [Fact]
    public void Update_WithTextsThatWeighNothing_IsThatWithoutThem()
    {
        using IBackend backend = Backends.CreateReference();
        WeightedText one = new([4, 1, 2], [1, -0.5]), other = new([4, 3, 0, 4], [0.25, 0.25, 0]), nothing = new([4, 0, 0], [0, 0]);
        byte[] Updated(params WeightedText[] texts)
        {
            using Gpt2 model = TinyGpt2.Create(backend, Config);
            using var policy = new Policy(model, new TrainingSection { PerDeviceTrainBatchSize = 2 }, MaxLength - 1);
            policy.Update(texts, rate: 1e-2);
            return TinyGpt2.Bytes(model.Parameters.All);
        }
        Assert.Equal(Updated(one, other), Updated(nothing, one, nothing, nothing, other));
        Assert.NotEqual(Updated(one, other), Updated(one));
    }

    [Fact]
    public void LogProbs_OfSomeTexts_AreInTheirPlaces()
    {
        using IBackend backend = Backends.CreateReference();
        using Gpt2 model = TinyGpt2.Create(backend, Config);
        int[][] texts = [.. AllTexts().Skip(20).Take(5)];
        var draws = new Draws { Prompts = new int[5], Tokens = texts, Starts = [.. texts.Select(_ => 1)], Texts = [.. texts.Select(_ => "")], Features = [.. texts.Select(_ => new double[1])] };
        double[] all = draws.LogProbs(model);
        Assert.Equal([0, all[1], 0, 0, all[4]], draws.LogProbs(model, [1, 4]));
        Assert.Equal(new double[5], draws.LogProbs(model, []));
    }

    [Fact]
    public void Update_ThatIsNotFinite_IsToldAndNotDone()
    {
        using IBackend backend = Backends.CreateReference();
        using Gpt2 model = TinyGpt2.Create(backend, Config);
        using var policy = new Policy(model, new TrainingSection { PerDeviceTrainBatchSize = 2 }, MaxLength - 1);
        byte[] before = TinyGpt2.Bytes(model.Parameters.All);
        var problem = Assert.Throws<InvalidDataException>(() => policy.Update([new WeightedText([4, 1, 2], [double.PositiveInfinity, 1])], rate: 1e-2));
        Assert.Contains("update 1: the loss is", problem.Message);
        Assert.Equal(before, TinyGpt2.Bytes(model.Parameters.All));
    }

    private static double[] LogProbs(Gpt2 model, int[][] texts) => [.. SequenceLogProbs.Of(model, texts).Select(logs => logs.Sum(log => (double)log))];

    /// <summary>Begun by end-of-text; those shorter than the longest end with it.</summary>
    private static int[][] AllTexts()
    {
        List<int[]> open = [[EndOfText]], all = [];
        for (int length = 1; length < MaxLength; length++)
        {
            all.AddRange(open.Select(text => (int[])[.. text, EndOfText]));
            open = [.. open.SelectMany(text => Enumerable.Range(0, EndOfText).Select(id => (int[])[.. text, id]))];
        }
        return [.. all, .. open];
    }
}
