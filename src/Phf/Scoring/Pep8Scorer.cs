using Phf.Scoring.Pep8;
using Phf.Scoring.Pii;

namespace Phf.Scoring;

/// <summary>
/// Breaches of Python's style guide per character, as the paper's PEP8 task measures them: the number of violations that pycodestyle 2.8.0
/// reports under Python 3.11, divided by the length in Unicode code points; 0 for the empty text. Time is linear in the length.
/// See docs/scorers.md.
/// </summary>
public sealed class Pep8Scorer : ILineScorer, ISpanScorer
{
    private static readonly Pep8Options Default = new();
    private static readonly List<Violation> None = [];

    /// <summary>Characters of the longest text for which a thread's checker is used; for longer ones there is a new one, lest its buffers stay.</summary>
    private const int LargestKept = 1 << 20;

    [ThreadStatic]
    private static (Pep8Options Options, Pep8Checker Checker)? t_kept;

    private readonly bool _fixed;
    private readonly Pep8Options _options;

    /// <param name="fixedLines">
    /// Scores the lines of a text that ends inside brackets or behind a backslash too, where the paper's line scorer gives 0 to every line.
    /// </param>
    /// <param name="select">As <see cref="Pep8Options.Select"/>.</param>
    /// <param name="ignore">As <see cref="Pep8Options.Ignore"/>.</param>
    /// <exception cref="ArgumentException">Both are given, or no code of pycodestyle's can start so.</exception>
    public Pep8Scorer(bool fixedLines = false, IReadOnlyList<string>? select = null, IReadOnlyList<string>? ignore = null)
    {
        _fixed = fixedLines;
        string[] selected = Codes("select", select), ignored = Codes("ignore", ignore);
        if (selected.Length > 0 && ignored.Length > 0) throw new ArgumentException("select makes ignore void; give one of them");
        _options = selected.Length + ignored.Length == 0 ? Default : new Pep8Options { Select = selected, Ignore = ignored };
        string which = selected.Length > 0 ? $"(select={string.Join('+', selected)})" : ignored.Length > 0 ? $"(ignore={string.Join('+', ignored)})" : "";
        Id = (_fixed ? "pep8/pycodestyle-2.8.0-fixed" : "pep8/pycodestyle-2.8.0") + which;
    }

    public string Id { get; }

    public void Score(ReadOnlySpan<string> texts, Span<double> scores)
    {
        if (texts.Length != scores.Length) throw new ArgumentException($"{texts.Length} texts but room for {scores.Length} scores");
        for (int i = 0; i < texts.Length; i++)
        {
            int count = Violations(texts[i], out _).Count;
            scores[i] = count == 0 ? 0 : (double)count / PythonText.CountCodePoints(texts[i]);
        }
    }

    /// <summary>
    /// For each line of <paramref name="text"/> (they end at <c>\n</c>), the violations reported at it / its length in code points with its end,
    /// as the paper's PEP8LineScorer gives them: 0 for every line if a violation lies behind the last line (the text ends too early), unless
    /// this scorer is the fixed one; a byte order mark does not count in the first line, and is infinity if it is the whole text.
    /// </summary>
    public double[] LineScores(string text)
    {
        List<Violation> violations = Violations(text, out PythonSource source);
        double[] scores = new double[source.LineCount];
        if (!_fixed && violations.Exists(violation => violation.Line > scores.Length)) return scores;
        foreach (Violation violation in violations)
            if (violation.Line <= scores.Length) scores[violation.Line - 1]++;
        for (int i = 0; i < scores.Length; i++)
            if (scores[i] > 0) scores[i] /= source.Line(i + 1).Length;
        return scores;
    }

    /// <summary><see cref="LineScores"/>, but 0 for a text that is only a byte order mark.</summary>
    public double[] ScoreLines(string document)
    {
        double[] scores = LineScores(document);
        if (scores.Length == 1 && double.IsInfinity(scores[0])) scores[0] = 0;
        return scores;
    }

    /// <summary>
    /// The places of the violations: from where each is reported to the end of the word, of the white space or of the signs there; to the end of
    /// the line for one that is too long. Violations that overlap share a span; its score is their number / its length in code points.
    /// A violation behind the last line has no place in the text and is left out.
    /// </summary>
    public IReadOnlyList<ScoredSpan> FindSpans(string text)
    {
        var spans = new List<ScoredSpan>();
        List<Violation> violations = Violations(text, out PythonSource source);
        violations.Sort(Pep8Checker.ByPlace);
        int mark = PythonText.CountCodePoints(text) - source.Text.Length; // the byte order mark
        int start = 0, end = 0, count = 0;
        (int Line, int End) run = default;
        foreach (Violation violation in violations)
        {
            if (violation.Line > source.LineCount || source.Line(violation.Line).IsEmpty) break; // a mark alone is a line without a character
            (int from, int to) = PlaceOf(violation, source, ref run);
            if (count > 0 && from >= end) Close();
            if (count == 0) start = from;
            end = Math.Max(end, to);
            count++;
        }
        if (count > 0) Close();
        return spans;

        void Close()
        {
            spans.Add(new ScoredSpan(mark + start, mark + end, (double)count / (end - start)));
            count = 0;
        }
    }

    /// <summary>
    /// Code points [From, To) of the source; at least one. A place behind the line's end is its last character. <paramref name="run"/> is where the word, white space or
    /// signs of the violation before ended, so that none is walked through twice.
    /// </summary>
    private static (int From, int To) PlaceOf(Violation violation, PythonSource source, ref (int Line, int End) run)
    {
        ReadOnlySpan<char> line = source.Line(violation.Line);
        int from = Math.Min(violation.Column, line.Length - 1), to = from + 1, last = line.TrimEnd("\r\n").Length;
        if (violation.Code == "E501") to = Math.Max(to, last);
        else
        {
            if (run.Line == violation.Line && from < run.End) to = run.End;
            else while (to < last && KindOf(line[to]) == KindOf(line[from])) to++;
            run = (violation.Line, to);
        }
        int start = source.LineStart(violation.Line);
        return (start + from, start + to);
    }

    private static int KindOf(char c) => PythonText.IsWhite(c) ? 0 : c == '_' || char.IsLetterOrDigit(c) ? 1 : 2;

    /// <summary>
    /// What pycodestyle reports; nothing where the reference's scorers catch an error: printing a line with a lone surrogate, and
    /// <see cref="Pep8Checker.BreaksReference"/>. The list and the source are good until the next call on this thread.
    /// </summary>
    private List<Violation> Violations(string text, out PythonSource source)
    {
        Pep8Checker checker = text.Length > LargestKept ? new Pep8Checker(_options) : Kept();
        List<Violation> violations = checker.Find(text);
        source = checker.Source;
        if (checker.BreaksReference) return None;
        return source.Text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') && IsOnUnprintableLine(violations, source) ? None : violations;
    }

    /// <summary>This thread's checker, a new one where another scorer's options were the last.</summary>
    private Pep8Checker Kept()
    {
        if (t_kept is { } kept && ReferenceEquals(kept.Options, _options)) return kept.Checker;
        var checker = new Pep8Checker(_options);
        t_kept = (_options, checker);
        return checker;
    }

    /// <summary>Each once, in one order: the id must not depend on how a list was written.</summary>
    private static string[] Codes(string name, IReadOnlyList<string>? prefixes)
    {
        foreach (string prefix in prefixes ?? [])
            if (prefix is not [('E' or 'W'), .. var digits] || digits.Length > 3 || !digits.All(char.IsAsciiDigit))
                throw new ArgumentException($"{name}: '{prefix}' begins none of pycodestyle's codes; write E or W and up to three digits, such as E1 or W605");
        return [.. (prefixes ?? []).Distinct().Order(StringComparer.Ordinal)];
    }

    private static bool IsOnUnprintableLine(List<Violation> violations, PythonSource source)
    {
        HashSet<int> unprintable = [];
        for (int line = 1; line <= source.LineCount; line++)
            if (source.Line(line).ContainsAnyInRange('\uD800', '\uDFFF')) unprintable.Add(line);
        return violations.Exists(violation => unprintable.Contains(violation.Line));
    }
}
