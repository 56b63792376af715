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

    /// <summary>A tag before a segment or document, or a token of one.</summary>
    ControlTag,

    /// <summary>Fills the last block behind the last document; never to be predicted.</summary>
    Padding,
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

    /// <summary>
    /// Null reads in a new order in each epoch. Else blocks share no token, and the first token of a block is not predicted; they are read in the
    /// reference's order, whatever <see cref="Shuffle"/> says, and lanes take every n-th block.
    /// </summary>
    public ReferenceOrder? Reference { get; init; }

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
public readonly record struct DataCursor(long Epoch, long Index, int Offset)
{
    /// <summary>The start of what is at a place of the endless order: epoch after epoch, each of <paramref name="places"/>.</summary>
    internal static DataCursor AtPlace(long place, long places) => new(place / places, place % places, 0);
}
