namespace Phf.Data;

/// <summary>
/// Tags of conditional training, from the best to the worst. Text with a score up to the first threshold gets the first tag, up to
/// the second one the second, and so on; text above all thresholds gets the last.
/// </summary>
public sealed record ControlTags
{
    /// <summary>Token ids of each tag, best first: one id, or several where a tag is ordinary text.</summary>
    public required IReadOnlyList<int[]> Tags { get; init; }

    /// <summary>Ascending, one fewer than the tags, in the scorer's units. Those of segments are 32-bit floats, as segments' scores are.</summary>
    public required IReadOnlyList<double> Thresholds { get; init; }

    /// <summary>One tag behind each end-of-text, by the document's mean score, instead of one before each segment by its score.</summary>
    public bool IsPerDocument { get; init; }

    /// <summary>The model is not trained to write tags: they are read, and cost nothing.</summary>
    public bool IsMasked { get; init; }

    /// <summary>Share of the segments (or documents), 0 to 1, that get no tag: a new draw in each epoch.</summary>
    public double DropTokenFraction { get; init; }

    /// <summary>The tag of a segment or document with this score.</summary>
    public int[] Of(double score)
    {
        int i = 0;
        while (i < Thresholds.Count && score > Thresholds[i]) i++;
        return Tags[i];
    }

    /// <exception cref="ArgumentException">Tags and thresholds do not fit each other, or a value is out of its range.</exception>
    internal void Validate()
    {
        if (Tags.Count < 2 || Thresholds.Count != Tags.Count - 1)
            throw new ArgumentException($"{Tags.Count} tags and {Thresholds.Count} thresholds; at least 2 tags, and one threshold fewer, were expected");
        if (Tags.Any(tag => tag.Length == 0)) throw new ArgumentException("a tag has no token");
        for (int i = 0; i < Thresholds.Count; i++)
            if (double.IsNaN(Thresholds[i]) || (i > 0 && !(Thresholds[i] > Thresholds[i - 1])))
                throw new ArgumentException($"the tags' thresholds are {string.Join(", ", Thresholds)}; ascending numbers were expected");
        if (!(DropTokenFraction >= 0 && DropTokenFraction <= 1))
            throw new ArgumentException($"drop_token_fraction is {DropTokenFraction}; 0 to 1 was expected");
    }
}
