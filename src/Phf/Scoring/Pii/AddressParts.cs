using static Phf.Scoring.Pii.AddressPattern;

namespace Phf.Scoring.Pii;

/// <summary>The parts of an address between street type and city, each an <see cref="AddressPattern.Part"/>, and those behind the state.</summary>
internal static class AddressParts
{
    private const int MaxMarks = 2, MaxRouteMarks = 3, MaxBuildingDigits = 4, MaxFlat = 7, MaxFlatDigits = 3, MaxNumberWords = 5, PostalDigits = 5, PostalExtension = 4;
    private static readonly string[] Flats = ["suite ", "ste. ", "ste ", "apt. ", "apt ", "apartment ", "room ", "rm. ", "rm "];
    private static readonly string[] DirectionWords = ["north ", "south ", "east ", "west "];
    private static readonly string[] DirectionCodes = ["NW ", "NE ", "SW ", "SE ", "N ", "S ", "E ", "W ", "N. ", "S. ", "E. ", "W. "];

    /// <summary>Up to two of ". ,".</summary>
    public static void TypeMarks(ReadOnlySpan<char> text, int at, Places ends) => Marks(text, at, MaxMarks, " .,", ends);

    /// <summary>Up to two of ", ".</summary>
    public static void Divider(ReadOnlySpan<char> text, int at, Places ends) => Marks(text, at, MaxMarks, " ,", ends);

    public static void Comma(ReadOnlySpan<char> text, int at, Places ends) => Optional(text, at, ',', ends);

    public static void Space(ReadOnlySpan<char> text, int at, Places ends) => Optional(text, at, ' ', ends);

    /// <summary>"Route 66", in brackets or commas if so written.</summary>
    public static void Route(ReadOnlySpan<char> text, int at, Places ends)
    {
        for (int marks = Run(text, at, MaxRouteMarks, "( ,"); marks >= 0; marks--)
        {
            int name = at + marks + "route ".Length;
            if (!AddressWords.StartsWith(text, at + marks, "route ")) continue;
            int end = name;
            while (end < text.Length && char.IsAsciiLetterOrDigit(text[end])) end++;
            for (; end > name; end--) Marks(text, end, MaxRouteMarks, ") ,", ends);
        }
        ends.Add(at);
    }

    public static void Direction(ReadOnlySpan<char> text, int at, Places ends)
    {
        foreach (string word in DirectionWords)
            if (AddressWords.StartsWith(text, at, word)) ends.Add(at + word.Length);
        foreach (string code in DirectionCodes)
            if (text[at..].StartsWith(code, StringComparison.Ordinal)) ends.Add(at + code.Length);
        ends.Add(at);
    }

    /// <summary>"3rd floor" or "floor 3".</summary>
    public static void Floor(ReadOnlySpan<char> text, int at, Places ends)
    {
        int digits = Digits(text, at);
        for (int letters = digits > at ? Letters(text, digits, 2) : -1; letters >= 0; letters--)
        {
            int dot = digits + letters;
            if (Is(text, dot, '.')) dot++;
            if (AddressWords.StartsWith(text, dot, " floor")) Optional(text, dot + " floor".Length, ' ', ends);
        }
        if (AddressWords.StartsWith(text, at, "floor ") && Digits(text, at + "floor ".Length) is int end && end > at + "floor ".Length)
            for (int letters = Letters(text, end, 2); letters >= 0; letters--) Optional(text, end + letters, ' ', ends);
        ends.Add(at);
    }

    /// <summary>"Building" or "bldg", then words of numbers or up to four digits and a letter.</summary>
    public static void Building(ReadOnlySpan<char> text, int at, Places ends)
    {
        int number = AddressWords.StartsWith(text, at, "building ") ? at + "building ".Length : AddressWords.StartsWith(text, at, "bldg ") ? at + "bldg ".Length : -1;
        if (number >= 0)
        {
            var words = new Places();
            NumberWords(text, number, MaxNumberWords, words);
            for (int i = 0; i < words.Count; i++) Optional(text, words[i], ' ', ends);
            int end = number;
            while (end < text.Length && end - number < MaxBuildingDigits && char.IsDigit(text[end])) end++;
            if (Letters(text, end, 1) == 1) Optional(text, end + 1, ' ', ends);
            Optional(text, end, ' ', ends);
        }
        ends.Add(at);
    }

    /// <summary>"Suite", "apt." or "room" with up to seven characters, or "#" with up to three digits and a letter.</summary>
    public static void Occupancy(ReadOnlySpan<char> text, int at, Places ends)
    {
        foreach (string flat in Flats)
        {
            if (!AddressWords.StartsWith(text, at, flat)) continue;
            int name = at + flat.Length, longest = 0;
            while (longest < MaxFlat && name + longest < text.Length && IsFlat(text[name + longest])) longest++;
            for (int length = longest; length >= 0; length--) Optional(text, name + length, ' ', ends);
        }
        if (Is(text, at, '#'))
        {
            int end = at + 1;
            while (end < text.Length && end - at <= MaxFlatDigits && char.IsAsciiDigit(text[end])) end++;
            if (Letters(text, end, 1) == 1) Optional(text, end + 1, ' ', ends);
        }
        ends.Add(at);
    }

    public static void PostBox(ReadOnlySpan<char> text, int at, Places ends)
    {
        int next = at;
        if (Take(text, ref next, 'p'))
        {
            Take(text, ref next, '.');
            Take(text, ref next, ' ');
            if (Take(text, ref next, 'o'))
            {
                Take(text, ref next, '.');
                int number = next + " box ".Length;
                if (AddressWords.StartsWith(text, next, " box ") && Digits(text, number) is int end && end > number) ends.Add(end);
            }
        }
        ends.Add(at);
    }

    /// <summary>One to so many words of numbers, most first.</summary>
    public static void NumberWords(ReadOnlySpan<char> text, int at, int most, Places ends)
    {
        if (most == 0 || AddressWords.NumberEnd(text, at) is not (>= 0 and int end)) return;
        NumberWords(text, end, most - 1, ends);
        ends.Add(end);
    }

    /// <summary>Behind five digits and, with a hyphen, four more; <paramref name="at"/> if they are not there.</summary>
    public static int PostalCodeEnd(ReadOnlySpan<char> text, int at)
    {
        if (Run(text, at, PostalDigits) < PostalDigits) return at;
        int end = at + PostalDigits;
        return Is(text, end, '-') && Run(text, end + 1, PostalExtension) == PostalExtension ? end + 1 + PostalExtension : end;
    }

    /// <summary>Behind "USA" or "United States" and what may stand before and in it; <paramref name="at"/> if it is not there.</summary>
    public static int CountryEnd(ReadOnlySpan<char> text, int at)
    {
        int next = at;
        Take(text, ref next, ' ');
        Take(text, ref next, ',');
        if (AddressWords.StartsWith(text, next, "united states"))
        {
            next += "united states".Length;
            return AddressWords.StartsWith(text, next, " of america") ? next + " of america".Length : next;
        }
        foreach (char letter in "usa")
        {
            if (!Take(text, ref next, letter)) return at;
            Take(text, ref next, '.');
        }
        return next;
    }

    private static bool IsFlat(char c) => char.IsAsciiLetter(c) || c is '#' or '&' or '-' || char.IsDigit(c);

    private static void Marks(ReadOnlySpan<char> text, int at, int most, string marks, Places ends)
    {
        for (int count = Run(text, at, most, marks); count >= 0; count--) ends.Add(at + count);
    }

    private static void Optional(ReadOnlySpan<char> text, int at, char c, Places ends)
    {
        if (Is(text, at, c)) ends.Add(at + 1);
        ends.Add(at);
    }

    private static int Run(ReadOnlySpan<char> text, int at, int most, string characters)
    {
        int end = at;
        while (end < text.Length && end - at < most && characters.Contains(text[end])) end++;
        return end - at;
    }

    /// <summary>Decimal digits at <paramref name="at"/>, at most so many.</summary>
    private static int Run(ReadOnlySpan<char> text, int at, int most)
    {
        int end = at;
        while (end < text.Length && end - at < most && char.IsDigit(text[end])) end++;
        return end - at;
    }

    private static int Letters(ReadOnlySpan<char> text, int at, int most)
    {
        int end = at;
        while (end < text.Length && end - at < most && char.IsAsciiLetter(text[end])) end++;
        return end - at;
    }

    /// <summary>The end of the decimal digits at <paramref name="at"/>.</summary>
    private static int Digits(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && char.IsDigit(text[at])) at++;
        return at;
    }

    private static bool Is(ReadOnlySpan<char> text, int at, char c) => at < text.Length && text[at] == c;

    /// <summary>Steps over <paramref name="lower"/> (ASCII case ignored) if it is there.</summary>
    private static bool Take(ReadOnlySpan<char> text, ref int at, char lower)
    {
        if (at >= text.Length || (char.IsAsciiLetterUpper(text[at]) ? text[at] | ' ' : text[at]) != lower) return false;
        at++;
        return true;
    }
}
