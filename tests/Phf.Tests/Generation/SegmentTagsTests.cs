using Phf.Data;
using Phf.Generation;
using Phf.Text;

namespace Phf.Tests.Generation;

/// <summary>Where segments begin, found in tokens as they come: the same places at which the data is cut.</summary>
public sealed class SegmentTagsTests
{
    private const string Text = "It's 3.5 km. Is it, e.g. \"far\"? (No!) Dr. Who said so...\n\nNext one.\nLast \u00e9\u4f60\u597d\u3002 End";

    // Of pieces that cross the ends of sentences, as a model of untagged text would write them.
    private static readonly BpeTokenizer Tokenizer = BpeTrainer.Train([Text, " Is Is (No Who Next\n\n One. Last"], 300);
    private static readonly int[] Tag = [Tokenizer.EndOfTextId + 1, 7]; // two tokens, as a tag of text has them

    [Theory]
    [InlineData(Segmentation.Sentence, Text)]
    [InlineData(Segmentation.Sentence, "One. Two! Three? ")]
    [InlineData(Segmentation.Sentence, "No end")]
    [InlineData(Segmentation.Sentence, "One.\n\nTwo.\n")]
    [InlineData(Segmentation.Line, Text)]
    [InlineData(Segmentation.Line, "def f():\r\n    pass\n\n\nx")]
    public void WrittenInAnyTokens_TheTagsStandAsInTraining(Segmentation segmentation, string text)
    {
        SegmentTags tags = Of(segmentation);
        int[] expected = tags.Encode(text);
        // Token by token as the whole text is encoded, and as its segments are.
        Assert.Equal(Marked(expected), Marked(Written(tags, [.. Tokenizer.Encode(text)])));
        Assert.Equal(Marked(expected), Marked(Written(tags, [.. segmentation.Split(text).SelectMany(segment => Tokenizer.Encode(segment))])));
    }

    [Fact]
    public void Encode_PutsOneBeforeEverySegment_AndTheNext()
    {
        Assert.Equal("^One. ^Two ", Marked(Of(Segmentation.Sentence).Encode("One. Two ")));
        Assert.Equal("^One. ^", Marked(Of(Segmentation.Sentence).Encode("One. ")));
        Assert.Equal("^One.", Marked(Of(Segmentation.Sentence).Encode("One.")));
        Assert.Equal("^a\n^\n^b", Marked(Of(Segmentation.Line).Encode("a\n\nb")));
        Assert.Equal("^", Marked(Of(Segmentation.Line).Encode("")));
    }

    /// <summary>A tag or an end-of-text in the prompt begins a segment.</summary>
    [Fact]
    public void Begin_LooksBehindTheLastTag()
    {
        SegmentTags tags = Of(Segmentation.Sentence);
        var tracker = new SegmentTracker(tags, Tokenizer.EndOfTextId);
        int[] sentence = [.. Tokenizer.Encode("One. ")];
        tracker.Begin([Tokenizer.EndOfTextId, .. Tag, .. sentence]);
        Assert.True(tracker.IsWhole);
        tracker.Begin([Tokenizer.EndOfTextId, .. sentence, .. Tag]);
        Assert.False(tracker.IsWhole);
        tracker.Begin([.. sentence, Tokenizer.EndOfTextId]);
        Assert.False(tracker.IsWhole);
        Assert.Null(tracker.TaggedFormOf(sentence[0]));
    }

    /// <summary>What the writer does with drawn tokens, without the model.</summary>
    private static int[] Written(SegmentTags tags, int[] drawn)
    {
        var tracker = new SegmentTracker(tags, Tokenizer.EndOfTextId);
        var written = new List<int>(Tag);
        tracker.Begin(Tag);
        foreach (int token in drawn)
        {
            if (tracker.IsWhole)
            {
                written.AddRange(Tag);
                tracker.Begin(Tag);
            }
            if (tracker.TaggedFormOf(token) is { } tagged)
            {
                written.AddRange(tagged);
                tracker.Begin(tagged);
                continue;
            }
            written.Add(token);
            tracker.Append(token);
        }
        if (tracker.IsWhole) written.AddRange(Tag);
        return [.. written];
    }

    private static SegmentTags Of(Segmentation segmentation) => new() { Tokenizer = Tokenizer, Segmentation = segmentation, Tag = Tag, Known = [Tag], Bans = [Tag] };

    /// <summary>The text with ^ for each tag.</summary>
    private static string Marked(ReadOnlySpan<int> ids)
    {
        string text = "";
        for (int begin = 0; begin < ids.Length;)
        {
            int tag = ids[begin..].IndexOf(Tag), end = tag < 0 ? ids.Length : begin + tag;
            text += Tokenizer.Decode(ids[begin..end]) + (tag < 0 ? "" : "^");
            begin = tag < 0 ? end : end + Tag.Length;
        }
        return text;
    }
}
