namespace Phf.Data;

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
