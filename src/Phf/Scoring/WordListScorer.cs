using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Phf.Formats;
using Phf.Scoring.Pii;

namespace Phf.Scoring;

/// <summary>
/// The share of words that are on a list: listed words / words, 0 for a text without words. A word is the longest run of letters, marks and
/// digits, with single apostrophes inside ("don't" is one word, "well-known" two); case is ignored.
/// </summary>
public sealed class WordListScorer : ISpanScorer
{
    private readonly HashSet<string> _words;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    /// <exception cref="ArgumentException">The list is empty or an entry is not one word.</exception>
    public WordListScorer(IEnumerable<string> words)
    {
        _words = new HashSet<string>(words, StringComparer.OrdinalIgnoreCase);
        if (_words.Count == 0) throw new ArgumentException("the word list has no words; give at least one");
        foreach (string word in _words)
            if (!IsWord(word))
                throw new ArgumentException($"'{word}' in the word list is not one word; a word is letters, digits and apostrophes between them");
        _lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();
        string canonical = string.Join('\n', _words.Select(word => word.ToLowerInvariant()).Order(StringComparer.Ordinal));
        Id = "words/" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)).AsSpan(0, 6));
    }

    /// <summary><c>words/</c> and 12 hexadecimal digits: the SHA-256 of the lower-case words in ordinal order; it names the list, not its file.</summary>
    public string Id { get; }

    /// <summary>Reads a list with one word per line; blank lines and lines that start with '#' are skipped.</summary>
    /// <exception cref="InvalidDataException">A line is not one word, or there is none.</exception>
    /// <exception cref="IOException">The file is missing or unreadable.</exception>
    public static WordListScorer FromFile(string path)
    {
        var words = new List<string>();
        using LineReader lines = LineReader.Open(path);
        while (lines.Next())
        {
            if (!lines.TryText(out string? line)) throw new InvalidDataException($"{lines.Where}: not UTF-8; write the list in UTF-8, one word per line");
            string word = line.Trim();
            if (word.Length == 0 || word[0] == '#') continue;
            if (!IsWord(word)) throw new InvalidDataException($"{lines.Where}: '{Shortened.Of(word)}' is not one word; write one word per line");
            words.Add(word);
        }
        if (words.Count == 0) throw new InvalidDataException($"{path}: no words found; write one word per line");
        return new WordListScorer(words);
    }

    public void Score(ReadOnlySpan<string> texts, Span<double> scores)
    {
        if (texts.Length != scores.Length) throw new ArgumentException($"{texts.Length} texts but room for {scores.Length} scores");
        for (int i = 0; i < texts.Length; i++) scores[i] = Score(texts[i]);
    }

    /// <summary>The listed words, each with score 1: all of the span's words are listed.</summary>
    public IReadOnlyList<ScoredSpan> FindSpans(string text)
    {
        var spans = new List<ScoredSpan>();
        int read = 0, start = 0; // the same place in UTF-16 and in code points
        for (int at = 0; FindWord(text, ref at, out int end); at = end)
        {
            if (!_lookup.Contains(text.AsSpan(at..end))) continue;
            start += PythonText.CountCodePoints(text.AsSpan(read..at));
            int length = PythonText.CountCodePoints(text.AsSpan(at..end));
            spans.Add(new ScoredSpan(start, start + length, Score: 1));
            (read, start) = (end, start + length);
        }
        return spans;
    }

    private double Score(ReadOnlySpan<char> text)
    {
        int words = 0, listed = 0;
        for (int at = 0; FindWord(text, ref at, out int end); at = end)
        {
            words++;
            if (_lookup.Contains(text[at..end])) listed++;
        }
        return words == 0 ? 0 : (double)listed / words;
    }

    /// <summary>Moves <paramref name="at"/> to the next word, if it is not at one; false when there is none.</summary>
    private static bool FindWord(ReadOnlySpan<char> text, ref int at, out int end)
    {
        for (end = at; at < text.Length; at++)
        {
            end = WordEnd(text, at);
            if (end > at) return true;
        }
        return false;
    }

    private static bool IsWord(string text) => text.Length > 0 && WordEnd(text, 0) == text.Length;

    private static int WordEnd(ReadOnlySpan<char> text, int at)
    {
        int end = at;
        while (true)
        {
            int length = LetterLength(text, end);
            if (length == 0 && end > at && text[end..] is ['\'' or '\u2019', _, ..] && LetterLength(text, end + 1) > 0) length = 1;
            if (length == 0) return end;
            end += length;
        }
    }

    private static int LetterLength(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length) return 0;
        if (char.IsAscii(text[at])) return char.IsAsciiLetterOrDigit(text[at]) ? 1 : 0;
        Rune.DecodeFromUtf16(text[at..], out var rune, out int length);
        return Rune.GetUnicodeCategory(rune) is <= UnicodeCategory.DecimalDigitNumber ? length : 0;
    }
}
