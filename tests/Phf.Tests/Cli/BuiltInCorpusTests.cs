using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Bogus;
using Phf.Cli.Quickstart;
using Phf.Scoring;

namespace Phf.Tests.Cli;

public sealed class BuiltInCorpusTests
{
    private static readonly string[] Sample = [.. BuiltInCorpus.Documents(2000, seed: 1)];

    [Fact]
    public void SameSeed_SameBytes_InAnyOrderAndOnAnyThread()
    {
        IEnumerator<string> first = BuiltInCorpus.Documents(500, seed: 7).GetEnumerator(), second = BuiltInCorpus.Documents(300, seed: 7).GetEnumerator();
        string[] fromThreads = new string[500];
        Parallel.For(0, 4, part =>
        {
            int i = 0;
            foreach (string text in BuiltInCorpus.Documents(500, seed: 7))
                if (i++ % 4 == part) fromThreads[i - 1] = text;
        });
        for (int i = 0; i < 500; i++)
        {
            Assert.True(first.MoveNext());
            if (second.MoveNext()) Assert.Equal(first.Current, second.Current);
            Assert.Equal(first.Current, fromThreads[i]);
        }
        Assert.NotEqual(BuiltInCorpus.Documents(1, seed: 8).Single(), BuiltInCorpus.Documents(1, seed: 7).Single());
    }

    [Fact]
    public void Bytes_StayThoseOfThisVersion()
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u0003', Sample)));
        Assert.Equal("4690826ce82dae60", Convert.ToHexStringLower(hash)[..16]);
    }

    [Fact]
    public void Documents_AreShortVariedAndPlainText()
    {
        Assert.InRange(Sample.Average(text => text.Length), 310, 390);
        Assert.True(Sample.Distinct().Count() > 1990);
        string all = string.Join("\n", Sample);
        Assert.DoesNotContain(all, c => c is '{' or '}' or '[' or ']' or '|' || c > '~' || c < ' ' && c != '\n');
        int sentences = Regex.Count(all, @"[.!?](\s|$)");
        Assert.InRange(sentences / (double)Sample.Length, 6, 8);
    }

    [Theory]
    [InlineData("terse")]
    [InlineData("formal")]
    [InlineData("chatty")]
    [InlineData("support")]
    [InlineData("notes")]
    public void Scorer_FindsPiiInEverySentenceThatIsToHaveSomeAndInNoOther(string voice)
    {
        var scorer = new PiiScorer();
        TemplateFile templates = TemplateFile.Read(voice);
        var writer = new SentenceWriter(new Randomizer(5), TemplateFile.Read("words"), NamePool.Draw(6));
        foreach (string section in (string[])["open", "plain", "pii", "close"])
            foreach (string template in templates[section])
                for (int i = 0; i < 20; i++)
                {
                    string sentence = writer.Sentence(template);
                    int finds = scorer.Find(sentence).Count;
                    int slots = section == "pii" ? Regex.Count(template, @"\{(email|phone|card|url|handle|ssn|credential)\}") : 0;
                    Assert.True(finds == slots, $"{finds} finds, {slots} slots: {sentence}");
                }
    }

    [Fact]
    public void Scorer_FindsPiiInAboutTwoFifthsOfTheSentences()
    {
        var scorer = new PiiScorer();
        string[] sentences = [.. Sample.SelectMany(text => Regex.Split(text, @"(?<=[.!?])\s+"))];
        Assert.InRange(sentences.Count(sentence => scorer.Find(sentence).Count > 0) / (double)sentences.Length, 0.39, 0.46);
        double[] scores = new double[Sample.Length];
        scorer.Score(Sample, scores);
        Assert.InRange(scores.Average(), 0.008, 0.013);
    }

    [Fact]
    public void CardNumbers_PassLuhnAndFollowWhiteSpace()
    {
        MatchCollection cards = Regex.Matches(string.Join('\n', Sample), @"\d{15,16}");
        Assert.True(cards.Count > 500);
        foreach (Match card in cards)
        {
            int sum = 0;
            for (int i = 0; i < card.Length; i++)
            {
                int digit = card.Value[^(i + 1)] - '0';
                sum += i % 2 == 0 ? digit : digit * 2 / 10 + digit * 2 % 10;
            }
            Assert.Equal(0, sum % 10);
        }
    }

    [Fact]
    public void Templates_AreManyAndDifferent()
    {
        string[] voices = ["terse", "formal", "chatty", "support", "notes"];
        foreach (string section in (string[])["plain", "pii"])
        {
            string[] templates = [.. voices.SelectMany(voice => TemplateFile.Read(voice)[section])];
            Assert.True(templates.Length >= 190, $"{templates.Length} templates in {section}");
            Assert.True(templates.Distinct().Count() > 0.98 * templates.Length);
        }
    }
}
