using System.Text.Json;
using System.Text.Json.Serialization;
using Phf.Formats;

namespace Phf.Data;

/// <summary>Percentiles of a set of scores.</summary>
public sealed record ScoreQuantiles(double P0, double P10, double P25, double P50, double P75, double P90, double P99, double P100)
{
    /// <param name="sorted">Ascending, at least one value.</param>
    public static ScoreQuantiles OfSorted(double[] sorted)
    {
        double At(double percent) => Percentiles.OfSorted(sorted, percent);
        return new ScoreQuantiles(At(0), At(10), At(25), At(50), At(75), At(90), At(99), At(100));
    }
}

/// <summary>One shard of a packed dataset.</summary>
/// <param name="File">Its name.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="Sha256">Of the file.</param>
/// <param name="Documents">Documents in it.</param>
/// <param name="Segments">Segments in it.</param>
/// <param name="Tokens">Tokens in it.</param>
/// <param name="Spans">Spans with a score of their own; null where they are not known.</param>
public sealed record ShardInfo(string File, long Bytes, string Sha256, long Documents, long Segments, long Tokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Spans = null);

/// <summary>The tokenizer that packed a dataset.</summary>
public sealed record TokenizerInfo(string Fingerprint, int VocabularySize, int EndOfTextId);

/// <summary><c>dataset.json</c>, written after the shards: a directory without it is not a dataset. See docs/formats.md.</summary>
public sealed record DatasetManifest
{
    public const string FileName = "dataset.json";
    public const string CurrentFormat = "phf-dataset-1";

    /// <summary>The format of data with scores of spans; everything else is as in <see cref="CurrentFormat"/>.</summary>
    public const string SpanFormat = "phf-dataset-2";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
    };

    public required string Format { get; init; }

    /// <summary><c>train</c> or <c>heldout</c>.</summary>
    public required string Split { get; init; }

    public required TokenizerInfo Tokenizer { get; init; }

    /// <summary>The scorer's id, or null where the scored files did not name it.</summary>
    public required string? Scorer { get; init; }

    public required string? Segmenter { get; init; }
    public required double HeldOutFraction { get; init; }
    public required ulong Seed { get; init; }
    public required long Documents { get; init; }
    public required long Segments { get; init; }
    public required long Tokens { get; init; }

    /// <summary>Spans with a score of their own; null where the scored files did not have any list of them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Spans { get; init; }

    public required ScoreQuantiles SegmentScores { get; init; }
    public required ScoreQuantiles DocumentScores { get; init; }
    public required IReadOnlyList<ShardInfo> Shards { get; init; }

    public void Write(string directory)
        => DurableFile.WriteText(Path.Combine(directory, FileName), JsonSerializer.Serialize(this, Json) + "\n");

    /// <exception cref="InvalidDataException">No <c>dataset.json</c>, or not one of this format.</exception>
    public static DatasetManifest Read(string directory)
    {
        string path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            string split = Path.Combine(directory, Packer.TrainSplit);
            throw new InvalidDataException(File.Exists(Path.Combine(split, FileName))
                ? $"{directory} holds the splits of a dataset; name one of them, e.g. {split}"
                : $"{directory}: no {FileName}, so this is no packed dataset or packing did not finish; run phf pack");
        }
        try
        {
            DatasetManifest manifest = JsonSerializer.Deserialize<DatasetManifest>(File.ReadAllBytes(path), Json) ?? throw new JsonException("null");
            if (manifest.Format is not (CurrentFormat or SpanFormat))
                throw new InvalidDataException(
                    $"{path}: format '{manifest.Format}', this version reads '{CurrentFormat}' and '{SpanFormat}'; pack again");
            if (manifest.Format == SpanFormat != manifest.Spans.HasValue || manifest.Shards.Any(shard => shard.Spans.HasValue != manifest.Spans.HasValue))
                throw new InvalidDataException($"{path}: format '{manifest.Format}' and the counts of spans contradict each other; pack again");
            return manifest;
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{path}: not a dataset description ({problem.Message}); pack again", problem);
        }
    }
}
