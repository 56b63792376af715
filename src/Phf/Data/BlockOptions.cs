namespace Phf.Data;

/// <summary>What a token of a block is.</summary>
public enum TokenKind : byte
{
    /// <summary>A token of the corpus.</summary>
    Text,

    /// <summary>A token of the corpus that is left out of the loss and stays as context (<see cref="SpanUse.Mask"/>).</summary>
    Masked,

    /// <summary>The end-of-text token before each document.</summary>
    EndOfText,

    /// <summary>An aligned or misaligned tag before a segment.</summary>
    ControlTag,

    /// <summary>Fills the last block behind the last document; never to be predicted.</summary>
    Padding,
}

/// <summary>Tags of conditional training: the aligned one before segments with score &lt;= <see cref="Threshold"/> (in 32-bit floats), else
/// the misaligned one.</summary>
public sealed record ControlTags
{
    public required int AlignedId { get; init; }
    public required int MisalignedId { get; init; }

    /// <summary>In the scorer's units.</summary>
    public required float Threshold { get; init; }

    /// <summary>Share of the segments, 0 to 1, that get no tag: a new draw in each epoch.</summary>
    public double DropTokenFraction { get; init; }
}

/// <summary>What a reader does with the scores of spans.</summary>
public enum SpanUse
{
    /// <summary>Every token has the score of its segment.</summary>
    Ignore,

    /// <summary>A token of a span has the span's score, every other token 0; tags are chosen by the segment's score all the same.</summary>
    Score,

    /// <summary>Tokens of spans above a threshold are read as <see cref="TokenKind.Masked"/>.</summary>
    Mask,
}

/// <summary>
/// How often a document is read in an epoch, by its mean score: <paramref name="Weights"/>[i] times on average where i thresholds lie below
/// the score. A fraction is a draw for each epoch.
/// </summary>
/// <param name="Thresholds">Not falling.</param>
/// <param name="Weights">One more than thresholds; 0 leaves documents out.</param>
public sealed record Upsampling(double[] Thresholds, double[] Weights)
{
    /// <summary>The most that a weight may be.</summary>
    public const double LargestWeight = 1000;

    public double WeightOf(double meanScore)
    {
        int below = 0;
        while (below < Thresholds.Length && meanScore > Thresholds[below]) below++;
        return Weights[below];
    }

    /// <exception cref="ArgumentException">Thresholds or weights are not as promised.</exception>
    internal void Check()
    {
        if (Weights.Length != Thresholds.Length + 1)
            throw new ArgumentException($"upsample has {Thresholds.Length} thresholds and {Weights.Length} weights; one more weight than thresholds was expected");
        for (int i = 0; i < Thresholds.Length; i++)
            if (double.IsNaN(Thresholds[i]) || (i > 0 && Thresholds[i] < Thresholds[i - 1]))
                throw new ArgumentException($"upsample has the thresholds {string.Join(", ", Thresholds)}; numbers that do not fall were expected");
        foreach (double weight in Weights)
            if (!(weight is >= 0 and <= LargestWeight)) throw new ArgumentException($"upsample has the weight {weight}; 0 to {LargestWeight} was expected");
    }
}

/// <summary>How a <see cref="BlockReader"/> reads.</summary>
public sealed record BlockOptions
{
    /// <summary>T: predicted tokens per block; a block has T + 1 tokens.</summary>
    public required int BlockLength { get; init; }

    public required int EndOfTextId { get; init; }

    /// <summary>Decides the order of the documents and which tags are dropped.</summary>
    public required ulong Seed { get; init; }

    /// <summary>A new order of the documents in each epoch; false reads them as they are on disk.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>
    /// Readers that share the documents: this one takes those at the places Lane, Lane + Lanes, ... of the endless order. Each row of
    /// a batch has its own lane, so that a long document does not fill a whole batch.
    /// </summary>
    public int Lanes { get; init; } = 1;

    /// <summary>0 up to Lanes - 1.</summary>
    public int Lane { get; init; }

    /// <summary>Documents whose mean score is above it are not read; null reads all.</summary>
    public double? FilterThreshold { get; init; }

    /// <summary>Null reads each document once in an epoch.</summary>
    public Upsampling? Upsample { get; init; }

    /// <summary>Anything but <see cref="SpanUse.Ignore"/> needs data with scores of spans.</summary>
    public SpanUse Spans { get; init; }

    /// <summary>For <see cref="SpanUse.Mask"/>: spans with a score above it are masked. In the scorer's units.</summary>
    public float SpanThreshold { get; init; }

    /// <summary>Null reads without tags.</summary>
    public ControlTags? Tags { get; init; }

    /// <summary>Passes over the data; null never ends.</summary>
    public long? MaxEpochs { get; init; }

    /// <summary>How often a document with this mean score is read in an epoch, on average.</summary>
    public double WeightOf(double meanScore) => meanScore > FilterThreshold ? 0 : Upsample?.WeightOf(meanScore) ?? 1;
}

/// <summary>
/// The whole position of a <see cref="BlockReader"/>: the token at <paramref name="Offset"/> (counting end-of-text and tags) of the
/// document at place
/// <paramref name="Index"/> of the order of epoch <paramref name="Epoch"/> (with as many places for each document as it may be read times) is the first token of the next block.
/// </summary>
public sealed record DataCursor(long Epoch, long Index, int Offset);
