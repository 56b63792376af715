using System.Buffers;
using System.Text;

namespace Phf.Scoring.Pii;

/// <summary>A date in a text: its words with one space between each, the year they mean, and where the first of them begins.</summary>
internal readonly record struct FoundDate(string Text, int Year, int Begin);

/// <summary>
/// Finds English dates as dateparser's search does: words that can be in a date and stand together are a chunk; a chunk that is no date as a whole is cut at commas,
/// dashes, full stops or blanks, in the way that leaves least over.
/// </summary>
internal sealed class DateSearch(DateOnly today)
{
    private const string StripWhole = " .,:()[]-'", StripPart = " .,:()[]-", StripWord = "()\"'{}[],.\u060C";
    private const int MinLength = 3; // of what is worth parsing
    private static readonly char[] Splitters = [',', '\u060C', '\u2014', '\u2013', '.', ' '];
    private static readonly SearchValues<char> SentenceEnds = SearchValues.Create(".!?;\u2026\r\n");

    private readonly List<FoundDate> _dates = [];
    private readonly List<Word> _chunk = [];
    private readonly List<int> _wordBegins = []; // where the words of the chunk begin in its text

    /// <summary>A word of a chunk: its span, whether it says nothing, and how long it is in dateparser's words (January for jan).</summary>
    private readonly record struct Word(int Begin, int End, bool IsFiller, int Length);

    /// <summary>A part of a chunk, in characters of the chunk's text.</summary>
    private readonly record struct Part(int Begin, int End);

    public List<FoundDate> Find(ReadOnlySpan<char> text)
    {
        for (int begin = 0; begin < text.Length;)
        {
            int end = SentenceEnd(text, begin);
            FindInSentence(text, begin, end);
            begin = end + 1;
        }
        return _dates;
    }

    /// <summary>The next mark that ends a sentence; a full stop between digits does not.</summary>
    private static int SentenceEnd(ReadOnlySpan<char> text, int from)
    {
        for (int at = from; ; at++)
        {
            int skip = text[at..].IndexOfAny(SentenceEnds);
            if (skip < 0) return text.Length;
            at += skip;
            bool isNumber = text[at] == '.' && at > from && char.IsDigit(text[at - 1]) && at + 1 < text.Length && char.IsDigit(text[at + 1]);
            if (!isNumber) return at;
        }
    }

    private void FindInSentence(ReadOnlySpan<char> text, int begin, int end)
    {
        for (int at = PythonText.SkipWhite(text[..end], begin); at < end;)
        {
            int next = at;
            while (next < end && !PythonText.IsWhite(text[next])) next++;
            if (TryRead(text, at, next, out Word word)) _chunk.Add(word);
            else FinishChunk(text);
            at = PythonText.SkipWhite(text[..end], next);
        }
        FinishChunk(text);
    }

    private static bool TryRead(ReadOnlySpan<char> text, int begin, int end, out Word word)
    {
        ReadOnlySpan<char> letters = text[begin..end], bare = letters.Trim(StripWord);
        word = new Word(begin, end, IsFiller: true, Length: 0);
        if (letters is "," or "'" or ";" or "@" or "[" or "]" or "|") return true;
        if (letters is "." or "/" or "+" or ":") word = new Word(begin, end, IsFiller: false, Length: 1);
        else if (DateWords.TryGet(bare, out DateWord known))
        {
            int length = known.Kind switch
            {
                DateWordKind.Filler => 0,
                DateWordKind.In or DateWordKind.HalfDay => 2,
                DateWordKind.Number => known.Value < 10 ? 1 : 2,
                _ => MinLength,
            };
            word = new Word(begin, end, known.Kind == DateWordKind.Filler, length);
        }
        else if (HasNumber(letters)) word = new Word(begin, end, IsFiller: false, letters.Length);
        else return false;
        return true;
    }

    /// <summary>Whether there is a digit or a whole word that stands for one.</summary>
    private static bool HasNumber(ReadOnlySpan<char> word)
    {
        for (int at = 0; at < word.Length;)
        {
            int begin = at;
            if (PythonText.DigitLength(word, at) > 0) return true;
            while (at < word.Length && char.IsAsciiLetter(word[at])) at++;
            if (at > begin && DateWords.TryGet(word[begin..at], out DateWord known) && known.Kind == DateWordKind.Number
                && PythonText.IsBoundary(word, begin) && PythonText.IsBoundary(word, at)) return true;
            if (at == begin) at++;
        }
        return false;
    }

    private void FinishChunk(ReadOnlySpan<char> source)
    {
        if (_chunk.Count == 0) return;
        string text = Text(source);
        int length = _chunk.Sum(word => word.Length == 0 ? 0 : word.Length + 1) - 1;
        if (length >= MinLength)
        {
            if (DateParser.Year(text, today) is { } year) Add(text, new Part(0, text.Length), StripWhole, year);
            else AddBestSplit(text);
        }
        _chunk.Clear();
    }

    private string Text(ReadOnlySpan<char> source)
    {
        var text = new StringBuilder();
        _wordBegins.Clear();
        foreach (Word word in _chunk)
        {
            if (text.Length > 0) text.Append(' ');
            _wordBegins.Add(text.Length);
            text.Append(source[word.Begin..word.End]);
        }
        return text.ToString();
    }

    private void Add(string text, Part part, string strip, int year)
    {
        ReadOnlySpan<char> whole = text.AsSpan(part.Begin, part.End - part.Begin), bare = whole.Trim(strip);
        int begin = part.Begin + (whole.Length - whole.TrimStart(strip).Length);
        int word = _wordBegins.BinarySearch(begin);
        if (word < 0) word = ~word - 1;
        _dates.Add(new FoundDate(bare.ToString(), year, _chunk[word].Begin + begin - _wordBegins[word]));
    }

    private void AddBestSplit(string text)
    {
        (double NotParsed, int Count, double WithoutDigits) best = (double.PositiveInfinity, 0, 0);
        List<(Part Part, int? Year)>? bestParts = null;
        foreach (List<Part> split in Splits(text))
        {
            var parts = new List<(Part, int?)>();
            int notParsed = 0, withoutDigits = 0;
            foreach (Part part in split)
            {
                ReadOnlySpan<char> piece = text.AsSpan(part.Begin, part.End - part.Begin);
                if (piece.Length < MinLength) continue;
                int? year = DateParser.Year(piece, today);
                if (year is null) notParsed++;
                if (!piece.ContainsAny(PhoneDetector.Digits)) withoutDigits++;
                parts.Add((part, year));
            }
            int count = Math.Max(1, parts.Count);
            var rating = ((double)notParsed / count, parts.Count, (double)withoutDigits / count);
            if (rating.CompareTo(best) >= 0) continue;
            (best, bestParts) = (rating, parts);
        }
        foreach ((Part part, int? year) in bestParts ?? [])
            if (year is not null) Add(text, part, StripPart, year.Value);
    }

    /// <summary>
    /// For each splitter that is in the chunk, but in no word that says nothing: all parts; of more than three also by twos and threes; of three blanks-separated ones also
    /// the first or the last two together. Without any, the parts between words that say nothing.
    /// </summary>
    private List<List<Part>> Splits(string text)
    {
        var splits = new List<List<Part>>();
        foreach (char splitter in Splitters)
        {
            if (!text.Contains(splitter) || IsInFiller(text, splitter)) continue;
            List<Part> parts = [];
            int begin = 0;
            for (int end; (end = text.IndexOf(splitter, begin)) >= 0; begin = end + 1) parts.Add(new Part(begin, end));
            parts.Add(new Part(begin, text.Length));
            splits.Add(parts);
            if (parts.Count > 3)
            {
                for (int size = 2; size <= 3; size++)
                    splits.Add([.. parts.Chunk(size).Select(group => new Part(group[0].Begin, group[^1].End))]);
            }
            else if (parts.Count == 3 && splitter == ' ')
            {
                splits.Add([parts[0], new Part(parts[1].Begin, parts[2].End)]);
                splits.Add([new Part(parts[0].Begin, parts[1].End), parts[2]]);
            }
        }
        if (splits.Count == 0) splits.Add(BetweenFillers(text));
        return splits;
    }

    private bool IsInFiller(string text, char splitter)
    {
        for (int i = 0; i < _chunk.Count; i++)
        {
            Word word = _chunk[i];
            if (word.IsFiller && (splitter == ' ' || text.AsSpan(_wordBegins[i], word.End - word.Begin).Contains(splitter))) return true;
        }
        return false;
    }

    private List<Part> BetweenFillers(string text)
    {
        var parts = new List<Part>();
        int begin = 0;
        for (int i = 0; i < _chunk.Count; i++)
        {
            if (!_chunk[i].IsFiller) continue;
            if (_wordBegins[i] > begin) parts.Add(new Part(begin, _wordBegins[i] - 1));
            begin = _wordBegins[i] + _chunk[i].End - _chunk[i].Begin + 1;
        }
        if (text.Length > begin) parts.Add(new Part(begin, text.Length));
        return parts;
    }
}
