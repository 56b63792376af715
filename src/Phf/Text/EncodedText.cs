namespace Phf.Text;

/// <summary>A text, or a pair of texts, as a model of the BERT family reads it. All lists have one entry per token.</summary>
public sealed class EncodedText
{
    public required int[] Ids { get; init; }

    /// <summary>0 or 1: which text of a pair, where the model tells them apart.</summary>
    public required int[] TypeIds { get; init; }

    /// <summary>1, or 0 for padding.</summary>
    public required int[] AttentionMask { get; init; }

    /// <summary>True for tokens that are not from the text: those of the model's form, and padding.</summary>
    public required bool[] IsAdded { get; init; }

    /// <summary>
    /// Where each token is in its text, in UTF-16 units, so that <c>text[start..end]</c> is what it stands for; (0, 0) for added tokens. Tokens that
    /// share a character all have the whole character.
    /// </summary>
    public required (int Start, int End)[] Offsets { get; init; }

    /// <summary>What was cut off, in parts of the same length, each a whole input of its own.</summary>
    public IReadOnlyList<EncodedText> Overflow { get; init; } = [];

    /// <summary>All at the same length: padded with <paramref name="padId"/> of type 0, attention 0. Nothing is cut.</summary>
    public static EncodedText[] Pad(IReadOnlyList<EncodedText> texts, int padId, PaddingOptions options)
    {
        int length = options.Length ?? texts.Select(text => text.Ids.Length).DefaultIfEmpty().Max();
        length = (length + options.Multiple - 1) / options.Multiple * options.Multiple;
        return [.. texts.Select(text => text.Padded(length, padId, options.AtStart))];
    }

    private EncodedText Padded(int length, int padId, bool atStart)
    {
        int missing = Math.Max(0, length - Ids.Length);
        return new EncodedText
        {
            Ids = Fill(Ids, padId),
            TypeIds = Fill(TypeIds, 0),
            AttentionMask = Fill(AttentionMask, 0),
            IsAdded = Fill(IsAdded, true),
            Offsets = Fill(Offsets, (0, 0)),
            Overflow = [.. Overflow.Select(part => part.Padded(length, padId, atStart))],
        };

        T[] Fill<T>(T[] values, T padding)
        {
            T[] filler = new T[missing];
            Array.Fill(filler, padding);
            return atStart ? [.. filler, .. values] : [.. values, .. filler];
        }
    }
}
