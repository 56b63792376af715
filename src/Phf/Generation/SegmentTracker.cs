using Phf.Data;

namespace Phf.Generation;

/// <summary>Knows, of a sequence that is written, what stands since its last tag.</summary>
internal sealed class SegmentTracker(SegmentTags tags, int endOfTextId)
{
    private readonly List<int> _ids = [];
    private string _text = "";

    /// <summary>Whether what follows begins a new segment.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Forgets what it knew: behind the last tag or end-of-text of <paramref name="ids"/> a segment begins.</summary>
    public void Begin(ReadOnlySpan<int> ids)
    {
        int begin = ids.LastIndexOf(endOfTextId) + 1;
        foreach (int[] tag in tags.Known)
            if (ids.LastIndexOf(tag) is var at and >= 0) begin = Math.Max(begin, at + tag.Length);
        _ids.Clear();
        _ids.AddRange(ids[begin..]);
        Read();
    }

    public void Append(int id)
    {
        _ids.Add(id);
        Read();
    }

    /// <summary>What is to be written for a token that was drawn where a segment begins with it or in it; null where none does.</summary>
    public int[]? TaggedFormOf(int token)
    {
        _ids.Add(token);
        string text = tags.Tokenizer.Decode([.. _ids], skipSpecialTokens: true);
        _ids.RemoveAt(_ids.Count - 1);
        // Bytes that are no text yet may change the text before them, so they tell of no beginning.
        if (_text.Length == 0 || !text.StartsWith(_text, StringComparison.Ordinal)) return null;
        int place = 0, from = _text.Length;
        var written = new List<int>();
        foreach (string segment in tags.Segmentation.Split(text))
        {
            if (place >= _text.Length)
            {
                WritePiece(from, place);
                written.AddRange(tags.Tag);
                from = place;
            }
            place += segment.Length;
        }
        if (written.Count == 0) return null;
        if (from == _text.Length) written.Add(token);
        else if (text.IndexOf('\uFFFD', _text.Length) >= 0) return null; // in pieces the bytes would be lost
        else WritePiece(from, text.Length);
        return [.. written];

        void WritePiece(int start, int end) => written.AddRange(tags.Tokenizer.Encode(text[start..end]));
    }

    private void Read()
    {
        _text = tags.Tokenizer.Decode([.. _ids], skipSpecialTokens: true);
        IsWhole = tags.IsWhole(_text);
    }
}
