using System.Diagnostics;
using System.Text;
using Phf.Data;
using Phf.Scoring;
using Phf.Scoring.Pep8;

namespace Phf.Tests.Scoring;

/// <summary>Made-up texts; what pycodestyle answers to them was worked out by hand.</summary>
public sealed class Pep8ScorerTests
{
    private static string Check(string text, Pep8Options? options = null) => string.Join(' ',
        Pep8Checker.Check(text, options ?? new Pep8Options()).Select(violation => $"{violation.Line}:{violation.Column}:{violation.Code}"));

    [Theory]
    [InlineData("", "")]
    [InlineData("x = 1\n", "")]
    [InlineData("x=1", "1:1:E225 1:3:W292")]
    [InlineData("import os, sys\n\n\n\ndef f( a ):\n  return a;", "1:9:E401 5:0:E303 5:6:E201 5:8:E202 6:2:E111 6:10:E703 6:11:W292")]
    [InlineData("if x == None:\n\tpass  \n", "1:5:E711 2:0:W191 2:5:W291")]
    [InlineData("x = {'a':1}\n", "1:8:E231")]
    [InlineData("\U0001F600 = '\U0001F600';y=1\n", "1:7:E231 1:7:E702 1:9:E225")] // an emoji is one column
    [InlineData("a = (1,\n    2)\n", "2:4:E128")]
    [InlineData("x = (\n\n", "2:0:W391 2:0:W391 3:0:E901")]
    [InlineData("def f():\n    '''no end\n", "2:4:E901")]
    [InlineData("if a:\n        b\n    c\n", "2:8:E117 3:4:E901")]
    [InlineData("s = '\\d'\n", "1:5:W605")]
    [InlineData("x = 1  # noqa\ny=1  # noqa\n", "2:1:E225")] // noqa silences E501, not E225
    [InlineData("x = f'{a['b']}'\n", "")] // an f-string is a string: here two, beside a name
    [InlineData("x = [1,\f2]\n", "1:6:E231")] // a form feed is no white space here
    [InlineData("\u00A0\u00A0if x:\n    pass\n", "1:0:E272")] // no indentation, but white space before a keyword
    [InlineData("x = [a for\n", "1:7:W606 2:0:E901")] // cut off behind a word that nothing follows
    [InlineData("(a }= \nb\n", "1:5:E251 1:5:W291")]
    [InlineData("x = not not in y\n", "1:4:E713")]
    public void Check_FindsTheViolations(string text, string expected) => Assert.Equal(expected, Check(text));

    [Fact]
    public void Options_MeanWhatPycodestylesMean()
    {
        const string text = "x=a*b  \n";
        Assert.Equal("1:1:E225 1:5:W291", Check(text));
        Assert.Equal("1:5:W291", Check(text, new Pep8Options { Select = ["W"], Ignore = ["W2"] }));
        Assert.Equal("1:3:E226 1:5:W291", Check(text, new Pep8Options { Ignore = ["E225"] })); // takes the place of the default list
        Assert.Equal("1:1:E225 1:3:E226", Check(text, new Pep8Options { Select = ["E22"] }));
        Assert.Equal("1:3:E501", Check("x = 1\n", new Pep8Options { MaxLineLength = 3 }));
        Assert.Equal("2:5:W503", Check("x = (a\n     @= b,\n     ...)\n", new Pep8Options { Select = ["W5"] })); // "..." is no operator between two
        Assert.Equal("1:4:W505", Check("\"\"\"12\"\"\"\n", new Pep8Options { Select = ["W5"], MaxDocLength = 4 }));
        Assert.Equal("", Check("(\"\"\"1\n2\"\"\",\n\"\"\"34\"\"\")\n", new Pep8Options { Select = ["W5"], MaxDocLength = 4 })); // beside code
    }

    [Fact]
    public void Scores_AreViolationsPerCodePoint()
    {
        Assert.Equal("pep8/pycodestyle-2.8.0", Scorers.Create("pep8", new ScorerOptions()).Id);
        Assert.Equal("pep8/pycodestyle-2.8.0-fixed", Scorers.Create("pep8-fixed", new ScorerOptions()).Id);
        double[] scores = new double[4];
        new Pep8Scorer().Score(["", "x=1\n", "x = '\U0001F600';\n", "x='\uD800'\n"], scores);
        Assert.Equal([0, 1 / 4.0, 1 / 9.0, 0], scores); // a lone surrogate on a line with a violation: 0
        Assert.Throws<ArgumentException>(() => new Pep8Scorer().Score(["x"], new double[2]));
    }

    [Fact]
    public void SelectAndIgnore_AreThoseOfPycodestyle_AndInTheId()
    {
        const string Text = "x=1 \nimport os,sys\n"; // E225, W291, E401 and E231
        var all = new Pep8Scorer();
        var selected = new Pep8Scorer(select: ["W6", "E22", "W2", "W2"]);
        var ignoring = new Pep8Scorer(fixedLines: true, ignore: ["E"]);
        double[] Score(Pep8Scorer scorer)
        {
            double[] scores = new double[1];
            scorer.Score([Text], scores);
            return scores;
        }

        double whole = Score(all)[0];
        Assert.Equal(2.0 / Text.Length, Score(selected)[0]);
        Assert.Equal(1.0 / Text.Length, Score(ignoring)[0]);
        Assert.Equal(whole, Score(all)[0]); // another scorer on this thread changed nothing
        Assert.Equal("pep8/pycodestyle-2.8.0(select=E22+W2+W6)", selected.Id);
        Assert.Equal("pep8/pycodestyle-2.8.0-fixed(ignore=E)", ignoring.Id);
    }

    [Theory]
    [InlineData("e501")]
    [InlineData("E5011")]
    [InlineData("C9")]
    [InlineData("")]
    public void CodesThatPycodestyleHasNot_AreRefused(string code)
    {
        Assert.Contains($"'{code}' begins none of", Assert.Throws<ArgumentException>(() => new Pep8Scorer(select: [code])).Message);
        Assert.Contains("give one of them", Assert.Throws<ArgumentException>(() => new Pep8Scorer(select: ["E"], ignore: ["W"])).Message);
    }

    [Fact]
    public void TextsAndScores_MustBeAsMany()
    {
        Assert.Throws<ArgumentException>(() => new Pep8Scorer().Score(["x"], new double[2]));
    }

    [Fact]
    public void LineScores_OfATextThatEndsInsideBrackets_AreZeroUnlessFixed()
    {
        const string text = "x=1\ny = (1,\n";
        Assert.Equal([0, 0], new Pep8Scorer().LineScores(text));
        Assert.Equal([0.25, 0], new Pep8Scorer(fixedLines: true).LineScores(text));
        Assert.Equal([double.PositiveInfinity], new Pep8Scorer().LineScores("\uFEFF"));
        Assert.Equal([0], new Pep8Scorer().ScoreLines("\uFEFF"));
        Assert.Equal([0.25], new Pep8Scorer().LineScores("\uFEFFx=1\n"));
    }

    [Fact]
    public void CorpusScorer_ScoresLinesInTheirDocument()
    {
        const string text = "import os\ndef f():\n    return(1 ,2)\n";
        ScoredDocument scored = Assert.Single(new CorpusScorer(new Pep8Scorer(), Segmentation.Line)
            .Score([new TextRecord(text, null, "memory", 1)], 1, CancellationToken.None));
        Assert.Equal(["import os\n", "def f():\n", "    return(1 ,2)\n"], scored.Texts);
        Assert.Equal([0, 1 / 9.0, 2 / 17.0], scored.Scores); // E302; E203 and E231
        Assert.Equal("pep8/pycodestyle-2.8.0", scored.Scorer);
    }

    /// <summary>Texts that would take hours in time that grows with the square of their length.</summary>
    [Fact]
    public void HostileTexts_TakeLinearTime()
    {
        const int many = 100_000;
        string[] texts =
        [
            Repeat("(", many), Repeat("(\n", many), Repeat("(\n", many) + Repeat(")\n", many), Repeat(")\n", many), "x = [" + Repeat("{\n(a,\n", many),
            Repeat("'\\", 500_000), Repeat("\"'\\", 300_000), Repeat(" ", 1_000_000) + "$", Repeat("$ ", 500_000), Repeat("\\\n", many),
            "x = " + Repeat("a+", 500_000), "x = " + Repeat("not\t", 250_000) + "x", Repeat("x is type(", many), Repeat("None == ", many),
            "f(" + Repeat("(a)(b),\n", many) + ")\n", "f(" + Repeat("a[1:2], {'b': 3},", many) + ")\n", "x = '''" + Repeat("y\n", many),
            Repeat("x = 1\n", many), "class A:\n" + Repeat("    def f(self):\n        pass\n", many), Repeat("@a\nx\n", many), Repeat("\n", 1_000_000),
            Repeat(";", many), Repeat(":", many), Repeat("if x: y; ", many), Repeat("x = lambda: 0; ", many), "x = (" + Repeat("'a'\n 'b'\n", many) + ")\n", Repeat("#", 1_000_000),
            "if x:\n" + string.Concat(Enumerable.Range(1, 1400).Select(depth => new string(' ', depth) + "if x:\n")),
            "# " + Repeat("x ", 500_000), Repeat("0", 1_000_000), Repeat("1_", 500_000), Repeat("\r", 1_000_000), Repeat("raise a,", many),
            "x = f(" + Repeat("(a)", 300_000) + ",\n  b)\n", "x = (\n" + Repeat("((a,\n b), c),\n", many) + ")\n", Repeat("[", many) + "\n" + Repeat("]", many) + "\n",
            "x = (" + Repeat("a, ", 300_000) + "\n" + Repeat(" b +\n", many) + ")\n", "x = 1 + \\\n" + Repeat("    a + \\\n", many) + "    b\n",
            "x = {\n" + string.Concat(Enumerable.Range(1, 1000).Select(depth => new string(' ', depth) + "a:\n")) + Repeat("b,\n", many),
            "class A:\n" + Repeat("    @a\n", many) + "    def f(self):\n        pass\n", Repeat("x = \"\"\"\n", many), Repeat("'''", 300_001), Repeat("\r\n", many),
        ];
        var watch = Stopwatch.StartNew();
        var everything = new Pep8Options { Select = ["E", "W"], MaxDocLength = 72 };
        Assert.InRange(texts.Sum(text => Pep8Checker.Check(text, everything).Count), many, int.MaxValue);
        var scorer = new Pep8Scorer();
        foreach (string text in texts) Assert.InRange(scorer.ScoreLines(text).Length + scorer.FindSpans(text).Count, 1, int.MaxValue); // many violations in one row, too
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 60);
    }

    [Fact]
    public void Score_OfTextsLikeThoseBefore_AllocatesNothing()
    {
        const string piece = "class A:\n  x=[1,\n   \"\"\"a\n\\d\"\"\"]\n  def f(a = 1):\n    pass\n";
        string[] texts = [.. Enumerable.Range(1, 50).Select(static count => "import os\n" + Repeat(piece, count))];
        double[] scores = new double[texts.Length];
        var scorer = new Pep8Scorer();
        scorer.Score(texts, scores);
        long before = GC.GetAllocatedBytesForCurrentThread();
        scorer.Score(texts, scores);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.All(scores, static score => Assert.InRange(score, 0.05, 1));
    }

    /// <summary>What one text leaves behind in a thread's buffers does not change the score of the next.</summary>
    [Fact]
    public void Score_IsTheSameWhateverWasScoredBefore()
    {
        string[] texts =
        [
            "x = (1,\n", "def f(a = 1):\n\treturn a\n", "if x:\n        y\n    z\n", "s = 'a\\\n", "\"\"\"a\n", "x = [\n    \"\"\"a\nb\"\"\"]", "x = [\n    \"\"\"a\nb\"\"\"",
            "@a\n\n\ndef f(): pass\n", "class A:\n    def f(): pass\n    def g(): pass\n",
        ];
        foreach (string first in texts)
        {
            foreach (string second in texts)
            {
                double[] alone = new double[1], behind = new double[2];
                var thread = new Thread(() => new Pep8Scorer().Score([second], alone)); // has buffers of its own
                thread.Start();
                thread.Join();
                new Pep8Scorer().Score([first, second], behind);
                Assert.Equal(alone[0], behind[1]);
            }
        }
    }

    private static string Repeat(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();
}
