using Phf.Data;
using Phf.Scoring;

namespace Phf.Tests.Data;

public sealed class CorpusScorerTests
{
    /// <summary>Scores a text by its first character; waits longer for some, so that threads finish out of order.</summary>
    private sealed class FirstCharacter : IScorer
    {
        public string Id => "test/first";

        public void Score(ReadOnlySpan<string> texts, Span<double> scores)
        {
            for (int i = 0; i < texts.Length; i++) scores[i] = texts[i][0] == '!' ? double.NaN : texts[i][0] / 100.0;
            if (texts[0].Length % 7 == 0) Thread.Sleep(1);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Score_KeepsTheOrder_OnAnyNumberOfThreads(int threads)
    {
        var scorer = new CorpusScorer(new FirstCharacter(), Segmentation.Line);
        string[] texts = [.. Enumerable.Range(0, 500).Select(i => $"{i} first\n{i}{new string('x', i % 20)} second")];
        ScoredDocument[] scored = [.. scorer.Score(texts.Select((text, i) => new TextRecord(text, null, "memory", i + 1)), threads, CancellationToken.None)];
        Assert.Equal(texts, scored.Select(document => string.Concat(document.Texts)));
        Assert.All(scored, document => Assert.Equal(document.Texts.Select(text => text[0] / 100.0), document.Scores));
        Assert.Equal(("test/first", "line"), (scored[0].Scorer, scored[0].Segmenter));
    }

    [Fact]
    public void Score_HoldsFewDocuments()
    {
        int taken = 0;
        IEnumerable<TextRecord> Endless()
        {
            while (true) yield return new TextRecord($"text {taken++}", null, "memory", taken);
        }
        Assert.Equal(10, new CorpusScorer(new FirstCharacter(), Segmentation.Document).Score(Endless(), threads: 2, CancellationToken.None).Take(10).Count());
        Assert.InRange(taken, 10, 200);
    }

    [Fact]
    public void Score_NotANumber_NamesTheDocument()
    {
        TextRecord[] records = [new("fine", null, "a.jsonl", 1), new("fine\n!", null, "a.jsonl", 2)];
        string message = Assert.Throws<InvalidDataException>(
            () => new CorpusScorer(new FirstCharacter(), Segmentation.Line).Score(records, 2, CancellationToken.None).ToList()).Message;
        Assert.Equal("a.jsonl line 2: scorer test/first gave segment 1 the score NaN", message);
    }

    /// <summary>Fails at the texts that begin with '!'; counts what it was asked.</summary>
    private sealed class Failing(Exception problem) : IScorer
    {
        public int Asked;

        public string Id => "test/failing";

        public void Score(ReadOnlySpan<string> texts, Span<double> scores)
        {
            Interlocked.Increment(ref Asked);
            Thread.Sleep(5);
            foreach (string text in texts)
                if (text[0] == '!') throw problem;
        }
    }

    /// <summary>What waits behind a failure does not begin: each may be a time-out of a minute.</summary>
    [Fact]
    public void Score_WhereTheScorerFails_NamesTheDocument_AndAsksForNoMore()
    {
        TextRecord[] records = [.. Enumerable.Range(1, 64).Select(i => new TextRecord(i == 3 ? "!" : "fine", null, "a.jsonl", i))];
        foreach (Exception problem in new Exception[] { new InvalidDataException("no number"), new IOException("no number") })
        {
            var scorer = new Failing(problem);
            Exception found = Assert.Throws(problem.GetType(), () => new CorpusScorer(scorer, Segmentation.Document).Score(records, 1, CancellationToken.None).ToList());
            Assert.Equal("a.jsonl line 3: no number", found.Message);
            Assert.InRange(scorer.Asked, 3, 20);
            found = Assert.Throws(problem.GetType(), () => new CorpusScorer(scorer, Segmentation.Document, charactersAtOnce: 8).Score(records, 1, CancellationToken.None).ToList());
            Assert.Equal("a.jsonl line 3 to a.jsonl line 5: no number", found.Message);
        }
    }

    [Fact]
    public void Score_Cancelled_Stops()
    {
        using var source = new CancellationTokenSource();
        IEnumerable<TextRecord> Endless()
        {
            for (int i = 0; ; i++)
            {
                if (i == 500) source.Cancel();
                yield return new TextRecord("text", null, "memory", i);
            }
        }
        Assert.ThrowsAny<OperationCanceledException>(
            () => new CorpusScorer(new FirstCharacter(), Segmentation.Document).Score(Endless(), 2, source.Token).Count());
    }

    [Theory]
    [InlineData(Segmentation.Line, "a\nb\r\n\nc", new[] { "a\n", "b\r\n", "\n", "c" })]
    [InlineData(Segmentation.Line, "a\n", new[] { "a\n" })]
    [InlineData(Segmentation.Document, "A b. C\nd.", new[] { "A b. C\nd." })]
    public void Split_ByUnit(Segmentation segmentation, string text, string[] expected) => Assert.Equal(expected, segmentation.Split(text));

    [Theory]
    [InlineData(Segmentation.Sentence)]
    [InlineData(Segmentation.Line)]
    public void Split_JoinsToTheText(Segmentation segmentation)
    {
        foreach (string text in (string[])["One. Two!  Three?\n\n Four", "\n\n", " ", "no end", "a\r\nb\n"])
            Assert.Equal(text, string.Concat(segmentation.Split(text)));
    }

    [Fact]
    public void Summary_CountsAndQuantiles()
    {
        var summary = new ScoreSummary();
        summary.Add(new ScoredDocument(["a", "b"], [0, 1]));
        summary.Add(new ScoredDocument(["c"], [0]));
        Assert.Equal((2, 3), (summary.Documents, summary.Segments));
        Assert.Equal(1.0 / 3, summary.ShareAboveZero);
        Assert.Equal((0, 0, 1), (summary.SegmentScores.P0, summary.SegmentScores.P50, summary.SegmentScores.P100));
        Assert.Equal(0.25, summary.DocumentScores.P50);
    }

    [Fact]
    public void Sample_BeyondAMillion_StaysCloseAndBounded()
    {
        var sample = new ScoreSample();
        for (int i = 0; i < 1_500_000; i++) sample.Add(i);
        ScoreQuantiles quantiles = sample.Quantiles();
        Assert.Equal((0, 1_499_999), (quantiles.P0, quantiles.P100));
        Assert.InRange(quantiles.P50, 745_000, 755_000);
        Assert.InRange(quantiles.P90, 1_345_000, 1_355_000);
    }
}
