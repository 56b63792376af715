using System.Text;
using Phf.Data;
using Phf.Text;

namespace Phf.Evaluation.Kl;

/// <summary>Where a prefix stands in a text that a model reads.</summary>
internal enum PrefixPlaces
{
    /// <summary>Before the text.</summary>
    Start,

    /// <summary>Before the text and behind each newline: the reference's <c>should_insert_prefix</c>.</summary>
    Lines,

    /// <summary>Before each segment, as in training.</summary>
    Segments,
}

/// <summary>How a model reads a text of another: as tokens of its own, behind the end-of-text token, with its tag where training had it.</summary>
internal sealed record TextReading
{
    public required BpeTokenizer Tokenizer { get; init; }

    /// <summary>Token ids of the prefix; none for a model without tags.</summary>
    public int[] Prefix { get; init; } = [];

    public PrefixPlaces Places { get; init; }

    /// <summary>Cuts the text where <see cref="Places"/> says segments.</summary>
    public Segmentation Segmentation { get; init; }

    /// <summary>Longest sequence; null for any.</summary>
    public int? Cut { get; init; }

    /// <summary>
    /// The sequence, end-of-text first, and for each token whether it is of the prefix. Drawn ids of the same tokenizer are taken as they are, so that both
    /// models are asked for the same event; else the text is cut into tokens piece by piece.
    /// </summary>
    public (int[] Ids, bool[] IsPrefix) Read(ReferenceSample sample)
    {
        var ids = new List<int> { Tokenizer.EndOfTextId };
        var isPrefix = new List<bool> { false };
        string[] pieces = Pieces(sample.Text);
        if (IsOfSameTokens(sample)) AddDrawn(sample.Ids!, pieces);
        else
            foreach (string piece in pieces)
            {
                Add(Prefix, prefix: true);
                Add([.. Tokenizer.Encode(piece)], prefix: false);
            }
        if (sample.Ended) Add([Tokenizer.EndOfTextId], prefix: false);
        int length = Math.Min(ids.Count, Cut ?? int.MaxValue);
        return ([.. ids.Take(length)], [.. isPrefix.Take(length)]);

        void Add(ReadOnlySpan<int> tokens, bool prefix)
        {
            foreach (int token in tokens)
            {
                ids.Add(token);
                isPrefix.Add(prefix);
            }
        }

        // A piece that begins within a token gets its prefix behind it.
        void AddDrawn(int[] drawn, string[] pieces)
        {
            int next = 0;
            long bytes = 0, begin = 0; // of the token at hand, and of piece number next
            for (int i = 0; i <= drawn.Length; i++)
            {
                for (; next < pieces.Length && (bytes >= begin || i == drawn.Length); next++)
                {
                    Add(Prefix, prefix: true);
                    begin += Encoding.UTF8.GetByteCount(pieces[next]);
                }
                if (i == drawn.Length) break;
                Add([drawn[i]], prefix: false);
                if (drawn[i] < Tokenizer.VocabularySize) bytes += Tokenizer.ByteLength(drawn[i]); // a model may have rows that stand for no text
            }
        }
    }

    /// <summary>Whether the sample's ids are this tokenizer's.</summary>
    public bool IsOfSameTokens(ReferenceSample sample) => sample.Ids is not null && sample.Tokenizer == Tokenizer.Fingerprint;

    private string[] Pieces(string text)
    {
        if (Prefix.Length == 0 || Places == PrefixPlaces.Start) return [text];
        if (Places == PrefixPlaces.Lines)
        {
            string[] lines = text.Split('\n');
            for (int i = 0; i + 1 < lines.Length; i++) lines[i] += "\n";
            return lines;
        }
        string[] segments = Segmentation.Split(text);
        return segments.Length == 0 ? [text] : segments;
    }
}
