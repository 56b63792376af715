using System.Buffers;

namespace Phf.Scoring.Pii;

/// <summary>
/// US addresses by the pattern of pyap 0.3.1 (<see cref="AddressPattern"/>). As in the paper's detector each address is then searched in the original text, where
/// it must stand as whole words; an address with a hyphen is lost on the way, and one that is there twice is found four times.
/// <see cref="FindFixed"/> keeps each address where it was read.
/// </summary>
internal static class AddressDetector
{
    public const string Name = "address";

    /// <summary>Different addresses that are searched in the whole text, and how often the finds of an address are repeated: bounds that keep time linear.</summary>
    private const int MaxSearched = 16, MaxRepeated = 16;

    private static readonly SearchValues<string> NumberWords = SearchValues.Create(AddressWords.Numbers, StringComparison.OrdinalIgnoreCase);

    /// <summary>An address: its words, and its span in the original text.</summary>
    private readonly record struct Address(string Words, int Begin, int End);

    public static void Find(ReadOnlySpan<char> text, List<Finding> found)
    {
        List<Address>? addresses = Addresses(text);
        if (addresses is null) return;
        var places = new Dictionary<string, List<Finding>>();
        var repeats = new Dictionary<string, int>();
        foreach (Address address in addresses)
        {
            if (address.Words.Contains('-')) continue;
            if (!places.TryGetValue(address.Words, out List<Finding>? spans) && places.Count < MaxSearched)
                places[address.Words] = spans = Everywhere(text, address.Words);
            else if (spans is not null && (repeats[address.Words] = repeats.GetValueOrDefault(address.Words) + 1) >= MaxRepeated)
                continue;
            if (spans is not null) found.AddRange(spans);
            else if (IsWhole(text, address)) found.Add(new Finding(address.Begin, address.End, Name));
        }
    }

    public static void FindFixed(ReadOnlySpan<char> text, List<Finding> found)
    {
        foreach (Address address in Addresses(text) ?? [])
            if (IsWhole(text, address)) found.Add(new Finding(address.Begin, address.End, Name));
    }

    private static bool IsWhole(ReadOnlySpan<char> text, Address address) => PythonText.IsBoundary(text, address.Begin) && PythonText.IsBoundary(text, address.End);

    /// <summary>The addresses of a text but those with "coverage" in them; null if there are none.</summary>
    private static List<Address>? Addresses(ReadOnlySpan<char> original)
    {
        using var normalized = new AddressText(original);
        ReadOnlySpan<char> text = normalized.Characters;
        bool latin = !text.ContainsAnyExceptInRange('\0', '\u065F'); // no digits of other scripts below U+0660
        List<Address>? addresses = null;
        AddressPattern? pattern = null;
        int digit = NextDigit(text, 0, latin), word = NextWord(text, 0);
        while (Math.Min(digit, word) is int at && at < text.Length)
        {
            int end = (pattern ??= new AddressPattern()).End(text, at);
            int next = at + 1;
            if (end >= 0)
            {
                next = end;
                ReadOnlySpan<char> words = text[at..end].TrimEnd(" ,;:");
                if (!words.Contains("coverage", StringComparison.OrdinalIgnoreCase))
                    (addresses ??= []).Add(new Address(words.ToString(), normalized.Origin(at), normalized.Origin(at + words.Length - 1) + 1));
            }
            if (digit < next) digit = NextDigit(text, next, latin);
            if (word < next) word = NextWord(text, next);
        }
        return addresses;
    }

    private static int NextDigit(ReadOnlySpan<char> text, int from, bool latin)
    {
        int skip = latin ? text[from..].IndexOfAnyInRange('0', '9') : text[from..].IndexOfAny(PhoneDetector.Digits);
        return skip < 0 ? text.Length : from + skip;
    }

    private static int NextWord(ReadOnlySpan<char> text, int from)
    {
        int skip = text[from..].IndexOfAny(NumberWords);
        return skip < 0 ? text.Length : from + skip;
    }

    /// <summary>Where an address stands as whole words, whatever white space and commas are between them.</summary>
    private static List<Finding> Everywhere(ReadOnlySpan<char> text, string address)
    {
        var places = new List<Finding>();
        ReadOnlySpan<char> first = address.AsSpan(0, address.IndexOf(' ') + 1).TrimEnd(" ,");
        for (int at = 0; ; at++)
        {
            int skip = text[at..].IndexOf(first);
            if (skip < 0) return places;
            at += skip;
            int end = PythonText.IsBoundary(text, at) ? MatchEnd(text, at, address) : -1;
            if (end < 0 || !PythonText.IsBoundary(text, end)) continue;
            places.Add(new Finding(at, end, Name));
            at = end - 1;
        }
    }

    private static int MatchEnd(ReadOnlySpan<char> text, int at, string address)
    {
        for (int i = 0; i < address.Length; i++)
        {
            if (address[i] is not (',' or ' '))
            {
                if (at == text.Length || text[at++] != address[i]) return -1;
                continue;
            }
            bool isComma = false;
            int end = address[i] == ',' ? AddressText.SeparatorEnd(text, at, out isComma) : PythonText.SkipWhite(text, at);
            if (end == at || isComma != (address[i] == ',')) return -1;
            at = end;
            if (isComma) i++; // the space behind it
        }
        return at;
    }
}
