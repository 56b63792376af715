using System.Text.Json;
using Phf.Formats;
using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Tests.Numerics;

namespace Phf.Tests.Generation;

/// <summary>Greedy tokens and filtered probabilities against transformers' generate.</summary>
public sealed class GenerationGoldenTests
{
    private const int NewTokens = 24, ContextLength = 14;

    [GoldenTheory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void Greedy_EqualsTransformers(string backendName)
    {
        using IBackend backend = TestBackends.Create(backendName);
        using Gpt2 model = Gpt2Weights.Load(Shared.Golden("gpt2", "base"), backend);
        using var json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("generation", "greedy.json")));
        int eos = json.RootElement.GetProperty("eos").GetInt32();
        foreach (JsonElement entry in json.RootElement.GetProperty("cases").EnumerateArray())
            AssertGreedy(model, entry, eos, minLength: 0, "output");
        foreach (JsonElement entry in json.RootElement.GetProperty("eos_cases").EnumerateArray())
        {
            int own = entry.GetProperty("eos").GetInt32();
            AssertGreedy(model, entry, own, minLength: 0, "output");
            AssertGreedy(model, entry, own, entry.GetProperty("min_length").GetInt32(), "output_with_min_length");
        }
    }

    [GoldenFact]
    public void Probabilities_EqualTransformersProcessors()
    {
        using var tensors = SafetensorsFile.Open(Shared.Golden("generation", "processors.safetensors"));
        using var json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("generation", "processors.json")));
        int eos = json.RootElement.GetProperty("eos").GetInt32(), vocabulary = json.RootElement.GetProperty("vocab").GetInt32();
        int[] contexts = Array.ConvertAll(tensors.Span<long>("input_ids").ToArray(), id => (int)id);
        var compared = new List<string>();
        foreach (JsonElement entry in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            string name = entry.GetProperty("case").GetString()!;
            if (Options(entry.GetProperty("options"), eos) is not { } options) continue;
            compared.Add(name);
            ReadOnlySpan<float> logits = tensors.Span<float>(entry.GetProperty("logits").GetString()!), expected = tensors.Span<float>($"probs.{name}");
            var chooser = new TokenChooser(options, eos, vocabulary);
            var actual = new double[vocabulary];
            for (int row = 0; row < 6; row++)
            {
                chooser.Probabilities(logits.Slice(row * vocabulary, vocabulary), contexts.AsSpan(row * ContextLength, ContextLength), actual);
                for (int id = 0; id < vocabulary; id++)
                {
                    float probability = expected[row * vocabulary + id];
                    Assert.True(probability > 0 == actual[id] > 0, $"{name}, row {row}: token {id} has {actual[id]}, expected {probability}");
                    Assert.True(Math.Abs(probability - actual[id]) <= 2e-6, $"{name}, row {row}: token {id} has {actual[id]}, expected {probability}");
                }
            }
        }
        Assert.Equal(
            ["temperature_0.7_top_p_0.9_top_k_0", "top_k_5", "top_k_5.ties", "top_p_0.5", "top_p_0.5_default_top_k", "temperature_1.3_top_k_20_top_p_0.8",
                "min_length_banned", "min_length_reached", "min_new_tokens_1", "bad_words_single", "bad_words_multi", "top_p_tiny", "top_k_1", "top_k_1.ties",
                "top_k_larger_than_vocab"], compared);
    }

    private static void AssertGreedy(Gpt2 model, JsonElement entry, int eos, int minLength, string output)
    {
        int[] prompt = Ids(entry.GetProperty("prompt")), expected = Ids(entry.GetProperty(output));
        var options = new SamplingOptions { MaxLength = prompt.Length + NewTokens, MinLength = minLength, Sample = false };
        int[] written = new Sampler(model, eos).Generate([prompt], options, seed: 0)[0];
        int[] whole = [.. prompt, .. written, .. expected[^1] == eos ? [eos] : Array.Empty<int>()];
        Assert.Equal(expected, whole);
    }

    /// <summary>Null where an option is not one of ours. transformers keeps the 50 likeliest tokens when top_k is not given.</summary>
    private static SamplingOptions? Options(JsonElement given, int eos)
    {
        var options = new SamplingOptions { MaxLength = 128, TopK = 50 };
        foreach (JsonProperty option in given.EnumerateObject())
        {
            JsonElement value = option.Value;
            switch (option.Name)
            {
                case "do_sample" when value.GetBoolean(): break;
                case "temperature": options = options with { Temperature = value.GetDouble() }; break;
                case "top_k": options = options with { TopK = value.GetInt32() }; break;
                case "top_p": options = options with { TopP = value.GetDouble() }; break;
                case "min_length": options = options with { MinLength = value.GetInt32() }; break;
                case "min_new_tokens": options = options with { MinLength = ContextLength + value.GetInt32() }; break;
                case "bad_words_ids" when value.EnumerateArray().All(word => Ids(word) is not [var id] || id != eos):
                    options = options with { Banned = [.. value.EnumerateArray().Select(Ids)] };
                    break;
                default: return null;
            }
        }
        return options;
    }

    private static int[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetInt32())];
}
