using System.Globalization;
using System.Text.RegularExpressions;

namespace Phf.Scoring.Pii;

/// <summary>
/// The numbering plan of one region: which national numbers are valid, and what may be written before them. The patterns see only
/// normalized ASCII digits, at most a few dozen, and run without backtracking.
/// </summary>
internal sealed class PhoneRegion
{
    private readonly Regex? _leadingDigits, _internationalPrefix, _nationalPrefix;
    private readonly Lazy<Regex> _general, _valid;
    private readonly string _transform;
    private readonly uint _lengths, _localLengths; // bit n: n digits

    /// <summary>Reads one row of phone-regions.tsv; see the header there for its fields.</summary>
    public PhoneRegion(string row)
    {
        string[] fields = row.Split('\t');
        CallingCode = int.Parse(fields[0], CultureInfo.InvariantCulture);
        IsGeographical = fields[1] != "001";
        _leadingDigits = Prefix(fields[2]);
        _internationalPrefix = Prefix(fields[3]);
        _nationalPrefix = Prefix(fields[4]);
        _transform = fields[5];
        _lengths = Mask(fields[6]);
        _localLengths = Mask(fields[7]);
        _general = new Lazy<Regex>(() => Pattern($"^(?:{fields[8]})$"));
        _valid = new Lazy<Regex>(() => Pattern($"^(?:{fields[9]})$"));
    }

    public int CallingCode { get; }

    /// <summary>False for the "001" of the world: calling codes such as 800 that belong to no country.</summary>
    public bool IsGeographical { get; }

    /// <summary>Whether the region claims numbers by their first digits, so that no other region of the calling code is asked.</summary>
    public bool HasLeadingDigits => _leadingDigits is not null;

    public bool StartsWithLeadingDigits(string national) => _leadingDigits!.IsMatch(national);

    /// <summary>Digits of the international prefix (such as 011) at the beginning, or 0.</summary>
    public int InternationalPrefixLength(string digits) => PrefixLength(_internationalPrefix, digits);

    /// <summary>Whether <paramref name="national"/> has a form that occurs in this region at all.</summary>
    public bool MatchesGeneral(string national) => _general.Value.IsMatch(national);

    public bool IsValid(string national) => HasLength(_lengths, national.Length) && MatchesGeneral(national) && _valid.Value.IsMatch(national);

    public bool IsTooLong(int length) => length > 31 - int.LeadingZeroCount((int)_lengths);

    /// <summary>Whether a number of this length is complete or too long: not local, too short, or of a length between the known ones.</summary>
    public bool IsCompleteOrTooLong(int length) => !HasLength(_localLengths, length) && (HasLength(_lengths, length) || IsTooLong(length));

    /// <summary>Takes a national prefix (and a carrier's code) off, unless that would spoil a number which is right as it is.</summary>
    public string StripNationalPrefix(string digits)
    {
        if (_nationalPrefix is null || PrefixLength(_nationalPrefix, digits) is var length && length == 0) return digits;
        string stripped = digits[length..];
        if (_transform.Length > 0)
        {
            var match = _nationalPrefix.Match(digits);
            if (match.Groups[^1].Success) stripped = match.Result(_transform) + stripped;
        }
        return MatchesGeneral(digits) && !MatchesGeneral(stripped) ? digits : stripped;
    }

    private static int PrefixLength(Regex? prefix, string digits)
    {
        if (prefix is null) return 0;
        foreach (var match in prefix.EnumerateMatches(digits)) return match.Length;
        return 0;
    }

    private static bool HasLength(uint mask, int length) => length < 32 && (mask >> length & 1) != 0;

    private static uint Mask(string lengths)
    {
        uint mask = 0;
        foreach (string length in lengths.Split(',', StringSplitOptions.RemoveEmptyEntries))
            mask |= 1u << int.Parse(length, CultureInfo.InvariantCulture);
        return mask;
    }

    private static Regex? Prefix(string pattern) => pattern.Length == 0 ? null : Pattern($"^(?:{pattern})");

    private static Regex Pattern(string pattern) =>
        new(pattern.Replace("\\d", "[0-9]"), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
}

/// <summary>The numbering plans of the world by calling code, from phone-regions.tsv (libphonenumber's metadata).</summary>
internal static class PhoneRegions
{
    private static readonly Dictionary<int, PhoneRegion[]> ByCallingCode = Load();

    /// <summary>The region whose rules apply to numbers written without a calling code.</summary>
    public static PhoneRegion UnitedStates { get; } = ByCallingCode[1][0];

    public static PhoneRegion? Main(int callingCode) => ByCallingCode.TryGetValue(callingCode, out var regions) ? regions[0] : null;

    /// <summary>Whether the national number is valid in the region of the calling code that it belongs to.</summary>
    public static bool IsValid(int callingCode, string national)
    {
        var regions = ByCallingCode[callingCode];
        if (regions.Length == 1) return regions[0].IsValid(national);
        foreach (var region in regions)
        {
            if (region.HasLeadingDigits ? region.StartsWithLeadingDigits(national) : region.IsValid(national)) return region.IsValid(national);
        }
        return false;
    }

    private static Dictionary<int, PhoneRegion[]> Load()
    {
        const string Resource = "Phf.Scoring.Pii.phone-regions.tsv";
        using var stream = typeof(PhoneRegions).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"resource {Resource} is not in the assembly");
        using var reader = new StreamReader(stream);
        var regions = new List<PhoneRegion>();
        while (reader.ReadLine() is { } line)
            if (!line.StartsWith('#')) regions.Add(new PhoneRegion(line));
        return regions.GroupBy(region => region.CallingCode).ToDictionary(group => group.Key, group => group.ToArray());
    }
}
