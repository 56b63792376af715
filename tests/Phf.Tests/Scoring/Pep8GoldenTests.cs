using Phf.Scoring;
using Phf.Scoring.Pep8;

namespace Phf.Tests.Scoring;

/// <summary>Every recorded answer of pycodestyle 2.8.0, place by place.</summary>
public sealed class Pep8GoldenTests
{
    private static readonly Pep8Options Everything = new() { Select = ["E", "W"], MaxDocLength = 72 };

    [GoldenTheory]
    [InlineData("snippets", 1324)]
    [InlineData("humaneval", 164)]
    [InlineData("mbpp", 974)]
    [InlineData("truncated", 3414)]
    public void Violations_AndScores_AreTheRecordedOnes(string set, int expectedRows)
    {
        List<GoldenPep8> rows = GoldenPep8.Load(set);
        Assert.Equal(expectedRows, rows.Count);
        var scorer = new Pep8Scorer();
        double[] score = new double[1];
        foreach (GoldenPep8 row in rows)
        {
            AssertSame(row, row.Violations()!, new Pep8Options());
            if (!row.HasSameLength) continue;
            scorer.Score([row.Text], score);
            Assert.True(row.Score == score[0], $"{row.Name}: score {score[0]}, expected {row.Score}");
        }
    }

    [GoldenFact]
    public void EveryCode_IsTheRecordedOne()
    {
        foreach (GoldenPep8 row in GoldenPep8.Load("snippets"))
        {
            AssertSame(row, row.Violations("all")!, Everything);
            if (row.Violations("all_hang_closing") is { } hanging) AssertSame(row, hanging, Everything with { HangClosing = true });
        }
    }

    [GoldenTheory]
    [InlineData("snippets")]
    [InlineData("truncated")]
    public void LineScores_AreTheRecordedOnes(string set)
    {
        var scorer = new Pep8Scorer();
        foreach (GoldenPep8 row in GoldenPep8.Load(set))
            Assert.True(row.LineScores().SequenceEqual(scorer.LineScores(row.Text)), $"{row.Name}: {string.Join(' ', scorer.LineScores(row.Text))}");
    }

    [GoldenFact]
    public void FixedLineScores_AddUpToTheViolations()
    {
        var scorer = new Pep8Scorer(fixedLines: true);
        int unlike = 0;
        foreach (GoldenPep8 row in GoldenPep8.Load("truncated"))
        {
            double[] recorded = row.LineScores(), scores = scorer.LineScores(row.Text);
            bool endsTooEarly = row.Violations()!.Any(violation => violation.Line > scores.Length);
            if (!endsTooEarly) Assert.Equal(recorded, scores);
            else if (scores.Any(score => score > 0)) unlike++;
        }
        Assert.InRange(unlike, 500, 1000); // those that the paper's scorer gives zeroes
    }

    private static void AssertSame(GoldenPep8 row, Violation[] expected, Pep8Options options)
    {
        List<Violation> found = Pep8Checker.Check(row.Text, options);
        Assert.True(expected.SequenceEqual(found),
            $"{row.Name}: missing {string.Join(", ", expected.Except(found))}; too many {string.Join(", ", found.Except(expected))}");
    }
}
