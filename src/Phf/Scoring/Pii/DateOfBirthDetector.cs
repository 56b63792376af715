using System.Buffers;

namespace Phf.Scoring.Pii;

/// <summary>
/// Dates of birth as the paper's detector finds them: English dates (<see cref="DateSearch"/>) 18 to 100 years before today's year, with "birth", "born", "dob" or "d.o.b." on
/// the lines from two before to one behind a place where the date's words stand. Then every place where they stand is a find, once for each time the date was found.
/// </summary>
internal static class DateOfBirthDetector
{
    public const string Name = "date_of_birth";
    private const int MinAge = 18, MaxAge = 100, LinesBefore = 2, LinesAfter = 1;

    /// <summary>Different dates that are searched in the whole text, their longest, and how often a date's finds are repeated: bounds that keep time linear.</summary>
    private const int MaxSearched = 64, MaxSearchedLength = 128, MaxRepeated = 16;

    private static readonly SearchValues<string> Context = SearchValues.Create(["birth", "born", "dob", "d.o.b."], StringComparison.OrdinalIgnoreCase);

    public static void Find(ReadOnlySpan<char> text, List<Finding> found, DateOnly today)
    {
        if (!text.ContainsAny(Context)) return;
        var lines = new ContextLines(text);
        var repeats = new Dictionary<string, int>();
        var places = new Dictionary<string, List<Finding>>();
        foreach (FoundDate date in new DateSearch(today).Find(text))
        {
            if (date.Text.Length == 0 || date.Text[0] == '+' || !IsAdult(date.Year, today)) continue;
            if (!places.TryGetValue(date.Text, out List<Finding>? spans))
            {
                bool isSearched = places.Count < MaxSearched && date.Text.Length <= MaxSearchedLength;
                spans = isSearched ? Everywhere(text, date.Text) : Where(text, date);
                // The words alone must be such a date too, and one of the places must have the context.
                if (DateParser.Year(date.Text, today) is not { } year || !IsAdult(year, today) || !spans.Exists(span => lines.IsNear(span.Begin))) spans = [];
                if (isSearched) places[date.Text] = spans;
            }
            else if ((repeats[date.Text] = repeats.GetValueOrDefault(date.Text) + 1) >= MaxRepeated)
                continue;
            found.AddRange(spans);
        }
    }

    private static bool IsAdult(int year, DateOnly today) => today.Year - year is >= MinAge and <= MaxAge;

    private static List<Finding> Everywhere(ReadOnlySpan<char> text, string words)
    {
        var spans = new List<Finding>();
        for (int at = 0, skip; (skip = text[at..].IndexOf(words)) >= 0;)
        {
            at += skip;
            spans.Add(new Finding(at, at + words.Length, Name));
            at += words.Length;
        }
        return spans;
    }

    private static List<Finding> Where(ReadOnlySpan<char> text, FoundDate date) =>
        text[date.Begin..].StartsWith(date.Text, StringComparison.Ordinal) ? [new Finding(date.Begin, date.Begin + date.Text.Length, Name)] : [];

    /// <summary>The lines of a text (they end at <c>\n</c>), and which have a word of birth near.</summary>
    private sealed class ContextLines
    {
        private readonly List<int> _begins = [0];
        private readonly List<bool> _hasWord = [];

        public ContextLines(ReadOnlySpan<char> text)
        {
            for (int begin = 0; ;)
            {
                int length = text[begin..].IndexOf('\n');
                _hasWord.Add((length < 0 ? text[begin..] : text.Slice(begin, length)).ContainsAny(Context));
                if (length < 0) return;
                _begins.Add(begin += length + 1);
            }
        }

        /// <summary>Whether a word of birth is near the line with the character at <paramref name="at"/>.</summary>
        public bool IsNear(int at)
        {
            int line = _begins.BinarySearch(at);
            if (line < 0) line = ~line - 1;
            for (int i = Math.Max(0, line - LinesBefore); i <= Math.Min(_hasWord.Count - 1, line + LinesAfter); i++)
                if (_hasWord[i]) return true;
            return false;
        }
    }
}
