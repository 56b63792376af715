using Phf.Data;
using Phf.Scoring;
using Phf.Scoring.Pii;

namespace Phf.Tests.Scoring;

public sealed class SpanScorerTests
{
    [Fact]
    public void Pii_ASpanIsOneFindPerItsCharacters_InCodePoints()
    {
        const string text = "\U0001F600 \u00E9crivez \u00E0 anna.berg@example.com ou bob@example.org!";
        IReadOnlyList<ScoredSpan> spans = new PiiScorer().FindSpans(text);
        Assert.Equal([(12, 33), (37, 52)], spans.Select(span => (span.Start, span.End)));
        Assert.Equal(["anna.berg@example.com", "bob@example.org"], spans.Select(span => Cut(text, span)));
        Assert.Equal([1.0 / 21, 1.0 / 15], spans.Select(span => span.Score));
        Assert.Empty(new PiiScorer().FindSpans("nothing here"));
    }

    [Fact]
    public void Pii_ScoreAndSpans_ComeFromOneReading()
    {
        string[] texts = ["Ann wrote to bob@example.org", "nothing", "Ann"];
        int readings = 0;
        var scorer = new PiiScorer(new PiiOptions { Entities = new EntityFinder("test", Find) });
        double[] alone = new double[3], scores = new double[3];
        scorer.Score(texts, alone);
        readings = 0;
        IReadOnlyList<ScoredSpan>[] spans = scorer.ScoreWithSpans(texts, scores);
        Assert.Equal(1, readings);
        Assert.Equal(alone, scores);
        Assert.Equal(texts.Select(text => scorer.FindSpans(text)), spans);
        Assert.Equal([2, 0, 1], spans.Select(found => found.Count));

        IReadOnlyList<Finding>[] Find(string[] read)
        {
            readings++;
            return [.. read.Select(text => (IReadOnlyList<Finding>)(text.StartsWith("Ann", StringComparison.Ordinal) ? [new Finding(0, 3, "name")] : []))];
        }
    }

    [Fact]
    public void Words_AreTheListedOnes()
    {
        const string text = "\U0001F600 b\u00E0d: BAD, badly; bad";
        IReadOnlyList<ScoredSpan> spans = new WordListScorer(["bad"]).FindSpans(text);
        Assert.Equal([new ScoredSpan(7, 10, 1), new ScoredSpan(19, 22, 1)], spans);
    }

    [Theory]
    [InlineData("x=1\n", "=")] // E225 at the sign
    [InlineData("x =1\n", "1")] // E225 behind the sign, where the blank is missing
    [InlineData("x = 1  \n", "  ")] // W291
    [InlineData("x = 1\n\n", "\n")] // W391
    [InlineData("x = 1", "1")] // W292: behind the last character
    [InlineData("\uFEFFx = 1\ny=2\n", "=")] // E225 behind a byte order mark
    [InlineData("\u4E2D\u6587 = '\U0001F600'\ny=2\n", "=")]
    [InlineData("if x == None:\n    pass\n", "==")] // E711
    [InlineData("x = 1\n", null)]
    public void Pep8_ASpanBeginsWhereTheViolationIsReported(string text, string? place)
    {
        IReadOnlyList<ScoredSpan> spans = new Pep8Scorer().FindSpans(text);
        Assert.Equal(place is null ? [] : [place], spans.Select(span => Cut(text, span)));
    }

    [Fact]
    public void Pep8_ALineThatIsTooLong_IsWrongFromTheLimitOn()
    {
        string text = $"x = \"{new string('a', 40)} {new string('b', 40)}\"\n";
        ScoredSpan span = Assert.Single(new Pep8Scorer().FindSpans(text));
        Assert.Equal((79, text.Length - 1), (span.Start, span.End));
    }

    /// <summary>The score is finds per character, so spans weighed by their length add up to the finds.</summary>
    [Fact]
    public void Pep8_AndPii_SpansAddUpToTheScore()
    {
        string[] code = ["import os,sys\nx=1 ;y =2\nif x == None :\n\tprint( x )\n\n\n\n\nclass a: pass\n", "def f(a, b = 1):\n  return  a+b # \u00E9\n", "x = (1,\n  2)\n\n"];
        string[] mails = ["write to a.b@example.com or call 212-555-0143, @someone", "\U0001F600\U0001F600 http://example.com/x"];
        foreach (var (scorer, texts) in new (ISpanScorer, string[])[] { (new Pep8Scorer(), code), (new PiiScorer(), mails) })
            foreach (string text in texts)
            {
                double[] scores = new double[1];
                scorer.Score([text], scores);
                IReadOnlyList<ScoredSpan> spans = scorer.FindSpans(text);
                Assert.NotEmpty(spans);
                Assert.Equal(scores[0] * PythonText.CountCodePoints(text), spans.Sum(span => span.Score * (span.End - span.Start)), precision: 9);
                Assert.All(spans.Zip(spans.Skip(1)), pair => Assert.True(pair.First.End <= pair.Second.Start));
            }
    }

    [Fact]
    public void AnyText_HasSpansInsideIt()
    {
        string[] pieces = ["x=1", "\n", "\r\n", "\r", "\t", "  ", "def f( a ):", "(", "\"\"\"", "\\", "\uFEFF", "\u00EF\u00BB\u00BF", "\U0001F600", "\uD800", "\f", "bad", "a@b.org ", "@user ", "\u4E2D", "\u2028", new string('y', 90)];
        ISpanScorer[] scorers = [new Pep8Scorer(), new Pep8Scorer(fixedLines: true), new PiiScorer(), new WordListScorer(["bad"])];
        List<string> texts = ["", .. pieces];
        for (int seed = 0; seed < 400; seed++)
            texts.Add(string.Concat(Enumerable.Range(0, 1 + (seed % 12)).Select(i => pieces[(int)(Hash64.Of((ulong)seed, (ulong)i) % (ulong)pieces.Length)])));
        foreach (string text in texts)
            foreach (ISpanScorer scorer in scorers)
            {
                int before = 0;
                foreach (ScoredSpan span in scorer.FindSpans(text))
                {
                    Assert.True(span.Start >= before && span.End > span.Start && span.Score > 0);
                    before = span.End;
                }
                Assert.True(before <= PythonText.CountCodePoints(text));
                if (scorer is not ILineScorer || text.Length == 0) continue;
                var corpus = new CorpusScorer(scorer, Segmentation.Line, withSpans: true);
                ScoredDocument lines = corpus.Score([new TextRecord(text, null, "memory", 1)], threads: 1, CancellationToken.None).Single();
                foreach (var (line, spans) in lines.Texts.Zip(lines.Spans!))
                    Assert.All(spans, span => Assert.True(span.Start >= 0 && span.End <= PythonText.CountCodePoints(line)));
            }
    }

    [Fact]
    public void CorpusScorer_Lines_HaveTheSpansOfTheirDocument()
    {
        const string text = "import os,sys\n\u4E2D = 1\nx=2\ny = 3  \n";
        var corpus = new CorpusScorer(new Pep8Scorer(), Segmentation.Line, withSpans: true);
        ScoredDocument scored = corpus.Score([new TextRecord(text, null, "memory", 1)], threads: 1, CancellationToken.None).Single();
        Assert.Equal(4, scored.Spans!.Count);
        for (int line = 0; line < 4; line++)
            Assert.Equal(scored.Scores[line] * scored.Texts[line].Length, scored.Spans[line].Sum(span => span.Score * (span.End - span.Start)), precision: 9);
        Assert.Equal(["=", "  "], new[] { 2, 3 }.Select(line => Cut(scored.Texts[line], Assert.Single(scored.Spans[line]))));
        Assert.Empty(scored.Spans[1]);

        // The paper's line scorer gives every line 0 where a bracket stays open: then there is nothing to object to, either.
        ScoredDocument open = corpus.Score([new TextRecord("x =2\ny = (\n", null, "memory", 1)], threads: 1, CancellationToken.None).Single();
        Assert.All(open.Scores, score => Assert.Equal(0, score));
        Assert.All(open.Spans!, Assert.Empty);
    }

    [Fact]
    public void CorpusScorer_ScorerWithoutPlaces_IsRefused()
        => Assert.Contains("leave --spans out", Assert.Throws<ArgumentException>(() => new CorpusScorer(new Placeless(), Segmentation.Sentence, withSpans: true)).Message);

    private sealed class Placeless : IScorer
    {
        public string Id => "test/placeless";

        public void Score(ReadOnlySpan<string> texts, Span<double> scores) => scores.Clear();
    }

    private static string Cut(string text, ScoredSpan span) => string.Concat(text.EnumerateRunes().Skip(span.Start).Take(span.End - span.Start));
}
