using Phf.Data;
using Phf.Text;

namespace Phf.Generation;

/// <summary>
/// Puts a tag before every segment that is written, where training had put one; the model itself writes none. A segment ends where its text does: behind a
/// line's newline, or where a letter, were it the next character, would begin a new sentence (behind the blank after a full stop). There the model is
/// asked, with its tags allowed, whether the text ends; if not, the tag follows. Where a token that was drawn turns out to
/// begin a segment, or to hold the beginning of one, the tag goes before that beginning, and the token is written in the pieces that training would have had.
/// </summary>
public sealed record SegmentTags
{
    /// <summary>Of the model.</summary>
    public required BpeTokenizer Tokenizer { get; init; }

    /// <summary>How the training text was cut.</summary>
    public required Segmentation Segmentation { get; init; }

    /// <summary>Token ids of the tag that is put in.</summary>
    public required int[] Tag { get; init; }

    /// <summary>Token ids of every tag of the model.</summary>
    public required IReadOnlyList<int[]> Known { get; init; }

    /// <summary>Sequences of ids that are banned so that the model writes no tag.</summary>
    public required IReadOnlyList<int[]> Bans { get; init; }

    /// <summary>A text as training reads it: the tag in front, and before every further segment, the one that begins behind the text among them.</summary>
    public int[] Encode(string text)
    {
        int[][] segments = [.. Segmentation.Split(text).Select(segment => Tokenizer.Encode(segment).ToArray())];
        return segments.Length == 0 ? Tag : [.. segments.SelectMany(segment => Tag.Concat(segment)), .. IsWhole(text) ? Tag : []];
    }

    /// <summary>Whether what follows a text begins a new segment.</summary>
    internal bool IsWhole(string text) => Segmentation switch
    {
        Segmentation.Line => text.EndsWith('\n'),
        Segmentation.Sentence => SentenceSplitter.Split(text + "x") is { Count: > 1 } sentences && sentences[^1] == "x",
        _ => false,
    };

    /// <exception cref="ArgumentException">There is no tag, or nothing to put it before.</exception>
    internal void Validate()
    {
        if (Tag.Length == 0) throw new ArgumentException("the tag of the segments has no token");
        if (Segmentation == Segmentation.Document) throw new ArgumentException("a document that is one segment has no place for further tags");
    }
}
