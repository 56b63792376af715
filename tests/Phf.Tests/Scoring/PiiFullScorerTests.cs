using System.Diagnostics;
using System.Text;
using Phf.Scoring;
using Xunit.Abstractions;

namespace Phf.Tests.Scoring;

public class PiiFullScorerTests(ITestOutputHelper output)
{
    private static readonly PiiScorer Scorer = new(new PiiOptions { Detectors = PiiDetectors.Full });
    private static readonly PiiScorer Fixed = new(new PiiOptions { Detectors = PiiDetectors.Full, Rules = PiiRules.Fixed });

    public static TheoryData<string, string> Repeated => new()
    {
        { "skype ", "a" }, { "skype ", "q" }, { "", "skype " }, { "", "skype abcdefg " }, { "skype a......", "aaaaaaaa " }, { "", "skype a.a.a.a aa..aa aaa...a a.....a " },
        { "", "Skype, qxzvwk, " }, { "", "1" }, { "", "1 " }, { "", "one " }, { "", "1 Main St, " }, { "", "100 Main Street, Springfield, IL 62701 " }, { "", "Springfield, Salem, " },
        { "1 A St ", "Aaaa " }, { "1 a street route ", "a" }, { "1 a street ", "1" }, { "", "1 st st. " }, { "", "and is " }, { "", "\n,\t" }, { "born ", "1 " }, { "born ", "the " },
        { "born ", "1" }, { "born ", "1988 " }, { "born ", "1988, " }, { "born ", "the 1988 " }, { "born ", "1.1." }, { "born ", "on 10 November 1988\n" }, { "", "born 1 may 1988. " }, { "born ", "may " },
        { "born ", "1:" }, { "", "@" }, { "", "a@" }, { "born ", "years " }, { "born ", "-" }, { "born ", "'" },
    };

    [Theory]
    [MemberData(nameof(Repeated))]
    public void Find_EndsOnTextsMadeToBlowUp(string start, string unit)
    {
        foreach (int n in (int[])[250_000, 500_000])
        foreach (PiiScorer scorer in (PiiScorer[])[Scorer, Fixed])
        {
            string text = new StringBuilder(start).Insert(start.Length, unit, n / unit.Length).ToString();
            var w = Stopwatch.StartNew();
            var f = scorer.Find(text);
            output.WriteLine($"TIME {start}|{unit}|{n} {w.ElapsedMilliseconds} ms {f.Count}");
        }
    }

    [Theory]
    [InlineData("many addresses")]
    [InlineData("many names")]
    [InlineData("many dates")]
    public void Find_Many(string kind)
    {
        foreach (int n in (int[])[250_000, 500_000])
        {
            var b = new StringBuilder("born ");
            for (int i = 0; b.Length < n; i++)
                b.Append(kind switch { "many addresses" => $"{i % 99999} Main Street, Springfield, IL 62701\n", "many names" => $"skype a{i}.zq ", _ => $"{i % 28 + 1} {(i % 2 == 0 ? "May" : "June")} {1950 + i / 28 % 50} ab " });
            var w = Stopwatch.StartNew();
            var f = Scorer.Find(b.ToString());
            output.WriteLine($"TIME {kind}|{n} {w.ElapsedMilliseconds} ms {f.Count}");
        }
    }
}
