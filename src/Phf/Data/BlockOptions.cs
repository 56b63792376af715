namespace Phf.Data;

/// <summary>What a token of a block is.</summary>
public enum TokenKind : byte
{
    /// <summary>A token of the corpus.</summary>
    Text,

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

    /// <summary>Null reads without tags.</summary>
    public ControlTags? Tags { get; init; }

    /// <summary>Passes over the data; null never ends.</summary>
    public long? MaxEpochs { get; init; }
}

/// <summary>
/// The whole position of a <see cref="BlockReader"/>: the token at <paramref name="Offset"/> (counting end-of-text and tags) of the
/// document at place
/// <paramref name="Index"/> of the order of epoch <paramref name="Epoch"/> is the first token of the next block.
/// </summary>
public readonly record struct DataCursor(long Epoch, long Index, int Offset)
{
    /// <summary>The start of the document at a place of the endless order: epoch after epoch, each of <paramref name="documents"/>.</summary>
    internal static DataCursor AtPlace(long place, long documents) => new(place / documents, place % documents, 0);
}
