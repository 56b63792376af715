namespace Phf.Scoring.Pii;

/// <summary>
/// The pattern of a US address: house number, street name, street type, then if there are any a route, direction, floor, building, flat and P.O. box, then
/// city, state, postal code and country. What a backtracking search would find first is found by going from part to part with the list of all places
/// where the part can end, the preferred first and none twice; the parts are of bounded length, so the list is short and time linear.
/// </summary>
internal sealed class AddressPattern
{
    private const int MinName = 3, MaxName = 31, MinCity = 2, MaxCity = 20, MaxNumberWords = 5, MaxDigits = 5;

    private static readonly Part[] Parts =
    [
        AddressParts.TypeMarks, AddressParts.Route, AddressParts.Comma, AddressParts.Space, AddressParts.Direction, AddressParts.Comma, AddressParts.Space,
        AddressParts.Floor, AddressParts.Comma, AddressParts.Space, AddressParts.Building, AddressParts.Comma, AddressParts.Space, AddressParts.Occupancy,
        AddressParts.Comma, AddressParts.Space, AddressParts.PostBox, AddressParts.Divider,
    ];

    private Places _places = new(), _next = new();

    /// <summary>Adds the places where a part that begins at <paramref name="at"/> can end, the preferred first; for an optional part its beginning last.</summary>
    internal delegate void Part(ReadOnlySpan<char> text, int at, Places ends);

    /// <summary>The end of the address that begins at <paramref name="at"/>, or -1.</summary>
    public int End(ReadOnlySpan<char> text, int at)
    {
        _places.Clear();
        NumberEnds(text, at, _places);
        if (_places.Count == 0) return -1;
        AddTypeEnds(text);
        if (_places.Count == 0) return -1;
        foreach (Part part in Parts)
        {
            _next.Clear();
            for (int i = 0; i < _places.Count; i++) part(text, _places[i], _next);
            (_places, _next) = (_next, _places);
        }
        for (int i = 0; i < _places.Count; i++)
            if (CityEnd(text, _places[i]) is >= 0 and int end) return end;
        return -1;
    }

    private static void NumberEnds(ReadOnlySpan<char> text, int at, Places ends)
    {
        if (char.IsAsciiLetter(text[at]))
        {
            AddressParts.NumberWords(text, at, MaxNumberWords, ends);
            return;
        }
        for (int first = Digits(text, at); first > 0; first--)
        {
            int second = at + first;
            // Between two groups of digits: a space, a hyphen, a space, each if it is there; tried with as many of them as possible.
            AddSecond(text, second, ends);
            if (Is(text, second, ' ')) ends.Add(second + 1);
        }
    }

    private static void AddSecond(ReadOnlySpan<char> text, int at, Places ends)
    {
        if (Is(text, at, ' ')) at++;
        if (Is(text, at, '-')) at++;
        if (Is(text, at, ' ')) at++;
        for (int digits = Digits(text, at); digits > 0; digits--)
            if (Is(text, at + digits, ' ')) ends.Add(at + digits + 1);
    }

    private static int Digits(ReadOnlySpan<char> text, int at)
    {
        int end = at;
        while (end < text.Length && end - at < MaxDigits && char.IsDigit(text[end])) end++;
        return end - at;
    }

    /// <summary>Replaces the ends of the number with those of the street type.</summary>
    private void AddTypeEnds(ReadOnlySpan<char> text)
    {
        _next.Clear();
        for (int i = 0; i < _places.Count; i++)
        {
            int begin = _places[i], longest = 0;
            while (longest < MaxName && begin + longest < text.Length && IsName(text[begin + longest])) longest++;
            for (int length = longest; length >= MinName; length--) AddTypeAfter(text, begin + length);
            AddTypeAfter(text, begin);
        }
        (_places, _next) = (_next, _places);
    }

    /// <summary>A comma and a space, each if it is there, then one of the two, then the type.</summary>
    private void AddTypeAfter(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length || text[at] is not (' ' or ',')) return;
        if (Is(text, at, ',') && Is(text, at + 1, ' ')) AddType(text, at + 2);
        AddType(text, at + 1);
        AddType(text, at);
    }

    private void AddType(ReadOnlySpan<char> text, int separator)
    {
        if (separator >= text.Length || text[separator] is not (' ' or ',')) return;
        if (AddressWords.TypeEnd(text, separator + 1) is >= 0 and int end) _next.Add(end);
    }

    /// <summary>City, up to two commas or spaces, state, up to two again, postal code and country if they are there; -1 if there is no city and state.</summary>
    private static int CityEnd(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length || !char.IsAsciiLetter(text[at])) return -1;
        int longest = 0;
        while (longest < MaxCity && at + 1 + longest < text.Length && IsCity(text[at + 1 + longest])) longest++;
        for (int length = longest; length >= MinCity; length--)
        {
            int state = DividerEnd(text, at + 1 + length);
            if (AddressWords.StateEnd(text, state) is not (>= 0 and int end)) continue;
            return AddressParts.CountryEnd(text, AddressParts.PostalCodeEnd(text, DividerEnd(text, end)));
        }
        return -1;
    }

    private static int DividerEnd(ReadOnlySpan<char> text, int at)
    {
        for (int i = 0; i < 2 && at < text.Length && text[at] is ' ' or ','; i++) at++;
        return at;
    }

    private static bool IsName(char c) => char.IsAsciiLetterOrDigit(c) || c is ' ' or '.';

    private static bool IsCity(char c) => char.IsAsciiLetter(c) || c is ' ' or '-' or '\'' or '.';

    private static bool Is(ReadOnlySpan<char> text, int at, char c) => at < text.Length && text[at] == c;

    /// <summary>Places in a text, in order of preference, each once.</summary>
    internal sealed class Places
    {
        private readonly List<int> _list = [];

        public int Count => _list.Count;

        public int this[int index] => _list[index];

        public void Add(int place)
        {
            if (!_list.Contains(place)) _list.Add(place);
        }

        public void Clear() => _list.Clear();
    }
}
