namespace Phf.Evaluation.Finetuning;

/// <summary>How a classifier is made of a language model.</summary>
public sealed record FinetuningOptions
{
    public int Epochs { get; init; } = 3;

    public int BatchSize { get; init; } = 16;

    /// <summary>Peak; it climbs over the first tenth of the steps and falls linearly to 0.</summary>
    public double LearningRate { get; init; } = 2e-5;

    public double WeightDecay { get; init; } = 0.01;

    public ulong Seed { get; init; } = 1;

    /// <summary>The label that F1 is of; null takes the last of two.</summary>
    public string? Positive { get; init; }
}

/// <summary>One pass over the training texts. Losses are nats per text.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="TrainLoss">Mean over the epoch, while it went on.</param>
/// <param name="DevLoss">Mean after it.</param>
/// <param name="Dev">What the dev texts say after it.</param>
public sealed record FinetuningEpoch(int Epoch, double TrainLoss, double DevLoss, ClassificationMetrics Dev);

/// <summary>What finetuning came to: <c>result.json</c>.</summary>
public sealed record FinetuningResult
{
    /// <summary>Identity of the model that was finetuned (<see cref="ModelFingerprint"/>).</summary>
    public required string Model { get; init; }

    /// <summary>Parameters, the head's included.</summary>
    public required long Parameters { get; init; }

    /// <summary>Name of the file.</summary>
    public required string TrainFile { get; init; }

    /// <summary>Name of the file.</summary>
    public required string DevFile { get; init; }

    public required int TrainTexts { get; init; }

    public required int DevTexts { get; init; }

    /// <summary>Records of both files that could not be used.</summary>
    public required long Skipped { get; init; }

    /// <summary>Texts of both files that were cut to the model's context.</summary>
    public required int Cut { get; init; }

    /// <summary>In the order of the head's rows.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Accuracy on the dev texts of always saying the training texts' most frequent label.</summary>
    public required double MajorityAccuracy { get; init; }

    public required FinetuningOptions Options { get; init; }

    /// <summary>In order; the last one is the result.</summary>
    public required IReadOnlyList<FinetuningEpoch> Epochs { get; init; }
}
