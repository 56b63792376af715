using System.Text;
using Phf.Scoring;

namespace Phf.Tests.Scoring;

public class PiiScorerTests
{
    private static readonly PiiScorer Scorer = new();

    [Theory]
    [InlineData("Mail alice@example.com.", "5-22 email")]
    [InlineData("alice at mail dot example dot com", "0-33 email")]
    [InlineData("alice@localhost", "")]
    [InlineData("alice.@example.com", "6-14 twitter")]
    [InlineData("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggghh@example.com", "")]
    [InlineData("Call 202-555-0143 x12 now", "5-21 phone")]
    [InlineData("555-0143", "")]
    [InlineData("$202-555-0143", "")]
    [InlineData("abc202-555-0143", "")]
    [InlineData("12/25/2020 202-555-0143", "")]
    [InlineData("202-555-0143 / 202-555-0144", "0-12 phone|15-27 phone")]
    [InlineData("+1 (202) 555-0143 ext. 7", "0-24 phone")]
    [InlineData("hi @alice, @admin, @abcdefghijklmnop", "3-9 twitter")]
    [InlineData("see https://www.example.com/a?b=c#d, ok", "4-35 url")]
    [InlineData("HTTP://EXAMPLE.COM https://t.co", "")]
    [InlineData("SSN 123-45-6789, 000-12-3456", "4-15 social_security_number")]
    [InlineData("card 4111111111111111.", "5-21 credit_card")]
    [InlineData("card 4111111111111112, card:4111111111111111", "")]
    [InlineData("Login: alice\nPassword: s3cret\nbye", "0-29 credential")]
    [InlineData("username: password: s3cret", "0-26 credential")]
    [InlineData("nothing here at all", "")]
    [InlineData("", "")]
    public void Find_OfEachDetector(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', Scorer.Find(text).Select(find => $"{find.Begin}-{find.End} {find.Type}")));

    [Fact]
    public void Find_MergesWhatOverlapsOrTouches()
    {
        Assert.Equal([new Finding(0, 32, "url+phone")], Scorer.Find("https://example.com/202-555-0143"));
        Assert.Equal([new Finding(0, 22, "social_security_number+social_security_number")], Scorer.Find("123-45-6789219-09-9998"));
        Assert.Equal([new Finding(0, 33, "email+url")], Scorer.Find("www.example.com/alice@example.com"));
    }

    [Fact]
    public void Find_CountsUtf16AndScoreCountsCodePoints()
    {
        const string Text = "\U0001F600 alice@example.com";
        Assert.Equal([new Finding(3, 20, "email")], Scorer.Find(Text));
        var scores = new double[3];
        Scorer.Score([Text, "", "clean"], scores);
        Assert.Equal([1.0 / 19, 0, 0], scores);
    }

    [Fact]
    public void Find_FollowsPythonsIdeaOfLettersAndDigits()
    {
        Assert.Equal(["email"], Types("a\u0301 \u017Fam@example.com"));  // long s is an s when case is ignored
        Assert.Empty(Types("\U0001D4D0lice@example.com"));               // a letter beyond U+FFFF is part of the word
        Assert.Equal(["phone"], Types("\uFF12\uFF10\uFF12-555-0143"));   // full-width digits
        Assert.Equal(["phone"], Types("\U0001F600 \U0001D7D0\U0001D7CE\U0001D7D0-555-0143"));
        Assert.Equal(new Finding(3, 18, "phone"), Scorer.Find("\U0001F600 \U0001D7D0\U0001D7CE\U0001D7D0-555-0143").Single());
        Assert.Equal(["credential"], Types("LOG\u0130N alice pw x"));
    }

    [Theory]
    [InlineData("+44 20 7946 0958", true)]
    [InlineData("011 44 20 7946 0958", true)]
    [InlineData("020 7946 0958", false)]
    [InlineData("+999 123 456 789", false)]
    [InlineData("+54 9 11 2345 6789", true)]
    [InlineData("+39 06 1234 5678", true)]
    [InlineData("+55 xx 11 98765-4321", true)]
    public void Find_ForeignNumbersNeedTheirCode(string text, bool isFound) => Assert.Equal(isFound, Scorer.Find(text).Count == 1);

    [Fact]
    public void Score_RefusesTheWrongRoom() => Assert.Throws<ArgumentException>(() => Scorer.Score(["a"], new double[2]));

    public static TheoryData<string, string> Repeated => new()
    {
        { "", "a.a.a.a@" }, { "", "1" }, { "", "1 " }, { "", "1-" }, { "", "12345," }, { "", "((" }, { "+", "+(" }, { "", "1,,,,,,,,," },
        { "", "1      " }, { "", "1xx" }, { "", "login" }, { "", "u: " }, { "", "www." }, { "", "http" }, { "a@", "a." }, { "a@b.", "a" },
        { "a@a", " dot at" }, { "", "a at " }, { "", "@ab" }, { "", "202-555-0143 " }, { "", "219-09-9998" }, { "", " 4111111111111111" }, { "https://a", ".a" },
    };

    /// <summary>Two million characters each: anything that is not linear in time would not end within the patience of a test run.</summary>
    [Theory]
    [MemberData(nameof(Repeated))]
    public void Find_EndsOnTextsMadeToBlowUp(string start, string unit)
    {
        string text = new StringBuilder(start).Insert(start.Length, unit, 2_000_000 / unit.Length).ToString();
        var found = Scorer.Find(text);
        Assert.All(found, find => Assert.InRange(find.End, find.Begin + 1, text.Length));
    }

    private static List<string> Types(string text) => [.. Scorer.Find(text).Select(find => find.Type)];
}
