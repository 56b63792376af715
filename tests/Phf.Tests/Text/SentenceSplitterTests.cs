using System.Text;
using System.Text.Json;
using Phf.Text;

namespace Phf.Tests.Text;

/// <summary>Sentence ends against those that spaCy's blank English sentencizer recorded.</summary>
public sealed class SentenceSplitterTests
{
    [GoldenFact]
    public void Split_HandMadeStrings_MatchesSpacy()
    {
        int compared = 0;
        foreach (JsonElement row in GoldenLines.Read(Shared.Golden("sentences", "strings.jsonl.gz")))
        {
            Assert.Equal(row.Texts("sents"), SentenceSplitter.Split(row.Text("text")));
            compared++;
        }
        Assert.Equal(347, compared);
    }

    [GoldenFact]
    public void Split_RedditPosts_MatchesSpacy()
    {
        JsonElement[] rows = [.. GoldenLines.Read(Shared.Golden("sentences", "reddit.jsonl.gz"))];
        foreach ((JsonElement row, string post) in rows.Zip(GoldenLines.RedditPosts()))
        {
            var starts = new List<int>();
            int start = 0; // in code points
            foreach (string sentence in SentenceSplitter.Split(post))
            {
                starts.Add(start);
                start += sentence.EnumerateRunes().Count();
            }
            Assert.Equal(row.Ids("starts"), starts);
        }
        Assert.Equal(2000, rows.Length);
    }

    [Theory]
    [InlineData("Hi there. Bye!", "Hi there. |Bye!")]
    [InlineData("Mr. Smith came at 5 p.m. to the U.S. embassy.", "Mr. Smith came at 5 p.m. to the U.S. embassy.")]
    [InlineData("\"Hi!\" \"Ho!\"", "\"Hi!\" \"|Ho!\"")]
    [InlineData("A stop.Then more", "A stop.|Then more")]
    [InlineData("a stop.then more", "a stop.then more")]
    [InlineData("See http://example.com/A.Bc or x@example.com. Now", "See http://example.com/A.Bc or x@example.com. |Now")]
    [InlineData("One.\n\nTwo.  Three", "One.|\n\nTwo. | Three")]
    [InlineData("Wait... what", "Wait... what")]
    [InlineData("It weighs 5g. Really. I mean pre-Jan. 3.", "It weighs 5g. Really. |I mean pre-Jan. 3.")]
    [InlineData("你好。 再见。", "你好。 |再见。")]
    [InlineData("", "")]
    public void Split_ByRule(string text, string expected)
    {
        Assert.Equal(expected, string.Join('|', SentenceSplitter.Split(text)));
    }

    [Fact]
    public void Split_AnyText_JoinsToTheText()
    {
        var random = new Random(3);
        string[] parts = [".", "!", "?", " ", "  ", "\n", "a", "B", "Mr", "o.O", "\"", "(", ")", "…", "..", "😀", "\uD83D", "°C", "5", "g", "-", ",", "http://", "@", "com", "'s", "。", "𑁇"];
        for (int round = 0; round < 3000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => parts[random.Next(parts.Length)]));
            List<string> sentences = SentenceSplitter.Split(text);
            Assert.Equal(text, string.Concat(sentences));
            Assert.DoesNotContain("", sentences);
        }
    }

    /// <summary>A quadratic step would take minutes here.</summary>
    [Theory]
    [InlineData("o.O-")]
    [InlineData("a@b.")]
    [InlineData("!(.")]
    [InlineData("a://")]
    [InlineData("....a")]
    [InlineData("°C.")]
    public void Split_OneLongWord_IsLinear(string part)
    {
        string text = new StringBuilder().Insert(0, part, 100_000).ToString();
        Assert.Equal(text, string.Concat(SentenceSplitter.Split(text)));
    }
}
