using System.Text;
using Phf.Data;
using Phf.Model;
using Phf.Training.Configuration;

namespace Phf.Evaluation.Kl;

/// <summary>Estimates the distances of a model to a reference LM and to a baseline from texts that one side wrote: mean of log p(text) - log q(text).</summary>
internal sealed class KlMeasurement(LanguageModel model, KlRequest request, ulong seed, EvaluationCache cache)
{
    private const int SequencesAtOnce = 256;

    /// <summary>Told what is being done and how far it is.</summary>
    public Action<string, int, int>? Progress { get; init; }

    /// <summary>KL(reference || model), then KL(model || baseline), as far as they are asked for.</summary>
    public IReadOnlyList<KlDivergence> Measure(CancellationToken cancel)
    {
        var results = new List<KlDivergence>();
        if (request.Reference is { } reference) results.Add(FromReference(reference, cancel));
        if (request.Baseline is { } baseline && baseline.Fingerprint != model.Fingerprint) results.Add(ToBaseline(baseline, cancel));
        return results;
    }

    private KlDivergence FromReference(ReferenceSamples reference, CancellationToken cancel)
    {
        TextReading reading = ReadingOf(model, request.Settings) with { Cut = request.Cut };
        object inputs = new { EvaluationCache.Version, Model = model.Fingerprint, reference.Fingerprint, reading.Prefix, reading.Places, reading.Segmentation, reading.Cut };
        KlDivergence result = cache.GetOrCompute("kl-reference", inputs, () => Estimate("reference", reference.Samples, model, reading, cancel));
        return result with { Other = reference.Name, Description = $"{reference.Description}; {Describe(reading)}." };
    }

    private KlDivergence ToBaseline(LanguageModel baseline, CancellationToken cancel)
    {
        KlSection settings = request.Settings;
        int[] prefix = ReadingOf(model, settings).Prefix;
        object ofSamples = new { EvaluationCache.Version, Model = model.Fingerprint, Prefix = prefix, settings.NumSamples, settings.MaxTokens, Seed = seed };
        TextReading reading = ReadingOf(baseline, new KlSection());
        object inputs = new { ofSamples, Baseline = baseline.Fingerprint, reading.Prefix, reading.Places, reading.Segmentation };
        KlDivergence result = cache.GetOrCompute("kl-baseline", inputs, () =>
        {
            ReferenceSample[] samples = cache.GetOrCompute("kl-samples", ofSamples, () => OwnSamples.Draw(model, prefix, settings.NumSamples, settings.MaxTokens, seed,
                done => Progress?.Invoke("texts of the model", done, settings.NumSamples), cancel));
            return Estimate("model", samples, baseline, reading, cancel);
        });
        string start = prefix.Length == 0 ? "the start of a document" : model.Tokenizer.Decode(prefix);
        return result with { Other = baseline.Name, Description = $"Texts of up to {settings.MaxTokens} tokens that the model wrote after {start} at temperature 1; {Describe(reading)}." };
    }

    /// <summary>How a model reads: with the prefix that the settings name, else with its best tag where training had a tag.</summary>
    internal static TextReading ReadingOf(LanguageModel model, KlSection settings)
    {
        var plain = new TextReading { Tokenizer = model.Tokenizer };
        if (settings.Prefix is { } prefix)
            return plain with { Prefix = model.Tags.Encode(prefix), Places = settings.ShouldInsertPrefix ? PrefixPlaces.Lines : PrefixPlaces.Start };
        if (!model.ReadsTags) return plain;
        return plain with
        {
            Prefix = model.Tags.Ids[0],
            Places = model.TaggedSegments is null ? PrefixPlaces.Start : PrefixPlaces.Segments,
            Segmentation = model.TaggedSegments ?? Segmentation.Document,
        };
    }

    /// <summary>The estimate over texts that one model wrote and <paramref name="reader"/> reads.</summary>
    internal KlDivergence Estimate(string from, IReadOnlyList<ReferenceSample> samples, LanguageModel reader, TextReading reading, CancellationToken cancel)
    {
        double[] differences = new double[samples.Count], withTags = new double[samples.Count];
        bool hasTags = reading.Prefix.Length > 0;
        long bytes = 0;
        for (int begin = 0; begin < samples.Count; begin += SequencesAtOnce)
        {
            int end = Math.Min(samples.Count, begin + SequencesAtOnce);
            (double Text, double Prefix)[] read = LogProbs(reader.Weights, [.. Enumerable.Range(begin, end - begin).Select(i => reading.Read(samples[i]))], cancel);
            for (int i = begin; i < end; i++)
            {
                (double text, double prefix) = read[i - begin];
                differences[i] = samples[i].Logprob - text;
                withTags[i] = (samples[i].LogprobWithTags ?? samples[i].Logprob) - text - prefix;
                hasTags |= samples[i].LogprobWithTags is not null;
                bytes += Encoding.UTF8.GetByteCount(samples[i].Text);
            }
            Progress?.Invoke($"log-probabilities under {reader.Name}", end, samples.Count);
        }
        return new KlDivergence
        {
            From = from,
            Other = "",
            Description = "",
            Basis = samples.All(reading.IsOfSameTokens) ? KlDivergence.OnTokens : KlDivergence.OnTexts,
            Samples = samples.Count,
            Nats = differences.Average(),
            Interval = Bootstrap.OfMean(differences) ?? new Interval(double.NaN, double.NaN),
            NatsWithTags = hasTags ? withTags.Average() : null,
            BitsPerByte = bytes == 0 ? null : differences.Sum() / Math.Log(2) / bytes,
        };
    }

    /// <summary>For each sequence log p of its text and of its prefixes, given the start of a document.</summary>
    internal static (double Text, double Prefix)[] LogProbs(Gpt2 weights, (int[] Ids, bool[] IsPrefix)[] sequences, CancellationToken cancel)
    {
        float[][] logProbs = SequenceLogProbs.Of(weights, [.. sequences.Select(sequence => sequence.Ids)], cancel);
        return [.. sequences.Select((sequence, s) =>
        {
            double text = 0, prefix = 0;
            for (int i = 1; i < sequence.Ids.Length; i++)
            {
                if (sequence.IsPrefix[i]) prefix += logProbs[s][i - 1];
                else text += logProbs[s][i - 1];
            }
            return (text, prefix);
        })];
    }

    private static string Describe(TextReading reading)
    {
        string cut = reading.Cut is { } most ? $", cut to {most} tokens" : "";
        if (reading.Prefix.Length == 0) return $"read from the start of a document{cut}";
        string place = reading.Places switch
        {
            PrefixPlaces.Start => "before each text",
            PrefixPlaces.Lines => "before each text and each further line",
            _ => "before each segment",
        };
        return $"read with {reading.Tokenizer.Decode(reading.Prefix)} {place}{cut}";
    }
}
