using System.Text.Json;
using Phf.Model;
using Phf.Numerics.Backend;

namespace Phf.Tests.Model;

public sealed class SequenceLogProbsTests
{
    [GoldenFact]
    public void Of_RecordedTexts_EqualsTransformers()
    {
        using IBackend backend = Backends.CreateCpu(1);
        using Gpt2 model = Gpt2Weights.Load(Shared.Golden("gpt2", "base"), backend);
        using var json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("metrics", "kl", "golden.json")));
        JsonElement[] runs = [.. json.RootElement.GetProperty("runs").EnumerateArray()];
        int[][] ids = [.. runs.First(run => run.TryGetProperty("whole", out _)).GetProperty("whole").GetProperty("input_ids").EnumerateArray()
            .Select(list => list.EnumerateArray().Select(id => id.GetInt32()).ToArray())];
        double[] expected = [.. runs.First(run => run.TryGetProperty("eval_batch_size", out JsonElement size) && size.GetInt32() == 1)
            .GetProperty("reference_logprobs").EnumerateArray().Select(sum => sum.GetDouble())];
        float[][] found = SequenceLogProbs.Of(model, ids);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i].Sum(value => (double)value), 2e-4);
    }

    /// <summary>A sequence in windows: each number is that of the window read alone, with at least half a context before it.</summary>
    [Fact]
    public void Of_LongerThanTheContext_ReadsOverlappingWindows()
    {
        using IBackend backend = Backends.CreateReference();
        using Gpt2 model = TinyGpt2.Create(backend); // 9 positions
        int[] ids = TinyGpt2.Tokens(30, 13);
        float[] all = SequenceLogProbs.Of(model, [ids, [], [4]])[0];
        Assert.Equal(29, all.Length);
        Assert.Equal(SequenceLogProbs.Of(model, [ids[..10]])[0], all[..9]);
        Assert.Equal(SequenceLogProbs.Of(model, [ids[5..15]])[0][4..], all[9..14]);
        Assert.Equal(SequenceLogProbs.Of(model, [ids[10..20]])[0][4..], all[14..19]);
        Assert.Contains("token id 13", Assert.Throws<ArgumentException>(() => SequenceLogProbs.Of(model, [[1, 13]])).Message);
    }
}
