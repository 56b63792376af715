using Phf.Data;
using Phf.Evaluation.Kl;
using Phf.Text;

namespace Phf.Tests.Evaluation.Kl;

public sealed class TextReadingTests
{
    private static readonly BpeTokenizer Tokenizer = BpeTrainer.Train(["One two. Three four!"], 260).WithAddedTokens("<|good|>");

    [Theory]
    [InlineData(PrefixPlaces.Start, "^<|good|>We went home. They stayed.\nIt rained.\n")]
    [InlineData(PrefixPlaces.Lines, "^<|good|>We went home. They stayed.\n<|good|>It rained.\n<|good|>")]
    [InlineData(PrefixPlaces.Segments, null)]
    internal void Prefix_StandsWhereItShould_InTextsAndInDrawnTokens(PrefixPlaces places, string? expected)
    {
        const string text = "We went home. They stayed.\nIt rained.\n";
        TextReading reading = Reading(places);
        string[] sentences = Segmentation.Sentence.Split(text);
        Assert.True(sentences.Length >= 3);
        expected ??= "^" + string.Concat(sentences.Select(sentence => "<|good|>" + sentence));
        int[] drawn = [.. Tokenizer.Encode(text)];
        (int[] ids, bool[] isPrefix) = reading.Read(new ReferenceSample(text, -1));
        Assert.Equal(expected, "^" + Tokenizer.Decode(ids.AsSpan(1)));
        Assert.Equal(ids.Select(id => id == reading.Prefix[0]), isPrefix);
        var sample = new ReferenceSample(text, -1, Ended: true, drawn, Tokenizer.Fingerprint);
        (int[] same, _) = reading.Read(sample);
        Assert.Equal(drawn, same.Skip(1).SkipLast(1).Where(id => id != reading.Prefix[0])); // as they were drawn
        Assert.Equal(ids.Count(id => id == reading.Prefix[0]), same.Count(id => id == reading.Prefix[0]));
        Assert.Equal(Tokenizer.EndOfTextId, same[^1]);
        Assert.Equal(same[..4], (reading with { Cut = 4 }).Read(sample).Ids);
    }

    [Fact]
    public void IdsOfAnotherTokenizer_AreNotTaken()
    {
        TextReading reading = Reading(PrefixPlaces.Start) with { Prefix = [] };
        var foreign = new ReferenceSample("One", -1, Ended: false, [1, 2, 3], "another");
        Assert.False(reading.IsOfSameTokens(foreign));
        Assert.Equal([Tokenizer.EndOfTextId, .. Tokenizer.Encode("One")], reading.Read(foreign).Ids);
        Assert.Equal([Tokenizer.EndOfTextId], reading.Read(new ReferenceSample("", -1)).Ids);
    }

    private static TextReading Reading(PrefixPlaces places) => new()
    {
        Tokenizer = Tokenizer,
        Prefix = [Tokenizer.TryGetId("<|good|>", out int id) ? id : -1],
        Places = places,
        Segmentation = Segmentation.Sentence,
    };
}
