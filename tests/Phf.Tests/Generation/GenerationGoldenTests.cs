using System.Text.Json;
using Phf.Data;
using Phf.Formats;
using Phf.Generation;
using Phf.Model;
using Phf.Numerics.Backend;
using Phf.Tests.Data;
using Phf.Tests.Numerics;
using Phf.Text;

namespace Phf.Tests.Generation;

/// <summary>Greedy tokens and filtered probabilities against transformers' generate.</summary>
public sealed class GenerationGoldenTests
{
    private const int NewTokens = 24, ContextLength = 14, EndOfText = 511;

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

    /// <summary>The prompts of one left-padded batch; here they lie in one batch without padding.</summary>
    [GoldenTheory]
    [MemberData(nameof(TestBackends.All), MemberType = typeof(TestBackends))]
    public void PromptsOfManyLengths_InOneBatch_EqualTheLeftPaddedOnes(string backendName)
    {
        using IBackend backend = TestBackends.Create(backendName);
        using Gpt2 model = Gpt2Weights.Load(Shared.Golden("gpt2", "base"), backend);
        using var tensors = SafetensorsFile.Open(Shared.Golden("generation", "left_padded.safetensors"));
        ReadOnlySpan<long> mask = tensors.Span<long>("attention_mask"), padded = tensors.Span<long>("greedy");
        int rows = 5, width = mask.Length / rows;
        int[][] prompts = new int[rows][], expected = new int[rows][];
        for (int row = 0; row < rows; row++)
        {
            int padding = width - (int)mask.Slice(row * width, width).ToArray().Sum();
            int[] whole = Array.ConvertAll(padded.Slice(row * (width + NewTokens), width + NewTokens).ToArray(), id => (int)id);
            prompts[row] = whole[padding..width];
            expected[row] = [.. whole[width..].TakeWhile(id => id != EndOfText)];
        }
        var options = new SamplingOptions { MaxLength = 1, MaxNewTokens = NewTokens, Sample = false };
        Assert.Equal(expected, new Sampler(model, EndOfText).Generate(prompts, options, seed: 0));
    }

    /// <summary>The reference's rule of the shortest length: the end-of-text tokens of the ids at the first call do not count.</summary>
    [GoldenFact]
    public void ReferenceMinLength_BansAsTheReferenceDoes()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("generation", "custom_min_length.json")));
        foreach (JsonElement entry in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            int eos = entry.GetProperty("eos").GetInt32();
            var options = new SamplingOptions { MaxLength = 64, MinLength = entry.GetProperty("min_length").GetInt32(), MinLengthSkipsEndOfText = true };
            int[][] prompts = [.. entry.GetProperty("prompts").EnumerateArray().Select(Ids)];
            foreach (JsonElement step in entry.GetProperty("steps").EnumerateArray())
            {
                int length = step.GetProperty("length").GetInt32();
                Assert.Equal(step.GetProperty("eos_banned").EnumerateArray().Select(banned => banned.GetBoolean()),
                    prompts.Select(prompt => length < options.ShortestBehind(prompt, eos)));
            }
        }
    }

    /// <summary>A tag in front and behind every newline: what <see cref="SegmentTags.Encode"/> does with lines.</summary>
    [GoldenFact]
    public void TagsOfLines_StandWhereTheReferencePutsThem()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("generation", "insert_prefix.json")));
        string eos = json.RootElement.GetProperty("eos").GetString()!;
        JsonElement entry = json.RootElement.GetProperty("cases").EnumerateArray().Single(
            entry => entry.GetProperty("should_insert_prefix").GetBoolean() && entry.GetProperty("prefix").GetString() is { Length: > 0 });
        BpeTokenizer tokenizer = SmallDataset.Tokenizer.WithAddedTokens(entry.GetProperty("prefix").GetString()!);
        int[] tag = [tokenizer.VocabularySize - 1];
        var tags = new SegmentTags { Tokenizer = tokenizer, Segmentation = Segmentation.Line, Tag = tag, Known = [tag], Bans = [tag] };
        foreach ((JsonElement given, JsonElement expected) in entry.GetProperty("in").EnumerateArray().Zip(entry.GetProperty("out").EnumerateArray()))
        {
            string text = given.GetString()!;
            if (text.StartsWith(eos, StringComparison.Ordinal)) text = text[eos.Length..]; // the reference takes one away, too
            Assert.Equal(expected.GetString(), tokenizer.Decode([tokenizer.EndOfTextId, .. tags.Encode(text)]));
        }
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
