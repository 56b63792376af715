using System.Collections.Frozen;

namespace Phf.Scoring.Pii;

/// <summary>The words of US addresses: numbers, street types, directions, states. Letters are ASCII; case is ignored but in abbreviations of states and directions.</summary>
internal static class AddressWords
{
    /// <summary>Words that can be a house number together; a space follows each.</summary>
    public static readonly string[] Numbers =
    [
        "and ", "thousand ", "hundred ", "zero ", "one ", "two ", "three ", "four ", "five ", "six ", "seven ", "eight ", "nine ", "ten ", "eleven ", "twelve ", "thirteen ",
        "fourteen ", "fifteen ", "sixteen ", "seventeen ", "eighteen ", "nineteen ", "twenty ", "thirty ", "forty ", "fourty ", "fifty ", "sixty ", "seventy ", "eighty ", "ninety ",
    ];

    private const int LongestType = 10;
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Types = LoadTypes().GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> StateCodes = FrozenSet.Create(
        StringComparer.Ordinal,
        "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH",
        "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "AS", "GU", "MP", "PR", "VI")
        .GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly string[] StateNames =
    [
        "alabama", "alaska", "arizona", "arkansas", "california", "colorado", "connecticut", "delaware", "district of columbia", "florida", "georgia", "hawaii", "idaho", "illinois",
        "indiana", "iowa", "kansas", "kentucky", "louisiana", "maine", "maryland", "massachusetts", "michigan", "minnesota", "mississippi", "missouri", "montana", "nebraska", "nevada",
        "new hampshire", "new jersey", "new mexico", "new york", "north carolina", "north dakota", "ohio", "oklahoma", "oregon", "pennsylvania", "rhode island", "south carolina",
        "south dakota", "tennessee", "texas", "utah", "vermont", "virginia", "washington", "west virginia", "wisconsin", "wyoming", "american samoa", "guam",
        "northern mariana islands", "puerto rico", "virgin islands",
    ];

    private static readonly string[]?[] StatesByLetter = ByLetter(StateNames);
    private static readonly string[]?[] NumbersByLetter = ByLetter(Numbers);

    /// <summary>Behind the words of numbers at <paramref name="at"/> and the space after them: one word, or -1.</summary>
    public static int NumberEnd(ReadOnlySpan<char> text, int at) => PrefixEnd(text, at, NumbersByLetter);

    /// <summary>The end of the street type that is the whole word at <paramref name="at"/>, or -1.</summary>
    public static int TypeEnd(ReadOnlySpan<char> text, int at)
    {
        int end = at;
        while (end < text.Length && end - at <= LongestType && char.IsAsciiLetter(text[end])) end++;
        return end - at is >= 2 and <= LongestType && PythonText.WordLength(text, end) == 0 && Types.Contains(text[at..end]) ? end : -1;
    }

    /// <summary>The end of a state: its code in capitals, else its name; or -1. A word may go on behind it.</summary>
    public static int StateEnd(ReadOnlySpan<char> text, int at)
    {
        if (at + 2 <= text.Length && char.IsAsciiLetterUpper(text[at]) && char.IsAsciiLetterUpper(text[at + 1]) && StateCodes.Contains(text.Slice(at, 2))) return at + 2;
        return PrefixEnd(text, at, StatesByLetter);
    }

    /// <summary>Whether <paramref name="lower"/> stands at <paramref name="at"/>, ASCII case ignored.</summary>
    public static bool StartsWith(ReadOnlySpan<char> text, int at, string lower)
    {
        if (lower.Length > text.Length - at) return false;
        for (int i = 0; i < lower.Length; i++)
        {
            char c = text[at + i];
            if ((char.IsAsciiLetterUpper(c) ? c | ' ' : c) != lower[i]) return false;
        }
        return true;
    }

    private static int PrefixEnd(ReadOnlySpan<char> text, int at, string[]?[] byLetter)
    {
        if (at >= text.Length || !char.IsAsciiLetter(text[at]) || byLetter[(text[at] | ' ') - 'a'] is not { } words) return -1;
        foreach (string word in words)
            if (StartsWith(text, at, word)) return at + word.Length;
        return -1;
    }

    private static string[]?[] ByLetter(string[] words)
    {
        var byLetter = new string[]?[26];
        foreach (var group in words.GroupBy(word => word[0])) byLetter[group.Key - 'a'] = [.. group];
        return byLetter;
    }

    private static FrozenSet<string> LoadTypes()
    {
        const string Resource = "Phf.Scoring.Pii.street-types.txt";
        using var stream = typeof(AddressWords).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"resource {Resource} is not in the assembly");
        using var reader = new StreamReader(stream);
        var types = new List<string>();
        while (reader.ReadLine() is { } line)
            if (!line.StartsWith('#')) types.Add(line);
        return types.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }
}
