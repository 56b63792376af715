using System.Text.Json;
using Phf.Data;
using Phf.Formats;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Objectives;
using Phf.Tests.Numerics;
using Phf.Training;
using Phf.Training.Configuration;

namespace Phf.Tests.Training;

/// <summary>A GPT-2 with a value head through the reference's own forward pass and advantage-weighted regression: loss, logs, values, every gradient.</summary>
public sealed class ValueHeadGoldenTests
{
    private const int Batch = 3, Length = 24, Time = Length - 1; // the last token is only predicted
    private const double Tolerance = 1e-5; // relative; of a gradient's largest entry

    [GoldenTheory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void LossesAndGradients_EqualTheReference(string backendName)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("objectives", "model", "golden.json")));
        using SafetensorsFile golden = SafetensorsFile.Open(Shared.Golden("objectives", "model", "golden.safetensors"));
        using IBackend backend = TestBackends.Create(backendName);
        Gpt2Config config = Gpt2Config.FromFile(Shared.Golden("objectives", "model", "config.json")) with { ValueOffset = 0 };
        using var model = new Gpt2(config, backend);
        Gpt2Weights.Read(Shared.Golden("objectives", "model", "model.safetensors"), model);
        TokenBatch batch = Recorded(golden);
        int cases = 0;
        foreach (JsonElement entry in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            string name = entry.GetProperty("objective").GetString()!;
            if (!name.StartsWith("awr", StringComparison.Ordinal)) continue;
            bool isDetached = entry.GetProperty("detached").GetBoolean();
            JsonElement options = entry.GetProperty("options"), logs = entry.GetProperty("logs");
            var objective = new WeightedRegression(name, new()
            {
                Alpha = options.GetProperty("alpha").GetDouble(),
                Beta = options.GetProperty("beta").GetDouble(),
                UsesValues = true,
                IsValueDetached = isDetached,
            });
            using var step = new TrainingStep(model, objective, new TrainingSection(), Batch, Time);
            step.Begin();
            AssertClose(entry.GetProperty("loss_f64").GetDouble(), step.Accumulate(batch, batches: 1), $"{name}: loss");
            RegressionReport report = step.Statistics!.Report();
            AssertClose(logs.GetProperty("value_loss").GetDouble(), report.Values!.Loss, $"{name}: value loss");
            AssertClose(logs.GetProperty("value_reward_corr").GetDouble(), report.Values.RewardCorrelation!.Value, $"{name}: correlation");
            AssertClose(logs.GetProperty("weighted_lm_loss").GetDouble(), report.WeightedLmLoss, $"{name}: weighted loss");
            foreach (ParameterShape shape in model.Parameters.Layout.Shapes)
            {
                double norm = Math.Sqrt(step.Gradients[shape.Name].Span.ToArray().Sum(value => (double)value * value));
                AssertClose(entry.GetProperty("grad_norms").GetProperty(shape.Name).GetDouble(), norm, $"{name}, detached {isDetached}: norm of {shape.Name}");
                if (name == "awr_a0.5_b0.1" && !isDetached) AssertGradient(golden, shape.Name, step.Gradients[shape.Name].Span);
            }
            cases++;
        }
        Assert.Equal(6, cases);
    }

    private static void AssertGradient(SafetensorsFile golden, string name, ReadOnlySpan<float> actual)
    {
        ReadOnlySpan<float> expected = golden.Span<float>($"grad.{name}");
        double scale = 0;
        foreach (float value in expected) scale = Math.Max(scale, Math.Abs(value));
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < actual.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= Tolerance * scale, $"gradient {i} of {name} is {actual[i]}, expected {expected[i]}, scale {scale}");
    }

    private static void AssertClose(double expected, double actual, string what) =>
        Assert.True(Math.Abs(expected - actual) <= Tolerance * Math.Abs(expected), $"{what} is {actual}, expected {expected}");

    private static TokenBatch Recorded(SafetensorsFile golden)
    {
        var batch = new TokenBatch(Batch, Time);
        ReadOnlySpan<long> ids = golden.Span<long>("input_ids");
        ReadOnlySpan<float> scores = golden.Span<float>("token_scores");
        for (int row = 0; row < Batch; row++)
            for (int t = 0; t < Time; t++)
            {
                int from = row * Length + t, to = row * Time + t;
                (batch.Inputs[to], batch.Targets[to], batch.Scores[to], batch.Kinds[to]) = ((int)ids[from], (int)ids[from + 1], scores[from + 1], TokenKind.Text);
            }
        return batch;
    }
}
