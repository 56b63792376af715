using System.Globalization;
using System.Text;

namespace Phf.Scoring.Pii;

/// <summary>
/// The year that an English date, or a time from now, means; what dateparser 1.5.0 makes of it with its default settings (month before day, missing parts from
/// today). Every word must be a word of dates; marks between them mean little.
/// </summary>
internal static class DateParser
{
    private const int TimestampDigits = 10;
    private const int MaxClock = 32; // characters of digits and colons of which no time is longer

    private enum TokenKind
    {
        Number,
        Word,

        /// <summary>One of "+:.-/" or a blank.</summary>
        Mark,
    }

    /// <summary>A number's digits in ASCII, a known word, or a mark.</summary>
    private readonly record struct Token(TokenKind Kind, string Text, DateWord Word, char Mark);

    /// <summary>The year, or null if the text is no date.</summary>
    public static int? Year(ReadOnlySpan<char> text, DateOnly today)
    {
        var now = today.ToDateTime(new TimeOnly(12, 0));
        List<Token>? tokens = Tokens(text);
        if (tokens is null) return null;
        if (tokens[0] is { Kind: TokenKind.Number } first && TimestampYear(first.Text, tokens) is { } year) return year;
        return FromNow(tokens, now) ?? new DateFields(today).Year(Read(tokens));
    }

    /// <summary>Null if a word is not known, or if there are only marks.</summary>
    private static List<Token>? Tokens(ReadOnlySpan<char> text)
    {
        var tokens = new List<Token>();
        bool hasContent = false;
        for (int at = 0; at < text.Length;)
        {
            int begin = at;
            if (PythonText.DigitLength(text, at) > 0)
            {
                var digits = new StringBuilder();
                for (int length; (length = PythonText.DigitLength(text, at)) > 0; at += length)
                    digits.Append((char)('0' + CharUnicodeInfo.GetDecimalDigitValue(text.Slice(at, length).ToString(), 0)));
                tokens.Add(new Token(TokenKind.Number, digits.ToString(), default, default));
                hasContent = true;
                continue;
            }
            while (PythonText.DigitLength(text, at) == 0 && PythonText.WordLength(text, at) is > 0 and int length && text[at] != '_') at += length;
            if (at > begin)
            {
                if (!DateWords.TryGet(text[begin..at], out DateWord word)) return null;
                tokens.Add(word.Kind == DateWordKind.Number
                    ? new Token(TokenKind.Number, word.Value.ToString(CultureInfo.InvariantCulture), default, default)
                    : new Token(TokenKind.Word, "", word, default));
                hasContent = true;
                continue;
            }
            // A full stop behind anything but a digit or a blank is that of an abbreviation.
            char mark = PythonText.IsWhite(text[at]) ? ' ' : text[at];
            bool isAbbreviation = mark == '.' && at > 0 && !char.IsAsciiDigit(text[at - 1]) && !PythonText.IsWhite(text[at - 1]);
            if (mark is '+' or ':' or '.' or '-' or '/' or ' ' && !isAbbreviation) tokens.Add(new Token(TokenKind.Mark, "", default, mark));
            at++;
        }
        return hasContent ? tokens : null;
    }

    /// <summary>Ten digits at the beginning are seconds since 1970; three or six more are parts of a second.</summary>
    private static int? TimestampYear(string digits, List<Token> tokens)
    {
        if (digits.Length is not (TimestampDigits or TimestampDigits + 3 or TimestampDigits + 6)) return null;
        if (tokens.Count > 1 && tokens[1] is not { Kind: TokenKind.Mark, Mark: '.' }) return null;
        return DateTime.UnixEpoch.AddSeconds(long.Parse(digits.AsSpan(0, TimestampDigits), CultureInfo.InvariantCulture)).Year;
    }

    /// <summary>"2 years, 3 months ago", "in 5 days", "today": null if a word is of another kind, or no unit has a number.</summary>
    private static int? FromNow(List<Token> tokens, DateTime now)
    {
        bool isForward = tokens.Exists(token => token is { Kind: TokenKind.Word, Word.Kind: DateWordKind.In });
        bool hasUnit = false;
        var date = now;
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Kind != TokenKind.Word) continue;
            DateWord word = tokens[i].Word;
            if (word.Kind is DateWordKind.Month or DateWordKind.Weekday) return null;
            if (word.Kind == DateWordKind.Day)
            {
                hasUnit = true;
                if (!TryMove(ref date, DateUnit.Day, word.Value)) return null;
            }
            if (word.Kind != DateWordKind.Unit) continue;
            int number = i > 0 && tokens[i - 1] is { Kind: TokenKind.Mark, Mark: ' ' } ? i - 2 : i - 1;
            if (number < 0 || tokens[number].Kind != TokenKind.Number) continue;
            hasUnit = true;
            if (!int.TryParse(tokens[number].Text, CultureInfo.InvariantCulture, out int count) || !TryMove(ref date, (DateUnit)word.Value, isForward ? count : -(long)count)) return null;
        }
        return hasUnit ? date.Year : null;
    }

    private static bool TryMove(ref DateTime date, DateUnit unit, long count)
    {
        try
        {
            date = unit switch
            {
                DateUnit.Decade => date.AddYears(checked((int)(10 * count))),
                DateUnit.Year => date.AddYears((int)count),
                DateUnit.Month => date.AddMonths((int)count),
                DateUnit.Week => date.AddDays(7 * count),
                DateUnit.Day => date.AddDays(count),
                DateUnit.Hour => date.AddHours(count),
                DateUnit.Minute => date.AddMinutes(count),
                _ => date.AddSeconds(count),
            };
            return true;
        }
        catch (Exception problem) when (problem is ArgumentOutOfRangeException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>The tokens as a calendar date is read from them: digits with the colons between them are one token; words without meaning are gone.</summary>
    private static List<DateField> Read(List<Token> tokens)
    {
        bool hasUnit = tokens.Exists(token => token is { Kind: TokenKind.Word, Word.Kind: DateWordKind.Unit });
        bool dropsIn = !hasUnit; // "in 1988"
        var fields = new List<DateField>();
        for (int i = 0; i < tokens.Count; i++)
        {
            Token token = tokens[i];
            if (token.Kind == TokenKind.Word)
            {
                bool isDropped = token.Word.Kind == DateWordKind.Filler || (token.Word.Kind == DateWordKind.In && dropsIn)
                    || token.Word is { Kind: DateWordKind.Unit, Value: (int)DateUnit.Year or (int)DateUnit.Hour or (int)DateUnit.Minute };
                if (token.Word.Kind == DateWordKind.In) dropsIn = false;
                if (!isDropped) fields.Add(new DateField("", token.Word, FollowsStop: false));
                continue;
            }
            bool isClock = token is { Kind: TokenKind.Mark, Mark: ':' };
            if (token.Kind == TokenKind.Mark && !isClock) continue;
            bool continues = i > 0 && fields.Count > 0 && fields[^1].Digits.Length > 0
                && (isClock ? tokens[i - 1].Kind == TokenKind.Number : tokens[i - 1] is { Kind: TokenKind.Mark, Mark: ':' });
            string digits = isClock ? ":" : token.Text;
            if (continues && fields[^1].Digits.Length <= MaxClock) fields[^1] = fields[^1] with { Digits = fields[^1].Digits + digits };
            else if (continues) continue; // no time, with or without the rest
            else fields.Add(new DateField(digits, default, FollowsStop: i > 0 && tokens[i - 1] is { Kind: TokenKind.Mark, Mark: '.' }));
        }
        return fields;
    }
}
