using System.Globalization;

namespace Phf.Scoring.Pii;

/// <summary>Digits (with the colons of a clock among them), or a word; whether a full stop stands directly before.</summary>
internal readonly record struct DateField(string Digits, DateWord Word, bool FollowsStop);

/// <summary>
/// Day, month, year and time of a calendar date as its fields are read from left to right: a number is the month if it can be and none is known, else the day, else the
/// year; a name of a month takes the place of a number read as month, which was the day then. What does not fit anywhere makes it no date.
/// </summary>
internal sealed class DateFields(DateOnly today)
{
    private const int CenturyTurn = 69; // 69 is 1969, 68 is 2068

    private int _day, _month, _year; // 0: not known
    private string _yearDigits = "", _monthDigits = "", _dayDigits = "";
    private readonly List<string> _displaced = [];
    private bool _hasWeekday, _hasTime;

    public int? Year(List<DateField> fields)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            if (!_hasTime && TimeLength(fields, i) is > 0 and int length)
            {
                if (!IsTime(fields, i)) return null;
                _hasTime = true;
                i += length - 1;
            }
            else if (fields[i].Digits.Length > 0 ? !TakeNumber(fields[i].Digits) : !TakeWord(fields[i].Word))
                return null;
        }
        foreach (string digits in _displaced)
        {
            int value = int.Parse(digits, CultureInfo.InvariantCulture);
            if (_month == 0) _month = value;
            else if (_day == 0) _day = value;
        }
        return CompleteYear();
    }

    /// <summary>Fields of a time at <paramref name="at"/>: "9:30", "9.30", each with am or pm behind or not, "9 pm"; 0 if there is none.</summary>
    private static int TimeLength(List<DateField> fields, int at)
    {
        string digits = fields[at].Digits;
        if (digits.Length == 0) return 0;
        int length = 1;
        bool isTime = digits.Contains(':');
        bool followed = at + 1 < fields.Count && fields[at + 1].Digits.Length > 0 && fields[at + 1].FollowsStop;
        if (followed && (isTime || (!fields[at].FollowsStop && !(at + 2 < fields.Count && fields[at + 2].FollowsStop) && IsClock(digits, fields[at + 1].Digits))))
        {
            length = 2; // parts of a second, or minutes behind a full stop
            isTime = true;
        }
        if (at + length < fields.Count && fields[at + length] is { Digits: "", Word.Kind: DateWordKind.HalfDay }) return length + 1;
        return isTime ? length : 0;
    }

    private static bool IsClock(string hour, string minute) => IsAtMost(hour, 23) && minute.Length == 2 && IsAtMost(minute, 59);

    private static bool IsTime(List<DateField> fields, int at)
    {
        string[] parts = fields[at].Digits.Split(':');
        bool isHalf = fields[Math.Min(at + 1, fields.Count - 1)].Word.Kind == DateWordKind.HalfDay || (at + 2 < fields.Count && fields[at + 2].Word.Kind == DateWordKind.HalfDay);
        if (parts.Length > 3 || !IsAtMost(parts[0], 23) || (parts.Length == 1 && isHalf && parts[0] is "0" or "00")) return false;
        return parts.Skip(1).All(part => IsAtMost(part, 59));
    }

    private static bool IsAtMost(string digits, int most) => digits.Length is 1 or 2 && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= most;

    private bool TakeNumber(string digits)
    {
        if (digits.Length > 4 || digits.Contains(':')) return false;
        int value = int.Parse(digits, CultureInfo.InvariantCulture);
        if (digits.Length <= 2 && value is >= 1 and <= 12 && _month == 0)
        {
            (_month, _monthDigits) = (value, digits);
            return true;
        }
        if (digits.Length <= 2 && value is >= 1 and <= 31 && _day == 0)
        {
            (_day, _dayDigits) = (value, digits);
            return true;
        }
        if (digits.Length is not (2 or 4) || (digits.Length == 4 && value == 0)) return false;
        if (_year != 0)
        {
            if (_yearDigits.Length == 4 || digits.Length == 2) return false;
            _displaced.Add(_yearDigits); // two digits that were taken for the year
        }
        (_year, _yearDigits) = (digits.Length == 4 ? value : value < CenturyTurn ? 2000 + value : 1900 + value, digits);
        return true;
    }

    private bool TakeWord(DateWord word)
    {
        if (word.Kind == DateWordKind.Weekday && !_hasWeekday) return _hasWeekday = true;
        if (word.Kind != DateWordKind.Month || (_month != 0 && _monthDigits.Length == 0)) return false;
        if (_month != 0) (_day, _dayDigits) = (_month, _monthDigits);
        (_month, _monthDigits) = (word.Value, "");
        return true;
    }

    /// <summary>The year, missing parts being today's; null if there is no such day.</summary>
    private int? CompleteYear()
    {
        int year = _year != 0 ? _year : today.Year, month = _month != 0 ? _month : today.Month, day = _day != 0 ? _day : today.Day;
        if (month > 12 || day > 31) return null;
        if (day > DateTime.DaysInMonth(year, month) && (_dayDigits.Length > 0 || _hasWeekday))
        {
            if (_year != 0 || day != 29 || month != 2) return null;
            while (!DateTime.IsLeapYear(year)) year--; // 29 February without a year
        }
        return year;
    }
}
