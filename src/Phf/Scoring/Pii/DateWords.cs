using System.Collections.Frozen;

namespace Phf.Scoring.Pii;

/// <summary>What an English word says in a date.</summary>
internal enum DateWordKind
{
    /// <summary>Nothing: "the", "of", "nd".</summary>
    Filler,
    Month,
    Weekday,

    /// <summary>A unit of time; the value is a <see cref="DateUnit"/>.</summary>
    Unit,

    /// <summary>A number in letters.</summary>
    Number,

    /// <summary>"in" and "after": forward from today.</summary>
    In,

    /// <summary>"ago" and "before".</summary>
    Ago,

    /// <summary>am or pm.</summary>
    HalfDay,

    /// <summary>"today", "yesterday", "tomorrow"; the value is the distance in days.</summary>
    Day,
}

/// <summary>Units of time, from the smallest.</summary>
internal enum DateUnit
{
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Decade,
}

/// <summary>A known word.</summary>
internal readonly record struct DateWord(DateWordKind Kind, int Value);

/// <summary>The words of English dates as dateparser 1.5.0 knows them. Words of numbers count as digits, also "a" and "an".</summary>
internal static class DateWords
{
    private const int Longest = 9;
    private static readonly FrozenDictionary<string, DateWord>.AlternateLookup<ReadOnlySpan<char>> Words = Load().GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool TryGet(ReadOnlySpan<char> word, out DateWord known)
    {
        known = default;
        return word.Length <= Longest && Words.TryGetValue(word, out known);
    }

    private static FrozenDictionary<string, DateWord> Load()
    {
        var words = new Dictionary<string, DateWord>();
        Add(DateWordKind.Filler, 0, "about ad and at by from just nd of on rd st th the t utc gmt z");
        AddAll(DateWordKind.Month, 1, "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct|november nov|december dec");
        AddAll(DateWordKind.Weekday, 0, "sunday sun su|monday mon|tuesday tue tu tues|wednesday wed we|thursday thu|friday fri fr|saturday sat sa");
        AddAll(DateWordKind.Unit, 0, "second seconds sec secs s|minute minutes min mins m|hour hours hr hrs h|day days d|week weeks wk|month months mo|year years yr y|decade decades");
        AddAll(DateWordKind.Number, 1, "a an one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve");
        Add(DateWordKind.In, 0, "in after");
        Add(DateWordKind.Ago, 0, "ago before");
        AddAll(DateWordKind.HalfDay, 0, "am|pm");
        AddAll(DateWordKind.Day, -1, "yesterday|today now|tomorrow");
        return words.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

        void AddAll(DateWordKind kind, int first, string groups)
        {
            foreach (string group in groups.Split('|')) Add(kind, first++, group);
        }

        void Add(DateWordKind kind, int value, string group)
        {
            foreach (string word in group.Split(' ')) words.Add(word, new DateWord(kind, value));
        }
    }
}
