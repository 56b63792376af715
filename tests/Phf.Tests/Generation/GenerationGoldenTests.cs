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
        int compared = 0;
        foreach (JsonElement entry in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            string name = entry.GetProperty("case").GetString()!;
            SamplingOptions options = Options(entry.GetProperty("options"));
            compared++;
            ReadOnlySpan<float> logits = tensors.Span<float>(entry.GetProperty("logits").GetString()!), expected = tensors.Span<float>($"probs.{name}");
            var chooser = new TokenChooser(options, eos, vocabulary);
            var actual = new double[vocabulary];
            for (int row = 0; row < 6; row++)
            {
                ReadOnlySpan<int> context = contexts.AsSpan(row * ContextLength, ContextLength);
                chooser.Probabilities(logits.Slice(row * vocabulary, vocabulary), context, options.ShortestBehind(context, eos), actual);
                for (int id = 0; id < vocabulary; id++)
                {
                    float probability = expected[row * vocabulary + id];
                    Assert.True(probability > 0 == actual[id] > 0, $"{name}, row {row}: token {id} has {actual[id]}, expected {probability}");
                    Assert.True(Math.Abs(probability - actual[id]) <= 2e-6, $"{name}, row {row}: token {id} has {actual[id]}, expected {probability}");
                }
            }
        }
        Assert.Equal(31, compared);
    }

    private static void AssertGreedy(Gpt2 model, JsonElement entry, int eos, int minLength, string output)
    {
        int[] prompt = Ids(entry.GetProperty("prompt")), expected = Ids(entry.GetProperty(output));
        var options = new SamplingOptions { MaxLength = prompt.Length + NewTokens, MinLength = minLength, Sample = false };
        int[] written = new Sampler(model, eos).Generate([prompt], options, seed: 0)[0];
        int[] whole = [.. prompt, .. written, .. expected[^1] == eos ? [eos] : Array.Empty<int>()];
        Assert.Equal(expected, whole);
    }

    /// <summary>transformers keeps the 50 likeliest tokens when top_k is not given, but when greedy, all.</summary>
    private static SamplingOptions Options(JsonElement given)
    {
        var options = new SamplingOptions { MaxLength = 128, TopK = 50 };
        foreach (JsonProperty option in given.EnumerateObject())
        {
            JsonElement value = option.Value;
            options = option.Name switch
            {
                "do_sample" => value.GetBoolean() ? options : options with { TopK = 0 },
                "temperature" => options with { Temperature = value.GetDouble() },
                "top_k" => options with { TopK = value.GetInt32() },
                "top_p" => options with { TopP = value.GetDouble() },
                "min_p" => options with { MinP = value.GetDouble() },
                "typical_p" => options with { TypicalP = value.GetDouble() },
                "epsilon_cutoff" => options with { EpsilonCutoff = value.GetDouble() },
                "eta_cutoff" => options with { EtaCutoff = value.GetDouble() },
                "repetition_penalty" => options with { RepetitionPenalty = value.GetDouble() },
                "no_repeat_ngram_size" => options with { NoRepeatNGram = value.GetInt32() },
                "min_length" => options with { MinLength = value.GetInt32() },
                "min_new_tokens" => options with { MinNewTokens = value.GetInt32() },
                "bad_words_ids" => options with { Banned = [.. value.EnumerateArray().Select(Ids)] },
                string other => throw new InvalidDataException($"unknown option {other}"),
            };
        }
        return options;
    }

    private static int[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetInt32())];
}
