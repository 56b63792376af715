using System.Text.Json;
using Phf.Formats;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Numerics.Memory;
using Phf.Tests.Numerics;

namespace Phf.Tests.Model;

/// <summary>Logits, losses and every named gradient against PyTorch and transformers, on every backend and vector width.</summary>
public sealed class Gpt2GoldenTests
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string folder in new[] { "base", "scaled", "n_inner", "untied" })
                foreach (string backend in TestBackends.Names) cases.Add(folder, backend);
            return cases;
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Cases))]
    public void ForwardAndGradients_EqualPyTorch(string folder, string backendName)
    {
        using IBackend backend = TestBackends.Create(backendName);
        using Gpt2 model = Load(folder, backend);
        using var golden = SafetensorsFile.Open(Shared.Golden("gpt2", folder, "golden.safetensors"));
        (int batch, int time, int[] tokens) = Ids(golden, "a");
        int[] positions = Positions(batch, time), targets = Shifted(tokens, time);
        var weights = new float[tokens.Length];
        for (int i = 0; i < weights.Length; i++) weights[i] = i % time == time - 1 ? 0 : 1f / (batch * (time - 1));
        var logProbs = new float[tokens.Length];
        var logComplements = new float[tokens.Length];
        using var state = new Activations(model.Config, batch, time, forTraining: true);
        using var gradients = new ParameterSet(model.Parameters.Layout, model.Config);

        model.Forward(tokens, positions, state);
        model.Classify(state, targets, new TokenWeights(weights, default), logProbs, logComplements, gradients);
        model.Backward(tokens, positions, state, gradients);

        double actual = Enumerable.Range(0, tokens.Length).Sum(i => -(double)weights[i] * logProbs[i]);
        Assert.Equal(ExpectedLoss(folder), actual, 1e-5);
        float[] expected = golden.Span<float>("a.token_logprobs").ToArray();
        for (int b = 0; b < batch; b++)
            for (int t = 0; t < time - 1; t++) Assert.Equal(expected[b * (time - 1) + t], logProbs[b * time + t], 4e-5);
        using var logits = new Arena(Arena.SizeOf(tokens.Length, model.Config.VocabularySize));
        Tensor scores = logits.Take(tokens.Length, model.Config.VocabularySize);
        backend.Logits(state.Final, model.Parameters.Head, scores);
        AssertClose(golden.Span<float>("a.logits"), scores.Span, 5e-5f, "logits");
        foreach (ParameterShape shape in gradients.Layout.Shapes)
        {
            ReadOnlySpan<float> truth = golden.Span<float>($"a.grad.{shape.Name}");
            float largest = 0;
            foreach (float value in truth) largest = Math.Max(largest, Math.Abs(value));
            AssertClose(truth, gradients[shape.Name].Span, Math.Max(4e-6f, 2e-5f * largest), shape.Name);
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Cases))]
    public void KeyValueCache_EqualsTheWholeSequence(string folder, string backendName)
    {
        using IBackend backend = TestBackends.Create(backendName);
        using Gpt2 model = Load(folder, backend);
        using var golden = SafetensorsFile.Open(Shared.Golden("gpt2", folder, "golden.safetensors"));
        (int batch, int time, int[] tokens) = Ids(golden, "a");
        float[] logits = golden.Span<float>("a.logits").ToArray();
        using var state = new DecodeState(model, batch, time);
        int vocabulary = model.Config.VocabularySize;
        for (int t = 0; t < time; t++)
        {
            state.Step([.. Enumerable.Range(0, batch).Select(b => tokens[b * time + t])]);
            for (int b = 0; b < batch; b++)
                AssertClose(logits.AsSpan((b * time + t) * vocabulary, vocabulary), state.Logits.Row(b), 5e-5f, $"logits at {t}");
        }
    }

    /// <summary>The same weights in every dialect and format of the Hub give the same logits; 16-bit copies what 16 bits lose.</summary>
    [GoldenTheory]
    [InlineData("base/pytorch_model.bin", 5e-5f)]
    [InlineData("base_files/pytorch_model.legacy.bin", 5e-5f)]
    [InlineData("base_files/old_hub_noprefix.bin", 5e-5f)]
    [InlineData("base_files/old_hub_noprefix.legacy.bin", 5e-5f)]
    [InlineData("base_files/old_prefix_lm_head.bin", 5e-5f)]
    [InlineData("base_files/strided_shared_storage.bin", 5e-5f)]
    [InlineData("base_files/sharded", 5e-5f)]
    [InlineData("base_files/pytorch_model.f16.bin", 0.02f)]
    [InlineData("base_files/model.f16.safetensors", 0.02f)]
    [InlineData("base_files/model.bf16.safetensors", 0.2f)]
    public void EveryFormatOfTheWeights_GivesTheLogits(string path, float tolerance)
    {
        using IBackend backend = Backends.CreateCpu(1);
        using var model = new Gpt2(Gpt2Config.FromFile(Shared.Golden("gpt2", "base", "config.json")), backend);
        using var golden = SafetensorsFile.Open(Shared.Golden("gpt2", "base", "golden.safetensors"));
        Gpt2Weights.Read(Shared.Golden(["gpt2", .. path.Split('/')]), model);
        AssertLogits(model, golden, "a", tolerance);
    }

    [GoldenTheory]
    [InlineData("act_gelu")]
    [InlineData("act_relu")]
    [InlineData("act_silu")]
    [InlineData("act_gelu_pytorch_tanh")]
    public void EveryActivation_GivesTheLogits(string folder)
    {
        foreach (string name in TestBackends.Names)
        {
            using IBackend backend = TestBackends.Create(name);
            using Gpt2 model = Load(folder, backend);
            using var golden = SafetensorsFile.Open(Shared.Golden("gpt2", folder, "golden.safetensors"));
            AssertLogits(model, golden, "b", 5e-5f);
        }
    }

    private static Gpt2 Load(string folder, IBackend backend)
    {
        string own = Shared.Golden("gpt2", folder), weights = Path.Combine(own, Gpt2Weights.FileName);
        var model = new Gpt2(Gpt2Config.FromFile(Path.Combine(own, "config.json")), backend);
        Gpt2Weights.Read(File.Exists(weights) ? weights : Shared.Golden("gpt2", "base", Gpt2Weights.FileName), model);
        return model;
    }

    private static void AssertLogits(Gpt2 model, SafetensorsFile golden, string input, float tolerance)
    {
        (int batch, int time, int[] tokens) = Ids(golden, input);
        using var state = new Activations(model.Config, batch, time, forTraining: false);
        model.Forward(tokens, Positions(batch, time), state);
        using var memory = new Arena(Arena.SizeOf(tokens.Length, model.Config.VocabularySize));
        Tensor logits = memory.Take(tokens.Length, model.Config.VocabularySize);
        model.Backend.Logits(state.Final, model.Parameters.Head, logits);
        AssertClose(golden.Span<float>($"{input}.logits"), logits.Span, tolerance, "logits");
    }

    private static double ExpectedLoss(string folder)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("gpt2", "golden.json")));
        return json.RootElement.GetProperty(folder).GetProperty("a").GetProperty("loss_f64").GetDouble();
    }

    private static (int Batch, int Time, int[] Tokens) Ids(SafetensorsFile file, string name)
    {
        SafetensorsEntry entry = file.Tensors[$"{name}.input_ids"];
        int[] tokens = [.. file.Span<long>($"{name}.input_ids").ToArray().Select(id => (int)id)];
        return ((int)entry.Shape[0], (int)entry.Shape[1], tokens);
    }

    private static int[] Positions(int batch, int time) => [.. Enumerable.Range(0, batch * time).Select(i => i % time)];

    private static int[] Shifted(int[] tokens, int time) => [.. Enumerable.Range(0, tokens.Length).Select(i => i % time == time - 1 ? 0 : tokens[i + 1])];

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float tolerance, string name)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"{name}[{i}]: expected {expected[i]}, found {actual[i]}, tolerance {tolerance}");
    }
}
