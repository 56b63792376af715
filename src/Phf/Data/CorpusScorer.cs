using Phf.Scoring;
using Phf.Scoring.Pii;

namespace Phf.Data;

/// <summary>Scores a corpus: each document is cut into segments and each segment gets a score.</summary>
public sealed class CorpusScorer
{
    private readonly IScorer _scorer;
    private readonly Segmentation _segmentation;
    private readonly ISpanScorer? _spanScorer; // null where spans are not asked for
    private readonly int _charactersAtOnce;

    /// <param name="scorer">Gives the scores.</param>
    /// <param name="segmentation">What gets a score.</param>
    /// <param name="withSpans">Also say which places of each segment its score comes from.</param>
    /// <param name="charactersAtOnce">
    /// Documents are handed to the scorer together until they have so many, for one that is faster with many texts at once; 0: each alone.
    /// </param>
    /// <exception cref="ArgumentException">Spans are asked for, and the scorer knows no places.</exception>
    public CorpusScorer(IScorer scorer, Segmentation segmentation, bool withSpans = false, int charactersAtOnce = 0)
    {
        (_scorer, _segmentation, _charactersAtOnce) = (scorer, segmentation, charactersAtOnce);
        if (!withSpans) return;
        _spanScorer = scorer as ISpanScorer
            ?? throw new ArgumentException($"scorer {scorer.Id} does not know the places that its scores come from; leave --spans out");
    }

    /// <summary>
    /// Yields the documents scored, in their order, whatever the number of threads. Memory is bounded: some documents per thread are held.
    /// </summary>
    /// <exception cref="InvalidDataException">The scorer gave something other than a finite number; the message names the
    /// document.</exception>
    public IEnumerable<ScoredDocument> Score(IEnumerable<TextRecord> records, int threads, CancellationToken cancellation)
        => OrderedParallel.Select(Groups(records), Score, threads, cancellation).SelectMany(documents => documents);

    private IEnumerable<List<TextRecord>> Groups(IEnumerable<TextRecord> records)
    {
        var group = new List<TextRecord>();
        long characters = 0;
        foreach (TextRecord record in records)
        {
            group.Add(record);
            characters += Math.Max(1, record.Text.Length); // empty documents must not pile up
            if (characters < _charactersAtOnce) continue;
            yield return group;
            (group, characters) = ([], 0);
        }
        if (group.Count > 0) yield return group;
    }

    private ScoredDocument[] Score(List<TextRecord> records)
    {
        string[][] texts = [.. records.Select(record => _segmentation.Split(record.Text))];
        if (_segmentation == Segmentation.Line && _scorer is ILineScorer lineScorer)
            return [.. records.Select((record, i) => ScoreLines(record, texts[i], lineScorer))];
        string[] all = texts.Length == 1 ? texts[0] : [.. texts.SelectMany(segments => segments)];
        double[] scores = new double[all.Length];
        IReadOnlyList<ScoredSpan>[]? spans = null;
        Ask(records, () =>
        {
            if (_spanScorer is null) _scorer.Score(all, scores);
            else spans = _spanScorer.ScoreWithSpans(all, scores);
        });
        var documents = new ScoredDocument[records.Count];
        for (int i = 0, first = 0; i < documents.Length; first += texts[i++].Length)
            documents[i] = Document(records[i], texts[i], scores.AsSpan(first, texts[i].Length).ToArray(), spans?.AsSpan(first, texts[i].Length).ToArray());
        return documents;
    }

    private ScoredDocument ScoreLines(TextRecord record, string[] lines, ILineScorer scorer)
    {
        double[] scores = [];
        Ask([record], () => scores = scorer.ScoreLines(record.Text));
        return Document(record, lines, scores, _spanScorer is null ? null : SpansOfLines(record.Text, lines, scores));
    }

    /// <summary>Has documents scored; where the scorer fails (a program of the user's, a server), the message says at which.</summary>
    private static void Ask(List<TextRecord> records, Action score)
    {
        try
        {
            score();
        }
        catch (InvalidDataException problem)
        {
            throw new InvalidDataException($"{Where(records)}: {problem.Message}", problem);
        }
        catch (IOException problem)
        {
            throw new IOException($"{Where(records)}: {problem.Message}", problem);
        }
    }

    private static string Where(List<TextRecord> records) => records.Count == 1 ? records[0].Where : $"{records[0].Where} to {records[^1].Where}";

    private ScoredDocument Document(TextRecord record, string[] texts, double[] scores, IReadOnlyList<ScoredSpan>[]? spans)
    {
        int infinite = Array.FindIndex(scores, score => !double.IsFinite(score));
        if (infinite >= 0)
            throw new InvalidDataException($"{record.Where}: scorer {_scorer.Id} gave segment {infinite} the score {scores[infinite]}");
        return new ScoredDocument(texts, scores) { Scorer = _scorer.Id, Segmenter = _segmentation.Id(), Spans = spans };
    }

    /// <summary>The spans of a document whose lines are scored together, each moved into its line. A line that scores 0 has none.</summary>
    private IReadOnlyList<ScoredSpan>[] SpansOfLines(string text, string[] lines, double[] scores)
    {
        IReadOnlyList<ScoredSpan> all = _spanScorer!.FindSpans(text);
        var spans = new IReadOnlyList<ScoredSpan>[lines.Length];
        int start = 0, next = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            var own = new List<ScoredSpan>();
            int end = start + PythonText.CountCodePoints(lines[i]);
            for (; next < all.Count && all[next].Start < end; next++)
                if (scores[i] != 0) own.Add(all[next] with { Start = all[next].Start - start, End = all[next].End - start });
            (spans[i], start) = (own, end);
        }
        return spans;
    }
}
