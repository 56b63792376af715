using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Phf.Cli.Quickstart;

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
        Assert.Equal("a882b728439452f2", Convert.ToHexStringLower(hash)[..16]);
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
