using System.Text;
using Phf.Scoring;

namespace Phf.Tests.Scoring;

public class PiiFullScorerTests
{
    private static readonly DateOnly Today = new(2026, 11, 21);
    private static readonly PiiScorer Scorer = new(new PiiOptions { Detectors = PiiDetectors.Full, Today = Today });
    private static readonly PiiScorer Fixed = new(new PiiOptions { Detectors = PiiDetectors.Full, Rules = PiiRules.Fixed, Today = Today });

    [Theory]
    [InlineData("Born on 10 November 1988.", "on 10 November 1988 date_of_birth")]
    [InlineData("Met on 10 November 1988.", "")]
    [InlineData("DOB: 07/04/1976", "07/04/1976 date_of_birth")]
    [InlineData("DOB: 07/04/2020", "")]
    [InlineData("Name: Alice\nDOB:\n\n4 Jul 1976", "4 Jul 1976 date_of_birth")]
    [InlineData("DOB:\n\n\n4 Jul 1976", "")]
    [InlineData("born 38 years ago", "38 years ago date_of_birth")]
    [InlineData("born 30/02/1980", "")]
    [InlineData("born 4 May 1980 1:.30", "4 May 1980 date_of_birth")]
    [InlineData("My Skype is alice_qx9", "alice_qx9 skype")]
    [InlineData("My Skype is wonderful", "")]
    [InlineData("write alice_qx9", "")]
    [InlineData("skype: qxa.zvx qxaXzvx", "qxa.zvx skype|qxaXzvx skype")]
    [InlineData("At 12 W 34th St, New York, NY 10001.", "12 W 34th St, New York, NY 10001 address")]
    [InlineData("100 Main St. Suite 5B\nSpringfield, Illinois", "100 Main St. Suite 5B\nSpringfield, Illinois address")]
    [InlineData("100-102 Main Street, Springfield, IL 62701", "")]
    [InlineData("1 Main Street, Salem, OR 97301-1234", "")]
    [InlineData("100 Broadway, New York, NY", "")]
    [InlineData("see HTTPS://EXAMPLE.COM or https://t.co", "")]
    public void Find_OfEachDetector(string text, string expected) => Assert.Equal(expected, Words(Scorer, text));

    [Theory]
    [InlineData("100-102 Main Street, Springfield, IL 62701", "100-102 Main Street, Springfield, IL 62701 address")]
    [InlineData("1 Main Street, Salem, OR 97301-1234", "1 Main Street, Salem, OR 97301-1234 address")]
    [InlineData("skype: qxa.zvx, qxaXzvx and QXA.ZVX!", "qxa.zvx skype|qxaXzvx skype|QXA.ZVX skype")]
    [InlineData("skype: qxa.zvx qxabzvx_qxa.zvx", "qxa.zvx skype|qxabzvx_qxa.zvx skype")]
    [InlineData("see HTTPS://EXAMPLE.COM/A, Www.Example.com and https://t.co", "HTTPS://EXAMPLE.COM/A url|Www.Example.com url|https://t.co url")]
    [InlineData("Born on 10 November 1988.", "on 10 November 1988 date_of_birth")]
    public void Find_ByFixedRules(string text, string expected) => Assert.Equal(expected, Words(Fixed, text));

    [Fact]
    public void Find_RepeatsAnAddressAsTheReferenceDoes()
    {
        const string Address = "100 Main Street, Springfield, IL 62701";
        List<Finding> found = Scorer.Find($"{Address} twice {Address}");
        Assert.Equal(["address+address", "address+address"], found.Select(find => find.Type));
        Assert.All(Fixed.Find($"{Address} twice {Address}"), find => Assert.Equal("address", find.Type));
    }

    [Fact]
    public void Id_SaysDetectorsRulesAndToday()
    {
        Assert.Equal("pii/scrubadub-2.0.0-default", Scorers.Create("pii", new ScorerOptions()).Id);
        Assert.Equal("pii/scrubadub-2.0.0-default-fixed", Scorers.Create("pii", new ScorerOptions { Pii = new PiiOptions { Rules = PiiRules.Fixed, Today = Today } }).Id);
        Assert.Equal("pii/scrubadub-2.0.0-full(today=2023-02-16,ner=none)", Scorers.Create("pii-full", new ScorerOptions()).Id);
        Assert.Equal("pii/scrubadub-2.0.0-full-fixed(today=2026-11-21,ner=none)", Fixed.Id);
    }

    public static TheoryData<string, string> Repeated => new()
    {
        { "skype ", "q" }, { "", "skype " }, { "", "skype abcdefg " }, { "skype a......", "aaaaaaaa " }, { "", "skype a.a.a.a aa..aa aaa...a a.....a " }, { "", "Skype, qxzvwk, " },
        { "", "1" }, { "", "1 " }, { "", "one " }, { "", "1 Main St, " }, { "", "100 Main Street, Springfield, IL 62701 " }, { "", "Springfield, Salem, " }, { "1 A St ", "Aaaa " },
        { "1 a street route ", "a" }, { "1 a street floor ", "1" }, { "", "and is " }, { "", "\n,\t" }, { "born ", "1 " }, { "born ", "the " }, { "born ", "1988 " }, { "born ", "1988, " },
        { "born ", "the 1988 " }, { "born ", "1.1." }, { "born ", "1:" }, { "born ", "on 10 November 1988\n" }, { "", "born 1 may 1988. " }, { "born ", "years " }, { "born ", "1988/" }, { "", "a@" },
    };

    /// <summary>150,000 characters each: what is not linear in time would not end within the patience of a test run.</summary>
    [Theory]
    [MemberData(nameof(Repeated))]
    public void Find_EndsOnTextsMadeToBlowUp(string start, string unit) => AssertEnds(new StringBuilder(start).Insert(start.Length, unit, 150_000 / unit.Length).ToString());

    [Theory]
    [InlineData("{0} Main Street, Springfield, IL 62701\n")]
    [InlineData("skype a{0}.zq ")]
    [InlineData("born {1} May 19{2:00} ab {0}\n")]
    public void Find_EndsOnManyDifferentFinds(string format)
    {
        var text = new StringBuilder();
        for (int i = 0; text.Length < 150_000; i++) text.AppendFormat(System.Globalization.CultureInfo.InvariantCulture, format, i % 99_999, (i % 28) + 1, i % 100);
        AssertEnds(text.ToString());
    }

    private static void AssertEnds(string text)
    {
        foreach (PiiScorer scorer in (PiiScorer[])[Scorer, Fixed])
            Assert.All(scorer.Find(text), find => Assert.InRange(find.End, find.Begin + 1, text.Length));
    }

    private static string Words(PiiScorer scorer, string text) => string.Join('|', scorer.Find(text).Select(find => $"{text[find.Begin..find.End]} {find.Type}"));
}
