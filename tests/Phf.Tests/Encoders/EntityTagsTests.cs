using Phf.Encoders;
using Phf.Scoring;

namespace Phf.Tests.Encoders;

/// <summary>From labels of words to entities.</summary>
public sealed class EntityTagsTests
{
    private static readonly string[] Bio = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC"];
    private static readonly string[] NamesAndOrganizations = ["name", "organization"];

    /// <summary>Words are one character wide and one apart; the expected entities are written begin-end type.</summary>
    [Theory]
    [InlineData("O O O", "")]
    [InlineData("B-PER I-PER O B-ORG", "0-3 name;6-7 organization")]
    [InlineData("B-PER B-PER", "0-1 name;2-3 name")]
    [InlineData("I-PER I-PER", "0-3 name")]
    [InlineData("B-PER I-ORG I-ORG", "0-1 name;2-5 organization")]
    [InlineData("B-PER O I-PER", "0-1 name;4-5 name")]
    [InlineData("B-LOC I-LOC B-MISC", "")]
    [InlineData("B-PER B-MISC I-PER", "0-1 name;4-5 name")]
    public void BioTags_BecomeEntities(string labels, string expected) =>
        Assert.Equal(expected, Found(Bio, NamesAndOrganizations, labels));

    [Theory]
    [InlineData("B-PER I-PER E-PER S-PER", "0-5 name;6-7 name")]
    [InlineData("S-PER I-PER", "0-1 name;2-3 name")]
    [InlineData("E-PER I-PER", "0-1 name;2-3 name")]
    public void TagsWithEnds_BecomeEntities(string labels, string expected) =>
        Assert.Equal(expected, Found(["O", "B-PER", "I-PER", "E-PER", "S-PER"], NamesAndOrganizations, labels));

    [Theory]
    [InlineData("PERSON PERSON GPE O ORG", "0-3 name;4-5 location;8-9 organization")]
    public void TypesAlone_AreJoined(string labels, string expected) =>
        Assert.Equal(expected, Found(["O", "PERSON", "GPE", "ORG"], ["name", "organization", "location"], labels));

    [Fact]
    public void LabelsOfAnotherTask_AreListed()
    {
        var problem = Assert.Throws<InvalidDataException>(() => EntityTags.Of(["NOUN", "VERB"], NamesAndOrganizations, "models/tagger"));
        Assert.Equal("models/tagger: none of its labels is for a name or organization; it has NOUN, VERB", problem.Message);
    }

    private static string Found(string[] model, string[] wanted, string labels)
    {
        IEnumerable<LabelledWord> words = labels.Split(' ').Select((label, i) => new LabelledWord(2 * i, 2 * i + 1, Array.IndexOf(model, label)));
        return string.Join(';', EntityTags.Of(model, wanted, "model").Entities(words).Select((Finding find) => $"{find.Begin}-{find.End} {find.Type}"));
    }
}
