using System.Buffers;

namespace Phf.Scoring.Pii;

/// <summary>
/// Skype names: up to ten tokens before and after a token with "skype" in it, those of six characters or more that no English word is a likely correction of
/// (<see cref="SpellingWords"/>). As in scrubadub the names together are then one pattern that is searched in the whole text: a full stop in a name stands
/// for any character, and of several names that match at a place the first found wins. <see cref="FindFixed"/> looks for the names as they are written.
/// </summary>
internal static class SkypeDetector
{
    public const string Name = "skype";
    private const int Radius = 10, MinName = 6;

    /// <summary>Comparisons of names per character of text; a text with so many names that this is not enough is searched up to there.</summary>
    private const int Effort = 1024;

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-,.");

    private readonly record struct Token(int Begin, int End);

    public static void Find(ReadOnlySpan<char> text, List<Finding> found)
    {
        if (!HasSkype(text)) return;
        List<string> names = [];
        foreach (string name in Names(text, Tokens(text)))
            names.Add(name.AsSpan().ContainsAnyInRange('a', 'z') ? name : name.ToLowerInvariant());
        if (names.Count > 0) Search(text, names, found);
    }

    /// <summary>Every token that is one of the names, without the full stops, commas and hyphens behind it.</summary>
    public static void FindFixed(ReadOnlySpan<char> text, List<Finding> found)
    {
        if (!HasSkype(text)) return;
        List<Token> tokens = Tokens(text);
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (string name in Names(text, tokens))
            if (Trimmed(name).Length >= MinName && !HasSkype(name)) names.Add(Trimmed(name).ToString());
        if (names.Count == 0) return;
        var lookup = names.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (Token token in tokens)
        {
            ReadOnlySpan<char> name = Trimmed(text[token.Begin..token.End]);
            if (lookup.Contains(name)) found.Add(new Finding(token.Begin, token.Begin + name.Length, Name));
        }
    }

    private static bool HasSkype(ReadOnlySpan<char> text) => text.Contains("skype", StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> Trimmed(ReadOnlySpan<char> name) => name.TrimEnd("-,.");

    /// <summary>A letter and one or more letters, digits, underscores, hyphens, commas or full stops, all ASCII.</summary>
    private static List<Token> Tokens(ReadOnlySpan<char> text)
    {
        var tokens = new List<Token>();
        for (int at = 0; at < text.Length; at++)
        {
            if (!char.IsAsciiLetter(text[at])) continue;
            int length = text[at..].IndexOfAnyExcept(TokenCharacters);
            int end = length < 0 ? text.Length : at + length;
            if (end - at >= 2) tokens.Add(new Token(at, end));
            at = end - 1;
        }
        return tokens;
    }

    /// <summary>The names as they are written, in the order in which they are come upon.</summary>
    private static IEnumerable<string> Names(ReadOnlySpan<char> text, List<Token> tokens)
    {
        var names = new List<string>();
        var seen = new HashSet<string>();
        var judged = new bool[tokens.Count];
        for (int i = 0; i < tokens.Count; i++)
        {
            if (!HasSkype(text[tokens[i].Begin..tokens[i].End])) continue;
            for (int j = Math.Max(0, i - Radius); j < Math.Min(tokens.Count, i + Radius + 1); j++)
            {
                if (j == i || judged[j]) continue;
                judged[j] = true;
                ReadOnlySpan<char> token = text[tokens[j].Begin..tokens[j].End];
                if (token.Length >= MinName && seen.Add(token.ToString()) && IsName(token)) names.Add(token.ToString());
            }
        }
        return names;
    }

    private static bool IsName(ReadOnlySpan<char> token)
    {
        // The corrections of a word in capitals are those of the word in small letters.
        string word = token.ContainsAnyInRange('a', 'z') ? token.ToString() : token.ToString().ToLowerInvariant();
        return SpellingWords.English.BestShare(word) < 0.5;
    }

    private static void Search(ReadOnlySpan<char> text, List<string> names, List<Finding> found)
    {
        ILookup<char, string> byFirst = names.ToLookup(name => name[0]);
        SearchValues<char> firsts = SearchValues.Create([.. byFirst.Select(group => group.Key)]);
        Dictionary<char, string[]> candidates = byFirst.ToDictionary(group => group.Key, group => group.ToArray());
        long effort = Effort * (long)text.Length;
        for (int at = 0; ; at++)
        {
            int skip = text[at..].IndexOfAny(firsts);
            if (skip < 0) return;
            at += skip;
            foreach (string name in candidates[text[at]])
            {
                int end = End(text, at, name, ref effort);
                if (effort < 0) return;
                if (end < 0) continue;
                found.Add(new Finding(at, end, Name));
                at = end - 1;
                break;
            }
            if (at + 1 == text.Length) return;
        }
    }

    /// <summary>Where <paramref name="name"/> ends if it stands at <paramref name="at"/>, its full stops being any character but a line feed; or -1.</summary>
    private static int End(ReadOnlySpan<char> text, int at, string name, ref long effort)
    {
        foreach (char c in name)
        {
            effort--;
            if (at == text.Length || (c == '.' ? text[at] == '\n' : text[at] != c)) return -1;
            bool pair = c == '.' && char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]);
            at += pair ? 2 : 1;
        }
        return at;
    }
}
