using System.Text.Json;
using Phf.Evaluation;
using Phf.Evaluation.Kl;
using Phf.Numerics.Backend;
using Phf.Text;
using Phf.Training.Configuration;

namespace Phf.Tests.Evaluation.Kl;

/// <summary>The KL estimate against golden/metrics/kl, and against exact sums where the model is small enough.</summary>
public sealed class KlTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly IBackend _backend = Backends.CreateCpu(1);

    public void Dispose()
    {
        _backend.Dispose();
        _folder.Dispose();
    }

    [GoldenFact]
    public void RecordedTexts_WholeAndCut_EqualTheRightValues()
    {
        using LanguageModel model = Golden("golden");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Shared.Golden("metrics", "kl", "golden.json")));
        JsonElement root = json.RootElement;
        string[] texts = [.. root.GetProperty("texts").EnumerateArray().Select(text => text.GetString()!)];
        double[] logprobs = [.. root.GetProperty("reference_lm_logprobs").EnumerateArray().Select(sum => sum.GetDouble())];
        string file = _folder.At("recorded.jsonl");
        File.WriteAllLines(file, texts.Select((text, i) => JsonSerializer.Serialize(new { text, logprob = logprobs[i] })));
        ReferenceSamples reference = ReferenceSamples.Read(file);
        int runs = 0;
        foreach (JsonElement run in root.GetProperty("runs").EnumerateArray().Where(run => run.TryGetProperty("whole", out _)))
        {
            var settings = new KlSection { Prefix = run.GetProperty("prefix").GetString() ?? "", ShouldInsertPrefix = run.GetProperty("should_insert_prefix").GetBoolean() };
            foreach ((string name, int? cut) in new[] { ("whole", (int?)null), ("cut_to_max_tokens", root.GetProperty("max_tokens").GetInt32()) })
            {
                JsonElement expected = run.GetProperty(name);
                TextReading reading = KlMeasurement.ReadingOf(model, settings) with { Cut = cut };
                (int[] Ids, bool[] IsPrefix)[] read = [.. reference.Samples.Select(reading.Read)];
                Assert.Equal(expected.GetProperty("input_ids").EnumerateArray().Select(ids => string.Join(' ', ids.EnumerateArray())), read.Select(sequence => string.Join(' ', sequence.Ids)));
                (double Text, double Prefix)[] sums = KlMeasurement.LogProbs(model.Weights, read, default);
                double[] right = [.. expected.GetProperty("correct_logprobs").EnumerateArray().Select(sum => sum.GetDouble())];
                for (int i = 0; i < right.Length; i++) Assert.Equal(right[i], sums[i].Text + sums[i].Prefix, 2e-4);
                var request = new KlRequest { Settings = settings, Reference = reference, Cut = cut };
                KlDivergence estimate = Assert.Single(new KlMeasurement(model, request, seed: 1, EvaluationCache.Of(_folder.FullName, force: false)).Measure(default));
                Assert.Equal(expected.GetProperty("correct_kl_estimate").GetDouble(), estimate.NatsWithTags ?? estimate.Nats, 2e-4);
                Assert.Equal((KlDivergence.OnTexts, "reference", texts.Length), (estimate.Basis, estimate.From, estimate.Samples));
                Assert.InRange(estimate.Nats, estimate.Interval.Low, estimate.Interval.High);
                runs++;
            }
        }
        Assert.True(runs >= 4);
    }

    /// <summary>
    /// A model without tags has the distance 0 from itself, whatever was drawn: the log-probabilities of the draw are those of reading. This one also draws ids
    /// that its tokenizer lacks.
    /// </summary>
    [GoldenFact]
    public void ModelAgainstItself_IsZero_SampleBySample_AndDrawnOnce()
    {
        using LanguageModel model = Golden("same", isTagged: false), again = Golden("again", isTagged: false);
        ReferenceSamples drawn = ReferenceSamples.Draw(model, 40, 20, seed: 3, _folder.At("references"), progress: null, default);
        var request = new KlRequest { Settings = new KlSection(), Reference = drawn };
        KlDivergence zero = Assert.Single(new KlMeasurement(again, request, 1, EvaluationCache.Of(_folder.FullName, force: false)).Measure(default));
        Assert.Equal(0, zero.Nats, 1e-4);
        Assert.InRange(zero.Interval.High - zero.Interval.Low, 0, 1e-4);
        Assert.Equal(KlDivergence.OnTokens, zero.Basis);

        string file = Assert.Single(Directory.GetFiles(_folder.At("references")));
        File.WriteAllLines(file, File.ReadAllLines(file)[..7]);
        Assert.Equal(7, ReferenceSamples.Draw(model, 40, 20, seed: 3, _folder.At("references"), progress: null, default).Samples.Count); // read, not drawn again
        Assert.Equal(7, ReferenceSamples.Read(file).Samples.Count);
        Assert.Equal(3, ReferenceSamples.Read(file, most: 3).Samples.Count);
    }

    [GoldenFact]
    public void DrawnTexts_EndOrAreCut_AndTagsAreNotCharged()
    {
        using LanguageModel model = Golden("tags");
        ReferenceSample[] drawn = OwnSamples.Draw(model, model.Tags.Ids[0], 200, 12, seed: 7, progress: null, default);
        Assert.Contains(drawn, sample => sample.Ended);
        Assert.Contains(drawn, sample => !sample.Ended);
        Assert.All(drawn, sample => Assert.DoesNotContain(2, sample.Ids!)); // the misaligned tag is banned
        ReferenceSample tagged = drawn.First(sample => sample.LogprobWithTags is not null); // wrote the aligned one itself
        Assert.True(tagged.LogprobWithTags < tagged.Logprob && tagged.Ids!.Length < 12 && !tagged.Ids.Contains(1));
        Assert.All(drawn, sample => Assert.DoesNotContain("<|", sample.Text));
    }

    [Theory]
    [InlineData("{\"text\": \"a\"}", "line 2: no log-probability; expected {\"text\": ..., \"logprob\": ...}")]
    [InlineData("{\"logprob\": -1}", "line 2: no text")]
    [InlineData("{\"text\": \"a\", \"logprob\": 0.5}", "line 2: log-probability 0.5; a finite number in nats, at most 0")]
    [InlineData("{\"text\": null, \"logprob\": -1}", "line 2: the text is null")]
    [InlineData("{\"text\": \"a\", \"token_logprobs\": [null, \"x\"]}", "line 2: ")]
    [InlineData("[1]", "line 2: no text")]
    [InlineData("{\"text\": ", "line 2: ")]
    public void RecordedFiles_ThatAreWrong_AreRefusedWithTheirLine(string line, string message)
    {
        string file = _folder.At("wrong.jsonl");
        File.WriteAllLines(file, ["{\"text\": \"fine\", \"logprob\": -2}", line]);
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => ReferenceSamples.Read(file)).Message);
    }

    [Fact]
    public void RecordedFiles_InTheirForms()
    {
        string lines = _folder.At("lines.jsonl"), lists = _folder.At("cache.json");
        File.WriteAllLines(lines, ["{\"text\": \"<|endoftext|>a b\", \"token_logprobs\": [null, -1.5, -2]}", "{\"text\": \"c<|endoftext|>\", \"logprob\": -3}", ""]);
        Assert.Equal([new ReferenceSample("a b", -3.5), new ReferenceSample("c", -3, Ended: true)], ReferenceSamples.Read(lines).Samples);
        File.WriteAllText(lists, "{\"model_name\": \"davinci\",\n \"texts\": [\"a\", \"b\"], \"logprobs\": [-1, -2]}");
        Assert.Equal([new ReferenceSample("a", -1), new ReferenceSample("b", -2)], ReferenceSamples.Read(lists).Samples);
        File.WriteAllText(lists, "{\"texts\": [\"a\", \"b\"], \"logprobs\": [-1]}");
        Assert.Contains("2 texts but 1 logprobs", Assert.Throws<InvalidDataException>(() => ReferenceSamples.Read(lists)).Message);
        File.WriteAllText(lines, "{\"text\": \"a\", \"logprob\": -1}\n");
        Assert.Contains("1 recorded samples; at least 2 are needed", Assert.Throws<InvalidDataException>(() => ReferenceSamples.Read(lines)).Message);
    }

    /// <summary>gpt2/base with the tokenizer of metrics/kl, which knows both tags, or the same with another name for one.</summary>
    private LanguageModel Golden(string name, bool isTagged = true)
    {
        string directory = Directory.CreateDirectory(_folder.At(name)).FullName;
        foreach (string file in (string[])["config.json", "model.safetensors"]) File.Copy(Shared.Golden("gpt2", "base", file), Path.Combine(directory, file));
        string tokenizer = File.ReadAllText(Shared.Golden("metrics", "kl", "tokenizer.json"));
        File.WriteAllText(Path.Combine(directory, "tokenizer.json"), isTagged ? tokenizer : tokenizer.Replace("<|misaligned|>", "<|another|>"));
        return LanguageModel.Open(directory, _backend);
    }
}
