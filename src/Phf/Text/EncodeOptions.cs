namespace Phf.Text;

/// <summary>Which text of a pair gives up tokens when both are too long together.</summary>
public enum TruncationStrategy
{
    /// <summary>The longer one first, then both alike; what transformers does unless told otherwise.</summary>
    LongestFirst,

    OnlyFirst,

    OnlySecond,
}

/// <summary>How a text is cut to length.</summary>
public sealed record EncodeOptions
{
    /// <summary>Most tokens, those that the tokenizer adds included; null cuts nothing.</summary>
    public int? MaxLength { get; init; }

    public TruncationStrategy Strategy { get; init; }

    /// <summary>Keep the end of the text, not its beginning.</summary>
    public bool KeepEnd { get; init; }

    /// <summary>Tokens that neighbouring <see cref="EncodedText.Overflow"/> parts share.</summary>
    public int Stride { get; init; }

    /// <summary>Put the tokens of the model around the text ([CLS], [SEP], &lt;s&gt;, ...).</summary>
    public bool AddSpecialTokens { get; init; } = true;
}

/// <summary>How a batch is brought to one length.</summary>
public sealed record PaddingOptions
{
    /// <summary>Tokens in each row; null is the longest of the batch.</summary>
    public int? Length { get; init; }

    /// <summary>The length is rounded up to a multiple of this.</summary>
    public int Multiple { get; init; } = 1;

    /// <summary>Pad before the text, not behind it.</summary>
    public bool AtStart { get; init; }
}
