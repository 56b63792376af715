using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Phf.Formats;

namespace Phf.Scoring.Classifier;

/// <summary>
/// A classifier in one file: a line of JSON that ends with <c>\n</c>, then the 2^bits weights, a signed byte each. Nothing else may follow.
/// </summary>
internal static class ClassifierFile
{
    public const string Name = "classifier.phfc";
    public const int MostBytes = (1 << FeatureOptions.MostBits) + MostHeader;
    private const string Format = "phf-classifier-1";
    private const int MostHeader = 4096;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    public static void Write(string path, TextClassifier classifier) => DurableFile.Write(path, stream => stream.Write(Bytes(classifier)));

    public static byte[] Bytes(TextClassifier classifier)
    {
        FeatureOptions features = classifier.Features;
        var header = new Header
        {
            Format = Format,
            Bits = features.Bits,
            WordRuns = features.WordRuns,
            Characters = [features.ShortestCharacters, features.LongestCharacters],
            Slope = classifier.Slope,
            Intercept = classifier.Intercept,
        };
        return [.. JsonSerializer.SerializeToUtf8Bytes(header, Json), (byte)'\n', .. MemoryMarshal.AsBytes(classifier.Weights)];
    }

    public static TextClassifier Read(ReadOnlySpan<byte> bytes, string path, string name)
    {
        InvalidDataException Bad(string found, Exception? inner = null) => new($"{path}: no classifier of Phf ({found}); make one with phf classifier train", inner);

        int end = bytes[..Math.Min(bytes.Length, MostHeader)].IndexOf((byte)'\n');
        if (end < 0) throw Bad($"it does not start with a line of JSON, {MostHeader} bytes at most");
        Header? header;
        try
        {
            header = JsonSerializer.Deserialize<Header>(bytes[..end], Json);
        }
        catch (JsonException problem)
        {
            throw Bad($"its first line: {problem.Message}", problem);
        }
        if (header?.Format != Format) throw Bad($"format '{header?.Format}' instead of '{Format}'");
        if (header.Characters is not [int shortest, int longest]) throw Bad("'characters' has not two numbers");
        var features = new FeatureOptions { Bits = header.Bits, WordRuns = header.WordRuns, ShortestCharacters = shortest, LongestCharacters = longest };
        if (features.Problem() is { } wrong) throw Bad(wrong);
        if (!double.IsFinite(header.Slope) || !double.IsFinite(header.Intercept)) throw Bad("slope or intercept is not finite");
        ReadOnlySpan<byte> weights = bytes[(end + 1)..];
        if (weights.Length != 1 << features.Bits) throw Bad($"{weights.Length} weights instead of 2^{features.Bits}; the file is cut short or longer");
        return new TextClassifier(name, features, MemoryMarshal.Cast<byte, sbyte>(weights).ToArray(), header.Slope, header.Intercept);
    }

    private sealed record Header
    {
        public required string Format { get; init; }
        public required int Bits { get; init; }
        public required int WordRuns { get; init; }
        public required int[] Characters { get; init; }
        public required double Slope { get; init; }
        public required double Intercept { get; init; }
    }
}
