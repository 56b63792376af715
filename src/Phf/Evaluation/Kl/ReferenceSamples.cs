using System.Security.Cryptography;
using System.Text.Json;
using Phf.Formats;

namespace Phf.Evaluation.Kl;

/// <summary>Texts of a reference LM with their log-probabilities: recorded, drawn from a model on disk, or had from a server.</summary>
public sealed class ReferenceSamples
{
    private const int Fewest = 2;

    private ReferenceSamples(string name, string description, IReadOnlyList<ReferenceSample> samples)
    {
        (Name, Description, Samples) = (name, description, samples);
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(samples, EvaluationFiles.OneLine)));
    }

    /// <summary>Name of the reference.</summary>
    public string Name { get; }

    /// <summary>Where the texts come from, for the reader of the numbers.</summary>
    public string Description { get; }

    public IReadOnlyList<ReferenceSample> Samples { get; }

    /// <summary>SHA-256 in hexadecimal of the samples.</summary>
    public string Fingerprint { get; }

    /// <summary>
    /// Recorded samples: JSON lines with <c>text</c> and either <c>logprob</c> (of the whole text) or <c>token_logprobs</c> (of each token, null for the first),
    /// or one <c>.json</c> file with the lists <c>texts</c> and <c>logprobs</c>, as the reference implementation caches its own. An end-of-text token
    /// at the beginning of a text is left out; one at the end says that the text ended there.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="most">Take no more than the first so many; null for all.</param>
    /// <exception cref="InvalidDataException">A line is no sample, or there are fewer than two.</exception>
    public static ReferenceSamples Read(string path, int? most = null)
    {
        ReferenceSample[] samples = [.. RecordedSamples.Read(path).Take(most ?? int.MaxValue)];
        if (samples.Length < Fewest) throw new InvalidDataException($"{path}: {samples.Length} recorded samples; at least {Fewest} are needed");
        return new ReferenceSamples(Path.GetFileName(path), $"{samples.Length} recorded texts", samples);
    }

    /// <summary>Texts drawn from a local model, once: they are kept in <paramref name="folder"/>, in a file that <see cref="Read"/> takes too.</summary>
    /// <param name="reference">The model; one with tags writes behind its best tag.</param>
    /// <param name="count">Texts.</param>
    /// <param name="maxTokens">Longest text in its tokens.</param>
    /// <param name="seed">Same seed, same texts.</param>
    /// <param name="folder">Where drawn texts are kept.</param>
    /// <param name="progress">Told how many texts are finished.</param>
    /// <param name="cancel">Stops between two tokens.</param>
    public static ReferenceSamples Draw(LanguageModel reference, int count, int maxTokens, ulong seed, string folder, Action<int>? progress, CancellationToken cancel)
    {
        string path = Path.Combine(folder, $"{reference.Fingerprint}-{count}x{maxTokens}-seed{seed}.jsonl");
        if (!File.Exists(path))
        {
            int[] prefix = reference.ReadsTags ? reference.Tags.Ids[0] : [];
            ReferenceSample[] drawn = OwnSamples.Draw(reference, prefix, count, maxTokens, seed, progress, cancel);
            Directory.CreateDirectory(folder);
            DurableFile.Write(path, stream =>
            {
                foreach (ReferenceSample sample in drawn) stream.Write(RecordedSamples.Line(sample));
            });
        }
        progress?.Invoke(count);
        return new ReferenceSamples(reference.Name, $"{count} texts of up to {maxTokens} tokens drawn from {reference.Name} at temperature 1", [.. RecordedSamples.Read(path)]);
    }

    /// <summary>Texts asked of a server, kept as they come, so that none is paid for twice.</summary>
    /// <param name="endpoint">The server.</param>
    /// <param name="count">Texts.</param>
    /// <param name="maxTokens">Longest text in the model's tokens.</param>
    /// <param name="folder">Where they are kept.</param>
    /// <param name="progress">Told how many texts are there.</param>
    /// <param name="cancel">Stops between two requests; what came is kept.</param>
    /// <exception cref="InvalidDataException">The server gives no log-probabilities.</exception>
    /// <exception cref="IOException">The server refuses, or cannot be reached.</exception>
    public static ReferenceSamples Ask(CompletionsEndpoint endpoint, int count, int maxTokens, string folder, Action<int>? progress, CancellationToken cancel)
    {
        string key = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { endpoint.Options.Endpoint, endpoint.Options.Model, endpoint.Options.Start, maxTokens })))[..16];
        string path = Path.Combine(folder, $"{key}.jsonl");
        Directory.CreateDirectory(folder);
        List<ReferenceSample> samples = File.Exists(path) ? [.. RecordedSamples.Read(path, mayBeCut: true)] : [];
        DurableFile.Write(path, stream => samples.ForEach(sample => stream.Write(RecordedSamples.Line(sample)))); // drops a line that a kill cut
        using (var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read))
        {
            while (samples.Count < count)
            {
                cancel.ThrowIfCancellationRequested();
                IReadOnlyList<ReferenceSample> more = endpoint.Sample(count - samples.Count, maxTokens, cancel);
                samples.AddRange(more);
                foreach (ReferenceSample sample in more) file.Write(RecordedSamples.Line(sample));
                file.Flush(flushToDisk: true);
                progress?.Invoke(Math.Min(count, samples.Count));
            }
        }
        return new ReferenceSamples(endpoint.Options.Model, $"{count} texts of up to {maxTokens} tokens from {endpoint.Options.Model} at {endpoint.Options.Endpoint}, at temperature 1",
            [.. samples.Take(count)]);
    }
}
