using System.Globalization;
using Phf.Scoring.Pii;

namespace Phf.Scoring;

/// <summary>
/// Personally identifiable information per character, as the paper's PII task measures it: the number of finds of scrubadub 2.0.0's detectors for en_US,
/// after merging, divided by the length in Unicode code points; 0 for the empty text. Time is linear in the length.
/// See docs/scorers.md for what each detector finds and how far it agrees with scrubadub.
/// </summary>
public sealed class PiiScorer : ISpanScorer
{
    private readonly PiiOptions _options;

    /// <param name="options">scrubadub's default detectors by its rules when null.</param>
    public PiiScorer(PiiOptions? options = null)
    {
        _options = options ?? new PiiOptions();
        bool isFull = _options.Detectors == PiiDetectors.Full;
        string rules = _options.Rules == PiiRules.Fixed ? "-fixed" : "";
        string entities = $"ner={_options.Entities?.Id ?? "none"}";
        Id = $"pii/scrubadub-2.0.0-{(isFull ? "full" : "default")}{rules}"
            + (isFull ? $"(today={_options.Today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)},{entities})" : _options.Entities is null ? "" : $"({entities})");
    }

    /// <summary><c>pii/scrubadub-2.0.0-default</c>, <c>pii/scrubadub-2.0.0-full(today=2023-02-16,ner=none)</c>, or with <c>-fixed</c> behind the set; <c>ner</c> names the finder of named entities.</summary>
    public string Id { get; }

    public void Score(ReadOnlySpan<string> texts, Span<double> scores)
    {
        IReadOnlyList<Finding>[]? entities = Entities(texts, scores);
        for (int i = 0; i < texts.Length; i++) scores[i] = Score(texts[i], Find(texts[i], entities?[i] ?? []));
    }

    /// <inheritdoc/>
    public IReadOnlyList<ScoredSpan>[] ScoreWithSpans(ReadOnlySpan<string> texts, Span<double> scores)
    {
        IReadOnlyList<Finding>[]? entities = Entities(texts, scores);
        var spans = new IReadOnlyList<ScoredSpan>[texts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            List<Finding> finds = Find(texts[i], entities?[i] ?? []);
            (scores[i], spans[i]) = (Score(texts[i], finds), Spans(texts[i], finds));
        }
        return spans;
    }

    /// <summary>
    /// The finds in <paramref name="text"/> from left to right. Finds that overlap or touch are merged into one; its <see cref="Finding.Type"/>
    /// then names each detector, joined with '+' in the order of their beginnings (a detector's name as often as it found something).
    /// </summary>
    public List<Finding> Find(string text) => Find(text, _options.Entities?.Find([text])[0] ?? []);

    /// <summary>The finds, each with one find / its length in code points.</summary>
    public IReadOnlyList<ScoredSpan> FindSpans(string text) => Spans(text, Find(text));

    /// <summary>Every detector's finds, unmerged, detector after detector in scrubadub's order; among them the named entities that were found before.</summary>
    internal static void Detect(string text, List<Finding> found, PiiOptions options, IReadOnlyList<Finding> entities)
    {
        bool isFixed = options.Rules == PiiRules.Fixed;
        CredentialDetector.Find(text, found);
        CreditCardDetector.Find(text, found);
        EmailDetector.Find(text, found);
        PhoneDetector.Find(text, found);
        TwitterDetector.Find(text, found);
        if (isFixed) UrlDetector.FindFixed(text, found);
        else UrlDetector.Find(text, found);
        SocialSecurityNumberDetector.Find(text, found);
        bool isFull = options.Detectors == PiiDetectors.Full;
        if (isFull) DateOfBirthDetector.Find(text, found, options.Today);
        if (isFull && isFixed) SkypeDetector.FindFixed(text, found);
        else if (isFull) SkypeDetector.Find(text, found);
        found.AddRange(entities);
        if (isFull && isFixed) AddressDetector.FindFixed(text, found);
        else if (isFull) AddressDetector.Find(text, found);
    }

    private static double Score(string text, List<Finding> finds) => finds.Count == 0 ? 0 : (double)finds.Count / PythonText.CountCodePoints(text);

    private static List<ScoredSpan> Spans(string text, List<Finding> finds)
    {
        var spans = new List<ScoredSpan>();
        int read = 0, start = 0; // the same place in UTF-16 and in code points
        foreach (Finding find in finds)
        {
            start += PythonText.CountCodePoints(text.AsSpan(read..find.Begin));
            int end = start + PythonText.CountCodePoints(text.AsSpan(find.Begin..find.End));
            spans.Add(new ScoredSpan(start, end, 1.0 / (end - start)));
            (read, start) = (find.End, end);
        }
        return spans;
    }

    /// <summary>The named entities of each text, all texts at once; null where none are looked for.</summary>
    private IReadOnlyList<Finding>[]? Entities(ReadOnlySpan<string> texts, Span<double> scores)
    {
        if (texts.Length != scores.Length) throw new ArgumentException($"{texts.Length} texts but room for {scores.Length} scores");
        return _options.Entities?.Find(texts.ToArray());
    }

    private List<Finding> Find(string text, IReadOnlyList<Finding> entities)
    {
        var found = new List<Finding>();
        Detect(text, found, _options, entities);
        return found.Count > 1 ? Merged(found) : found;
    }

    /// <summary>
    /// Sorts by beginning, the longer one first (OrderBy is stable, so equal spans keep the order of the detectors), and joins each find to the
    /// one before it unless there is a gap between them.
    /// </summary>
    internal static List<Finding> Merged(List<Finding> found)
    {
        List<Finding> sorted = [.. found.OrderBy(find => find.Begin).ThenByDescending(find => find.End)];
        var merged = new List<Finding>();
        for (int first = 0, next; first < sorted.Count; first = next)
        {
            int end = sorted[first].End;
            for (next = first + 1; next < sorted.Count && sorted[next].Begin <= end; next++) end = Math.Max(end, sorted[next].End);
            string type = next - first == 1 ? sorted[first].Type
                : string.Join('+', sorted.GetRange(first, next - first).Select(find => find.Type));
            merged.Add(new Finding(sorted[first].Begin, end, type));
        }
        return merged;
    }
}
